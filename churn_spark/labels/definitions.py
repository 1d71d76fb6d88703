"""The hash of what a label means."""

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project
from churn_spark.definitions.tile_hashes import column_hash, rows_hash

VERSION = 1
"""Rises when a rule changes its meaning."""


def last_seen_days(project: Project) -> int:
    """How many days before an as-of date the last active day of an inactive customer is looked for.

    Everybody in a population by activity in the label's own sources has had one within the days it asks for.
    """
    population = project.population
    if population.by == "active" and set(population.sources) <= set(project.label.sources):
        return population.days
    return max(population.days, project.features.longest)


def label_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of the label by table: rule, periods, population and zone, and what its sources' rows mean."""
    sources = [project.source(name) for name in project.label.sources]
    seen = [rows_hash(source, project.zone) for source in sources]
    if project.label.rule == "inactivity":
        seen.append(str(last_seen_days(project)))
    if project.label.measure:
        seen += [column_hash(source.measure(project.label.measure), project.features.longest) for source in sources]
    rule = definition_hash(VERSION, project.label, project.periods, project.population, project.zone, seen)
    return {"labels": {"label": rule}}
