"""The summary that ingest logs of each source once its rows are written."""

import logging

from churn_spark.stages.intake.backdating import ADD_HISTORY
from churn_spark.stages.intake.writing import Intake

log = logging.getLogger("churn_spark.ingest")


def log_summary(intake: Intake) -> None:
    """Log how many rows of a source were read, kept and refused, with warnings about unusual rows."""
    source, affected = intake.source, len(intake.deduplicated.affected_deliveries)
    known = [day for reconciliation in intake.reconciliations for day in reconciliation.known_from]
    if source.kind == "customers" and known and not intake.validated.plan.arrivals:
        log.info("%s: attributes are known from %s on, and null in earlier snapshots", source.name, min(known))
    totals = {name: sum(getattr(a, name) for a in intake.reconciliations) for name in ("read", "kept", "quarantined")}
    totals["duplicates"] = sum(reconciliation.duplicate for reconciliation in intake.reconciliations)
    if source.kind == "customers":
        totals["unchanged"] = sum(reconciliation.unchanged for reconciliation in intake.reconciliations)
    if source.where:
        totals["left out"] = sum(reconciliation.left_out for reconciliation in intake.reconciliations)
    if removed := sum(counts.removed for counts in intake.validated.counts.values()):
        log.warning("%s: removed %s control characters from texts", source.name, f"{removed:,}")
    if source.delivered.by == "event" and (later := sum(a.reasons["future_event"] for a in intake.reconciliations)):
        log.warning(
            "%s: %s rows lie after the as-of date; they are refused, and not taken again by themselves. If they belong"
            " to the history, set sources.%s.delivered.history_until to their last day and give a later --as-of with"
            " --option %s=%s",
            source.name,
            f"{later:,}",
            source.name,
            ADD_HISTORY,
            source.name,
        )
    for lookup in source.lookups:
        if unmatched := sum(counts.unmatched[lookup.name] for counts in intake.validated.counts.values()):
            log.warning(
                "%s: %s rows have a key that is not in the lookup %s; the lookup's columns are null in these rows",
                source.name,
                f"{unmatched:,}",
                lookup.name,
            )
    log.info(
        "took %s of %s: %s%s",
        deliveries(len(intake.validated.plan.selected)),
        source.name,
        ", ".join(f"{rows:,} {'rows read' if name == 'read' else name}" for name, rows in totals.items()),
        f" ({deliveries(affected)} taken before changed too)" if affected else "",
    )


def deliveries(count: int) -> str:
    """A number of deliveries, in words."""
    return f"{count:,} delivery" if count == 1 else f"{count:,} deliveries"
