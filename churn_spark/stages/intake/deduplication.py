"""Copies of events across runs: which of new, stored and quarantined rows count.

A stored row may lose to a new one (history added, a retake), and a copy in quarantine may count again when the row it
lost to is gone. Deliveries affected by that are written again, so that the end state does not depend on the order of
runs.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events import copies, quarantine
from churn_spark.events.classify import columns
from churn_spark.events.deliveries import TakenDelivery
from churn_spark.events.mapping import column_hashes
from churn_spark.stages.intake.customers import deduplicated_versions
from churn_spark.stages.intake.deduplicated import Deduplicated, rest_of_quarantine
from churn_spark.stages.intake.validation import Validated
from churn_spark.stages.snapshot_inputs import checkpointed
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake as contracts

_FOREVER = date(9999, 12, 31)
_NEW, _STORED, _QUARANTINED = "new", "stored", "quarantined"


def deduplicate(project: Project, catalog: Catalog, validated: Validated) -> Deduplicated:
    """Decide which copies of events count, among accepted, stored and quarantined rows, and which versions of customers
    are kept.
    """
    refused = quarantine.refused(validated.rows, validated.plan.source.name)
    if validated.plan.source.kind == "events":
        deduplicated = _deduplicated_events(catalog, validated, refused)
    else:
        deduplicated = deduplicated_versions(project, catalog, validated, refused)
    counted = quarantine.merged_copies(deduplicated.quarantined).persist(StorageLevel.MEMORY_AND_DISK)
    return replace(deduplicated, quarantined=counted, cached=(*deduplicated.cached, counted))


def _deduplicated_events(catalog: Catalog, validated: Validated, refused: DataFrame) -> Deduplicated:
    source, accepted = (
        validated.plan.source,
        validated.accepted.drop("row", "row_hash", "length", "reasons", "_removed"),
    )
    names = ("delivery", *columns(source))
    contested, dates = _contested(catalog, validated, accepted)
    contested = checkpointed(contested)
    if contested.isEmpty():
        return Deduplicated(accepted.select(*names), refused)
    disputed = copies.with_content(accepted.join(contested, on="event_id", how="left_semi"), source)
    marked = _with_moved(copies.with_conflicts(disputed), validated).persist(StorageLevel.MEMORY_AND_DISK)
    candidates = [_as_candidates(marked.where("not conflict"), source, _NEW)]
    if dates:
        candidates += [
            _stored(catalog, validated, contested, dates),
            _quarantined(catalog, validated, contested, dates),
        ]
    all_copies = _with_nominal(reduce(lambda left, right: left.unionByName(right), candidates), validated)
    ranked = quarantine.with_reason(copies.with_winner(all_copies, source, _absent_columns(validated)))
    ranked = checkpointed(ranked)  # the decision must not change between the writing of two tables
    affected = _affected_deliveries(ranked, validated) if dates else ()
    written = [*(chosen.name for chosen in validated.plan.selected), *(delivery.name for delivery in affected)]
    decided_rows = ranked.where(F.col("delivery").isin(written))
    undisputed = accepted.join(contested, on="event_id", how="left_anti")
    kept = undisputed.select(*names).unionByName(decided_rows.where("counts").select(*names))
    lost_copies = quarantine.lost_copies(decided_rows.where("not counts"), source.name)
    quarantined = refused.unionByName(quarantine.conflicting(marked.where("conflict"), source.name)).unionByName(
        lost_copies
    )
    if affected:
        kept = kept.unionByName(_uncontested_rows(catalog, source, affected, ranked).select(*names))
        decided_again = ranked.where(F.col("origin") == _QUARANTINED).select("delivery", *copies.IDENTITY)
        quarantined = quarantined.unionByName(rest_of_quarantine(catalog, source, affected, decided_again))
    return Deduplicated(kept, quarantined, affected, cached=(marked,))


def _absent_columns(validated: Validated) -> dict[str, frozenset[str]]:
    """By stored delivery, the columns that it lacks or has by another definition."""
    wanted, selected = column_hashes(validated.plan.source), {chosen.name for chosen in validated.plan.selected}
    missing = {
        name: delivery.missing_columns(wanted)
        for name, delivery in validated.plan.taken.items()
        if name not in selected
    }
    return {name: columns for name, columns in missing.items() if columns}


def _with_nominal(candidates: DataFrame, validated: Validated) -> DataFrame:
    """Add the `nominal_date` of each delivery: of its name, or the latest of its rows where a column dates them; null
    where the event dates the row, as then all copies have the same nominal date.
    """
    plan = validated.plan
    if plan.source.delivered.by == "event":
        return candidates.withColumn("nominal_date", F.lit(None).cast("date"))
    days = {name: delivery.nominal for name, delivery in plan.taken.items()}
    days |= {chosen.name: chosen.delivery.nominal or validated.counts[chosen.name].nominal for chosen in plan.selected}
    known = candidates.sparkSession.createDataFrame(list(days.items()), "delivery string, nominal_date date")
    return candidates.join(F.broadcast(known), on="delivery", how="left")


def _with_moved(events: DataFrame, validated: Validated) -> DataFrame:
    """Mark as a conflict an event that a version of a Delta source moved to another day: it counts on its first day."""
    if validated.before is None:
        return events
    key = ["delivery", "event_id"]
    days = validated.before.groupBy(*key).agg(F.collect_set("event_date").alias("_days"))
    moved = F.coalesce(~F.array_contains("_days", F.col("event_date")), F.lit(False))
    joined = events.join(days, on=key, how="left")
    return joined.withColumn("conflict", F.col("conflict") | moved).drop("_days")


def _contested(catalog: Catalog, validated: Validated, accepted: DataFrame) -> tuple[DataFrame, set[date]]:
    """Ids whose copies must be decided, and the dates that stored copies can have (empty: no stored row matters)."""
    source, table = validated.plan.source, contracts.events(validated.plan.source)
    ids = copies.repeated(accepted, "event_id")
    if validated.before is not None:
        ids = ids.unionByName(validated.before.select("event_id")).distinct()
    if not catalog.exists(table):
        return ids, set()
    dates, contested = set(validated.event_dates), [ids]
    for rows_before in _rows_before_retaking(catalog, validated):
        dates |= {row["event_date"] for row in rows_before.select("event_date").distinct().collect()}
        contested.append(rows_before.select("event_id"))
    if not dates:
        return ids, set()
    not_selected = ~F.col("delivery").isin([chosen.name for chosen in validated.plan.selected])
    before = [_rows_of(catalog, source, dates), *_conflicts(catalog, source, validated.plan.taken.values())]
    for rows in before:
        repeated = rows.where(not_selected).select(*copies.IDENTITY)
        repeated = repeated.join(accepted.select(*copies.IDENTITY), on=[*copies.IDENTITY], how="left_semi")
        contested.append(repeated.select("event_id"))
    return reduce(lambda left, right: left.unionByName(right), contested).distinct(), dates


def _rows_before_retaking(catalog: Catalog, validated: Validated) -> list[DataFrame]:
    """The stored rows of deliveries that are taken again, and their conflicts: rows that are gone from the new content
    may make other copies count.
    """
    source, before = validated.plan.source, [chosen.before for chosen in validated.plan.selected if chosen.before]
    days = {day for taken in before for day in taken.known_from}
    rows = [catalog.read(contracts.events(source), days)] if days else []
    rows += _conflicts(catalog, source, before)
    return [frame.where(F.col("delivery").isin([taken.name for taken in before])) for frame in rows]


def _conflicts(catalog: Catalog, source: Source, deliveries: Iterable[TakenDelivery]) -> list[DataFrame]:
    """Quarantined conflicts of some deliveries; an empty list where no delivery has any."""
    days = {delivery.taken_on for delivery in deliveries if delivery.conflicts}
    if not days:
        return []
    rows = catalog.read(contracts.QUARANTINE, days).where(F.col("source") == source.name)
    return [rows.where(F.array_contains("reasons", quarantine.CONFLICT) & F.col("event_date").isNotNull())]


def _rows_of(catalog: Catalog, source: Source, dates: Collection[date]) -> DataFrame:
    """Stored rows of some days: a row of day d is in a partition from d + 1 on."""
    rows = catalog.read(contracts.events(source), Days(min(dates) + timedelta(days=1), _FOREVER))
    return rows.where(F.col("event_date").isin(sorted(dates)))


def _stored(catalog: Catalog, validated: Validated, contested: DataFrame, dates: Collection[date]) -> DataFrame:
    """Stored copies of contested events, without those of selected deliveries."""
    source = validated.plan.source
    rows = _rows_of(catalog, source, dates).where(~F.col("delivery").isin([t.name for t in validated.plan.selected]))
    rows = rows.join(contested, on="event_id", how="left_semi")
    days = catalog.spark.createDataFrame(
        [(taken.name, taken.taken_on) for taken in validated.plan.taken.values()], "delivery string, taken_on date"
    )
    rows = rows.join(F.broadcast(days), on="delivery", how="left")
    return _as_candidates(copies.with_content(rows, source), source, _STORED)


def _quarantined(catalog: Catalog, validated: Validated, contested: DataFrame, dates: Collection[date]) -> DataFrame:
    """Quarantined copies of contested events, without those of selected deliveries."""
    source = validated.plan.source
    rows = catalog.read(contracts.QUARANTINE).where(
        (F.col("source") == source.name)
        & F.col("event_date").isin(sorted(dates))
        & ~F.col("delivery").isin([chosen.name for chosen in validated.plan.selected])
    )
    rows = rows.join(contested, on="event_id", how="left_semi").withColumns(
        {"_lost_to": F.col("winner"), "_reason_before": F.col("reasons")[0]}
    )
    table = contracts.events(source)
    types = {column.name: column.type.simpleString() for column in table.columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in copies.payload(source))
    copies_again = copies.from_content(quarantine.expanded_copies(rows), schema)
    # Hashed again: the columns may have been others, or in another order, when the row was written.
    return _as_candidates(copies.with_content(copies_again, source), source, _QUARANTINED)


def _as_candidates(rows: DataFrame, source: Source, origin: str) -> DataFrame:
    before = {"lost_to": "_lost_to", "_reason_before": "_reason_before"}
    return rows.select(
        "delivery",
        "taken_on",
        *columns(source),
        "row",
        "row_hash",
        F.lit(origin).alias("origin"),
        *(
            (F.col(name) if name in rows.columns else F.lit(None).cast("string")).alias(ours)
            for ours, name in before.items()
        ),
    )


def _affected_deliveries(ranked: DataFrame, validated: Validated) -> tuple[TakenDelivery, ...]:
    """Stored deliveries that lose a row, regain one, or whose copy loses to another delivery or for another reason."""
    loses = (F.col("origin") == _STORED) & ~F.col("counts")
    otherwise = ~F.col("winner").eqNullSafe(F.col("lost_to")) | (F.col("_reason") != F.col("_reason_before"))
    changes = (F.col("origin") == _QUARANTINED) & (F.col("counts") | otherwise)
    names = ranked.where(loses | changes).select("delivery").distinct().collect()
    return tuple(validated.plan.taken[row["delivery"]] for row in sorted(names))


def _uncontested_rows(
    catalog: Catalog, source: Source, affected: Iterable[TakenDelivery], ranked: DataFrame
) -> DataFrame:
    """Stored rows of affected deliveries that are not contested."""
    days = {day for delivery in affected for day in delivery.known_from}
    rows = catalog.read(contracts.events(source), days).where(
        F.col("delivery").isin([delivery.name for delivery in affected])
    )
    decided = ranked.where(F.col("origin") == _STORED).select("delivery", *copies.IDENTITY)
    return rows.join(decided, on=["delivery", *copies.IDENTITY], how="left_anti")
