"""A project resolved: everything a stage needs to know, frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from churn_spark.definitions.features import FeatureSet, Snapshots
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.modelling import Scoring, Segmentation, Training
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
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

    models: a folder all nodes of a cluster see, for models on their way; None: below the warehouse's root.
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

    origin: the file it came from, for messages. relearn_days: days between two learnings of cleaning limits.
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
    report_path: str = "report.html"
    temporal: bool = True

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
    def model_name(self) -> str:
        return f"{self.name}_churn"

    @property
    def settings_hash(self) -> str:
        return definition_hash(self)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job: what it is, for which dates, and which code and settings made it.

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
