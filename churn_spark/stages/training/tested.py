"""How a fitted model does on labelled snapshots, with those whom actions may have kept left out, or without regard."""

from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import DataFrame

from churn_spark.definitions.project import Project
from churn_spark.models.experiment import TrainingData, tested_model
from churn_spark.models.families.family import WEIGHT
from churn_spark.models.measures import Measure, group_of, measured
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.tally import Tally, tallied
from churn_spark.models.training_set import in_test
from churn_spark.models.trial import Trial
from churn_spark.stages.training import snapshots
from churn_spark.stages.training.untreated import with_effective_weights
from churn_spark.tables.catalog import Catalog


def tested(project: Project, catalog: Catalog, model: RiskModel, days: Collection[date]) -> Tally:
    """The tally of a registered model's scores of labelled snapshots, by group of customers; rows with weights count
    for what they are worth.
    """
    rows = snapshots.labelled(project, catalog, days, model.features)
    return _tally(model, with_effective_weights(rows), project.training.seed)


def plain_measures(project: Project, catalog: Catalog, data: TrainingData, winner: Trial) -> Mapping[str, Measure]:
    """The winner's metrics on all labelled customers of the test, those acted upon included, each counted once.

    Whom an action kept looks like a false alarm in them. Empty where no action can have changed a label: then they
    would be those of the test.
    """
    if WEIGHT not in data.rows.columns:
        return {}
    settings = project.training
    rows = snapshots.all_labelled(project, catalog, data.split.test, data.features)
    tally = _tally(tested_model(data, winner), rows.where(in_test(data.split, settings.seed)), settings.seed)
    return measured(tally, settings.bootstrap, settings.seed, winner.tuned.threshold, settings.economics)


def _tally(model: RiskModel, rows: DataFrame, seed: int) -> Tally:
    ranked = model.predict(rows).withColumnsRenamed({"raw_score": "score"})
    return tallied(ranked.withColumn("part", group_of("customer_id", seed)))
