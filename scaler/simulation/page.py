"""The picture and its numbers as one page that needs nothing else: light or dark as its reader likes it."""

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from scaler.simulation.paint import DEPTHS, GRID, INK, MUTED, PAPER, RULES
from scaler.simulation.report import summary_table
from scaler.simulation.summary import Summary

#: What each colour becomes in the dark.
_DARK: Final = {
    INK: "#e6edf3",
    MUTED: "#9198a1",
    GRID: "#2d333b",
    PAPER: "#0d1117",
    **dict(
        zip(
            RULES, ("#4493f8", "#f0883e", "#3fb950", "#ab7df8", "#db61a2", "#c69026", "#39c5cf", "#adb5bd"), strict=True
        )
    ),
    **dict(zip(DEPTHS, ("#e0a82e", "#8fc31f", "#d685c0", "#6cb6ff"), strict=True)),
}
_STYLE: Final = """\
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, sans-serif; }
svg { width: 100%; height: auto; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .3rem 1.25rem .3rem 0; text-align: right; border-bottom: 1px solid var(--grid);
         font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child { text-align: left; font-weight: normal; }
"""


def page(svg: str, summaries: Sequence[Summary], title: str) -> str:
    """HTML with everything in it."""
    header, rows = summary_table(summaries)
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join(_row(row) for row in rows)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{_colours()}
{_STYLE}</style>
</head>
<body>
<div>{_inlined(svg, title)}</div>
<div><table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
</body>
</html>
"""


def _row(cells: Sequence[str]) -> str:
    name, *values = cells
    return (
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(value)}</td>" for value in values) + "</tr>"
    )


def _colours() -> str:
    light = " ".join(f"{_variable(colour)}: {colour};" for colour in _DARK)
    dark = " ".join(f"{_variable(colour)}: {shade};" for colour, shade in _DARK.items())
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _variable(colour: str) -> str:
    names = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper"}
    return names.get(colour, f"--c{colour[1:]}")


def _inlined(svg: str, title: str) -> str:
    """The picture without what belongs to a file of its own, its colours as variables."""
    body = svg[svg.index("<svg ") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    for colour in _DARK:
        body = body.replace(colour, f"var({_variable(colour)})")
    return body.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
