"""Reads, validates and counts the rows of a source's selected deliveries."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import LEFT_OUT
from churn_spark.events.arrivals import usual_volume
from churn_spark.events.classify import classified
from churn_spark.events.deliveries import SelectedDelivery
from churn_spark.events.lookups import UNMATCHED
from churn_spark.events.pseudonyms import Pseudonym
from churn_spark.stages.intake.acceptance import as_options
from churn_spark.stages.intake.files import unreadable
from churn_spark.stages.intake.lookups import tables
from churn_spark.stages.intake.plans import Plan
from churn_spark.stages.intake.reading import read, read_before

log = logging.getLogger("churn_spark.ingest")

LARGE = 1 << 28
"""Bytes of files from which on their rows are cached on disk only."""


@dataclass(slots=True)
class RowCounts:
    """Counts of the rows of one delivery. known: of accepted rows, the first knowledge date by nominal date. removed:
    control characters removed from texts. left_out: rows that the source's `where` leaves out. unmatched: rows whose
    key is not in a lookup, by lookup.
    """

    read: int = 0
    removed: int = 0
    left_out: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    nominal: date | None = None
    event_dates: set[date] = field(default_factory=set)
    known: dict[date, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validated:
    """The rows of one source, each with its reasons, cached for several passes; `rows` must be unpersisted.

    thin: deliveries with fewer rows than usual, accepted so. before: delivery, event_id and event_date of events,
    before a version of a Delta source changed or deleted them; None: there are none.
    """

    plan: Plan
    rows: DataFrame
    counts: Mapping[str, RowCounts]
    ignored: Mapping[str, frozenset[str]]
    thin: frozenset[str] = frozenset()
    before: DataFrame | None = None

    @property
    def accepted(self) -> DataFrame:
        return self.rows.where(F.size("reasons") == 0).drop(UNMATCHED)

    @property
    def event_dates(self) -> set[date]:
        return {day for counts in self.counts.values() for day in counts.event_dates}


def validate(spark: SparkSession, run: Run, project: Project, plan: Plan, pseudonym: Pseudonym | None) -> Validated:
    """Read and validate every row of the deliveries to take.

    DeliveryError: a delivery or a lookup cannot be read, or a delivery has far fewer rows than usual (unless
    accepted). ConfigError: an expression does not fit the columns.
    """
    source = plan.source
    public = project.privacy.mode == "none"
    raw = read(spark, source, plan.files, plan.selected, public=public)
    looked_up = tables(spark, source, public)
    try:
        rows = classified(raw.rows, source, project.zone, pseudonym, looked_up)
    except AnalysisException as error:
        raise ConfigError(f"{project.origin}: sources.{source.name}: {str(error).splitlines()[0]}") from None
    rows = rows.persist(_storage_level(plan.selected))
    try:
        counts = _count_rows(rows, plan)
        thin = _thin_deliveries(plan, counts)
    except BaseException as error:
        rows.unpersist()
        if delivery_error := unreadable(error):
            raise delivery_error from error
        raise
    return Validated(
        plan, rows, counts, raw.ignored, thin, _rows_before_changes(spark, project, plan, pseudonym, looked_up)
    )


def _rows_before_changes(
    spark: SparkSession, project: Project, plan: Plan, pseudonym: Pseudonym | None, looked_up: Mapping[str, DataFrame]
) -> DataFrame | None:
    raw = read_before(spark, plan.source, plan.selected) if plan.source.kind == "events" else None
    if raw is None:
        return None
    rows = classified(raw, plan.source, project.zone, pseudonym, looked_up)
    events = rows.where(F.size("reasons") == 0)
    return events.select("delivery", "event_id", "event_date").distinct()


def _storage_level(selected: Iterable[SelectedDelivery]) -> StorageLevel:
    """Where rows are cached between passes: in memory Spark unrolls them to many times their size in the files."""
    size = sum(chosen.delivery.bytes for chosen in selected)
    return StorageLevel.MEMORY_AND_DISK if size < LARGE else StorageLevel.DISK_ONLY


def _count_rows(rows: DataFrame, plan: Plan) -> dict[str, RowCounts]:
    good = F.size("reasons") == 0
    day = F.col("event_date") if "event_date" in rows.columns else F.lit(None).cast("date")
    lookups = [lookup.name for lookup in plan.source.lookups]
    groups = rows.groupBy("delivery", "reasons").agg(
        *(F.count_if(F.array_contains(UNMATCHED, name)).alias(f"unmatched_{name}") for name in lookups),
        F.count(F.lit(1)).alias("rows"),
        F.sum("_removed").alias("removed"),
        F.max(F.when(good, F.col("nominal_date"))).alias("nominal"),
        F.collect_set(F.when(good, day)).alias("event_dates"),
        F.collect_set(F.when(good, F.struct("nominal_date", "known_from"))).alias("known"),
    )
    by_delivery = {chosen.name: RowCounts() for chosen in plan.selected}
    for group in groups.collect():
        if group["delivery"] is None:
            raise AssertionError(f"{group['rows']} rows were read from a file that is in no delivery")
        counts = by_delivery[group["delivery"]]
        counts.read += group["rows"]
        if group["reasons"] == [LEFT_OUT]:
            counts.left_out += group["rows"]
            continue
        counts.removed += group["removed"] or 0
        counts.unmatched.update({name: group[f"unmatched_{name}"] for name in lookups})
        counts.reasons.update(dict.fromkeys(group["reasons"], group["rows"]))
        counts.nominal = max(filter(None, (counts.nominal, group["nominal"])), default=None)
        counts.event_dates.update(group["event_dates"])
        for nominal, known_from in sorted(pair for pair in group["known"] if pair["nominal_date"]):
            counts.known[nominal] = min(known_from, counts.known.get(nominal, known_from))
    return by_delivery


def _thin_deliveries(plan: Plan, counts: Mapping[str, RowCounts]) -> frozenset[str]:
    """The deliveries with far fewer rows than usual for their weekday, all accepted; DeliveryError: not accepted."""
    least_share = plan.source.delivered.min_volume_share
    if least_share is None:
        return frozenset()
    reads = {taken.name: (taken.nominal, taken.read) for taken in plan.taken.values()}
    reads |= {chosen.name: (_nominal(chosen, counts), counts[chosen.name].read) for chosen in plan.selected}
    dated = [(day, rows) for day, rows in reads.values() if day is not None]
    thin: dict[str, str] = {}
    refused: set[date] = set()
    for chosen in plan.selected:
        nominal, rows = _nominal(chosen, counts), counts[chosen.name].read
        usual = usual_volume(dated, nominal) if nominal else None
        if nominal is not None and usual is not None and rows < least_share * usual:
            thin[chosen.name] = f"{chosen.name} has {rows:,} rows, usually {usual:,.0f}"
            refused |= set() if plan.accepted.covers(chosen.name, nominal) else {nominal}
    if refused:
        raise DeliveryError(
            f"{plan.source.name}: {'; '.join(list(thin.values())[:3])}; have it delivered again, lower"
            f" sources.{plan.source.name}.delivered.min_volume_share, or accept it:"
            f" {as_options(plan.source.name, refused)}"
        )
    for text in thin.values():
        log.warning("%s: accepted as incomplete: %s", plan.source.name, text)
    return frozenset(thin)


def _nominal(chosen: SelectedDelivery, counts: Mapping[str, RowCounts]) -> date | None:
    """The nominal date of a delivery; where its rows are dated one by one, the latest of them."""
    return chosen.delivery.nominal or counts[chosen.name].nominal
