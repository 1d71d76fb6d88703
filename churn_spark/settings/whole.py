"""The configuration file as a whole."""

from pydantic import Field

from churn_spark.settings.features import FeaturesSection
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.modelling import ScoringSection, SegmentationSection, SnapshotsSection, TrainingSection
from churn_spark.settings.place import Privacy, PrivacySection, RetentionSection, TrackingSection, WarehouseSection
from churn_spark.settings.section import Name, PositiveDays, Section, Text, Zone
from churn_spark.settings.sources import SourceSection


class Settings(Section):
    """Every section of the file."""

    name: Name = Field(description="Name of the project; the model is called `<name>_churn`.")
    zone: Zone = Field(description="Time zone that days are days of, such as Europe/London.")
    warehouse: WarehouseSection = Field(description="Where the tables are.")
    privacy: Privacy = Field(default_factory=PrivacySection, description="How identities are protected.")
    sources: dict[Name, SourceSection] = Field(min_length=1, description="Sources by name.")
    population: PopulationSection = Field(description="Who is watched.")
    label: LabelSection = Field(description="What churn means.")
    features: FeaturesSection = Field(description="What is known of each customer.")
    snapshots: SnapshotsSection = Field(description="The as-of dates models learn from.")
    training: TrainingSection = Field(description="How models are trained.")
    scoring: ScoringSection = Field(default_factory=ScoringSection, description="How risks are told.")
    segmentation: SegmentationSection | None = Field(None, description="Segments of customers; left out: none.")
    tracking: TrackingSection = Field(default_factory=TrackingSection, description="The MLflow store.")
    retention: RetentionSection = Field(default_factory=RetentionSection, description="What `maintain` keeps.")
    relearn_days: PositiveDays = Field(28, description="Days between two learnings of cleaning limits.")
    report: Text = Field("report.html", description="File the HTML report is written to.")
