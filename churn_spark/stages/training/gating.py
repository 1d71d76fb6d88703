"""What the gate looks at: the floors, the groups, and the model in force on snapshots that are new to it."""

import logging
from collections.abc import Collection
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError, ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.modelling import SEGMENT
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project
from churn_spark.lineage.maturity import matured_on
from churn_spark.models import gate
from churn_spark.models.choice import COMPARED
from churn_spark.models.experiment import TrainingData
from churn_spark.models.families import named
from churn_spark.models.families.family import WEIGHT
from churn_spark.models.measures import Measure, measured
from churn_spark.models.registry import Registry
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.tally import tallied
from churn_spark.models.target_encoding import learning
from churn_spark.models.training_set import in_test
from churn_spark.models.trial import ALL, Trial
from churn_spark.models.tuning import fitted, scored
from churn_spark.stages.training.champions import Decision
from churn_spark.stages.training.tested import tested
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_METRICS
from churn_spark.tables.contracts.snapshots import KEY, features

log = logging.getLogger("churn_spark.train")


def gate_findings(
    project: Project, catalog: Catalog, registry: Registry, data: TrainingData, winner: Trial, champion: Decision | None
) -> list[Finding]:
    """Everything that decides whether the winner of a training may go in force; a first one has floors only."""
    rule = project.training.gate
    found = gate.floors(winner.test, data.counts["test_customers_left"], rule)
    if rule.max_group_gap is not None:
        found += [_group_gap(project, catalog, data, winner, name, rule.max_group_gap) for name in rule.groups]
    if champion is not None:
        found.append(_beside(project, catalog, registry, data, winner, champion))
    for finding in found:
        log.log(logging.INFO if finding.outcome == "passed" else logging.WARNING, "gate: %s", finding.text)
    return found


def _group_gap(
    project: Project, catalog: Catalog, data: TrainingData, winner: Trial, feature: str, limit: float
) -> Finding:
    family = named(winner.tuned.family)
    test = data.rows.where(in_test(data.split, project.training.seed))
    groups = catalog.read(features(project.features), data.split.test).select(*KEY, feature)
    # The group under a name of its own: the prepared rows may have a column of the same name.
    weight = [WEIGHT] if WEIGHT in test.columns else []
    rows = scored(test, family, winner.model, winner.tuned.calibrator)
    both = rows.select(*KEY, *weight, "part", "label", "score", "risk")
    return gate.group_gap(both.join(groups, on=list(KEY), how="inner"), feature, limit, project.training)


def _beside(
    project: Project, catalog: Catalog, registry: Registry, data: TrainingData, winner: Trial, champion: Decision
) -> Finding:
    """The winner beside the model in force, each by its own pipeline."""
    try:
        model = registry.load(champion.version, champion.manifest)
        days = new_to(project, model, data.split.test) if data.split.temporal else ()
        refuse_other_features(project, catalog, model, days or data.split.test)
    except (ModelError, ConfigError) as error:  # altered, of other features, or of a family that is not installed
        return gate.not_compared(champion.version, str(error))
    if days:
        return gate.against(
            _challenger(project, catalog, data, winner, days),
            _champion(project, catalog, model, days),
            champion.version,
            f"on {listed(days)}",
        )
    days_then, rate, precision = _recorded(catalog, champion)
    if precision is None or days_then != winner.measures.keys() or rate != winner.test["base_rate"].value:
        why = "no snapshot of the test is new to it, and its own training had another test"
        return gate.not_compared(champion.version, why)
    return gate.against_recorded(winner.test[COMPARED], precision, champion.version)


def new_to(project: Project, model: RiskModel, days: Collection[date]) -> tuple[date, ...]:
    """The snapshots at which a model could have been in force: all labels it learnt from had matured by then.

    Of a day between its newest snapshot and the maturity of that it knows part of the performance window already.
    """
    learnt = max(date.fromisoformat(day) for day in model.facts["snapshots"]["refit"])
    return tuple(day for day in days if day >= project.periods.matured_on(learnt))


def refuse_other_features(project: Project, catalog: Catalog, model: RiskModel, days: Collection[date]) -> None:
    """OtherDefinitionError where the model cannot score some dates with what there is by today's configuration."""
    model.refuse_other_definitions(project.features.hashes, "the configured features")
    for day in days:
        stored = catalog.ledger.partition(features(project.features).name, day)
        model.refuse_other_definitions(stored.definitions if stored else {}, f"the features of {day}")


def _challenger(
    project: Project, catalog: Catalog, data: TrainingData, winner: Trial, days: Collection[date]
) -> Measure:
    """The winner on some days of the test, learnt from all that had matured by the first, as the champion has."""
    settings, family = project.training, named(winner.tuned.family)
    if set(days) == set(data.split.test):
        return winner.test[COMPARED]
    known = [day for day in data.split.refit if matured_on(project, catalog.ledger, day) <= min(days)]
    rows = learning(data.rows.where(F.col("as_of_date").isin(*known)))
    model = fitted(rows, family, winner.tuned.parameters, settings.seed)
    test = data.rows.where(F.col("as_of_date").isin(*days))
    return measured(tallied(scored(test, family, model, winner.tuned.calibrator)), settings.bootstrap, settings.seed)[
        COMPARED
    ]


def _champion(project: Project, catalog: Catalog, model: RiskModel, days: Collection[date]) -> Measure:
    settings = project.training
    return measured(tested(project, catalog, model, days), settings.bootstrap, settings.seed)[COMPARED]


def _recorded(catalog: Catalog, champion: Decision) -> tuple[set[str], float | None, float | None]:
    """What the training run of the model in force noted of its test: its parts, base rate and average precision."""
    rows = (
        catalog.read(MODEL_METRICS, [champion.trained_as_of])
        .where((F.col("run_id") == champion.training_run) & (F.col("model") == champion.family))
        .where((F.col("scope") == "test") & F.col("metric").isin(COMPARED, "base_rate"))
        .collect()
    )
    whole = {row["metric"]: row["value"] for row in rows if row["segment"] == ALL}
    parts = {row["segment"] for row in rows if not row["segment"].startswith(SEGMENT)}
    return parts, whole.get("base_rate"), whole.get(COMPARED)
