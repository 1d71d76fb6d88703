"""All parts of the brief in their order, the first screen first."""

from churn_spark.report.brief.alerted import BY_AUDIENCE
from churn_spark.report.brief.at_risk import WHO
from churn_spark.report.brief.condition import CONDITION
from churn_spark.report.brief.effect import EFFECT
from churn_spark.report.brief.planned import DOING
from churn_spark.report.brief.today import TODAY

SECTIONS = (TODAY, WHO, BY_AUDIENCE, DOING, EFFECT, CONDITION)
