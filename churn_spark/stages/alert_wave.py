"""A wave of alerts stops before anything is written, and what has probably caused it."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.alerts import CONTROL, COOLDOWN
from churn_spark.actions.wave import is_wave, usual
from churn_spark.definitions.errors import AlertWaveError
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS
from churn_spark.tables.contracts.snapshots import RISK_SCORES

log = logging.getLogger("churn_spark.alert")

ACCEPTED = "accept-wave"
RECENT, BEFORE = 7, 28
"""Days whose rows are compared with those of the days before."""
FELL = 0.2
"""Share of rows missing that is worth a word."""
NAMED = 3
"""The most sources that are named."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Alerts of a date by kind; how many are suppressed, by reason; new: those that may make a wave."""

    kinds: Counter[str]
    suppressed: Counter[str]
    new: int

    @staticmethod
    def of(alerts: DataFrame) -> "Counted":
        """The counts of rows with kind, suppressed and renewed."""
        kinds: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        new = 0
        for kind, reason, renewed, count in alerts.groupBy("kind", "suppressed", "renewed").count().collect():
            kinds[kind] += count
            reasons[reason] += count
            new += count if reason != COOLDOWN and not renewed else 0
        return Counted(kinds, reasons, new)

    def said(self, kinds: Iterable[str]) -> str:
        """`12 high_risk, 3 risk_jump (2 in cooldown, 1 control)`."""
        parts = ((self.suppressed[COOLDOWN], "in cooldown"), (self.suppressed[CONTROL], "control"))
        held_back = ", ".join(f"{count} {what}" for count, what in parts if count)
        counts = ", ".join(f"{self.kinds[kind]} {kind}" for kind in kinds)
        return f"{counts} ({held_back})" if held_back else counts


def refuse_wave(run: Run, project: Project, catalog: Catalog, new: int, rules_hash: str, before: date | None) -> None:
    """AlertWaveError where the new alerts of a date are a wave, with the likely cause; a warning if that is accepted.

    before: the date whose scores these are compared with.
    """
    assert project.alerts
    rule, day = project.alerts.wave, run.as_of
    dates = sorted(one for one in catalog.ledger.partitions(ALERTS.name) if one < day)[-rule.dates :]
    counts = _new_at(catalog, dates)
    if not is_wave(new, counts, rule):
        return
    causes = list(_causes(project, catalog, day, before, rules_hash, dates))
    why = f"Likely: {'; '.join(causes)}." if causes else "Nothing else stands out."
    found = (
        f"{new} new alerts at {day}, where the median of the last {len(dates)} dates is {usual(counts, rule):g}"
        f" (alerts.wave.times: {rule.times:g}). {why}"
    )
    if ACCEPTED in run.options:
        log.warning("%s They are written all the same (%s).", found, ACCEPTED)
        return
    raise AlertWaveError(
        f"{found} Nothing is written, so nobody is acted upon by mistake. If it is right: churn-spark alert"
        f" {catalog.arguments} --as-of {day} --option {ACCEPTED}"
    )


def _new_at(catalog: Catalog, dates: Sequence[date]) -> list[int]:
    """The new alerts of some dates, in order."""
    if not dates:
        return []
    new = (F.col("suppressed").isNull() | (F.col("suppressed") != COOLDOWN)) & ~F.coalesce("renewed", F.lit(False))
    rows = catalog.read(ALERTS, dates).where(new).groupBy("as_of_date").count().collect()
    counts = {row["as_of_date"]: row["count"] for row in rows}
    return [counts.get(day, 0) for day in dates]


def _causes(
    project: Project, catalog: Catalog, day: date, before: date | None, rules_hash: str, dates: Sequence[date]
) -> Iterator[str]:
    """What has changed, the most likely first."""
    for name, share in fallen(project, catalog.ledger, day):
        yield f"{name} had {share:.0%} fewer rows in the last {RECENT} days than in the {BEFORE} days before"
    if before:
        yield from _scores_since(catalog, before, day)
    last = catalog.ledger.partition(ALERTS.name, dates[-1]) if dates else None
    if last and rules_hash not in last.definitions.values():
        yield f"the rules of alerts have changed since {dates[-1]}"


def fallen(project: Project, ledger: Ledger, day: date) -> list[tuple[str, float]]:
    """The sources of events whose rows fell most of late, each with the share that is missing."""
    falls = []
    for source in project.event_sources:
        rows = {known: state.rows for known, state in ledger.partitions(source.events_table).items()}
        recent = _rows(rows, Days(day - timedelta(days=RECENT - 1), day + timedelta(days=1)))
        earlier = _rows(rows, Days(day - timedelta(days=RECENT + BEFORE - 1), day - timedelta(days=RECENT - 1)))
        expected = earlier * RECENT / BEFORE
        if expected >= 1 and recent < (1 - FELL) * expected:
            falls.append((source.name, 1 - recent / expected))
    return sorted(falls, key=lambda fall: (-fall[1], fall[0]))[:NAMED]


def _rows(rows: dict[date, int], days: Days) -> int:
    return sum(count for day, count in rows.items() if day in days)


def _scores_since(catalog: Catalog, before: date, day: date) -> Iterator[str]:
    """How model and risks differ from those of the date before."""
    rows = catalog.read(RISK_SCORES, [before, day]).groupBy("as_of_date")
    summed = rows.agg(F.max("model_version").alias("version"), F.avg("risk").alias("risk")).collect()
    by_date = {row["as_of_date"]: row for row in summed}
    old, now = by_date.get(before), by_date.get(day)
    if old is None or now is None:
        return
    if old["version"] != now["version"]:
        yield f"model version {now['version']} instead of {old['version']} at {before}"
    yield f"the mean risk is {now['risk']:.1%} against {old['risk']:.1%} at {before}"
