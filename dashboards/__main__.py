"""Writes the JSON that Grafana takes."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.brokers import brokers
from dashboards.overview import overview
from dashboards.rule import one_rule
from dashboards.scaler import scaler

FOLDER = Path(__file__).parents[1] / "manifests" / "dashboards"


def rendered() -> dict[str, str]:
    """The files by their names."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    boards = [make().build() for make in (overview, one_rule, scaler, brokers)]
    return {f"{board.uid}.json": encoder.encode(board) + "\n" for board in boards}


def main() -> None:
    """Write them all."""
    for name, text in rendered().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
