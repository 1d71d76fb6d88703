"""Samples of text files: encoding, separator, quotes, and the first rows as texts."""

import bz2
import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from churn_spark.definitions.errors import ConfigError

HEAD = 1 << 20
"""Bytes read from each of several files, after unpacking."""
ALONE = 16
"""A single file is read this many times further, since its rows must show which days it covers."""
SEPARATORS = (",", ";", "\t", "|")
_LINES = 100
csv.field_size_limit(2 * HEAD)


def head(path: Path, most: int = HEAD) -> bytes:
    """The first lines of a file, unpacked, at most so many bytes. Raises ConfigError if it cannot be read."""
    opened = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), open)
    try:
        with opened(path, "rb") as file:  # type: ignore[operator]
            content = bytes(file.read(most))
    except (OSError, EOFError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return content[: content.rfind(b"\n") + 1] or content if len(content) == most else content


def encoding_of(content: bytes) -> str:
    """The encoding of a file's text, by its name in Java."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    try:
        content.decode("utf-8")
        return "UTF-8"
    except UnicodeDecodeError:
        return "windows-1252" if any(0x80 <= byte <= 0x9F for byte in content) else "ISO-8859-1"


def options_of(text: str) -> dict[str, str]:
    """The options of a CSV text that differ from the usual ones: comma, double quotes, doubled within."""
    lines = [line for line in text.splitlines()[:_LINES] if line.strip()]
    separator = max(SEPARATORS, key=lambda sep: _fit(lines, sep))
    options = {} if separator == "," else {"sep": separator}
    cells = [cell.strip() for line in lines for cell in line.split(separator)]
    single = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
    if single > len(cells) / 4:
        options["quote"] = "'"
    quote = options.get("quote", '"')
    within = re.compile(rf"\\{quote}(?!\s*({re.escape(separator)}|$))")
    if any(within.search(line) for line in lines) and _fit(lines, separator, "\\") >= _fit(lines, separator):
        options["escape"] = "\\"
    return options


def _reader(lines: Iterable[str], separator: str, quote: str, escape: str | None) -> Iterator[list[str]]:
    """The rows that are not empty, up to one that ends within quotes."""
    rows = csv.reader(lines, delimiter=separator, quotechar=quote, escapechar=escape, doublequote=escape is None)
    try:
        yield from (row for row in rows if any(cell.strip() for cell in row))
    except csv.Error:
        return


def _fit(lines: Sequence[str], separator: str, escape: str | None = None) -> tuple[float, int]:
    """The share of lines with as many cells as the first one, and that number; 0 where it has only one cell."""
    rows = list(_reader(lines, separator, '"', escape))
    width = len(rows[0]) if rows else 0
    return (sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0, width)


def csv_rows(content: bytes, encoding: str, options: dict[str, str], rows: int) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows of a CSV file, without blank lines and rows of another length than the header."""
    text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    separator, quote = options.get("sep", ","), options.get("quote", '"')
    reader = _reader(io.StringIO(text, newline=""), separator, quote, options.get("escape"))
    header = [cell.strip() for cell in next(reader, [])]
    return header, list(islice((row for row in reader if len(row) == len(header)), rows))


def json_rows(content: bytes, rows: int) -> list[dict[str, Any]]:
    """The first objects of a file with one object per line; other lines are skipped."""
    objects = []
    for line in content.decode("utf-8", errors="replace").splitlines()[:rows]:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            objects.append(value)
    return objects
