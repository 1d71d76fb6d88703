"""What was watched at an as-of date."""

from churn_spark.tables.contracts.snapshots import AS_OF_DATE
from churn_spark.tables.table import DOUBLE, INT, STRING, Column, Table

MONITORING = Table(
    name="monitoring",
    comment="One signal of one subject: what was seen, what it is compared with, and what to do.",
    columns=(
        AS_OF_DATE,
        Column(
            "signal",
            STRING,
            "overall; of the data: freshness, completeness, volume, null_share, alert_volume; of the model:"
            " range_share, psi, jensen_shannon, score_psi, score_jensen_shannon, mean_risk, roc_auc, average_precision,"
            " brier_score, calibration_error, calibration; reference and model where these are missing.",
            False,
        ),
        Column(
            "subject", STRING, "A source, a feature, risk, a scored snapshot, a segment (segment 0 ...), or all.", False
        ),
        Column("value", DOUBLE, "What was seen; null where nothing was."),
        Column(
            "reference", DOUBLE, "What it is compared with: the reference dates, the test, a usual week; null: none."
        ),
        Column("warn", DOUBLE, "Limit of value beyond which the status is warn; null where nothing is compared."),
        Column("act", DOUBLE, "Limit of value beyond which the status is act; null likewise."),
        Column("status", STRING, "ok, warn, act, or unknown: nothing can be said.", False),
        Column("text", STRING, "What was seen, as a sentence.", False),
        Column("advice", STRING, "What to do; null where there is nothing to do."),
        Column("model_version", INT, "Version of the registered model; null where none is concerned."),
    ),
    partition="as_of_date",
    key=("as_of_date", "signal", "subject"),
    written_by=("monitor",),
)
