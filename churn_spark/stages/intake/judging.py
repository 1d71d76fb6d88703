"""The rows of one source that a run takes: read, judged, counted, and stopped when too many are bad."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.project import Project, Run
from churn_spark.events.arrivals import Taking, usual_volume
from churn_spark.events.classify import classified
from churn_spark.events.pseudonyms import Pseudonym
from churn_spark.stages.intake.memory import ACCEPT
from churn_spark.stages.intake.reading import read
from churn_spark.stages.intake.taking import Plan

log = logging.getLogger("churn_spark.ingest")

LARGE = 1 << 28
"""Bytes of files from which on their rows wait on disk only."""
_UNREADABLE = re.compile(r"\[(FAILED_READ_FILE[.\w]*)\][^\n]*?file ([^\n]+?)\.\s+(?:SQLSTATE|\n|$)")


@dataclass(slots=True)
class Seen:
    """What was found in one delivery."""

    read: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    nominal: date | None = None
    event_dates: set[date] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of one source, each with its reasons, kept for several passes; `rows` must be unpersisted."""

    plan: Plan
    rows: DataFrame
    seen: Mapping[str, Seen]
    ignored: Mapping[str, frozenset[str]]
    thin: bool = False

    @property
    def accepted(self) -> DataFrame:
        return self.rows.where(F.size("reasons") == 0)

    @property
    def event_dates(self) -> set[date]:
        return {day for seen in self.seen.values() for day in seen.event_dates}


def judge(spark: SparkSession, run: Run, project: Project, plan: Plan, hidden: Pseudonym | None) -> Judged:
    """Read and judge every row of the deliveries to take.

    DeliveryError: a delivery cannot be read, or is thinner than its weekday usually is (unless accepted). ConfigError:
    an expression does not fit the columns.
    """
    source = plan.source
    raw = read(spark, source, plan.files, plan.takings)
    try:
        rows = classified(raw.rows, source, project.zone, hidden)
    except AnalysisException as error:
        raise ConfigError(f"{project.origin}: sources.{source.name}: {str(error).splitlines()[0]}") from None
    rows = rows.persist(_kept_where(plan.takings))
    try:
        seen = _seen(rows, plan.takings)
        thin = _thin(run, plan, seen)
    except BaseException as error:
        rows.unpersist()
        raise _named(error) from error if _named(error) is error else None
    return Judged(plan, rows, seen, raw.ignored, thin)


def _kept_where(takings: Iterable[Taking]) -> StorageLevel:
    """Where rows wait for the next pass: Spark unrolls what may stay in memory, many times its size in the files."""
    size = sum(file.bytes for taking in takings for file in taking.found.files)
    return StorageLevel.MEMORY_AND_DISK if size < LARGE else StorageLevel.DISK_ONLY


def _seen(rows: DataFrame, takings: tuple[Taking, ...]) -> dict[str, Seen]:
    good = F.size("reasons") == 0
    day = F.col("event_date") if "event_date" in rows.columns else F.lit(None).cast("date")
    groups = rows.groupBy("delivery", "reasons").agg(
        F.count(F.lit(1)).alias("rows"),
        F.max(F.when(good, F.col("nominal_date"))).alias("nominal"),
        F.collect_set(F.when(good, day)).alias("event_dates"),
    )
    found = {taking.name: Seen() for taking in takings}
    for group in groups.collect():
        if group["delivery"] is None:
            raise AssertionError(f"{group['rows']} rows were read from a file that is in no delivery")
        seen = found[group["delivery"]]
        seen.read += group["rows"]
        seen.reasons.update(dict.fromkeys(group["reasons"], group["rows"]))
        seen.nominal = max(filter(None, (seen.nominal, group["nominal"])), default=None)
        seen.event_dates.update(group["event_dates"])
    return found


def _thin(run: Run, plan: Plan, seen: Mapping[str, Seen]) -> bool:
    """Whether a delivery has far fewer rows than its weekday usually has, and that was accepted."""
    least = plan.source.delivered.min_volume_share
    if least is None:
        return False
    reads = {taken.name: (taken.nominal, taken.read) for taken in plan.taken.values()}
    reads |= {taking.name: (taking.found.nominal, seen[taking.name].read) for taking in plan.takings}
    dated = [(day, rows) for day, rows in reads.values() if day is not None]
    thin = []
    for taking in plan.takings:
        usual = usual_volume(dated, taking.found.nominal) if taking.found.nominal else None
        if usual is not None and seen[taking.name].read < least * usual:
            thin.append(f"{taking.name} has {seen[taking.name].read:,} rows, usual are {usual:,.0f}")
    if thin and ACCEPT not in run.options:
        raise DeliveryError(
            f"{plan.source.name}: {'; '.join(thin[:3])}; have it delivered again, lower"
            f" sources.{plan.source.name}.delivered.min_volume_share, or run with --option {ACCEPT}"
        )
    return bool(thin)


def _named(error: BaseException) -> BaseException:
    """DeliveryError for a file that broke while it was read."""
    found = (
        _UNREADABLE.search(str(error)) if isinstance(error, Py4JJavaError) or "FAILED_READ_FILE" in str(error) else None
    )
    if found is None:
        return error
    return DeliveryError(f"{found[2]}: cannot be read to its end ({found[1]}); have it delivered again")
