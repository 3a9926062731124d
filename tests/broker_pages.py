"""The tables of docs/brokers, from the models: `python -m tests.broker_pages` renews them, and the examples beside."""

import re
from pathlib import Path

from scaler.handbook import parameters
from scalers import known

ROOT = Path(__file__).parents[1]
_EXAMPLE = re.compile(r"(## An example\n\n```yaml\n).*?(```\n)", re.DOTALL)
_PARAMETERS = re.compile(r"(## Parameters\n\n).*", re.DOTALL)


def path(kind: str) -> Path:
    """Where the page of a trigger type is."""
    return ROOT / "docs" / "brokers" / f"{kind}.md"


def renewed(kind: str) -> str:
    """The page of a trigger type with its example and its parameters as they are now."""
    example = (ROOT / "manifests" / "examples" / f"{kind}.yaml").read_text()
    page = _EXAMPLE.sub(lambda found: found[1] + example + found[2], path(kind).read_text())
    return _PARAMETERS.sub(lambda found: found[1] + parameters(kind) + "\n", page)


if __name__ == "__main__":
    for name in known():
        path(name).write_text(renewed(name))
