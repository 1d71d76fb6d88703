"""The hash of a label's definition."""

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.lookups import lookup_definitions
from churn_spark.definitions.project import Project
from churn_spark.lineage.tile_hashes import column_hash, rows_hash

VERSION = 2
"""Rises when a rule makes other labels of the same rows."""


def last_seen_days(project: Project) -> int:
    """How many days before an as-of date the last active day of an inactive customer is looked for.

    With a population by activity in the label's own sources, every customer had an active day within the rule's days.
    """
    population = project.population
    if population.by == "active" and set(population.sources) <= set(project.label.sources):
        return population.days
    return max(population.days, project.features.longest)


def label_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of the label by table: rule, periods, population and zone, and the definitions of its sources' rows."""
    sources = [project.source(name) for name in project.label.sources]
    inputs = [rows_hash(source, project.zone) for source in sources]
    if project.label.attribute:
        attributes = {a.name: (a.expression, source.lookups) for source in sources for a in source.attributes}
        expression, lookups = attributes[project.label.attribute]
        inputs.append(definition_hash(expression, *lookup_definitions(lookups, [expression])))
    if project.label.rule == "inactivity":
        inputs.append(str(last_seen_days(project)))
    if project.label.measure:
        measure, longest = project.label.measure, project.features.longest
        inputs += [column_hash(source, source.measure(measure), longest) for source in sources]
    rule = definition_hash(VERSION, project.label, project.periods, project.population, project.zone, inputs)
    return {"labels": {"label": rule}}


def label_hash(project: Project) -> str:
    """The hash of the label's definition."""
    return label_definitions(project)["labels"]["label"]
