"""The header of a CSV file, read by Spark's own parser, and what to do about a first line that is no header."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from typing import NamedTuple

from pyspark.sql import SparkSession

from churn_spark.definitions.reading import separator
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import File
from churn_spark.spark_internals.csv_lines import first_record
from churn_spark.stages.intake.files import AT_ONCE, Files, readable

LONGEST_SHOWN = 120
NEAR = 0.8
"""The least similarity (see `difflib`) to a declared column for a name to be shown where data are not public."""
_SEPARATORS = (";", "\t", "|", ",")
_OTHER_KINDS = {
    "\x1f": "that is packed by gzip, so have its name end in .gz",
    "PK\x03\x04": "that is a workbook of Excel or a zip archive, so have it exported as CSV",
    "PAR1": "that is Parquet, so have it at a source with format: parquet",
    "{": "that looks like JSON, so have it at a source with format: json",
    "<": "that looks like a page of HTML or XML, so have the data delivered instead",
}
"""The first characters of files that are no CSV, and what to do about them."""


class Header(NamedTuple):
    """names: without surrounding blanks; empty: the file is empty. text: as in the file."""

    names: tuple[str, ...]
    text: str


def headers(spark: SparkSession, files: Files, all_files: Iterable[File], options: Mapping[str, str]) -> list[Header]:
    """The header of each file.

    options: of the source, for Spark (see `csv_options`). The header is the first line that is neither blank nor a
    comment; with `multiLine` it may have several lines.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda file: _header(spark, files, file, options), all_files))


def header_problem(source: Source, header: Header, public: bool) -> str | None:
    """The problem with a header, and what to do; None: it has all declared columns.

    public: the line may be shown; otherwise only names of columns are.
    """
    missing = [name for name, _ in source.schema if name not in header.names]
    if not missing:
        return None
    if not header.names:
        return f"it is empty, without a header; have it delivered again{_no_delivery(source)}"
    looks = looks_like(header.text, source)
    begins = "" if looks and "row of data" in looks else f", it begins with {_shown(header, source, public)}"
    return (
        f"the declared columns {', '.join(missing)} are not in it{begins};"
        f" {looks or f'have it delivered again or change sources.{source.name}.schema'}{_no_delivery(source)}"
    )


def _no_delivery(source: Source) -> str:
    """What to do with a file that is no delivery; empty for lookups, where every file is read."""
    where = f"sources.{source.name}.delivered.ignore"
    return "" if source.kind == "lookup" else f"; if it is no delivery, leave it out: {where}"


def _shown(header: Header, source: Source, public: bool) -> str:
    """A line for messages; where it may be a row of data, only its cells that are similar to names of columns."""
    line = header.text
    if public:
        return f"the line {line if len(line) <= LONGEST_SHOWN else f'{line[:LONGEST_SHOWN]}...'!r}"
    declared = {name.lower(): name for name, _ in source.schema}
    near = [name for name in header.names if get_close_matches(name.lower(), declared, n=1, cutoff=NEAR)]
    known = f"among them {', '.join(near)}" if near else "none of them similar to a declared column"
    count = len(header.names)
    return f"a line of {count} {'cell' if count == 1 else 'cells'}, {known}"


def looks_like(line: str, source: Source) -> str | None:
    """What the first line of a CSV file is if not its header, with the remedy; None: unknown."""
    where, declared = f"sources.{source.name}.options", {name for name, _ in source.schema}
    options = dict(source.options)
    given = separator(options.get("sep", ",")) or ","
    first, cells = line.strip()[:1], _cells(line, given)
    others = [s for s in _SEPARATORS if declared.intersection(_cells(line, s)) > declared.intersection(cells)]
    kind = next((text for begins, text in _OTHER_KINDS.items() if line.startswith(begins)), "")
    looks = (
        (kind, kind),
        ("\x00" in line, f"that looks like UTF-16, so set {where}.encoding: UTF-16"),
        ("\ufffd" in line, f"it is in another encoding, so set {where}.encoding, such as windows-1252"),
        (
            re.fullmatch(r'"?sep=.{1,2}"?', line.strip(), re.I),
            "that is an instruction for Excel: have the file written without it",
        ),
        (others, f"its columns are separated by {''.join(others[:1])!r}, so set {where}.sep"),
        (
            first and first in "#%!*;-" and first != options.get("comment"),
            f"that looks like a comment, so set {where}.comment: '{first}', which skips lines that begin so",
        ),
        (
            any(re.fullmatch(r"[\d.:,/ T-]*\d", cell) for cell in cells),
            "it begins with a row of data, so have it written with a header",
        ),
    )
    return next((text for applies, text in looks if applies), None)


def _cells(line: str, between: str) -> list[str]:
    return [cell.strip(" \"'\ufeff") for cell in line.split(between)]


def _header(spark: SparkSession, files: Files, file: File, options: Mapping[str, str]) -> Header:
    with readable(file), files.unpacked(file) as stream:
        record = first_record(spark, stream, options)
    names = tuple((cell or "").strip().removeprefix("\ufeff") for cell in record.cells)
    return Header(names, record.text.strip("\r\n").removeprefix("\ufeff"))
