"""Recognises damage of Delta tables, lost logs and lost data, in what Spark and Delta say, and names the file."""

import re
from collections.abc import Collection

from churn_spark.definitions.errors import ContractError

REPAIR = 'docs/operations.md, "A damaged Delta log", says how to repair it'
REPAIR_DATA = 'docs/operations.md, "A lost data file", says how to repair it'

_UNREADABLE = re.compile(r"FAILED_READ_FILE|DELTA_TRUNCATED_TRANSACTION_LOG")
_LOG_FILE = re.compile(r"[^\s'\"]*/_delta_log/\w+(?:\.\w+)*\.(?:json|parquet)")
_DATA_FILE = re.compile(r"[^\s'\"]*/(\w+)/(?:\w+=[\w-]+/)?part-[\w.-]+\.parquet")
_CHECKPOINT = re.compile(r"DELTA_MISSING_PART_FILES\].*?checkpoint version: (\d+)")


def damage_error(error: BaseException, table: str | None = None, tables: Collection[str] = ()) -> ContractError | None:
    """The error to show when Spark or Delta stumbled over a file of a Delta table; None for any other error.

    table: address of the table, for errors that do not tell it. tables: names of those whose data files are known so.
    """
    text = str(error)
    file = _LOG_FILE.search(text)
    if file and _UNREADABLE.search(text):
        return ContractError(f"a Delta log is damaged: {file[0]} is missing or cannot be read; {REPAIR}")
    data = _DATA_FILE.search(text)
    if data and data[1] in tables and _UNREADABLE.search(text):
        return ContractError(f"{data[1]}: the file {data[0]} is lost or cannot be read; {REPAIR_DATA}")
    checkpoint = _CHECKPOINT.search(text)
    if checkpoint is None:
        return None
    name = f"{table or ''}/_delta_log/{int(checkpoint[1]):020d}.checkpoint.parquet"
    return ContractError(f"a Delta log is damaged: {name} is missing, and so are entries before it; {REPAIR}")
