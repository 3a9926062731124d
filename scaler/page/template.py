"""HTML from templates in which everything that came from elsewhere is escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("scaler.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def filled(name: str, /, **values: Any) -> str:
    """The page that a template makes of values."""
    return _TEMPLATES.get_template(name).render(values)
