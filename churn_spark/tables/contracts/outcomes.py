"""What came of interventions: their outcomes, and the measured effect of each action."""

from pyspark.sql import types as T

from churn_spark.tables.contracts.actions import AUDIENCE, RISK, SEGMENT, VALUE
from churn_spark.tables.contracts.intake import CUSTOMER_ID
from churn_spark.tables.contracts.snapshots import AS_OF_DATE, KEY
from churn_spark.tables.table import DATE, DOUBLE, LONG, STRING, Column, Table

OUTCOMES = Table(
    name="outcomes",
    comment="What came of one row of interventions: the answer, and once the label has matured whether the customer"
    " stayed.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        AUDIENCE,
        SEGMENT,
        RISK,
        VALUE,
        Column("main_reason", STRING, "The largest reason of the risk; null without reasons."),
        Column("planned_action", STRING, "What the plan for everybody chose; null: nothing."),
        Column("arm", STRING, "treated, control, explore or none, as in interventions.", False),
        Column("action", STRING, "What was done; null for nothing."),
        Column("cost", DOUBLE, "Cost of what was done, money; 0 for nothing.", False),
        Column("propensity", DOUBLE, "Probability, over the draws, of what was done given what was planned.", False),
        Column(
            "answer",
            STRING,
            "The newest answer: accepted, declined, no_answer, wrong_reason, not_at_risk, unsubscribed, or other (its"
            " value is not in feedback.answers.meaning); null: none came.",
        ),
        Column("answered_on", DATE, "Day of that answer; null likewise."),
        Column("answer_known_from", DATE, "First as-of date that may use that answer; null likewise."),
        Column("answers", LONG, "Answers that came; the newest counts.", False),
        Column("contradicting", LONG, "Those that mean something else than the newest.", False),
        Column(
            "retained",
            LONG,
            "1: stayed, 0: left, by the label of the as-of date; null until it matures and where there is none.",
        ),
        Column("excluded", STRING, "Why there is no label though it has matured, as in labels; null otherwise."),
        Column("matured_on", DATE, "First as-of date that may use `retained`; null until then."),
    ),
    partition="as_of_date",
    key=KEY,
    written_by=("feedback",),
)

QINI_POINT = T.StructType([T.StructField("share", DOUBLE), T.StructField("kept", DOUBLE)])

EFFECTS = Table(
    name="effects",
    comment="The effect of an action, from matured outcomes: customers who got it beside customers for whom it was"
    " planned and who were withheld, each by the first plan there was for the customer.",
    columns=(
        AS_OF_DATE,
        Column("action", STRING, "The planned action.", False),
        Column("grouped_by", STRING, "all, segment or audience: what the customers were parted by.", False),
        Column("segment", STRING, "The segment or audience (`unknown` where it is null); all for everybody.", False),
        Column("treated", LONG, "Customers with a label whose first plan it was, and who got it.", False),
        Column("control", LONG, "Those who were withheld from it.", False),
        Column("treated_left", LONG, "Those of `treated` who left.", False),
        Column("control_left", LONG, "Those of `control` who left.", False),
        Column("effect", DOUBLE, "Share who left of control less that of treated; null where an arm is empty."),
        Column("low", DOUBLE, "Lower end of its 95 % interval; null likewise."),
        Column("high", DOUBLE, "Upper end of its 95 % interval; null likewise."),
        Column("kept_share", DOUBLE, "effect / share who left of control: the share of leavers kept; null where none."),
        Column("prior", DOUBLE, "The effect that the playbook assumes, a share of leavers; null: not in it any more."),
        Column(
            "shrunk",
            DOUBLE,
            "The share of leavers kept, drawn towards `prior` by feedback.prior_customers; may be below 0. Null where"
            " prior is.",
        ),
        Column(
            "value_kept",
            DOUBLE,
            "Value of those who stayed, treated less control, money for one customer; null without values.",
        ),
        Column("value_low", DOUBLE, "Lower end of its 95 % interval; null likewise."),
        Column("value_high", DOUBLE, "Upper end of its 95 % interval; null likewise."),
        Column("cost", DOUBLE, "Mean cost of the action for one treated customer, money; null where there is none."),
        Column("profit", DOUBLE, "value_kept - cost, money for one customer; null without values."),
        Column("total_profit", DOUBLE, "profit x treated, money: of first plans, not of later ones; null likewise."),
        Column(
            "qini",
            DOUBLE,
            "Qini coefficient of the risk: how much more acting on the riskiest first keeps than acting at random, as"
            " a mean over all depths, a share of the treated; only of `all`, null where an arm is empty.",
        ),
        Column(
            "qini_points",
            T.ArrayType(QINI_POINT),
            "Qini curve: by share of the customers, the riskiest first, those kept as a share of all treated. Null"
            " likewise.",
        ),
        Column(
            "verdict",
            STRING,
            "works or harms (effect lies three standard errors beside 0), undecided, or too few to say"
            " (feedback.least).",
            False,
        ),
    ),
    partition="as_of_date",
    key=("as_of_date", "action", "grouped_by", "segment"),
    written_by=("feedback",),
)
