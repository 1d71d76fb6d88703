"""The winner's test by the customer segments of the dates it was tested on."""

import logging

from churn_spark.definitions.project import Project
from churn_spark.models.by_segment import by_segment
from churn_spark.models.experiment import TrainingData
from churn_spark.models.families import named
from churn_spark.models.training_set import in_test
from churn_spark.models.trial import BySegment, Trial
from churn_spark.models.tuning import scored
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, SEGMENTS

log = logging.getLogger("churn_spark.train")


def segment_measures(project: Project, catalog: Catalog, data: TrainingData, winner: Trial) -> BySegment:
    """The metrics of each segment with enough customers who left and who stayed; empty without segmentation."""
    if project.segmentation is None:
        return {}
    test = data.rows.where(in_test(data.split, project.training.seed))
    segments = catalog.read(SEGMENTS, data.split.test).select(*KEY, "segment")
    tuned = winner.tuned
    rows = scored(test, named(tuned.family), winner.model, tuned.calibrator).join(segments, on=list(KEY), how="inner")
    found = by_segment(rows, project.training, tuned.threshold)
    figures = [f"{name} {measures['roc_auc'].value:.3f}" for name, measures in found.items()]
    log.info("ROC AUC on the test by segment: %s", ", ".join(figures) or "no segment has enough customers who left")
    return found
