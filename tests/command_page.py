"""docs/cli.md, from what `scaler … --help` prints: `python -m tests.command_page > docs/cli.md` renews it."""

from collections.abc import Iterator

from click.testing import CliRunner

from scaler.command.group import PURPOSES, main


def page() -> str:
    """Every command with its help."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# The command scaler\n"
    yield "Written from `scaler … --help`. Exit status 0: done; 1: what was asked about is wrong or failed; 2: usage."
    yield "Diagnostics go to standard error. Also callable as `kubectl scaler`.\n"
    yield _help()
    for name in sorted(PURPOSES):
        yield f"## scaler {name}\n"
        yield _help(name)


def _help(*command: str) -> str:
    # As in a terminal of 80 columns.
    shown = CliRunner().invoke(main, [*command, "--help"], prog_name="scaler", terminal_width=78)
    return f"```text\n{shown.output.strip()}\n```\n"


if __name__ == "__main__":
    print(page(), end="")
