"""The list of all stages, in the order of the data's way, which everything follows.

`daily`, `backfill`, `status`, `maintain`, the command line, the Airflow DAG and the documentation loop over it.
"""

from churn_spark.definitions.project import Project
from churn_spark.stages.alert import ALERT
from churn_spark.stages.brief import BRIEF
from churn_spark.stages.build_centres import BUILD_CENTRES
from churn_spark.stages.build_features import BUILD_FEATURES
from churn_spark.stages.build_labels import BUILD_LABELS
from churn_spark.stages.build_networks import BUILD_NETWORKS
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.dispatch import DISPATCH
from churn_spark.stages.feedback import FEEDBACK
from churn_spark.stages.ingest import INGEST
from churn_spark.stages.intervene import INTERVENE
from churn_spark.stages.maintain import MAINTAIN
from churn_spark.stages.monitor import MONITOR
from churn_spark.stages.profile import PROFILE
from churn_spark.stages.report import REPORT
from churn_spark.stages.score import SCORE
from churn_spark.stages.stage import Stage
from churn_spark.stages.train import TRAIN
from churn_spark.stages.uplift import UPLIFT_STAGE
from churn_spark.tables.contracts.ledger import RUNS
from churn_spark.tables.table import Table

STAGES: tuple[Stage, ...] = (
    INGEST,
    PROFILE,
    BUILD_TILES,
    BUILD_NETWORKS,
    BUILD_CENTRES,
    BUILD_FEATURES,
    BUILD_LABELS,
    TRAIN,
    SCORE,
    ALERT,
    INTERVENE,
    FEEDBACK,
    UPLIFT_STAGE,
    MONITOR,
    BRIEF,
    REPORT,
    DISPATCH,
    MAINTAIN,
)


def daily_stages(project: Project) -> tuple[Stage, ...]:
    """The stages that `daily` runs for a project, in order."""
    return tuple(stage for stage in STAGES if stage.daily and stage.needed(project))


def tables(project: Project) -> tuple[Table, ...]:
    """The contracts of every table that a project writes, in the order of the data's way; the ledger last."""
    written = (table for stage in STAGES if stage.needed(project) for table in stage.writes(project))
    return (*dict.fromkeys(written), RUNS)
