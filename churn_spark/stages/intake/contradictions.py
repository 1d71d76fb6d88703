"""Deliveries that contradict each other on the same events or days, and what to do about them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.quarantine import CONFLICT, REUSED
from churn_spark.stages.intake.deduplicated import Deduplicated
from churn_spark.stages.intake.plans import Plan
from churn_spark.stages.intake.reconciliation import Reconciliation

CORRECTION = (
    "If one delivery corrects another, keep only the correct content, under the name of the one taken first, and run"
    " with --option restate."
)
SHOWN = 3
"""Pairs of deliveries, or deliveries, that a message names."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows of a delivery that differ from earlier known rows of the same events in another delivery."""

    delivery: str
    winner: str
    rows: int


def contradictions(deduplicated: Deduplicated, reconciliations: Collection[Reconciliation]) -> list[Contradiction]:
    """Which deliveries contradict which, by name."""
    if not any(reconciliation.reasons[REUSED] for reconciliation in reconciliations):
        return []
    reused = deduplicated.quarantined.where(F.array_contains("reasons", REUSED))
    pairs = reused.groupBy("delivery", "winner").agg(F.sum("copies").alias("rows")).collect()
    return sorted((Contradiction(*pair) for pair in pairs), key=lambda pair: (pair.delivery, pair.winner))


def warnings(
    plan: Plan, contradicted: Collection[Contradiction], reconciliations: Collection[Reconciliation]
) -> Iterator[str]:
    """One line each for ids that identify no event, events that differ, and days delivered twice."""
    source, by_reason = plan.source, conflict_remedies(plan.source, contradicted, reconciliations)
    if differing := {
        reconciliation.delivery: reconciliation.reasons[CONFLICT]
        for reconciliation in reconciliations
        if reconciliation.reasons[CONFLICT]
    }:
        yield (
            f"{source.name}: {sum(differing.values()):,} rows of {_listed(differing)} have the id of another row known"
            f" since the same day and differ from it ({CONFLICT}); none of them was kept. {by_reason[CONFLICT]}"
        )
    if contradicted:
        rows = sum(contradiction.rows for contradiction in contradicted)
        yield f"{source.name}: {rows:,} rows contradict known events and were not kept ({REUSED}). {by_reason[REUSED]}"
    if twice := days_delivered_twice(plan):
        days = [f"{day} ({', '.join(names)})" for day, names in sorted(twice.items())]
        yield (
            f"{source.name}: several deliveries of {_listed(days)}; without sources.{source.name}.event_id rows that"
            f" one of them corrects count twice. {CORRECTION} If they are parts of one day, all is well"
        )


def days_delivered_twice(plan: Plan) -> Mapping[date, list[str]]:
    """Nominal dates of new deliveries that have several deliveries, where no event id shows contradictions."""
    source, new = plan.source, [chosen for chosen in plan.selected if chosen.before is None]
    if source.kind != "events" or source.event_id or source.delivered.by != "file_name":
        return {}
    days: dict[date, set[str]] = defaultdict(set)
    for name, nominal in [
        *((t.name, t.nominal) for t in plan.taken.values()),
        *((t.name, t.delivery.nominal) for t in new),
    ]:
        if nominal:
            days[nominal].add(name)
    new_ones = Counter(chosen.delivery.nominal for chosen in new)
    return {day: sorted(names) for day, names in days.items() if len(names) > 1 and new_ones[day]}


def conflict_remedies(
    source: Source, contradicted: Collection[Contradiction], reconciliations: Collection[Reconciliation]
) -> dict[str, str]:
    """What to do about rows that share an id, by reason."""
    if source.kind == "customers":
        key = f"sources.{source.name}.event_time"
        timed = f"By {key} they have the same time, or none: make it say which is the latest"
        return {
            CONFLICT: timed
            if source.event_time
            else f"If one of them is the latest, configure the column that says so: {key}"
        }
    key = f"sources.{source.name}.event_id"
    better_id = (
        f"If {key} does not identify a row (but, say, an invoice), add a column that does, such as a line number"
    )
    conflicting = [reconciliation.delivery for reconciliation in reconciliations if reconciliation.reasons[CONFLICT]]
    pairs = [
        f"{contradiction.rows:,} of {contradiction.delivery} differ from {contradiction.winner}"
        for contradiction in contradicted
    ]
    reused = f"Of the same events {_listed(pairs)}, known earlier. "
    if source.format == "delta":
        return {CONFLICT: better_id, REUSED: f"{reused}{better_id}"}
    where = f"They are in {_listed(conflicting)}. {CORRECTION} " if len(conflicting) > 1 else ""
    return {CONFLICT: f"{where}{better_id}", REUSED: f"{reused}{CORRECTION} {better_id}"}


def _listed(names: Collection[str]) -> str:
    shown = list(names)[:SHOWN]
    return ", ".join(shown) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
