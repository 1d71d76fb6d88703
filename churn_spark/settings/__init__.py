"""The configuration file: read, checked, and resolved into definitions."""

from churn_spark.settings.configuration import errors, load, warnings

__all__ = ["errors", "load", "warnings"]
