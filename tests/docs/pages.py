"""Reading the documents: tables by the heading above them, blocks of code, links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("configuration.md", "features.md", "simulation.md", "tables.md")
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
WRITTEN = tuple(path for path in PAGES if path.name not in GENERATED)
"""The pages that people write; the texts of the others stand in the code."""


def page(name: str) -> str:
    """The text of a page, by its path from the top of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def tables(text: str) -> list[list[dict[str, str]]]:
    """Every table of a page: its rows as cells by the head of their column."""
    read = []
    for block in re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        read.append([dict(zip(head, row, strict=True)) for row in rows])
    return read


def table(text: str, *heads: str) -> list[dict[str, str]]:
    """The only table of a page with exactly these heads of columns."""
    (wanted,) = [rows for rows in tables(text) if tuple(rows[0]) == heads]
    return wanted


def blocks(text: str, language: str = "") -> list[str]:
    """The blocks of code of a page in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
