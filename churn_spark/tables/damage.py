"""Recognises a damaged Delta log in what Spark and Delta say about it, and names the file."""

import re

from churn_spark.definitions.errors import ContractError

REPAIR = 'docs/operations.md, "A damaged Delta log", says how to repair it'

_UNREADABLE = re.compile(r"FAILED_READ_FILE|DELTA_TRUNCATED_TRANSACTION_LOG")
_LOG_FILE = re.compile(r"[^\s'\"]*/_delta_log/\w+(?:\.\w+)*\.(?:json|parquet)")
_CHECKPOINT = re.compile(r"DELTA_MISSING_PART_FILES\].*?checkpoint version: (\d+)")


def named(error: BaseException, table: str | None = None) -> ContractError | None:
    """The error to show when Spark or Delta stumbled over a file of a Delta log; None for any other error.

    table: address of the table, for errors that do not tell it.
    """
    text = str(error)
    file = _LOG_FILE.search(text)
    if file and _UNREADABLE.search(text):
        return ContractError(f"a Delta log is damaged: {file[0]} is missing or cannot be read; {REPAIR}")
    checkpoint = _CHECKPOINT.search(text)
    if checkpoint is None:
        return None
    name = f"{table or ''}/_delta_log/{int(checkpoint[1]):020d}.checkpoint.parquet"
    return ContractError(f"a Delta log is damaged: {name} is missing, and so are entries before it; {REPAIR}")
