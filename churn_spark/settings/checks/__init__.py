"""Checks between the values of a configuration, one file per subject."""

from collections.abc import Iterator

from churn_spark.settings.checks.alerts import alerts
from churn_spark.settings.checks.audiences import audiences
from churn_spark.settings.checks.clocks import clocks
from churn_spark.settings.checks.columns import columns
from churn_spark.settings.checks.deliveries import deliveries
from churn_spark.settings.checks.dispatch import dispatch
from churn_spark.settings.checks.economics import economics
from churn_spark.settings.checks.features import features
from churn_spark.settings.checks.feedback import feedback
from churn_spark.settings.checks.interventions import interventions
from churn_spark.settings.checks.label import label_and_population
from churn_spark.settings.checks.lookups import lookups
from churn_spark.settings.checks.modelling import modelling
from churn_spark.settings.checks.monitoring import monitoring
from churn_spark.settings.checks.reading import reading
from churn_spark.settings.checks.storage import storage
from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

CHECKS = (
    storage,
    deliveries,
    reading,
    clocks,
    lookups,
    columns,
    features,
    label_and_population,
    modelling,
    monitoring,
    economics,
    audiences,
    alerts,
    feedback,
    dispatch,
    interventions,
)


def contradictions(settings: Settings) -> Iterator[Problem]:
    """Every contradiction between valid values, and every reference to something that does not exist."""
    for check in CHECKS:
        yield from as_far_as_valid(check(settings))
