"""Rows as a CSV file that spreadsheets open as it is meant: in UTF-8, and with no cell that they would compute."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from churn_spark.definitions.spreadsheets import FORMULA
from churn_spark.outbox.message import without_controls


def csv_file(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A header and the rows, with commas, CRLF, quotes where needed and the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def _cell(value: object) -> object:
    if isinstance(value, list):
        return _cell("; ".join(map(str, value)))
    if not isinstance(value, str):
        return value
    defused = f"'{value}" if re.match(FORMULA, value) else value
    return without_controls(defused)
