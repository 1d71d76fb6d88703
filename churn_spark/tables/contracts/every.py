"""All tables of a project."""

from churn_spark.definitions.project import Project
from churn_spark.tables.contracts import intake, models, snapshots, tiles
from churn_spark.tables.table import Table


def tables(project: Project) -> tuple[Table, ...]:
    """The contracts of every table the project writes, in the order of the data's way."""
    sources = project.event_sources
    return (
        intake.DELIVERIES,
        intake.QUARANTINE,
        *(intake.events(source) for source in sources),
        *((intake.customers(project),) if project.customer_sources else ()),
        models.DATA_PROFILE,
        models.CLEANING_LIMITS,
        *(tiles.tiles(source) for source in sources),
        *(tiles.contacts(source) for source in project.partnered_sources),
        tiles.FIRST_SEEN,
        *((snapshots.NETWORKS,) if project.features.networked else ()),
        snapshots.features(project.features),
        *((snapshots.SEGMENTS, snapshots.SEGMENT_CENTRES) if project.segmentation else ()),
        snapshots.LABELS,
        models.CHAMPIONS,
        models.MODEL_METRICS,
        models.MODEL_CURVES,
        snapshots.RISK_SCORES,
        models.RUNS,
    )
