"""What is decided about customers at risk, and what becomes of it: alerts and interventions."""

from pyspark.sql import types as T

from churn_spark.tables.contracts.intake import CUSTOMER_ID
from churn_spark.tables.contracts.snapshots import AS_OF_DATE, KEY
from churn_spark.tables.table import BOOLEAN, DOUBLE, INT, LONG, STRING, Column, Table

AUDIENCE = Column("audience", STRING, "The first of `audiences` whose condition holds, or others.", False)
SEGMENT = Column("segment", STRING, "Segment at the as-of date; null without segmentation.")
TIER = Column("tier", STRING, "high, medium or low, as in risk_scores.", False)
RISK = Column("risk", DOUBLE, "Calibrated probability of churn in the performance window, 0 to 1.", False)
VALUE = Column("value", DOUBLE, "Money the customer is worth, as in risk_scores; null without.")

ALERTS = Table(
    name="alerts",
    comment="One alert about one customer: sent on, or suppressed and why.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        Column("kind", STRING, "high_risk, risk_jump (risk rose) or silent (overdue against the own rhythm).", False),
        AUDIENCE,
        SEGMENT,
        TIER,
        RISK,
        Column("risk_rank", LONG, "1 = highest raw score.", False),
        Column(
            "previous_risk",
            DOUBLE,
            "Risk at the last as-of date with scores before; null where none, or of another model.",
        ),
        Column("threshold", DOUBLE, "What was reached: a risk, a rise of risk, a number of usual intervals.", False),
        Column("observed", DOUBLE, "What reached it, in the same unit.", False),
        VALUE,
        Column("expected_loss", DOUBLE, "risk x value, money; null where value is."),
        Column("reasons", T.ArrayType(STRING), "The main reasons of the risk as texts; null without reasons."),
        Column("title", STRING, "The alert in a line.", False),
        Column("text", STRING, "The alert in a paragraph.", False),
        Column(
            "suppressed",
            STRING,
            "Why nobody hears of it: cooldown (an earlier alert is recent), control (withheld, so that the effect of"
            " actions can be measured); null where it is sent on.",
        ),
        Column("model_version", INT, "Version of the registered model.", False),
        Column(
            "renewed",
            BOOLEAN,
            "Whether it is the first after a cooldown in which the customer stayed above the line; null in the"
            " cooldown.",
        ),
    ),
    partition="as_of_date",
    key=(*KEY, "kind"),
    written_by=("alert",),
)

INTERVENTIONS = Table(
    name="interventions",
    comment="What was planned for a customer above the line (with an alert that is not in its cooldown), and its arm.",
    columns=(
        CUSTOMER_ID,
        AS_OF_DATE,
        AUDIENCE,
        SEGMENT,
        TIER,
        RISK,
        VALUE,
        Column("main_reason", STRING, "The largest reason of the risk; null without reasons."),
        Column("planned_action", STRING, "What the plan for everybody chose; null: nothing pays, or no room was left."),
        Column(
            "arm",
            STRING,
            "treated (gets the planned action), control (gets nothing, whatever was planned), explore (gets an"
            " admissible action at random) or none (nothing was planned).",
            False,
        ),
        Column("action", STRING, "What is done: of the playbook's actions; null for nothing."),
        Column("channel", STRING, "email, sms, phone, letter or app; null for nothing."),
        Column("cost", DOUBLE, "Cost of the action done, money; 0 for nothing.", False),
        Column("effect", DOUBLE, "Share of leavers whom the planned action is expected to keep; null for nothing."),
        Column("expected_profit", DOUBLE, "value x risk x effect - cost of the planned action, money; null likewise."),
        Column(
            "propensity",
            DOUBLE,
            "Probability, over all draws, of what was done given what was planned; arms that come to the same add up:"
            " for nothing planned and nothing done, the control group and those who do not explore.",
            False,
        ),
    ),
    partition="as_of_date",
    key=KEY,
    written_by=("intervene",),
)
