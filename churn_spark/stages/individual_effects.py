"""The effects that a plan expects of each kind of customers, where models of uplift are better than chance."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.comparable import RISK, log_odds
from churn_spark.actions.terms import Kinds
from churn_spark.actions.uplift import BANDS
from churn_spark.definitions.actions import Interventions
from churn_spark.definitions.feedback import BETTER, MOST_INDIVIDUAL
from churn_spark.definitions.project import Project
from churn_spark.models.uplift.t_learner import BAND, UpliftModel, misfits, read
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, features
from churn_spark.tables.contracts.uplift import UPLIFT

log = logging.getLogger("churn_spark.intervene")


@dataclass(frozen=True, slots=True)
class Individual:
    """The model of an action, by its number in the playbook, and the multiple of its effect in each band."""

    action: int
    model: UpliftModel
    times: tuple[float, ...]


def individual_effects(
    customers: DataFrame, snapshot: DataFrame, project: Project, playbook: Interventions, catalog: Catalog, day: date
) -> tuple[DataFrame, Kinds | None]:
    """The customers with their `kind`, and the effects of each kind; as they are, and None, where there are no models.

    customers: customer_id, as_of_date, risk; snapshot: their features at that date. A kind is a combination of the
    bands of the models; the last is of customers without features, on whom actions have the effects of the playbook.
    """
    if not project.feedback.individual:
        return customers, None
    models = _in_force(project, playbook, catalog, day, snapshot)
    if not models:
        return customers, None
    known = customers.select(*KEY, log_odds("risk").alias(RISK)).join(snapshot, on=list(KEY), how="inner")
    kind = F.lit(0)
    for place, one in enumerate(models):
        name = f"(band of {place})"
        known = one.model.band(known).withColumnRenamed(BAND, name)
        kind = kind * BANDS + F.col(name)
    kinds = [_effects(playbook, models, bands) for bands in product(range(BANDS), repeat=len(models))]
    kinds.append([action.effect for action in playbook.actions])
    joined = customers.join(known.select("customer_id", kind.alias("kind")), on="customer_id", how="left")
    return joined.withColumn("kind", F.coalesce("kind", F.lit(len(kinds) - 1))), kinds


def _effects(playbook: Interventions, models: list[Individual], bands: tuple[int, ...]) -> list[float]:
    effects = [action.effect for action in playbook.actions]
    for one, band in zip(models, bands, strict=True):
        effects[one.action] = min(1.0, effects[one.action] * one.times[band])
    return effects


def _in_force(
    project: Project, playbook: Interventions, catalog: Catalog, day: date, snapshot: DataFrame
) -> list[Individual]:
    """The models of the newest earlier date that are better than chance, those of the surest ranking first; none that
    are older than what effects are measured over.
    """
    oldest = day - timedelta(days=project.feedback.window_days)
    known = catalog.ledger.partitions(UPLIFT.name).items()
    days = [one for one, state in known if oldest <= one < day and state.rows]
    if not days:
        log.warning(
            "feedback.learn asks for individual effects, but no uplift was learnt from %s to %s: churn-spark uplift %s",
            oldest,
            day - timedelta(days=1),
            catalog.arguments,
        )
        return []
    rows = catalog.read(UPLIFT, [max(days)]).where((F.col("verdict") == BETTER) & F.col("model").isNotNull())
    by_action = {row["action"]: row for row in rows.orderBy(F.desc("qini_low"), "action").collect()}
    numbers = {action.name: number for number, action in enumerate(playbook.actions)}
    stored = _stored(project, catalog, day)
    found: list[Individual] = []
    for name, row in by_action.items():
        if name not in numbers:
            continue
        if other := misfits(row["model"], stored):
            log.warning("no uplift of %s at %s: %s means something else than it learnt", name, day, ", ".join(other))
        elif len(found) < MOST_INDIVIDUAL:
            model = read(row["model"], snapshot)
            found.append(Individual(numbers[name], model, tuple(band["times"] for band in row["bands"])))
            log.info("%s: %s is planned by uplift, learnt at %s: %s", day, name, max(days), row["finding"])
    return found


def _stored(project: Project, catalog: Catalog, day: date) -> Mapping[str, str]:
    """The hashes of the features of a date, as they were written."""
    state = catalog.ledger.partition(features(project.features).name, day)
    return state.definitions if state else {}
