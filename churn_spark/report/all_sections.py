"""All sections of the report in the order of the page, the first screen first: queries, page and reads follow it."""

from collections.abc import Iterable

from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.sections.assumptions import ASSUMPTIONS
from churn_spark.report.sections.checks import CHECKED
from churn_spark.report.sections.columns import COLUMNS
from churn_spark.report.sections.customers import CUSTOMERS
from churn_spark.report.sections.deliveries import CAME_IN
from churn_spark.report.sections.headline import HEADLINE
from churn_spark.report.sections.health import HEALTH
from churn_spark.report.sections.model import MODEL
from churn_spark.report.sections.profit import PROFIT
from churn_spark.report.sections.provenance import PROVENANCE
from churn_spark.report.sections.rates import RATES
from churn_spark.report.sections.reasons import WHY
from churn_spark.report.sections.risks import SPREAD
from churn_spark.report.sections.segments import SEGMENTED
from churn_spark.report.sections.shape import SHAPE
from churn_spark.report.sections.survival import STAYING

SECTIONS = (
    HEADLINE,
    CUSTOMERS,
    WHY,
    SPREAD,
    STAYING,
    SEGMENTED,
    RATES,
    MODEL,
    SHAPE,
    PROFIT,
    CHECKED,
    HEALTH,
    CAME_IN,
    COLUMNS,
    ASSUMPTIONS,
    PROVENANCE,
)


def queries(sections: Iterable[Section] = SECTIONS) -> tuple[Query, ...]:
    """The queries of some sections, each once."""
    return tuple(dict.fromkeys(query for section in sections for query in section.queries))
