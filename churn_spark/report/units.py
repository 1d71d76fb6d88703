"""What money and features are counted in, as far as the measures they are made of say."""

import re

from churn_spark.definitions.phrases import unit_of
from churn_spark.definitions.project import Project


def unit(project: Project, name: str) -> str:
    """The unit of a feature of one measure; empty where nothing says it."""
    return next((unit_of(project, feature) for feature in project.features.windowed if feature.name == name), "")


def money(project: Project, value: str | None = None) -> str:
    """The unit of the value of a customer: that of the features it is made of, where they have one in common.

    value: its expression; default: that of the scores.
    """
    if value is None and project.expected_value:
        rule = project.expected_value
        return project.source(rule.source).measure(rule.measure).unit or ""
    named = set(re.findall(r"\w+", value or project.scoring.value or ""))
    for derived in project.features.derived:
        if derived.name in named:
            named.update(derived.inputs)
    units = {unit(project, name) for name in named} - {""}
    return units.pop() if len(units) == 1 else ""


def counted(heading: str, in_what: str) -> str:
    """`Expected loss, USD`, or the heading alone."""
    return f"{heading}, {in_what}" if in_what else heading
