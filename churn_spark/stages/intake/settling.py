"""Copies of events across runs: what new rows take from stored ones, and what falls back to them.

A stored row may lose to a new one (history added, a retake), and a copy in quarantine may count again when the row it
lost to is gone. The deliveries so changed are written anew, so that the end state does not depend on the order of runs.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days
from churn_spark.definitions.sources import Source
from churn_spark.events import copies, quarantine
from churn_spark.events.arrivals import Taken
from churn_spark.events.classify import columns
from churn_spark.stages.inputs import checkpointed
from churn_spark.stages.intake.judging import Judged
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake as contracts

_FOREVER = date(9999, 12, 31)
_NEW, _STORED, _QUARANTINED = "new", "stored", "quarantined"


@dataclass(frozen=True, slots=True)
class Settled:
    """The rows of a run's deliveries, and of stored deliveries that lose or regain rows (`others`).

    kept: columns of the table without `source`; quarantined: those of `quarantine`. held: frames to unpersist.
    """

    kept: DataFrame
    quarantined: DataFrame
    others: tuple[Taken, ...] = ()
    held: tuple[DataFrame, ...] = ()


def settle(catalog: Catalog, judged: Judged) -> Settled:
    """Decide which copies count among accepted rows, stored rows and quarantined copies."""
    source = judged.plan.source
    refused = quarantine.refused(judged.rows, source.name)
    settled = _events(catalog, judged, refused) if source.kind == "events" else _versions(judged, refused)
    counted = quarantine.counted(settled.quarantined).persist(StorageLevel.MEMORY_AND_DISK)
    return Settled(settled.kept, counted, settled.others, (*settled.held, counted))


def _versions(judged: Judged, refused: DataFrame) -> Settled:
    """Versions of customers: several of one delivery known from one date."""
    source, accepted = judged.plan.source, judged.accepted
    keys = copies.repeated(accepted, *copies.VERSION).persist()
    several = accepted.join(keys, on=[*copies.VERSION], how="left_semi")
    ranked = copies.decided_versions(copies.with_content(several.drop("row", "row_hash"), source))
    ranked = ranked.withColumns({"event_id": F.col("customer_id"), "event_date": F.lit(None).cast("date")})
    names = ("delivery", "nominal_date", *columns(source))
    alone = accepted.join(keys, on=[*copies.VERSION], how="left_anti").select(*names)
    kept = alone.unionByName(ranked.where("counts").select(*names))
    return Settled(kept, refused.unionByName(quarantine.losing(ranked.where("not counts"), source.name)), held=(keys,))


def _events(catalog: Catalog, judged: Judged, refused: DataFrame) -> Settled:
    source, accepted = judged.plan.source, judged.accepted.drop("row", "row_hash", "length", "reasons")
    names = ("delivery", *columns(source))
    contested, dates = _contested(catalog, judged, accepted)
    contested = checkpointed(contested)
    if contested.isEmpty():
        return Settled(accepted.select(*names), refused)
    disputed = copies.with_content(accepted.join(contested, on="event_id", how="left_semi"), source)
    marked = copies.with_conflicts(disputed).persist(StorageLevel.MEMORY_AND_DISK)
    candidates = [_candidates(marked.where("not conflict"), source, _NEW)]
    if dates:
        candidates += [_stored(catalog, judged, contested, dates), _quarantined(catalog, judged, contested, dates)]
    ranked = copies.decided(reduce(lambda left, right: left.unionByName(right), candidates))
    ranked = checkpointed(ranked)  # what was decided must not change between the writing of one table and the next
    others = _changed(ranked, judged) if dates else ()
    written = [*(taking.name for taking in judged.plan.takings), *(other.name for other in others)]
    ours = ranked.where(F.col("delivery").isin(written))
    undisputed = accepted.join(contested, on="event_id", how="left_anti")
    kept = undisputed.select(*names).unionByName(ours.where("counts").select(*names))
    lost = quarantine.losing(ours.where("not counts"), source.name)
    out = refused.unionByName(quarantine.conflicting(marked.where("conflict"), source.name)).unionByName(lost)
    if others:
        kept = kept.unionByName(_rest_of_events(catalog, source, others, ranked).select(*names))
        out = out.unionByName(_rest_of_quarantine(catalog, source, others, ranked))
    return Settled(kept, out, others, held=(marked,))


def _contested(catalog: Catalog, judged: Judged, accepted: DataFrame) -> tuple[DataFrame, set[date]]:
    """Ids whose copies must be decided, and the dates on which stored copies can lie (none: no stored row matters)."""
    source, table = judged.plan.source, contracts.events(judged.plan.source)
    ids = copies.repeated(accepted, "event_id")
    if not catalog.exists(table):
        return ids, set()
    dates, former = set(judged.event_dates), _former(catalog, judged)
    found = [ids]
    if former is not None:
        dates |= {row["event_date"] for row in former.select("event_date").distinct().collect()}
        found.append(former.select("event_id"))
    if not dates:
        return ids, set()
    stored = _rows_of(catalog, source, dates).where(~F.col("delivery").isin([t.name for t in judged.plan.takings]))
    again = stored.select(*copies.IDENTITY).join(
        accepted.select(*copies.IDENTITY), on=[*copies.IDENTITY], how="left_semi"
    )
    found.append(again.select("event_id"))
    return reduce(lambda left, right: left.unionByName(right), found).distinct(), dates


def _former(catalog: Catalog, judged: Judged) -> DataFrame | None:
    """The rows that deliveries taken again have had so far; what they no longer hold falls to other copies."""
    before = [taking.before for taking in judged.plan.takings if taking.before]
    days = {day for taken in before for day in taken.known_from}
    if not days:
        return None
    rows = catalog.read(contracts.events(judged.plan.source), days)
    return rows.where(F.col("delivery").isin([taken.name for taken in before]))


def _rows_of(catalog: Catalog, source: Source, dates: Collection[date]) -> DataFrame:
    """Stored rows of some days: a row of day d lies in the partitions from d + 1 on."""
    rows = catalog.read(contracts.events(source), Days(min(dates) + timedelta(days=1), _FOREVER))
    return rows.where(F.col("event_date").isin(sorted(dates)))


def _stored(catalog: Catalog, judged: Judged, contested: DataFrame, dates: Collection[date]) -> DataFrame:
    """Stored copies of contested events, but of the deliveries that are being taken."""
    source = judged.plan.source
    rows = _rows_of(catalog, source, dates).where(~F.col("delivery").isin([t.name for t in judged.plan.takings]))
    rows = rows.join(contested, on="event_id", how="left_semi")
    days = catalog.spark.createDataFrame(
        [(taken.name, taken.taken_on) for taken in judged.plan.taken.values()], "delivery string, taken_on date"
    )
    rows = rows.join(F.broadcast(days), on="delivery", how="left")
    return _candidates(copies.with_content(rows, source), source, _STORED)


def _quarantined(catalog: Catalog, judged: Judged, contested: DataFrame, dates: Collection[date]) -> DataFrame:
    """Copies of contested events that lost before, but those of the deliveries that are being taken."""
    source = judged.plan.source
    rows = catalog.read(contracts.QUARANTINE).where(
        (F.col("source") == source.name)
        & F.col("event_date").isin(sorted(dates))
        & ~F.col("delivery").isin([taking.name for taking in judged.plan.takings])
    )
    rows = rows.join(contested, on="event_id", how="left_semi").withColumn("_lost_to", F.col("winner"))
    table = contracts.events(source)
    types = {column.name: column.type.simpleString() for column in table.columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in copies.payload(source))
    again = copies.from_content(quarantine.one_by_one(rows), schema)
    return _candidates(again, source, _QUARANTINED)


def _candidates(rows: DataFrame, source: Source, origin: str) -> DataFrame:
    lost_to = F.col("_lost_to") if "_lost_to" in rows.columns else F.lit(None).cast("string")
    return rows.select(
        "delivery",
        "taken_on",
        *columns(source),
        "row",
        "row_hash",
        F.lit(origin).alias("origin"),
        lost_to.alias("lost_to"),
    )


def _changed(ranked: DataFrame, judged: Judged) -> tuple[Taken, ...]:
    """Stored deliveries that lose a row, regain one, or whose copy loses to another delivery than before."""
    lost = (F.col("origin") == _STORED) & ~F.col("counts")
    moved = (F.col("origin") == _QUARANTINED) & (F.col("counts") | (F.col("winner") != F.col("lost_to")))
    names = ranked.where(lost | moved).select("delivery").distinct().collect()
    return tuple(judged.plan.taken[row["delivery"]] for row in sorted(names))


def _rest_of_events(catalog: Catalog, source: Source, others: Iterable[Taken], ranked: DataFrame) -> DataFrame:
    """Stored rows of changed deliveries that nobody contests."""
    days = {day for other in others for day in other.known_from}
    rows = catalog.read(contracts.events(source), days).where(F.col("delivery").isin([other.name for other in others]))
    settled = ranked.where(F.col("origin") == _STORED).select("delivery", *copies.IDENTITY)
    return rows.join(settled, on=["delivery", *copies.IDENTITY], how="left_anti")


def _rest_of_quarantine(catalog: Catalog, source: Source, others: Iterable[Taken], ranked: DataFrame) -> DataFrame:
    """Quarantined rows of changed deliveries that are not decided again."""
    rows = catalog.read(contracts.QUARANTINE, {other.taken_on for other in others}).where(
        (F.col("source") == source.name) & F.col("delivery").isin([other.name for other in others])
    )
    settled = ranked.where(F.col("origin") == _QUARANTINED).select("delivery", *copies.IDENTITY).distinct()
    rest = rows.join(settled, on=["delivery", *copies.IDENTITY], how="left_anti")
    return quarantine.one_by_one(rest)
