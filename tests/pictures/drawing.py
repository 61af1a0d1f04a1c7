"""A screen of a terminal, drawn as SVG."""

from __future__ import annotations

import io
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

if TYPE_CHECKING:
    from pyte.screens import Char, Screen

# rich's own format loads fonts from the net; a picture loads nothing.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def svg(screen: Screen, begin: str) -> str:
    """Return a picture of the lines of a screen, from the first that contains `begin` on."""
    texts = [line.rstrip() for line in screen.display]
    first = next(number for number, line in enumerate(texts) if begin in line)
    last = max(number for number, line in enumerate(texts) if line)
    console = Console(
        record=True, width=screen.columns, file=io.StringIO(), color_system="truecolor"
    )
    for number in range(first, last + 1):
        console.print(_line(screen, number), soft_wrap=True)
    return console.export_svg(
        title="ddswait", theme=MONOKAI, code_format=FORMAT, unique_id="ddswait"
    )


def _line(screen: Screen, number: int) -> Text:
    cells = [screen.buffer[number][column] for column in range(screen.columns)]
    line = Text()
    for style, run in groupby(cells, _style):
        line.append("".join(cell.data for cell in run), style)
    line.rstrip()
    return line


def _style(cell: Char) -> Style:
    # pyte calls the third colour brown, and writes no underscore; it keeps no trace of dim text.
    color = cell.fg.replace("brown", "yellow").replace("bright", "bright_")
    return Style(color=color, bold=cell.bold)
