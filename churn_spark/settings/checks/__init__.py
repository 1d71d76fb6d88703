"""What must hold between the values of a configuration, one file a subject."""

from collections.abc import Iterator

from churn_spark.settings.checks.columns import columns
from churn_spark.settings.checks.deliveries import deliveries
from churn_spark.settings.checks.features import features
from churn_spark.settings.checks.label import label_and_population
from churn_spark.settings.checks.modelling import modelling
from churn_spark.settings.checks.place import place
from churn_spark.settings.document import Problem
from churn_spark.settings.draft import Draft


def problems_between(draft: Draft) -> Iterator[Problem]:
    """Every contradiction, and every reference to something that does not exist."""
    yield from place(draft)
    yield from deliveries(draft)
    yield from columns(draft)
    yield from features(draft)
    yield from label_and_population(draft)
    yield from modelling(draft)
