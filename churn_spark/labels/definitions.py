"""The hash of what a label means."""

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project

VERSION = 1
"""Rises when a rule changes its meaning."""


def label_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of the label by table: rule, periods, population and zone."""
    rule = definition_hash(VERSION, project.label, project.periods, project.population, project.zone)
    return {"labels": {"label": rule}}
