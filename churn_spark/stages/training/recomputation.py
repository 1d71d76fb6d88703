"""Customers of a training snapshot computed again from what was known on its date, and compared with the stored."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.features import FeatureSet
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project, Run
from churn_spark.features.reach import read_by_snapshot
from churn_spark.features.snapshot import SnapshotInputs, features_of
from churn_spark.lineage import unavailable
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.refusals import refuse_due
from churn_spark.stages.snapshot_inputs import known
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, features

CHECK = "recomputed"
NEARLY = 1e-9
"""Relative difference of two doubles that are the same."""
SHOWN = 5
"""Features named of those that differ."""

Values = Mapping[str, Mapping[str, object]]
"""The features of customers, by customer_id, then by name."""


def recomputed(run: Run, project: Project, catalog: Catalog, used: Collection[str], day: date) -> Finding:
    """Whether the stored features of a snapshot are what its tables, cut off at its date, give today.

    used: the features that a training uses. A difference is refused, unless all features that differ are accepted.
    Features of partners and networks need the other customers too and are left out, and so are approximate ones.
    """
    rule, table = project.training.leaks, features(project.features)
    without = unavailable.features(project, catalog.ledger, table.name, day)
    alone = replace(project, features=_of_customers_alone(project, set(used) - set(without)))
    names = [name for name in alone.features.hashes if name in used]
    spans = read_by_snapshot(alone, day)
    if not names or (why := _missing(run, project, catalog, spans)):
        return Finding(
            CHECK, str(day), "warning", f"{day} was not computed again: {why if names else 'no feature can'}"
        )
    drawn = F.xxhash64(F.lit(f"recomputed {project.training.seed}"), "customer_id")
    stored = catalog.read(table, [day]).select(*KEY, *names).orderBy(drawn, "customer_id")
    before = _values(stored.limit(rule.recomputed_customers), names)
    sample = catalog.spark.createDataFrame(
        [(customer, day) for customer in before], "customer_id string, as_of_date date"
    )
    then = _only(known(alone, catalog, [spans], []), F.broadcast(sample.select("customer_id")), day)
    again = _values(features_of(sample, then, alone.sources, alone.features, [day]), names)
    return _compared(project, catalog, day, before, again, names, len(used) - len(names))


def _of_customers_alone(project: Project, names: Collection[str]) -> FeatureSet:
    """The features that a customer's own rows decide exactly."""
    others = {
        feature.name
        for feature in project.features.windowed
        if OPS[feature.op].over in PARTNERED
        or (feature.op == "distinct" and project.source(feature.source).category(feature.column or "").approximate)
    }
    for _ in project.features.derived:
        others |= {derived.name for derived in project.features.derived if others & set(derived.inputs)}
    return project.features.only(set(names) - others)


def _missing(run: Run, project: Project, catalog: Catalog, spans: Mapping[str, Days]) -> str:
    """Why the tables of a snapshot's windows are not there to compute it from; empty where they are."""
    needed = {source.tiles_table for source in project.event_sources} & spans.keys()
    there = [day for table in needed for day in catalog.ledger.partitions(table) if day in spans[table]]
    if needed and not there:
        return f"there are no tiles within its windows ({', '.join(sorted(needed))})"
    try:
        refuse_due([BUILD_TILES], run, project, catalog, spans)
    except NotReadyError as error:
        return str(error)
    return ""


def _only(known_then: SnapshotInputs, customers: DataFrame, day: date) -> SnapshotInputs:
    """What was known of some customers at a date, cut off there."""

    def cut(rows: DataFrame) -> DataFrame:
        return rows.where(F.col("known_from") <= F.lit(day)).join(customers, on="customer_id", how="left_semi")

    return replace(
        known_then,
        tiles={name: cut(tiles) for name, tiles in known_then.tiles.items()},
        first_seen=cut(known_then.first_seen),
        customers=cut(known_then.customers) if known_then.customers is not None else None,
        contacts={},
        leavers=None,
    )


def _values(rows: DataFrame, names: Iterable[str]) -> dict[str, dict[str, object]]:
    """rows: of `recomputed_customers` at most."""
    return {row["customer_id"]: {name: row[name] for name in names} for row in rows.collect()}


def _compared(
    project: Project, catalog: Catalog, day: date, before: Values, again: Values, names: Collection[str], others: int
) -> Finding:
    differing = {
        name: sum(not _same(before[customer][name], again[customer][name]) for customer in before) for name in names
    }
    differing = {name: count for name, count in differing.items() if count}
    what = f"{len(names)} features of {len(before)} customers on {day}, computed again from what was known then"
    if not differing:
        rest = f"; {others} others depend on other customers, are approximate, or were not available" if others else ""
        return Finding(CHECK, str(day), "passed", f"{what}, are as stored{rest}", 0.0, 0.0)
    named = ", ".join(f"{name} of {count}" for name, count in list(differing.items())[:SHOWN])
    more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
    text = f"{what}, differ from those stored: {named}{more}"
    worst = float(max(differing.values()))
    if differing.keys() <= set(project.training.leaks.accept):
        text = f"{text}; accepted (training.leaks.accept)"
        return Finding(CHECK, str(day), "warning", text, worst, 0.0)
    text = (
        f"{text}. They may hold what was not known on that date. Build them again (churn-spark build-features"
        f" {catalog.arguments} --as-of {day}), leave them out (training.exclude), or accept them by name"
        " (training.leaks.accept)"
    )
    return Finding(CHECK, str(day), "refused", text, worst, 0.0)


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=NEARLY, abs_tol=NEARLY) or (math.isnan(one) and math.isnan(other))
    return one == other
