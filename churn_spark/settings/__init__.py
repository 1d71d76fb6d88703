"""The configuration file: read, checked, and resolved into definitions."""

from churn_spark.settings.configuration import errors, load
from churn_spark.settings.reference import reference

__all__ = ["errors", "load", "reference"]
