"""The population of an as-of date: the customers that have a row in its snapshot, whatever is known of them."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.rules import Population
from churn_spark.features.as_of import KEY
from churn_spark.features.customers import first_column, first_days


def population(rule: Population, dates: Collection[date], candidates: DataFrame, first_seen: DataFrame) -> DataFrame:
    """The customers of the population at each as-of date: customer_id, as_of_date.

    `active`: an event known at the date in one of the rule's sources in the last `days` days, and the first one in any
    of them at least `tenure_days` before it. `contract`: the rule's expression is true of the attributes known then.

    candidates: with `active` the customers with such an event (customer_id, as_of_date; other columns stay), with
    `contract` the attributes (see `customers.attributes`). first_seen: customer_id, source, first_seen, known_from.
    """
    if rule.by == "contract":
        return candidates.where(F.expr(rule.expression or "false")).select(*KEY)
    if rule.tenure_days <= 0:
        return candidates
    first = F.array_min(F.array(*(first_column(source) for source in rule.sources)))
    known = first_days(first_seen, rule.sources, dates)
    tenured = known.where(F.date_diff("as_of_date", first) >= rule.tenure_days).select(*KEY)
    return candidates.join(tenured, on=list(KEY), how="left_semi")
