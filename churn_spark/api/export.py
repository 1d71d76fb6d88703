"""Tables as files for analysts, who have neither Spark nor Delta: Parquet or CSV."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.nearest import not_one_of

Format = Literal["parquet", "csv"]
OPTIONS: dict[Format, dict[str, str]] = {
    "parquet": {},
    # As spreadsheets and pandas read it: a quote in a text is doubled.
    "csv": {"header": "true", "escape": '"', "quote": '"'},
}


def export(rows: DataFrame, path: str | os.PathLike[str], format_: str | None, overwrite: bool) -> str:
    """Write rows to a single local file where the path ends in `.csv` or `.parquet`, else to a folder of files.

    A single file is written by one task, and appears under its name once it is whole. Raises ValueError for another
    format, FileExistsError where something is there and is not to be overwritten. Returns the path.
    """
    target = os.fspath(path)
    suffix = Path(target).suffix.removeprefix(".")
    chosen = format_ or suffix
    if chosen not in get_args(Format):
        raise ValueError(
            f"format {not_one_of(chosen, get_args(Format))}; give one, or a path that ends in .parquet or .csv"
        )
    known: Format = "csv" if chosen == "csv" else "parquet"
    flat = rows.select(*(_in_csv(rows, field) for field in rows.schema)) if known == "csv" else rows
    local = local_path(target)
    if local is not None and local.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already; give another path, or overwrite=True")
    if local is None or suffix not in get_args(Format):
        mode = "overwrite" if overwrite else "error"
        flat.write.format(known).options(**OPTIONS[known]).mode(mode).save(target)
        return target
    _one_file(flat, local, known)
    return target


def _one_file(rows: DataFrame, target: Path, format_: Format) -> None:
    """Write one file beside the target and rename it; OSError where the task that wrote it ran on another machine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent.resolve()) as folder:
        rows.coalesce(1).write.format(format_).options(**OPTIONS[format_]).mode("overwrite").save(f"file:{folder}/rows")
        written = list(Path(folder, "rows").glob("part-*"))
        if len(written) != 1:
            raise OSError(
                f"{target} was written on another machine of the cluster; give a folder that all of them see (a path"
                " that does not end in .csv or .parquet)"
            )
        if target.is_dir():
            shutil.rmtree(target)
        written[0].replace(target)


def _in_csv(rows: DataFrame, field: T.StructField) -> Column:
    """A column as CSV has it: what is nested as JSON, bytes in base 64."""
    value = rows[f"`{field.name}`"]
    if isinstance(field.dataType, T.ArrayType | T.MapType | T.StructType):
        return F.to_json(value).alias(field.name)
    return F.base64(value).alias(field.name) if isinstance(field.dataType, T.BinaryType) else value
