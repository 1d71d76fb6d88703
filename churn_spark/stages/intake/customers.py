"""Versions of customers across runs: one per delivery and date, without unchanged ones.

A stored version may become unchanged once another comes before it: then its delivery is written again. A version left
out as unchanged may then differ: its delivery is taken again (see `retaking.followers`). So the end state does not
depend on the order of runs.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.events import copies, quarantine
from churn_spark.events.classify import columns
from churn_spark.events.mapping import column_hashes
from churn_spark.events.versions import first_position, with_unchanged
from churn_spark.stages.intake.deduplicated import Deduplicated, rest_of_quarantine
from churn_spark.stages.intake.validation import Validated
from churn_spark.stages.snapshot_inputs import checkpointed
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake as contracts

_MISSING = "_missing"
"""Column with the names that the version's delivery does not have: missing values are no equal values."""


def deduplicated_versions(project: Project, catalog: Catalog, validated: Validated, refused: DataFrame) -> Deduplicated:
    """Decide which versions of customers are kept, and which stored ones have become unchanged."""
    kept, lost, cached = _one_per_date(validated)
    quarantined = refused.unionByName(lost)
    if validated.plan.keeps_all:
        return Deduplicated(kept, quarantined, cached=cached)
    stored = _stored(project, catalog, validated)
    marked = _marked(validated, kept, stored)
    unchanged, newly_unchanged = _counts(marked.where("not stored")), _counts(marked.where("stored"))
    affected = tuple(validated.plan.taken[name] for name in sorted(newly_unchanged))
    unchanged |= {delivery.name: delivery.unchanged + newly_unchanged[delivery.name] for delivery in affected}
    new = marked.where("not stored and not unchanged").select(*kept.columns)
    if affected:
        removed = marked.where("stored and unchanged").select(*copies.VERSION)
        remaining = stored.where(F.col("delivery").isin(list(newly_unchanged))).join(
            removed, on=[*copies.VERSION], how="left_anti"
        )
        new = new.unionByName(remaining.select(*kept.columns))
        quarantined = quarantined.unionByName(rest_of_quarantine(catalog, validated.plan.source, affected))
    return Deduplicated(new, quarantined, affected, unchanged, cached)


def _one_per_date(validated: Validated) -> tuple[DataFrame, DataFrame, tuple[DataFrame, ...]]:
    """The version that counts per customer, delivery and knowledge date; the other versions, as quarantine keeps them;
    frames to unpersist.
    """
    source, accepted = validated.plan.source, validated.accepted
    keys = copies.repeated(accepted, *copies.VERSION).persist()
    several = accepted.join(keys, on=[*copies.VERSION], how="left_semi")
    if "event_time" not in several.columns:
        several = several.withColumn("event_time", F.lit(None).cast("timestamp"))
    ranked = copies.with_winning_version(copies.with_content(several.drop("row", "row_hash"), source))
    ranked = ranked.withColumns({"event_id": F.col("customer_id"), "event_date": F.lit(None).cast("date")})
    names = ("delivery", "nominal_date", *columns(source))
    alone = accepted.join(keys, on=[*copies.VERSION], how="left_anti").select(*names)
    kept = alone.unionByName(ranked.where("counts").select(*names))
    reason = F.when(F.col("_alike"), quarantine.DUPLICATE).otherwise(quarantine.SUPERSEDED)
    lost = quarantine.lost_copies(ranked.where("not (counts or conflict)").withColumn("_reason", reason), source.name)
    conflicting = quarantine.conflicting(ranked.where("conflict").drop("reasons", "length"), source.name)
    return kept, lost.unionByName(conflicting), (keys,)


def _stored(project: Project, catalog: Catalog, validated: Validated) -> DataFrame:
    """The stored versions of the source, with `again`: whether their delivery is selected again."""
    rows = catalog.read(contracts.customers(project)).where(F.col("source") == validated.plan.source.name)
    return rows.withColumn("again", F.col("delivery").isin([chosen.name for chosen in validated.plan.selected]))


def _marked(validated: Validated, kept: DataFrame, stored: DataFrame) -> DataFrame:
    """The versions of the deliveries and the other stored ones of their customers, with `stored` and `unchanged`."""
    fresh = kept.withColumns({"stored": F.lit(False), _MISSING: F.lit("")})
    customers = kept.select("customer_id").unionByName(stored.where("again").select("customer_id")).distinct()
    others = stored.where("not again").join(customers, on="customer_id", how="left_semi")
    others = _with_missing_columns(others, validated).withColumn("stored", F.lit(True))
    compared = [*(attribute.name for attribute in validated.plan.source.attributes), _MISSING]
    marked = with_unchanged(fresh.unionByName(others.select(*fresh.columns)), compared).drop(_MISSING)
    # Stored versions before all selected deliveries stay: nothing came between them, and older tables have all of them.
    since = min(first_position(chosen, validated.plan.source.delivered)[0] for chosen in validated.plan.selected)
    older = F.col("stored") & (F.col("known_from") < F.lit(since))
    # The decision must not change between the writing of two tables.
    return checkpointed(marked.withColumn("unchanged", F.col("unchanged") & ~older))


def _with_missing_columns(versions: DataFrame, validated: Validated) -> DataFrame:
    """Add the columns that each version's delivery does not have, as text."""
    wanted = column_hashes(validated.plan.source)
    missing = {
        name: ",".join(sorted(delivery.missing_columns(wanted))) for name, delivery in validated.plan.taken.items()
    }
    incomplete = [(name, names) for name, names in missing.items() if names]
    if not incomplete:
        return versions.withColumn(_MISSING, F.lit(""))
    by_delivery = F.broadcast(versions.sparkSession.createDataFrame(incomplete, f"delivery string, {_MISSING} string"))
    return versions.join(by_delivery, on="delivery", how="left").fillna("", [_MISSING])


def _counts(marked: DataFrame) -> dict[str, int]:
    """How many versions are unchanged, by delivery."""
    return {row["delivery"]: row["count"] for row in marked.where("unchanged").groupBy("delivery").count().collect()}
