"""Snapshots, training, scoring and segments: their references and shares."""

from collections.abc import Iterator

from churn_spark.settings.checks.features import feature_names
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.modelling import SegmentationSection, TrainingSection
from churn_spark.settings.nearest import unknown


def modelling(draft: Draft) -> Iterator[Problem]:
    """Problems of snapshots, training, scoring and segmentation."""
    if draft.read.training:
        yield from _training(draft, draft.read.training)
    if draft.read.segmentation:
        yield from _segmentation(draft, draft.read.segmentation)
    scoring = draft.read.scoring
    if scoring and scoring.high_share + scoring.medium_share > 1:
        yield Problem(("scoring",), f"high_share {scoring.high_share} and medium_share {scoring.medium_share} exceed 1")
    yield from _snapshots(draft)


def _training(draft: Draft, training: TrainingSection) -> Iterator[Problem]:
    if training.logistic_regression is None and training.random_forest is None and not draft.unsure("training"):
        text = "no model to train; name logistic_regression, random_forest or both ({} takes the default grid)"
        yield Problem(("training",), text)
    yield from _features(draft, [(name, ("training", "exclude", n)) for n, name in enumerate(training.exclude)])


def _segmentation(draft: Draft, segmentation: SegmentationSection) -> Iterator[Problem]:
    three = [(getattr(segmentation, key), ("segmentation", key)) for key in ("recency", "frequency", "monetary")]
    clustered = [(name, ("segmentation", "features", n)) for n, name in enumerate(segmentation.features)]
    yield from _features(draft, [*three, *clustered])


def _features(draft: Draft, used: list[tuple[str, Keys]]) -> Iterator[Problem]:
    known = feature_names(draft)
    for name, keys in used:
        if known is not None and name not in known:
            yield Problem(keys, unknown("feature", name, known))


def _snapshots(draft: Draft) -> Iterator[Problem]:
    """A snapshot before the population's data begin holds nobody."""
    snapshots, population = draft.read.snapshots, draft.read.population
    if snapshots is None or population is None:
        return
    for name in population.sources or ():
        source = draft.sources.get(name)
        starts = source.starts if source else None
        if starts and snapshots.first <= starts:
            yield Problem(("snapshots", "first"), f"{snapshots.first} is not after {starts}, the first day of {name}")
