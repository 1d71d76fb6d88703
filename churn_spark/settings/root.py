"""The configuration file as a whole."""

from pydantic import Field

from churn_spark.settings.alerts import AlertsSection
from churn_spark.settings.dispatch import DispatchSection
from churn_spark.settings.economics import EconomicsSection
from churn_spark.settings.features import FeaturesSection
from churn_spark.settings.feedback import FeedbackSection
from churn_spark.settings.interventions import InterventionsSection
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.modelling import ScoringSection, SegmentationSection, SnapshotsSection, TrainingSection
from churn_spark.settings.monitoring import MonitoringSection
from churn_spark.settings.section import Address, Name, PositiveDays, Section, Text, Zone
from churn_spark.settings.sources import SourceSection
from churn_spark.settings.storage import Privacy, PrivacySection, RetentionSection, TrackingSection, WarehouseSection


class Settings(Section):
    """Every section of the file."""

    name: Name = Field(description="Name of the project; the model is called `<name>_churn`.")
    zone: Zone = Field(description="Time zone of calendar days, such as Europe/London.")
    warehouse: WarehouseSection = Field(description="Where the tables are stored.")
    privacy: Privacy = Field(default_factory=PrivacySection, description="How identities are protected.")
    sources: dict[Name, SourceSection] = Field(min_length=1, description="Sources by name.")
    population: PopulationSection = Field(description="Which customers get features and scores.")
    label: LabelSection = Field(description="What churn means.")
    features: FeaturesSection = Field(description="What is known about each customer.")
    snapshots: SnapshotsSection = Field(description="The as-of dates that models learn from.")
    training: TrainingSection = Field(description="How models are trained.")
    scoring: ScoringSection = Field(default_factory=ScoringSection, description="How risks are presented.")
    economics: EconomicsSection | None = Field(
        None, description="What contacting customers costs and brings; default: the threshold is that of the best F1."
    )
    audiences: dict[Name, Text] = Field(
        default_factory=dict,
        description="Parts of the customers that decisions differ by: SQL over the features and columns of"
        " `risk_scores`. The first that holds counts; everybody else is `others`.",
    )
    alerts: AlertsSection | None = Field(None, description="Who is alerted about; default: nobody.")
    feedback: FeedbackSection = Field(
        default_factory=FeedbackSection, description="What came of interventions, and how their effect is measured."
    )
    interventions: InterventionsSection | None = Field(
        None, description="What can be done to keep customers; default: nothing is planned, and nobody is withheld."
    )
    segmentation: SegmentationSection | None = Field(None, description="Segments of customers; default: none.")
    dispatch: DispatchSection | None = Field(
        None, description="Who gets alerts and interventions, over which channel; default: nothing leaves the tables."
    )
    monitoring: MonitoringSection = Field(
        default_factory=MonitoringSection, description="What is watched, and its limits."
    )
    tracking: TrackingSection = Field(default_factory=TrackingSection, description="The MLflow store.")
    retention: RetentionSection = Field(default_factory=RetentionSection, description="How long `maintain` keeps data.")
    relearn_days: PositiveDays = Field(28, description="Days after which the limits for cleaning are computed anew.")
    report: Address = Field(
        "report.html", description="File of the HTML report, on any file system that Spark can write to."
    )
    brief: Address = Field(
        "brief.html", description="File of the daily brief, likewise; it is written where `alerts` are configured."
    )
