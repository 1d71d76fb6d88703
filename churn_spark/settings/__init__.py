"""The configuration file: read, checked, and resolved into definitions."""

from churn_spark.settings.configuration import errors, load

__all__ = ["errors", "load"]
