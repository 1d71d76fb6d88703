"""The resolved project: everything a stage needs to know, frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from churn_spark.definitions.actions import Alerts, Audience, Interventions
from churn_spark.definitions.dispatch import Dispatch
from churn_spark.definitions.features import FeatureSet, Snapshots
from churn_spark.definitions.feedback import Feedback
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.modelling import ExpectedValue, Scoring, Segmentation, Training
from churn_spark.definitions.monitoring import Monitoring
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.definitions.sources import Source


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where tables are: a root path, or `catalog.schema` on a metastore (then `path` is None)."""

    path: str | None = None
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Privacy:
    """mode `pseudonym`: identifiers are HMAC-SHA-256 under a key; `none`: the data are public.

    key_env names the environment variable that holds the key, key_file the file; never the key itself.
    """

    mode: Literal["pseudonym", "none"] = "pseudonym"
    key_env: str = "CHURN_SPARK_KEY"
    key_file: str | None = None
    key_id: str = "1"


@dataclass(frozen=True, slots=True)
class Tracking:
    """The MLflow store: `uri` None takes MLFLOW_TRACKING_URI, else a SQLite file beside the warehouse.

    models: a folder that all nodes of a cluster see, for models in transit; None: below the warehouse's root.
    """

    uri: str | None = None
    experiment: str = "churn"
    models: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """What `maintain` keeps, in days: `features_days` of snapshots, `log_days` of old table versions."""

    features_days: int = 800
    log_days: int = 30
    vacuum_hours: int = 168


@dataclass(frozen=True, slots=True)
class Project:
    """One configuration file, validated and resolved.

    origin: the configuration file, for messages. relearn_days: days after which cleaning limits are learnt again.
    reasons: the most reasons named of a score; 0: scores come without. They change no score, and so are not part of
    `scoring`, which says what scores are made with. expected_value: where the value of a customer comes from, if not
    from `scoring.value`; None: from there. audiences: parts of the customers that decisions differ by. alerts: who
    is alerted about; None: nobody. interventions: the playbook; None: nothing is planned, and nobody is withheld.
    dispatch: who gets what was decided; None: nobody. feedback: how the effect of actions is measured. monitoring: the
    limits of what is watched.
    """

    name: str
    origin: str
    zone: str
    warehouse: Warehouse
    privacy: Privacy
    sources: tuple[Source, ...]
    population: Population
    periods: Periods
    label: LabelRule
    features: FeatureSet
    snapshots: Snapshots
    training: Training
    scoring: Scoring
    segmentation: Segmentation | None = None
    tracking: Tracking = Tracking()
    retention: Retention = Retention()
    relearn_days: int = 28
    reasons: int = 4
    report_path: str = "report.html"
    brief_path: str = "brief.html"
    expected_value: ExpectedValue | None = None
    audiences: tuple[Audience, ...] = ()
    alerts: Alerts | None = None
    interventions: Interventions | None = None
    dispatch: Dispatch | None = None
    feedback: Feedback = Feedback()
    monitoring: Monitoring = Monitoring()

    @property
    def event_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.kind == "events")

    @property
    def partnered_sources(self) -> tuple[Source, ...]:
        """The sources of events with a counterparty."""
        return tuple(source for source in self.event_sources if source.counterparty)

    @property
    def customer_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.kind == "customers")

    @property
    def temporal(self) -> bool:
        """Whether labels come from days after their as-of date, so that models are tested on later dates."""
        return self.label.rule != "column"

    @property
    def leavers(self) -> Leaving | None:
        """The events after which a customer is no longer in a population by activity; None: there are none."""
        if self.population.by != "active" or self.label.rule != "event":
            return None
        return Leaving(self.label.sources, filter=self.label.filter)

    @property
    def left_on(self) -> str | None:
        """The date attribute after which a customer is no longer in a population by activity; None: there is none."""
        return self.label.attribute if self.population.by == "active" and self.label.rule == "attribute" else None

    @property
    def has_value(self) -> bool:
        """Whether customers have a value in money."""
        return self.scoring.value is not None or self.expected_value is not None

    @property
    def model_name(self) -> str:
        return f"{self.name}_churn"

    @property
    def settings_hash(self) -> str:
        return definition_hash(self)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job: its dates, options, code and settings.

    dates: the partition dates the run owns; as_of: the state of knowledge it works from.
    """

    job: str
    as_of: date
    dates: tuple[date, ...]
    run_id: str
    code_version: str
    settings_hash: str
    started_at: datetime
    options: frozenset[str] = frozenset()
