"""How a command prints: JSON Lines for machines, a table for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click


def form(chosen: str | None) -> str:
    """`json` or `table`; a terminal gets the table unless told otherwise."""
    return chosen or ("table" if sys.stdout.isatty() else "json")


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """One document a line."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as they need, as kubectl does it; a value of ours is text, never markup."""
    # A twentieth of a second, which whoever reads JSON need not wait.
    from rich.console import Console
    from rich.table import Table

    table = Table(*(column.upper() for column in columns), box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else _plain(cell) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = 4096
    console.print(table, soft_wrap=not console.is_terminal)


def _plain(cell: Any) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
