"""What is known about models: champions, metrics, curves."""

from pyspark.sql import types as T

from churn_spark.tables.contracts.snapshots import AS_OF_DATE
from churn_spark.tables.table import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, Column, Table

CHAMPIONS = Table(
    name="champions",
    comment="Which model version is in force from which as-of date; the last by effective_from, then event_id, counts.",
    columns=(
        Column("event_id", STRING, "Unique id of the decision.", False),
        Column("model_name", STRING, "Registered model.", False),
        Column("model_version", INT, "Version of the registered model.", False),
        Column("effective_from", DATE, "First as-of date it scores.", False),
        Column("family", STRING, "Model family.", False),
        Column("reason", STRING, "Why it became champion.", False),
        Column("manifest", STRING, "SHA-256 of the manifest of its files, checked whenever it is loaded.", False),
    ),
    key=("event_id",),
    written_by=("train",),
)

MODEL_METRICS = Table(
    name="model_metrics",
    comment="One metric of one model version, in long form.",
    columns=(
        AS_OF_DATE,
        Column("stage", STRING, "Stage that measured it: train.", False),
        Column("model_version", INT, "Version of the registered model; null for a candidate or a baseline."),
        Column("model", STRING, "Model family or baseline.", False),
        Column("scope", STRING, "train, fold, test or naive.", False),
        Column("segment", STRING, "Snapshot date or segment; all.", False),
        Column("metric", STRING, "Name of the metric.", False),
        Column("value", DOUBLE, "Its value; null where undefined."),
        Column("low", DOUBLE, "Lower end of the 95 % interval (bootstrap by customer); null where none."),
        Column("high", DOUBLE, "Upper end; null where none."),
    ),
    partition="as_of_date",
    key=("as_of_date", "stage", "model", "scope", "segment", "metric"),
    written_by=("train",),
)

MODEL_CURVES = Table(
    name="model_curves",
    comment="Points of the curves of a model on its untouched test.",
    columns=(
        AS_OF_DATE,
        Column("model", STRING, "Model family or baseline.", False),
        Column("curve", STRING, "roc, precision_recall, gain, reliability or importance.", False),
        Column("position", INT, "Order of the point, from 0.", False),
        Column("x", DOUBLE, "Abscissa: false positive rate, recall, share contacted, mean predicted risk."),
        Column("y", DOUBLE, "Ordinate: true positive rate, precision, share of churners, observed rate, importance."),
        Column("rows", LONG, "Rows behind the point; null where it says nothing."),
        Column("label", STRING, "Feature of an importance; null otherwise."),
    ),
    partition="as_of_date",
    key=("as_of_date", "model", "curve", "position"),
    written_by=("train",),
)

DATA_PROFILE = Table(
    name="data_profile",
    comment="One statistic of one column of a source, as learnt on a date.",
    columns=(
        Column("learnt_on", DATE, "As-of date; from rows known by then.", False),
        Column("source", STRING, "Source of the configuration.", False),
        Column("column", STRING, "Column; * for the rows themselves.", False),
        Column(
            "statistic", STRING, "rows, nulls, distinct, min, p05, p25, p50, p75, p95, max, mean, outliers ...", False
        ),
        Column("value", DOUBLE, "Its value."),
        Column("text", STRING, "A value that is no number (the mode of a category, first day)."),
    ),
    partition="learnt_on",
    key=("learnt_on", "source", "column", "statistic"),
    written_by=("profile",),
)

CLEANING_LIMITS = Table(
    name="cleaning_limits",
    comment="Learnt cleaning values of a column, in force from learnt_on on.",
    columns=(
        Column("learnt_on", DATE, "First knowledge date the values apply to.", False),
        Column("source", STRING, "Source of the configuration.", False),
        Column("column", STRING, "Measure or category.", False),
        Column("rows", LONG, "Rows learnt from.", False),
        Column("q1", DOUBLE, "First quartile, in the measure's unit; null for a category."),
        Column("q3", DOUBLE, "Third quartile; null for a category."),
        Column("lower", DOUBLE, "Lower Tukey fence; null for a category."),
        Column("upper", DOUBLE, "Upper Tukey fence; null for a category."),
        Column("mean", DOUBLE, "Mean; null for a category."),
        Column("median", DOUBLE, "Median; null for a category."),
        Column("mode", STRING, "Most frequent value (ties: the smallest); null if there is none."),
    ),
    partition="learnt_on",
    key=("learnt_on", "source", "column"),
    written_by=("profile",),
)

_PARTITION = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("partition", DATE),
        T.StructField("rows", LONG),
        T.StructField("fingerprint", STRING),
        T.StructField("changed", BOOLEAN),
        T.StructField("version", LONG),
    ]
)
_READ = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("first", DATE),
        T.StructField("end", DATE),
        T.StructField("revision", LONG),
    ]
)
_DEFINITION = T.StructType(
    [T.StructField("table", STRING), T.StructField("column", STRING), T.StructField("hash", STRING)]
)
_LACKING = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("partition", DATE),
        T.StructField("columns", T.ArrayType(STRING)),
    ]
)

RUNS = Table(
    name="runs",
    comment="The ledger: a start row before the first write of a run, an end row when it is over.",
    columns=(
        Column("run_id", STRING, "Unique id of the run.", False),
        Column("event", STRING, "start, end, or lost: the end is taken back, commits of the run are gone.", False),
        Column("revision", LONG, "Rises with every row of the ledger; orders runs.", False),
        Column("job", STRING, "Stage.", False),
        Column("as_of_date", DATE, "As-of date of the run.", False),
        Column("at", T.TimestampType(), "When the row was written (UTC).", False),
        Column(
            "status", STRING, "running, ok, nothing_to_do, failed (nothing changed) or broken (something did).", False
        ),
        Column("error", STRING, "Name and message of the error; null otherwise."),
        Column(
            "writes",
            T.ArrayType(_PARTITION),
            "Start: what will be replaced; end: what was, with fingerprints (or removed).",
        ),
        Column("reads", T.ArrayType(_READ), "Partitions read (first <= partition < end) and their newest revision."),
        Column("subjects", T.ArrayType(STRING), "Deliveries taken, as source/delivery."),
        Column("definitions", T.ArrayType(_DEFINITION), "Definition hash of each column written."),
        Column("seconds", DOUBLE, "Duration; null in a start row."),
        Column("code_version", STRING, "Version of the package.", False),
        Column("settings_hash", STRING, "Hash of the resolved settings.", False),
        Column("options", T.ArrayType(STRING), "Options that changed what was done (--accept-incomplete ...)."),
        Column(
            "lacking", T.ArrayType(_LACKING), "Columns that are null in a partition, as rows behind it lack an input."
        ),
    ),
    key=("revision",),
    written_by=("every job",),
)
