"""All stages, in the order of the data's way: `daily`, `backfill`, `status` and the Airflow DAG derive from it."""

from churn_spark.definitions.project import Project
from churn_spark.labels.definitions import label_definitions
from churn_spark.stages import lacking, reads
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_networks import build_networks
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.ingest import ingest
from churn_spark.stages.maintain import maintain
from churn_spark.stages.meanings import (
    limits_definitions,
    network_definitions,
    score_definitions,
    snapshot_definitions,
    tile_definitions,
)
from churn_spark.stages.profile import profile
from churn_spark.stages.report import report
from churn_spark.stages.score import score
from churn_spark.stages.stage import Stage
from churn_spark.stages.train import train


def _intake(project: Project) -> tuple[str, ...]:
    customers = ("customers",) if project.customer_sources else ()
    return (*(source.events_table for source in project.event_sources), *customers, "quarantine", "deliveries")


def _tiles(project: Project) -> tuple[str, ...]:
    return (*(table for source in project.event_sources for table in source.compacted), "first_seen")


def _networks(project: Project) -> tuple[str, ...]:
    return ("networks",) if project.features.networked else ()


def _snapshots(project: Project) -> tuple[str, ...]:
    return ("features", "segments", "segment_centres") if project.segmentation else ("features",)


INGEST = Stage(
    "ingest", "Take in every delivery that is due and not taken yet.", ingest, _intake, reads.nothing, daily=True
)
PROFILE = Stage(
    "profile",
    "Learn cleaning values and describe the data.",
    profile,
    lambda project: ("cleaning_limits", "data_profile"),
    reads.profile,
    limits_definitions,
)
BUILD_TILES = Stage(
    "build_tiles",
    "Compact events to one row a customer, day and knowledge date.",
    build_tiles,
    _tiles,
    reads.tiles,
    tile_definitions,
    lacking.tiles,
    daily=True,
)
BUILD_NETWORKS = Stage(
    "build_networks",
    "Compute who is central among customers in contact, and their communities, once a month.",
    build_networks,
    _networks,
    reads.networks,
    network_definitions,
    per_date=True,
    monthly=True,
    daily=True,
    asked_for=lambda project: bool(_networks(project)),
)
BUILD_FEATURES = Stage(
    "build_features",
    "Compute the features and segments of the population at an as-of date.",
    build_features,
    _snapshots,
    reads.features,
    snapshot_definitions,
    lacking.features,
    per_date=True,
    daily=True,
)
BUILD_LABELS = Stage(
    "build_labels",
    "Label every snapshot that has matured.",
    build_labels,
    lambda project: ("labels",),
    reads.labels,
    label_definitions,
    daily=True,
)
TRAIN = Stage(
    "train",
    "Train, test and register the models; the better of the candidates becomes champion.",
    train,
    lambda project: ("model_metrics", "model_curves", "champions"),
    reads.nothing,
)
SCORE = Stage(
    "score",
    "Write the risk of every customer of the population at an as-of date.",
    score,
    lambda project: ("risk_scores",),
    reads.scores,
    score_definitions,
    per_date=True,
    daily=True,
)
REPORT = Stage("report", "Write the report of an as-of date.", report, lambda project: (), reads.nothing, daily=True)
MAINTAIN = Stage(
    "maintain", "Compact tables, drop what is past retention, VACUUM.", maintain, lambda project: (), reads.nothing
)

STAGES = (INGEST, PROFILE, BUILD_TILES, BUILD_NETWORKS, BUILD_FEATURES, BUILD_LABELS, TRAIN, SCORE, REPORT, MAINTAIN)


def daily_stages(project: Project) -> tuple[Stage, ...]:
    """The stages that `daily` runs for a project, in order."""
    return tuple(stage for stage in STAGES if stage.daily and stage.asked_for(project))
