"""The ledger's table `runs`: entries to rows and back."""

from datetime import UTC

from pyspark.sql import Row, SparkSession

from churn_spark.tables.contracts.models import RUNS
from churn_spark.tables.ledger import Entry, Ledger, Read, Written
from churn_spark.tables.place import Place


def load(spark: SparkSession, place: Place) -> Ledger:
    """Read the whole ledger: a few rows a run, so it grows with days, never with customers."""
    if not place.exists(spark, RUNS.name):
        return Ledger()
    return Ledger(_entry(row) for row in place.read(spark, RUNS.name).select(*RUNS.names).collect())


def append(spark: SparkSession, place: Place, entry: Entry) -> None:
    """Append one row; the caller holds the ledger's lock."""
    if not place.exists(spark, RUNS.name):
        place.create(spark, RUNS)
    row = spark.createDataFrame([_row(entry)], RUNS.schema).coalesce(1)
    place.save(row.write.format("delta").mode("append"), RUNS.name)


def _row(entry: Entry) -> tuple:  # type: ignore[type-arg]
    return (
        entry.run_id,
        entry.event,
        entry.revision,
        entry.job,
        entry.as_of,
        entry.at,
        entry.status,
        entry.error,
        [(w.table, w.partition, w.rows, w.fingerprint, w.changed) for w in entry.writes],
        [(r.table, r.first, r.end, r.revision) for r in entry.reads],
        list(entry.subjects),
        [(table, column, value) for table, columns in entry.definitions.items() for column, value in columns.items()],
        entry.seconds,
        entry.code_version,
        entry.settings_hash,
        list(entry.options),
    )


def _entry(row: Row) -> Entry:
    definitions: dict[str, dict[str, str]] = {}
    for table, column, value in row["definitions"] or ():
        definitions.setdefault(table, {})[column] = value
    return Entry(
        run_id=row["run_id"],
        event=row["event"],
        revision=row["revision"],
        job=row["job"],
        as_of=row["as_of_date"],
        at=row["at"].astimezone(UTC),
        status=row["status"],
        error=row["error"],
        writes=tuple(Written(*written) for written in row["writes"] or ()),
        reads=tuple(Read(*read) for read in row["reads"] or ()),
        subjects=tuple(row["subjects"] or ()),
        definitions=definitions,
        seconds=row["seconds"],
        code_version=row["code_version"],
        settings_hash=row["settings_hash"],
        options=tuple(row["options"] or ()),
    )
