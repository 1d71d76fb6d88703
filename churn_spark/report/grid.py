"""What templates lay out: grids of text, figures with a caption, and what is not there yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a smaller second line, a CSS class, and the length of a bar behind it (0 to 1)."""

    text: str
    note: str = ""
    kind: str = ""
    bar: float | None = None


Heading = str | tuple[str, str]
"""A heading, or a heading and what it means."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to read. headings: (text, what it means); words: columns of text, the others are figures."""

    caption: str
    headings: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: frozenset[int] = frozenset({0})
    total: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline SVG with a caption that says what to see."""

    svg: Markup
    title: str
    caption: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Why something is not in the report, and the command that makes it (empty where only time does)."""

    why: str
    how: str = ""


def grid(
    caption: str,
    headings: Sequence[Heading],
    rows: Iterable[Sequence[str | Cell]],
    words: Iterable[int] = (0,),
    total: bool = False,
) -> Grid:
    """A grid from plain texts. total: the last row sums the others."""
    return Grid(
        caption,
        tuple((heading, "") if isinstance(heading, str) else heading for heading in headings),
        tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows),
        frozenset(words),
        total,
    )
