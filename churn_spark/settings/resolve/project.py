"""The whole configuration resolved into a Project."""

from collections.abc import Iterable

from churn_spark.definitions.actions import Audience
from churn_spark.definitions.economics import Economics
from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.gate import Gate
from churn_spark.definitions.leaks import Leaks
from churn_spark.definitions.modelling import (
    Candidate,
    ExpectedValue,
    Scoring,
    Segmentation,
    Survival,
    TargetEncoding,
    Training,
)
from churn_spark.definitions.monitoring import Monitoring
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Retention, Tracking, Warehouse
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.definitions.selection import Selection
from churn_spark.definitions.sources import Source
from churn_spark.settings.gate import GateSection
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.leaks import LeaksSection
from churn_spark.settings.modelling import (
    ExpectedValueSection,
    ScoringSection,
    SegmentationSection,
    SurvivalSection,
    TrainingSection,
)
from churn_spark.settings.monitoring import MonitoringSection
from churn_spark.settings.resolve.alerts import alerts
from churn_spark.settings.resolve.dispatch import dispatch
from churn_spark.settings.resolve.features import feature_set, windowed
from churn_spark.settings.resolve.feedback import feedback
from churn_spark.settings.resolve.interventions import interventions
from churn_spark.settings.resolve.sources import sources
from churn_spark.settings.root import Settings
from churn_spark.settings.training_features import TargetEncodingSection


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
        periods=Periods(settings.label.gap, settings.label.performance or 0, settings.label.lateness),
        label=_label(settings.label, resolved),
        features=feature_set(settings.features, by_name, _leaving(settings), settings.zone),
        snapshots=Snapshots(settings.snapshots.first, settings.snapshots.every),
        training=training(settings.training, _economics(settings)),
        scoring=_scoring(settings.scoring),
        segmentation=_segmentation(settings.segmentation) if settings.segmentation else None,
        tracking=Tracking(**dict(settings.tracking)),
        retention=Retention(**dict(settings.retention)),
        relearn_days=settings.relearn_days,
        reasons=settings.scoring.reasons,
        report_path=settings.report,
        brief_path=settings.brief,
        expected_value=_expected_value(settings.scoring.expected_value),
        feedback=feedback(settings.feedback),
        monitoring=_monitoring(settings.monitoring),
        audiences=tuple(Audience(name, condition) for name, condition in settings.audiences.items()),
        alerts=alerts(settings.alerts) if settings.alerts else None,
        dispatch=dispatch(settings.dispatch) if settings.dispatch else None,
        interventions=interventions(settings.interventions, settings.name) if settings.interventions else None,
    )


def _population(section: PopulationSection) -> Population:
    sources = tuple(section.sources or ())
    return Population(section.by, sources, section.days or 0, section.tenure_days, section.expression)


def _label(section: LabelSection, sources: Iterable[Source]) -> LabelRule:
    """The rule; with attribute and column, its sources are the sources of customers with the attribute."""
    owners = (s.name for s in sources if any(a.name == section.attribute for a in s.attributes))
    return LabelRule(
        section.rule,
        tuple(section.sources or owners),
        section.measure,
        float(section.ratio),
        section.base_days,
        section.filter,
        section.attribute,
    )


def _leaving(settings: Settings) -> Leaving:
    """Partners leave as customers do by the label: by its event, else by silence in its sources of events."""
    label = settings.label
    if label.rule == "event":
        return Leaving(tuple(label.sources or ()), filter=label.filter)
    events = [name for name, source in settings.sources.items() if source.kind == "events"]
    sources = tuple(label.sources or settings.population.sources or events)
    return Leaving(sources, after=settings.features.left_after or label.performance or 0)


def training(section: TrainingSection, economics: Economics | None = None) -> Training:
    candidates = tuple(
        Candidate(family, tuple((key, tuple(float(value) for value in values)) for key, values in grid))
        for family, grid in section.grids.items()
    )
    return Training(
        candidates=candidates,
        folds=section.folds,
        test_snapshots=section.test_snapshots,
        backtest_snapshots=section.backtest_snapshots,
        metric=section.metric,
        exclude=tuple(section.exclude),
        seed=section.seed,
        bootstrap=section.bootstrap,
        max_score_drift=float(section.max_score_drift),
        accept_weak=section.accept_weak,
        economics=economics,
        gate=_gate(section.gate),
        leaks=_leaks(section.leaks),
        survival=_survival(section.survival),
        target_encoding=_target_encoding(section.target_encoding),
        selection=Selection(**dict(section.selection)) if section.selection else None,
    )


def _survival(section: SurvivalSection | None) -> Survival | None:
    return Survival(section.model, tuple(section.horizons), section.period_days) if section else None


def _target_encoding(section: TargetEncodingSection | None) -> TargetEncoding | None:
    return TargetEncoding(float(section.smoothing), section.most_values) if section else None


def _economics(settings: Settings) -> Economics | None:
    section = settings.economics
    if section is None:
        return None
    return Economics(
        section.value or settings.scoring.value or "0",
        float(section.contact_cost),
        float(section.incentive_cost),
        float(section.acceptance),
        float(section.acceptance_deviation),
    )


def _gate(section: GateSection) -> Gate:
    values = section.model_dump()
    return Gate(**{**values, "groups": tuple(section.groups)})


def _leaks(section: LeaksSection) -> Leaks:
    values = section.model_dump()
    return Leaks(**{**values, "accept": tuple(section.accept)})


def _scoring(section: ScoringSection) -> Scoring:
    return Scoring(float(section.high_share), float(section.medium_share), section.value)


def _expected_value(section: ExpectedValueSection | None) -> ExpectedValue | None:
    return ExpectedValue(**section.model_dump(exclude={"model"})) if section else None


def _monitoring(section: MonitoringSection) -> Monitoring:
    return Monitoring(
        float(section.false_alarms),
        section.least_customers,
        **section.limits,
        retrain=section.retrain,
        retrain_after_days=section.retrain_after_days,
    )


def _segmentation(section: SegmentationSection) -> Segmentation:
    features = tuple(section.features)
    return Segmentation(section.recency, section.frequency, section.monetary, section.clusters, features, section.seed)
