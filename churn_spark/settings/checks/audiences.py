"""Audiences: no name that everybody else has already."""

from collections.abc import Iterator

from churn_spark.definitions.actions import OTHERS
from churn_spark.settings.document import Problem
from churn_spark.settings.root import Settings


def audiences(settings: Settings) -> Iterator[Problem]:
    """Problems of the audiences."""
    if OTHERS in settings.audiences:
        yield Problem(
            ("audiences", OTHERS),
            f"{OTHERS!r} are the customers for whom no audience's condition holds; choose another name",
        )
