"""Samples of Parquet files and Delta tables, read without Spark."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from churn_spark.definitions.errors import ConfigError

_ARROW = {
    pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int", pa.int64(): "bigint", pa.uint8(): "smallint",
    pa.uint16(): "int", pa.uint32(): "bigint", pa.float32(): "float", pa.float64(): "double", pa.bool_(): "boolean",
    pa.string(): "string", pa.large_string(): "string", pa.date32(): "date", pa.binary(): "binary",
}  # fmt: skip
_DELTA = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}


def parquet_types(path: Path) -> dict[str, str | None]:
    """The columns of a Parquet file with their Spark types; None for nested ones. Raises ConfigError for another"
    " file."""
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{path}: is not a Parquet file: {str(error).splitlines()[0]}") from None
    return {field.name: _spark(field.type) for field in schema}


def _spark(kind: pa.DataType) -> str | None:
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_dictionary(kind):
        return _spark(kind.value_type)
    if pa.types.is_null(kind):
        return "string"
    return _ARROW.get(kind)


def parquet_rows(path: Path, rows: int) -> list[dict[str, Any]]:
    """The first rows of a Parquet file."""
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(batch_size=rows):
        columns = {name: [_plain(value) for value in batch.column(name)] for name in batch.schema.names}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return []


def _plain(value: pa.Scalar) -> Any:
    """A value as Python represents it; None for a time outside the years that Python supports."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return None


def delta_table(path: Path) -> tuple[dict[str, str | None], list[tuple[Path, dict[str, str]]]]:
    """The columns of a Delta table from its log, and its files with their partition values, oldest first."""
    kinds: dict[str, str | None] = {}
    files: dict[str, dict[str, str]] = {}
    for action in _actions(path / "_delta_log"):
        if action.get("metaData"):
            fields = json.loads(action["metaData"]["schemaString"])["fields"]
            kinds = {field["name"]: _of_delta(field["type"]) for field in fields}
        if action.get("add"):
            files[action["add"]["path"]] = dict(action["add"].get("partitionValues") or {})
        if action.get("remove"):
            files.pop(action["remove"]["path"], None)
    if not kinds:
        raise ConfigError(f"{path}: the log of the Delta table has no schema")
    there = [(path / unquote(name), values) for name, values in files.items()]  # the log encodes addresses
    return kinds, [(file, values) for file, values in there if file.is_file()]


def _actions(log: Path) -> Iterable[dict[str, Any]]:
    """The actions of the last checkpoint, then those of later commits."""
    checkpoints = sorted(log.glob("*.checkpoint*.parquet"))
    first = int(checkpoints[-1].name[:20]) if checkpoints else -1
    for part in checkpoints:
        if int(part.name[:20]) == first:
            columns = [name for name in pq.read_schema(part).names if name in ("metaData", "add", "remove")]
            yield from pq.read_table(part, columns=columns).to_pylist()
    for commit in sorted(log.glob("*.json")):
        if commit.name[:20].isdigit() and int(commit.name[:20]) > first:
            yield from (json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines() if line)


def _of_delta(kind: Any) -> str | None:
    return _DELTA.get(kind, kind) if isinstance(kind, str) else None
