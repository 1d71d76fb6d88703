"""`check --data`: what ingest would make of the newest delivery of each source."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

from churn_spark.definitions.errors import ChurnError, ConfigError, DeliveryError
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import LEFT_OUT, Source
from churn_spark.events.deliveries import Delivery
from churn_spark.events.examples import examples
from churn_spark.stages.intake.key import pseudonym_key
from churn_spark.stages.intake.sample import ROWS, classified_rows, collect_by_source, newest_delivery
from churn_spark.stages.intake.versions import first_version


@dataclass(frozen=True, slots=True)
class Checked:
    """Sentences, each with the source it is about. problems: what ingest would refuse; notes: what else was seen."""

    problems: list[str]
    notes: list[str]


def check_data(project: Project, spark: SparkSession) -> Checked:
    """Read and classify the first rows of each source's newest delivery by the code of ingest.

    Of all other deliveries only the names are looked at. Values that identify somebody are shown only where the data
    are public. The key for pseudonyms is not needed.
    """
    checked = Checked([], list(_key(project)))
    today = datetime.now(ZoneInfo(project.zone)).date()
    frames: dict[str, DataFrame] = {}
    looked_at: dict[str, Delivery] = {}
    for source in project.sources:
        try:
            delivery = _newest(source, spark, project.zone)
            frames[source.name] = classified_rows(spark, project, source, delivery, today)
            looked_at[source.name] = delivery
            if source.format == "delta":
                checked.notes.append(_begins(source, first_version(spark, source)))
        except ChurnError as error:
            checked.problems.append(_about(source, str(error)))
        except PySparkException as error:
            where = "" if isinstance(error, AnalysisException) else f"{source.path} cannot be read: "
            checked.problems.append(_about(source, where + str(error).strip().splitlines()[0]))
    rows, failed = collect_by_source(frames)
    for name, delivery in looked_at.items():
        source = project.source(name)
        if name in failed:
            checked.problems.append(_about(source, failed[name]))
            continue
        checked.notes.append(_about(source, _seen(source, delivery, rows[name])))
        checked.notes.extend(_about(source, text) for text in _unmatched(source, rows[name]))
        for text, refused in _reasons(source, rows[name], public=project.privacy.mode == "none"):
            (checked.problems if refused else checked.notes).append(_about(source, text))
    return checked


def _key(project: Project) -> Iterator[str]:
    try:
        pseudonym_key(project.privacy)
    except ConfigError as error:
        yield f"privacy: {error}. Rows were checked without it; ingest needs it"


def _about(source: Source, text: str) -> str:
    return text if text.startswith(f"{source.name}: ") else f"sources.{source.name}: {text}"


def _begins(source: Source, version: int) -> str:
    return _about(
        source,
        f"a first load begins with version {version} of {source.path}, whole; then it takes what each later version"
        " added",
    )


def _newest(source: Source, spark: SparkSession, zone: str) -> Delivery:
    """The newest delivery; DeliveryError where there is none, or names have no date."""
    delivery = newest_delivery(spark, source, zone)
    if delivery is None:
        what = "row" if source.format == "delta" else source.delivered.unit
        raise DeliveryError(f"there is no {what} in {source.path}")
    if not delivery.files:
        raise DeliveryError(f"the folder {delivery.name} is empty")
    return delivery


def _seen(source: Source, delivery: Delivery, rows: Sequence[Row]) -> str:
    """What was looked at, and the days that its accepted rows are of."""
    good = [row for row in rows if not row["reasons"]]
    column = "event_date" if source.kind == "events" else "nominal_date"
    days: list[date] = sorted(row[column] for row in good if row[column])
    what = f"version {int(delivery.name)}" if source.format == "delta" else delivery.name
    which = "all" if len(rows) < ROWS else "the first"
    of = "events" if source.kind == "events" else "rows"
    span = f", {of} of {days[0]} to {days[-1]}" if days else ""
    customers = len({row["customer_id"] for row in good})
    whose = f", of {customers:,} {'customer' if customers == 1 else 'customers'}" if good else ""
    return f"{which} {len(rows):,} rows of {what} were looked at: {len(good):,} would be accepted{span}{whose}"


def _unmatched(source: Source, rows: Sequence[Row]) -> Iterator[str]:
    for lookup in source.lookups:
        if missed := sum(lookup.name in (row["unmatched"] or ()) for row in rows):
            yield f"{missed:,} of {len(rows):,} rows have a key that is not in the lookup {lookup.name}"


def _reasons(source: Source, rows: Sequence[Row], public: bool) -> Iterator[tuple[str, bool]]:
    """A sentence about each reason of refused rows, and whether ingest would refuse a delivery with that share."""
    meant = [row for row in rows if LEFT_OUT not in row["reasons"]]
    if len(meant) < len(rows):
        yield f"{len(rows) - len(meant):,} of {len(rows):,} rows are left out by where", False
    rows = meant
    count = Counter(reason for row in rows for reason in row["reasons"])
    for reason, number in sorted(count.items()):
        limit = source.limit(reason)
        having = [row.asDict() for row in rows if reason in row["reasons"]]
        shown = examples(source, reason, having, () if public else None)
        refused = number > limit * len(rows)
        text = (
            f"{reason}: {number:,} of {len(rows):,} rows ({number / len(rows):.1%}){shown and f', such as {shown}'}; "
            + (f"more than sources.{source.name}.limits allow ({limit:.0%})" if refused else f"allowed are {limit:.0%}")
        )
        yield text, refused
