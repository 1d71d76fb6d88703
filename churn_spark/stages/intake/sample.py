"""Some rows of the newest delivery of each source, classified as in ingest; nothing is written."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import reduce
from secrets import token_hex

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.delta_log import Version
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import delivery_at
from churn_spark.events.classify import classified
from churn_spark.events.deliveries import Delivery, InFiles, InVersion, SelectedDelivery
from churn_spark.events.lookups import UNMATCHED
from churn_spark.stages.intake import commits
from churn_spark.stages.intake.files import Files, unreadable
from churn_spark.stages.intake.lookups import tables
from churn_spark.stages.intake.reading import read
from churn_spark.tables.delta_source import DeltaSource

ROWS = 500
"""The most rows of one source that are read."""
FILES = 20
"""The most files of one delivery that are read."""
_COLUMNS = ("customer_id", "reasons", "row", "length", "event_date", "nominal_date")


def newest_delivery(spark: SparkSession, source: Source, zone: str) -> Delivery | None:
    """The newest delivery of a source, with at most `FILES` files; None: there is none.

    zone: of days of modification. DeliveryError: the source cannot be listed, or names have no date (one error for
    all).
    """
    if source.format == "delta":
        return _newest_version(spark, source)
    files = Files(spark, source.path, source.delivered.ignore)
    deliveries, errors = [], []
    for name, is_folder, file in files.listed():
        try:
            deliveries.append(delivery_at(name, is_folder, file, source.delivered, zone))
        except DeliveryError as error:
            errors.append(str(error))
    if errors:
        more = f" (and {len(errors) - 1} other names like it)" if len(errors) > 1 else ""
        raise DeliveryError(errors[0] + more)
    newest = max(
        filter(None, deliveries), key=lambda delivery: (delivery.nominal or date.min, delivery.name), default=None
    )
    if newest is None or source.delivered.unit == "file":
        return newest
    inside, complete = files.inside(newest.name)
    return replace(newest, content=InFiles(tuple(file for _, file in inside[:FILES]), complete))


def classified_rows(
    spark: SparkSession, project: Project, source: Source, delivery: Delivery, today: date
) -> DataFrame:
    """The first rows of a delivery, classified as if it were taken today, with identifying values as pseudonyms.

    Gives `source`, `customer_id`, `reasons`, `row`, `length`, `event_id` (null: copies are not looked for),
    `event_date`, `nominal_date`, `unmatched` (see `events.lookups`).
    DeliveryError: the delivery or a lookup cannot be read, or does not fit the schema; AnalysisException: an expression
    does not.
    """
    chosen = SelectedDelivery(delivery, today, source.delivered.history_until is not None, fingerprint="")
    public = project.privacy.mode == "none"
    raw = read(spark, source, Files(spark, source.path, source.delivered.ignore), [chosen], ROWS, public)
    salt = token_hex()  # never stored: different customers stay different, in this sample only
    pseudonym = None if public else lambda text: F.sha2(F.concat(F.lit(salt), text), 256)
    looked_up = tables(spark, source, public)
    rows = classified(raw.rows.limit(ROWS), source, project.zone, pseudonym, looked_up)
    return rows.select(
        F.lit(source.name).alias("source"),
        F.lit(None).cast("string").alias("event_id"),
        (F.col(UNMATCHED) if source.lookups else F.lit(None).cast("array<string>")).alias("unmatched"),
        *(F.col(name) if name in rows.columns else F.lit(None).alias(name) for name in _COLUMNS),
    )


def collect_by_source(frames: Mapping[str, DataFrame]) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """The rows of each source, in one Spark job; where that fails, source by source, with the error of each."""
    rows: dict[str, list[Row]] = {name: [] for name in frames}
    failed: dict[str, str] = {}
    if not frames:
        return rows, failed
    try:
        for row in reduce(lambda left, right: left.unionByName(right), frames.values()).collect():
            rows[row["source"]].append(row)
    except Exception:
        for name, frame in frames.items():
            try:
                rows[name] = frame.collect()
            except Exception as error:
                delivery_error = unreadable(error)
                if delivery_error is None:
                    raise
                failed[name] = str(delivery_error)
    return rows, failed


def _newest_version(spark: SparkSession, source: Source) -> Delivery | None:
    log, table = commits.list_log(spark, source.path), DeltaSource(spark, source.path)
    added = sorted(table.state(log.newest), key=lambda file: file.modified, reverse=True)[:FILES]
    if not added:
        return None
    files = Files(spark, source.path)
    source_files = tuple(commits.source_file(files, file) for file in added)
    return Delivery(commits.delivery_name(log.newest), InVersion(None, source_files, Version(tuple(added))), None)
