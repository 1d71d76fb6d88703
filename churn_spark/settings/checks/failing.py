"""SQL expressions that can fail on a row, as warnings: a feature is null there, a condition ends the job.

Those of sources are left out: a row on which one fails is quarantined, or has no value in that column.
"""

from collections.abc import Callable, Iterator, Sequence

from churn_spark.settings.checks.sql import (
    Columns,
    action_expressions,
    audience_expressions,
    feature_expressions,
    route_expressions,
    rule_expressions,
)
from churn_spark.settings.document import Problem
from churn_spark.settings.root import Settings

Failures = Callable[[Columns, str], Sequence[str]]
"""Gives a sentence for each part of a SQL expression over columns (name, type) that can fail on a row."""


def failing(settings: Settings, failures: Failures) -> Iterator[Problem]:
    """A warning for each part that can fail in conditions, derived features and the value of a customer."""
    for group, consequence in (
        (rule_expressions, "otherwise the job fails on such a row"),
        (route_expressions, "otherwise the job fails on such a row"),
        (feature_expressions, "otherwise the value is null"),
        (audience_expressions, "otherwise the job fails on such a row"),
        (action_expressions, "otherwise the job fails on such a row"),
    ):
        for columns, expression, _, keys in group(settings):
            for sentence in failures(columns, expression):
                yield Problem(keys, f"warning: {expression!r}: {sentence} ({consequence})")
