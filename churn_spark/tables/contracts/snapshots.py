"""What is known and predicted of each customer at an as-of date: features, networks, labels, segments, risk scores."""

from pyspark.sql import types as T

from churn_spark.definitions.features import FeatureSet
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.words import EXCLUDED_MEANINGS
from churn_spark.tables.contracts.intake import CUSTOMER_ID
from churn_spark.tables.table import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, Column, Table

AS_OF_DATE = Column("as_of_date", DATE, "State of knowledge at the start of this day.", False)
KEY = ("customer_id", "as_of_date")

LABELS = Table(
    name="labels",
    comment="The label of each customer of a snapshot, once matured.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        Column("label", INT, "1: churned in the performance window, 0: not; null where excluded."),
        Column("excluded", STRING, f"Why there is no label: {', '.join(EXCLUDED_MEANINGS)}; null otherwise."),
        Column("churned_on", DATE, "Day of the churn event, or the day after the last active day; null if stayed."),
        Column("days_to_churn", INT, "churned_on - as_of_date, days; null if stayed."),
        Column("matured_on", DATE, "First as-of date that may use the label; later where a delivery came late.", False),
    ),
    partition="as_of_date",
    key=KEY,
    written_by=("build_labels",),
)

SEGMENTS = Table(
    name="segments",
    comment="RFM quintiles and k-means segment of each customer.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        Column("recency_quintile", INT, "5 = most recent fifth."),
        Column("frequency_quintile", INT, "5 = most frequent fifth."),
        Column("monetary_quintile", INT, "5 = highest spending fifth."),
        Column("rfm", STRING, "The three quintiles side by side, 555 is best."),
        Column("segment", INT, "k-means segment, 0 has the highest monetary centre."),
    ),
    partition="as_of_date",
    key=KEY,
    written_by=("build_features",),
)

SEGMENT_CENTRES = Table(
    name="segment_centres",
    comment="Centres of the k-means segments of a month, fitted on the population of its first day.",
    columns=(
        Column("as_of_date", DATE, "First day of the month.", False),
        Column("segment", INT, "0 has the highest monetary centre.", False),
        Column("feature", STRING, "Feature of the centre.", False),
        Column("centre", DOUBLE, "Centre of log(1 + max(value, 0)) standardised.", False),
        Column("mean", DOUBLE, "Mean used for standardising.", False),
        Column("std", DOUBLE, "Standard deviation used for standardising; 1 where it is 0.", False),
    ),
    partition="as_of_date",
    key=("as_of_date", "segment", "feature"),
    written_by=("build_centres",),
)

NETWORKS = Table(
    name="networks",
    comment="How central a customer is among customers in contact, and its community; only where features ask for it.",
    columns=(
        CUSTOMER_ID,
        Column("as_of_date", DATE, "First day of the month; state of knowledge at its start.", False),
        Column("source", STRING, "Source of the contacts.", False),
        Column("days", INT, "Length of the window of contacts before the first day.", False),
        Column("pagerank", DOUBLE, "Weighted PageRank, the mean is 1; null where no feature asks."),
        Column(
            "community", STRING, "The customer_id that names the community; null where no feature asks.", person="id"
        ),
        Column("community_size", LONG, "Members of the community; null where no feature asks."),
        Column("community_left", DOUBLE, "Share of its other members who had left; null alone or where none asks."),
    ),
    partition="as_of_date",
    key=("customer_id", "as_of_date", "source", "days"),
    written_by=("build_networks",),
)

REASON = T.StructType(
    [
        T.StructField("feature", STRING),
        T.StructField("value", DOUBLE),
        T.StructField("typical", DOUBLE),
        T.StructField("contribution", DOUBLE),
        T.StructField("text", STRING),
    ]
)

HORIZON = T.StructType([T.StructField("days", INT), T.StructField("survival", DOUBLE)])

RISK_SCORES = Table(
    name="risk_scores",
    comment="The risk of one customer at one as-of date.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        Column("segment", STRING, "Segment at the as-of date; null without segmentation."),
        Column("risk", DOUBLE, "Calibrated probability of churn in the performance window, 0 to 1.", False),
        Column("raw_score", DOUBLE, "Score of the model before calibration; ranks are by it.", False),
        Column(
            "base_value",
            DOUBLE,
            "The score where nothing is known of the customer, in reason_unit; null without reasons.",
        ),
        Column("risk_rank", LONG, "1 = highest raw score; ties by customer_id.", False),
        Column("decile", INT, "1 = riskiest tenth.", False),
        Column("tier", STRING, "high, medium or low: by rank of the raw score, in the shares of `scoring`.", False),
        Column(
            "value",
            DOUBLE,
            "Money the customer is worth: a year by scoring.value, or in the horizon of scoring.expected_value; null"
            " without either.",
        ),
        Column("expected_loss", DOUBLE, "risk x value, money; null where value is."),
        Column(
            "reason_codes",
            T.ArrayType(REASON),
            "Why: inputs grouped by what they say, the largest contribution first, the rest"
            " as `other` last; base_value and all contributions make raw_score. Null without reasons.",
        ),
        Column("model_name", STRING, "Registered model.", False),
        Column("model_version", INT, "Version of the registered model.", False),
        Column("replayed", BOOLEAN, "Scored by a model not in force at the date.", False),
        Column(
            "expected_days",
            DOUBLE,
            "Days until churn that are expected up to the last horizon of `training.survival` (restricted mean): that"
            " horizon for somebody sure to stay; null without it.",
        ),
        Column(
            "reason_unit",
            STRING,
            "What base_value and contributions count: probability (they add up to raw_score) or log_odds (to"
            " ln(raw_score / (1 - raw_score))); null without reasons and in rows written before it was kept.",
        ),
        Column(
            "reasons_exact",
            BOOLEAN,
            "Whether contributions are exact Shapley values, or an approximation that adds up too. Null likewise.",
        ),
        Column(
            "survival",
            T.ArrayType(HORIZON),
            "By horizon, in days from the as-of date: the probability of not having churned by then; null without"
            " `training.survival` and in rows written before it was kept.",
        ),
    ),
    partition="as_of_date",
    key=KEY,
    written_by=("score",),
)


def features(feature_set: FeatureSet) -> Table:
    """The contract of `features`: one row per customer of the population and as-of date."""
    windowed = (
        Column(f.name, LONG if OPS[f.op].integer else DOUBLE, f"{OPS[f.op].formula}; empty: {OPS[f.op].empty}.")
        for f in feature_set.windowed
    )
    attributes = (Column(a.name, _attribute_type(a.type), "Attribute as of the date.") for a in feature_set.attributes)
    derived = (Column(d.name, DOUBLE, f"{d.expression}.") for d in feature_set.derived)
    return Table(
        name="features",
        comment="One customer of the population at one as-of date.",
        columns=(CUSTOMER_ID, AS_OF_DATE, *windowed, *attributes, *derived),
        partition="as_of_date",
        key=KEY,
        written_by=("build_features",),
    )


def _attribute_type(name: str) -> T.DataType:
    return {"string": STRING, "int": INT, "bigint": LONG, "double": DOUBLE, "date": DATE, "boolean": BOOLEAN}[name]
