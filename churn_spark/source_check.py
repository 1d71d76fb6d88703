"""What a configuration says of its sources, compared with what lies there."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import File, nominal_date
from churn_spark.settings.nearest import did_you_mean, listed
from churn_spark.stages.intake.files import Files

WIDER = {
    "tinyint": ("smallint", "int", "bigint"),
    "smallint": ("int", "bigint"),
    "int": ("bigint",),
    "float": ("double",),
}
"""Declared types that read a stored one without loss."""


def check_data(project: Project, spark: SparkSession) -> list[str]:
    """Differences between each source's declared schema and its newest delivery, and paths without deliveries.

    Only listings, headers and footers are read, and the first line of a JSON file. Returns sentences that name the
    source, what was found and what was probably meant.
    """
    return [f"sources.{source.name}: {text}" for source in project.sources for text in _differences(source, spark)]


def _differences(source: Source, spark: SparkSession) -> Iterator[str]:
    try:
        if source.format == "delta":
            yield from _typed(source, spark.read.format("delta").load(source.path).dtypes, source.path)
            return
        files = Files(spark, source.path)
        folders = source.delivered.unit == "folder"
        there = [(name, file) for name, is_folder, file in files.listed() if is_folder == folders]
        if not there:
            yield f"there is no {source.delivered.unit} in {source.path}"
            return
        undated = list(_undated(source, [name for name, _ in there]))
        yield from undated
        if not undated:
            yield from _newest(source, spark, files, there)
    except DeliveryError as error:
        yield str(error)
    except PySparkException as error:
        yield f"{source.path} cannot be read: {str(error).strip().splitlines()[0]}"


def _undated(source: Source, names: Sequence[str]) -> Iterator[str]:
    """Names without a nominal date, told once for all of them."""
    wrong = []
    for name in names:
        try:
            nominal_date(name, source.delivered)
        except DeliveryError as error:
            wrong.append(str(error))
    if wrong:
        yield wrong[0] if len(wrong) == 1 else f"{wrong[0]} (and {len(wrong) - 1} other names like it)"


def _newest(source: Source, spark: SparkSession, files: Files, there: list[tuple[str, File]]) -> Iterator[str]:
    name, file = max(there, key=lambda pair: pair[0])
    if source.delivered.unit == "folder":
        inside, _ = files.inside(name)
        if not inside:
            yield f"the folder {name} is empty"
            return
        name, file = f"{name}/{inside[0][0]}", inside[0][1]
    if source.format == "parquet":
        yield from _typed(source, spark.read.parquet(file.path).dtypes, name)
        return
    header = files.headers([file], dict(source.options).get("encoding", "UTF-8"))[0]
    if header is None:
        yield f"{name} is empty"
    elif source.format == "csv":
        yield from _named(source, _csv_header(header, dict(source.options)), name)
    else:
        yield from _json_line(source, header, name)


def _csv_header(line: str, options: dict[str, str]) -> list[str]:
    reader = csv.reader(
        [line.removeprefix("\ufeff")], delimiter=options.get("sep", ","), quotechar=options.get("quote", '"')
    )
    return [column.strip() for column in next(reader)]


def _json_line(source: Source, line: str, name: str) -> Iterator[str]:
    try:
        row = json.loads(line)
    except ValueError:
        yield f"the first line of {name} is not JSON: a row must be an object on a line of its own"
        return
    # A row of JSON leaves out what it has no value for, so only a name that looks misspelt tells something.
    if isinstance(row, dict):
        yield from (text for text in _named(source, list(row), name) if "Did you mean" in text)


def _typed(source: Source, stored: Iterable[tuple[str, str]], where: str) -> Iterator[str]:
    """Differences of names and of types, for formats that know their types."""
    types = dict(stored)
    yield from _named(source, list(types), where)
    for column, declared in source.schema:
        found = types.get(column, declared).replace(" ", "")
        if found != declared.replace(" ", "") and declared not in WIDER.get(found, ()):
            yield f"column {column!r} is {found} in {where}, declared as {declared}"


def _named(source: Source, found: Sequence[str], where: str) -> Iterator[str]:
    """Declared columns that are not there."""
    declared = [name for name, _ in source.schema]
    spare = [name for name in found if name not in declared]
    for column in declared:
        if column not in found:
            meant = did_you_mean(column, spare) or "."
            yield f"there is no column {column!r} in {where}{meant} There are: {listed(found)}"
