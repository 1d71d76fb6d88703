"""Churn prediction as a suite of Spark jobs over Delta tables."""

__version__ = "0.1.0"
