"""The data of a training run: which snapshots teach and which test, read, checked for labels, and prepared."""

import logging
from collections.abc import Collection
from datetime import date

from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.maturity import matured_on
from churn_spark.lineage.snapshot_dates import first_known
from churn_spark.models.experiment import TrainingData, training_data
from churn_spark.models.split import Split, by_customer, split
from churn_spark.models.training_set import refuse_unlabelled
from churn_spark.stages.refusals import too_early
from churn_spark.stages.training import snapshots
from churn_spark.stages.training.untreated import say_influence
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import LABELS

log = logging.getLogger("churn_spark.train")


def prepared(run: Run, project: Project, catalog: Catalog) -> TrainingData:
    """The snapshots for training and test, read and prepared."""
    days = snapshots.for_training(project, catalog, run.as_of)
    ready = snapshots.ready(project, catalog, days)
    if early := too_early(project, catalog, days):
        log.warning(early)
    start = first_known(project, catalog.ledger)
    possible = {day for day in set(days) - set(ready) if start is None or day >= start}
    for why, missing in snapshots.not_ready(project, catalog, possible, run.as_of).items():
        log.warning("%d matured snapshots are not used for training: %s; %s", len(missing), listed(missing), why)
    parts = _parts(run, project, catalog, ready)
    used, left_out = snapshots.equal_features(project, catalog, parts.refit)
    refuse_unlabelled(catalog.read(LABELS, parts.refit), parts, project.training)
    say_influence(project, catalog, parts.refit)
    labelled = snapshots.labelled(project, catalog, parts.refit, used)
    data = training_data(labelled, parts, used, left_out, project.training)
    for name, why in sorted(data.left_out.items()):
        log.info("left out %s: %s", name, why)
    log.info(
        "%d features; training: %d rows of %d snapshots (%d churners, %d customers who left);"
        " test: %d rows of %d (%d, %d)",
        len(data.features),
        data.counts["train_rows"],
        len(parts.train),
        data.counts["train_churners"],
        data.counts["train_customers_left"],
        data.counts["test_rows"],
        len(parts.test),
        data.counts["test_churners"],
        data.counts["test_customers_left"],
    )
    if parts.backtest:
        tested = [step.test for step in data.split.backtest]
        log.info("walk-forward backtest within training: %s", listed(tested) if tested else "too few rows for any step")
    return data


def _parts(run: Run, project: Project, catalog: Catalog, ready: Collection[date]) -> Split:
    """The snapshots for training, for the test and for the refit."""
    if not project.temporal:
        parts = by_customer(ready, run.as_of, catalog.arguments)
        log.warning("not temporal: %s is tested on customers held out of it, not on later dates", parts.test[0])
        return parts
    matured = {day: matured_on(project, catalog.ledger, day) for day in ready}
    settings = project.training
    return split(
        matured, project.periods, run.as_of, settings.test_snapshots, project.snapshots, settings.backtest_snapshots
    )
