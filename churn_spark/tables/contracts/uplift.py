"""For whom each action does more: what models of uplift say, and how much they are worth."""

from pyspark.sql import types as T

from churn_spark.tables.contracts.snapshots import AS_OF_DATE
from churn_spark.tables.table import DOUBLE, INT, LONG, STRING, Column, Table

BAND = T.StructType(
    [
        T.StructField("band", INT),
        T.StructField("customers", LONG),
        T.StructField("uplift", DOUBLE),
        T.StructField("times", DOUBLE),
    ]
)

UPLIFT = Table(
    name="uplift",
    comment="The uplift model of an action: learnt from customers whom chance treated or withheld, each counted once,"
    " and evaluated on customers that it had not seen.",
    columns=(
        AS_OF_DATE,
        Column("action", STRING, "The planned action.", False),
        Column("treated", LONG, "Customers who got it, with a label.", False),
        Column("control", LONG, "Customers for whom it was planned and who were withheld, with a label.", False),
        Column("treated_left", LONG, "Those of `treated` who left.", False),
        Column("control_left", LONG, "Those of `control` who left.", False),
        Column(
            "verdict",
            STRING,
            "better than chance or no better than chance (the interval of qini lies above 0, or not), too few to say"
            " (feedback.least_uplift), or not comparable (more are missing on one side than chance explains).",
            False,
        ),
        Column("finding", STRING, "What the verdict rests on, in words.", False),
        Column(
            "qini",
            DOUBLE,
            "Qini coefficient of the ranking by uplift, cross-fitted: how much more acting on the first keeps than"
            " acting at random, as a mean over all depths, a share of the treated; null without a model.",
        ),
        Column("qini_low", DOUBLE, "Lower end of its 95 % interval; null likewise."),
        Column("qini_high", DOUBLE, "Upper end of its 95 % interval; null likewise."),
        Column("risk_qini", DOUBLE, "Qini coefficient of the ranking by risk, same customers; null likewise."),
        Column("gain", DOUBLE, "qini - risk_qini; null likewise."),
        Column("gain_low", DOUBLE, "Lower end of its 95 % interval; null likewise."),
        Column("gain_high", DOUBLE, "Upper end of its 95 % interval; null likewise."),
        Column(
            "slope",
            DOUBLE,
            "How far the measured uplift follows the predicted one where that is more than the same share of all who"
            " would leave, drawn towards 0 as far as it is uncertain: 1 where the prediction is right, 0 where it says"
            " nothing; null likewise.",
        ),
        Column(
            "bands",
            T.ArrayType(BAND),
            "Quarters of the customers, those with the highest predicted uplift first: customers, their mean predicted"
            " uplift, and the multiple of the action's effect that a plan by uplift expects of them."
            " Null likewise.",
        ),
        Column("model", STRING, "Both models and their inputs, as JSON, by which plans score; null likewise."),
    ),
    partition="as_of_date",
    key=("as_of_date", "action"),
    written_by=("uplift",),
)
