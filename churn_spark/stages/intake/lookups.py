"""The tables of a source's lookups, read like deliveries, in their current state."""

import logging
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.delta_log import Version
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.lookups import Lookup, looked_up_as
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.deliveries import Delivery, InFiles, InVersion, SelectedDelivery
from churn_spark.events.examples import HIDDEN
from churn_spark.events.lookups import AT, REASONS, checked_table
from churn_spark.events.mapping import expressions
from churn_spark.events.pseudonyms import identifying_columns
from churn_spark.events.raw import typed
from churn_spark.stages.intake import commits
from churn_spark.stages.intake.files import Files, unreadable
from churn_spark.stages.intake.reading import read
from churn_spark.stages.snapshot_inputs import checkpointed
from churn_spark.tables.delta_source import DeltaSource

log = logging.getLogger("churn_spark.ingest")

SMALL = 100_000
"""The most rows of a lookup that is broadcast to every executor; Spark decides how to join larger ones."""
SHOWN = 2
"""Repeated keys that a message names."""


def tables(spark: SparkSession, source: Source, public: bool) -> dict[str, DataFrame]:
    """The table of each lookup by its name (see `events.lookups`), unchanged for the whole run.

    public: whether errors may show identifying values. DeliveryError: a file is missing, cannot be read or does not fit
    the schema, a row does not fit, or a key is repeated.
    """
    by_name = {}
    for lookup in source.lookups:
        where = f"sources.{source.name}.lookups.{lookup.name}"
        try:
            by_name[lookup.name] = _table(spark, source, lookup, where, public)
        except DeliveryError as error:
            raise DeliveryError(f"{source.name}: lookup {lookup.name}: {error}") from error
        except BaseException as error:
            if named := unreadable(error):
                raise DeliveryError(f"{source.name}: lookup {lookup.name}: {named}") from error
            raise
    return by_name


def _table(spark: SparkSession, source: Source, lookup: Lookup, where: str, public: bool) -> DataFrame:
    as_source = _as_source(source, lookup, where)
    files = Files(spark, lookup.path)
    chosen = SelectedDelivery(_delivery(spark, lookup, files), date.min, history=False, fingerprint="")
    read_rows = typed(read(spark, as_source, files, [chosen], public=public).rows, as_source)
    checked = checkpointed(checked_table(read_rows, lookup))
    count = _refuse_bad_rows(checked, where)
    _refuse_repeated(
        checked, lookup, public or looked_up_as(lookup.name, lookup.key) not in identifying_columns(source)
    )
    kept = checked.drop(REASONS, "_removed")
    return F.broadcast(kept) if count <= SMALL else kept


def _as_source(source: Source, lookup: Lookup, where: str) -> Source:
    """A lookup as a source for the readers, with the columns that expressions use, and the key."""
    used = [*expressions(source).values(), *(other.on for other in source.lookups)]
    columns = dict([*lookup.mentioned_columns(used), (lookup.key, dict(lookup.schema)[lookup.key])])
    return Source(
        name=where.removeprefix("sources."),
        kind="lookup",
        format=lookup.format,
        path=lookup.path,
        schema=lookup.schema,
        customer_id=quoted(lookup.key),
        delivered=Delivered(by="event"),
        time_zone=source.time_zone,
        options=lookup.options,
        attributes=tuple(Attribute(name, quoted(name), kind) for name, kind in columns.items()),
        control_characters=source.control_characters,
    )


def _delivery(spark: SparkSession, lookup: Lookup, files: Files) -> Delivery:
    """The lookup's current content: the files at the path, or the newest version of a Delta table."""
    if lookup.format == "delta":
        table = DeltaSource(spark, lookup.path)
        newest = commits.list_log(spark, lookup.path).newest
        return Delivery(commits.delivery_name(newest), InVersion(None, does=Version(table.state(newest))), None)
    there = tuple(file for _, is_folder, file in files.listed() if not is_folder)
    if not there:
        raise DeliveryError(f"there is no file in {lookup.path}")
    return Delivery(lookup.name, InFiles(there), None)


def _refuse_bad_rows(checked: DataFrame, where: str) -> int:
    """The number of rows; DeliveryError: a row does not fit the schema."""
    each = checked.select(F.explode_outer(REASONS).alias("reason"), "_removed").groupBy("reason")
    counts = each.agg(F.count(F.lit(1)).alias("rows"), F.sum("_removed").alias("removed")).collect()
    bad = {row["reason"]: row["rows"] for row in counts if row["reason"]}
    if bad:
        wrong = ", ".join(f"{rows:,} rows are {reason}" for reason, rows in sorted(bad.items()))
        raise DeliveryError(
            f"{wrong}; correct the file, or declare the column as string in {where}.schema and convert it where it is"
            " used"
        )
    if removed := sum(row["removed"] or 0 for row in counts):
        log.warning("%s: removed %s control characters from texts", where, f"{removed:,}")
    return sum(row["rows"] for row in counts)


def _refuse_repeated(checked: DataFrame, lookup: Lookup, shown: bool) -> None:
    """DeliveryError for a key with several rows, which would multiply the rows that look it up."""
    keys = checked.where(F.col(AT).isNotNull()).groupBy(AT).agg(F.count(F.lit(1)).alias("rows")).where("rows > 1")
    repeated = keys.orderBy(AT).limit(SHOWN + 1).collect()
    if repeated:
        named = ", ".join(f"{row[AT]!r} ({row['rows']} rows)" for row in repeated[:SHOWN]) if shown else HIDDEN
        more = " and others" if len(repeated) > SHOWN else ""
        raise DeliveryError(
            f"{lookup.key} is configured as the key of {lookup.path}, but is not unique: {named}{more}; have each key"
            " delivered once, or configure another key"
        )
