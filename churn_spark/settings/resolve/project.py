"""The whole configuration resolved into a Project."""

from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.modelling import Candidate, Scoring, Segmentation, Training
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Retention, Tracking, Warehouse
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.modelling import ScoringSection, SegmentationSection, TrainingSection
from churn_spark.settings.resolve.features import feature_set, windowed
from churn_spark.settings.resolve.sources import sources
from churn_spark.settings.whole import Settings


def project(settings: Settings, origin: str) -> Project:
    """The frozen definitions of valid settings; `origin` is the file they came from."""
    resolved = sources(settings.sources, windowed(settings.features))
    by_name = {source.name: source for source in resolved}
    return Project(
        name=settings.name,
        origin=origin,
        zone=settings.zone,
        warehouse=Warehouse(settings.warehouse.path, settings.warehouse.schema_),
        privacy=Privacy(**dict(settings.privacy)),
        sources=resolved,
        population=_population(settings.population),
        periods=Periods(settings.label.gap, settings.label.performance, settings.label.lateness),
        label=_label(settings.label),
        features=feature_set(settings.features, by_name, _leaving(settings), settings.zone),
        snapshots=Snapshots(settings.snapshots.first, settings.snapshots.every),
        training=_training(settings.training),
        scoring=_scoring(settings.scoring),
        segmentation=_segmentation(settings.segmentation) if settings.segmentation else None,
        tracking=Tracking(**dict(settings.tracking)),
        retention=Retention(**dict(settings.retention)),
        relearn_days=settings.relearn_days,
        report_path=settings.report,
    )


def _population(section: PopulationSection) -> Population:
    sources = tuple(section.sources or ())
    return Population(section.by, sources, section.days or 0, section.tenure_days, section.expression)


def _label(section: LabelSection) -> LabelRule:
    sources = tuple(section.sources)
    return LabelRule(section.rule, sources, section.measure, float(section.ratio), section.base_days, section.filter)


def _leaving(settings: Settings) -> Leaving:
    """Partners leave as customers do by the label: by its event, else by silence in its sources."""
    label = settings.label
    if label.rule == "event":
        return Leaving(tuple(label.sources), filter=label.filter)
    return Leaving(tuple(label.sources), after=settings.features.left_after or label.performance)


def _training(section: TrainingSection) -> Training:
    grids = {"logistic_regression": section.logistic_regression, "random_forest": section.random_forest}
    candidates = tuple(
        Candidate(family, tuple((key, tuple(float(value) for value in values)) for key, values in grid))  # type: ignore[arg-type]
        for family, grid in grids.items()
        if grid is not None
    )
    return Training(
        candidates=candidates,
        folds=section.folds,
        test_snapshots=section.test_snapshots,
        metric=section.metric,
        exclude=tuple(section.exclude),
        seed=section.seed,
        bootstrap=section.bootstrap,
        max_score_drift=float(section.max_score_drift),
    )


def _scoring(section: ScoringSection) -> Scoring:
    return Scoring(float(section.high_share), float(section.medium_share), section.value)


def _segmentation(section: SegmentationSection) -> Segmentation:
    features = tuple(section.features)
    return Segmentation(section.recency, section.frequency, section.monetary, section.clusters, features, section.seed)
