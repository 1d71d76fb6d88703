"""What is checked of the training data before anything is learnt from them."""

import logging

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.project import Project, Run
from churn_spark.models import leaks
from churn_spark.models.baselines import activity
from churn_spark.models.bins import counted, plan
from churn_spark.models.experiment import TrainingData
from churn_spark.models.training_set import in_test, in_training
from churn_spark.stages.training.after_churn import active_after_churn
from churn_spark.stages.training.recomputation import recomputed
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.train")


def leak_findings(run: Run, project: Project, catalog: Catalog, data: TrainingData) -> list[Finding]:
    """Every finding, logged; ModelError where one of them stops the training, with what to do."""
    found = _of_counts(project, data)
    if project.temporal:
        found += active_after_churn(project, catalog, data.split.refit, run.as_of)
    if project.training.leaks.recomputed_customers:
        for day in sorted({data.split.train[0], data.split.train[-1]}):
            found.append(recomputed(run, project, catalog, data.features, day))
    for finding in found:
        log.log(logging.INFO if finding.outcome == "passed" else logging.WARNING, "leak checks: %s", finding.text)
    if stopped := leaks.refusals(found):
        raise ModelError(f"nothing was learnt: {stopped}")
    return found


def _of_counts(project: Project, data: TrainingData) -> list[Finding]:
    """What one pass over the binned training set says."""
    rule, split, seed = project.training.leaks, data.split, project.training.seed
    attributes = [attribute.name for attribute in project.features.attributes]
    at_equal = activity(project.features, project.label, data.features)
    how = plan(data.preparation, attributes, at_equal, len(split.refit))
    counts = counted(data.rows, how, split.refit, in_training(split, seed), in_test(split, seed))
    return [
        *leaks.single_features(counts, rule),
        *leaks.known_only(counts, at_equal or "", len(split.train), rule),
        *leaks.rate_jumps(counts, rule),
        *leaks.drifted(counts, split.train, split.test, rule),
    ]
