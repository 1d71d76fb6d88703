"""What money and features are counted in, as far as the measures they are made of say."""

import re

from churn_spark.definitions.project import Project

SUMMED = ("sum", "mean", "std", "min", "max", "first", "last", "delta")
"""Operations whose result is in the unit of their measure."""


def unit(project: Project, name: str) -> str:
    """The unit of a feature of one measure; empty where nothing says it."""
    for feature in project.features.windowed:
        if feature.name == name and feature.op in SUMMED:
            measures = project.source(feature.source).measures
            return next((measure.unit for measure in measures if measure.name == feature.column), "")
    return ""


def money(project: Project) -> str:
    """The unit of the value of a customer: that of the features it is made of, where they have one in common."""
    named = set(re.findall(r"\w+", project.scoring.value or ""))
    for derived in project.features.derived:
        if derived.name in named:
            named.update(derived.inputs)
    units = {unit(project, name) for name in named} - {""}
    return units.pop() if len(units) == 1 else ""


def counted(heading: str, in_what: str) -> str:
    """`Expected loss, USD`, or the heading alone."""
    return f"{heading}, {in_what}" if in_what else heading
