"""What is known about models: champions, metrics, curves."""

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
        Column("as_of_date", DATE, "As-of date of the run that decided; null in rows written before it was kept."),
        Column("run_id", STRING, "The run that decided; it counts once the run has ended. Null likewise."),
        Column("decision", STRING, "trained, promoted, rolled back or recalibrated; null, in older rows: trained."),
        Column("decided_by", STRING, "Who decided; null where training did by itself."),
        Column("trained_as_of", DATE, "As-of date of the version's training run; null in older rows: as_of_date."),
        Column("training_run", STRING, "The version's training run, as in model_metrics; null in older rows: run_id."),
    ),
    key=("event_id",),
    written_by=("train", "promote", "rollback", "recalibrate"),
)

TRAINING = Column("run_id", STRING, "The training run, as in champions; null in rows written before it was kept.")
VERSION = Column("model_version", INT, "Version of the registered model; null for a candidate or a baseline.")
ROLE = Column(
    "role",
    STRING,
    "What the model was to the run: champion (put in force), challenger (registered, not in force), candidate (only"
    " tried) or baseline (a score without fitting); null in rows written before it was kept.",
)

MODEL_METRICS = Table(
    name="model_metrics",
    comment="One metric of one model version, in long form.",
    columns=(
        AS_OF_DATE,
        Column("stage", STRING, "Stage that measured it: train.", False),
        VERSION,
        Column("model", STRING, "Model family or baseline.", False),
        Column(
            "scope",
            STRING,
            "train, fold, backtest (walk-forward, within training), test, naive, plain (the test with the customers who"
            " were acted upon, each counted once), or selection (of features, over the folds).",
            False,
        ),
        Column(
            "segment",
            STRING,
            "all, the date of a snapshot, a customer segment (segment 0 ...); of a selection the number of features, or"
            " chosen.",
            False,
        ),
        Column("metric", STRING, "Name of the metric.", False),
        Column("value", DOUBLE, "Its value; null where undefined."),
        Column("low", DOUBLE, "Lower end of the 95 % interval (bootstrap by customer); null where none."),
        Column("high", DOUBLE, "Upper end; null where none."),
        TRAINING,
        ROLE,
    ),
    partition="as_of_date",
    key=("as_of_date", "run_id", "stage", "role", "model_version", "model", "scope", "segment", "metric"),
    written_by=("train",),
)

MODEL_CURVES = Table(
    name="model_curves",
    comment="Points of the curves of a model on its untouched test, and the nodes of a decision tree.",
    columns=(
        AS_OF_DATE,
        Column("model", STRING, "Model family or baseline.", False),
        Column(
            "curve",
            STRING,
            "roc, precision_recall, gain, profit, reliability, importance, dependence_in_log_odds or"
            " dependence_in_probability (what a feature adds to scores, by its value), or tree (the nodes of a decision"
            " tree, a parent before its left branch before its right one).",
            False,
        ),
        Column("position", INT, "Order of the point, from 0.", False),
        Column(
            "x",
            DOUBLE,
            "Abscissa: false positive rate, recall, share contacted (gain, profit), mean risk, place (importance),"
            " value of the feature (dependence), threshold up to which rows go left (tree; null in a leaf).",
        ),
        Column(
            "y",
            DOUBLE,
            "Ordinate: true positive rate, precision, share of churners (gain, tree), profit, observed rate,"
            " importance, what the feature adds (dependence).",
        ),
        Column("rows", LONG, "Rows behind the point; null where it says nothing."),
        Column("label", STRING, "Feature (importance, dependence), input a node splits on (tree); null otherwise."),
        TRAINING,
        VERSION,
        ROLE,
    ),
    partition="as_of_date",
    key=("as_of_date", "run_id", "role", "model_version", "model", "curve", "position"),
    written_by=("train",),
)

MODEL_CHECKS = Table(
    name="model_checks",
    comment="What a training run checked of its data and of its model before that could go in force.",
    columns=(
        AS_OF_DATE,
        Column("run_id", STRING, "The training run.", False),
        Column("model_version", INT, "Version of the registered model.", False),
        Column("model", STRING, "Model family.", False),
        Column("check", STRING, "floor, group_gap, champion, single_feature ...", False),
        Column("subject", STRING, "What was looked at: a metric, a feature, a snapshot, a version.", False),
        Column("outcome", STRING, "passed, warning, or refused: it kept the model out of force.", False),
        Column("value", DOUBLE, "What was found; null where it is no number."),
        Column("limit", DOUBLE, "What it was compared with; null likewise."),
        Column("text", STRING, "The finding as a sentence.", False),
    ),
    partition="as_of_date",
    key=("as_of_date", "run_id", "check", "subject"),
    written_by=("train",),
)

MODEL_FEATURES = Table(
    name="model_features",
    comment="What a training run made of each feature: used by the model, or not, with the reason.",
    columns=(
        AS_OF_DATE,
        Column("run_id", STRING, "The training run.", False),
        Column("model_version", INT, "Version of the registered model.", False),
        Column("feature", STRING, "The feature.", False),
        Column("used", BOOLEAN, "Whether the model reads it.", False),
        Column(
            "step",
            STRING,
            "What ruled it out: unusable (by the configuration, its definition or its values), or the step of the"
            " selection: variance, association, correlation, elimination or stability; null where it is used.",
        ),
        Column("reason", STRING, "The reason as a sentence; null where it is used."),
        Column("value", DOUBLE, "What the step found; null where it is no number."),
        Column("limit", DOUBLE, "What it was compared with; null likewise."),
        Column("strength", DOUBLE, "Cramér's V with the label on the training rows, 0 to 1; null without a selection."),
        Column("stability", DOUBLE, "Share of the folds that chose it or one alike; null without a selection."),
    ),
    partition="as_of_date",
    key=("as_of_date", "run_id", "feature"),
    written_by=("train",),
)
