"""The HPA's `behavior`, with tolerances as plain numbers."""

from typing import Any


def behavior(written: Any) -> Any:
    """The same; the HPA's tolerance is a quantity, which may be written as `50m`."""
    if not isinstance(written, dict):
        return written
    return {key: _direction(value) for key, value in written.items()}


def _direction(written: Any) -> Any:
    if not isinstance(written, dict) or not isinstance(written.get("tolerance"), str):
        return written
    return {**written, "tolerance": _number(written["tolerance"])}


def _number(quantity: str) -> float | str:
    digits = quantity.removesuffix("m")
    try:
        return float(digits) / (1000 if digits != quantity else 1)
    except ValueError:
        return quantity
