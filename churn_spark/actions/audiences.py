"""Audiences: parts of the customers that decisions differ by, and the rows that conditions about customers are over."""

from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.actions import OTHERS, SCORE_COLUMNS, Audience
from churn_spark.definitions.expressions import mentioned, quoted

KEY = ("customer_id", "as_of_date")


def audience(audiences: Sequence[Audience]) -> Column:
    """The name of the first audience whose condition holds, `others` where none does (null does not hold).

    Over rows with the columns that the conditions mention (see `with_features`).
    """
    named = (F.when(F.expr(each.condition), F.lit(each.name)) for each in audiences)
    return F.coalesce(*named, F.lit(OTHERS))


def with_features(scores: DataFrame, features: DataFrame, conditions: Iterable[str]) -> DataFrame:
    """Rows of `risk_scores` with those columns of `features` that the SQL conditions may mention.

    A customer without features keeps its row, with nulls. Columns of scores that conditions may use hide features of
    the same name.
    """
    hidden = {name for name, _ in SCORE_COLUMNS}
    needed = mentioned(conditions, [name for name in features.columns if name not in hidden])
    if not needed:
        return scores
    apart = scores.select(*(quoted(name) for name in scores.columns if name not in needed))
    return apart.join(features.select(*KEY, *map(quoted, needed)), on=list(KEY), how="left")
