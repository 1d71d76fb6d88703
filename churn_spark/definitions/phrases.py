"""Features as a person says them, and which of them are one concept over several windows."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.project import Project

IN_UNITS = ("sum", "mean", "std", "min", "max", "first", "last", "delta")
"""Operations whose result is in the unit of their measure."""
SHARES = ("share", "left_partners", "left_contacts", "community_left")
WINDOW = re.compile(r"_\d+d(?![a-z0-9])")
"""A window in the name of a derived feature."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A feature in words.

    concept: what it says whatever its window, week or half-life. text: with those. kind: how its values read.
    unit: of a number; empty where nothing says it.
    """

    concept: str
    text: str
    kind: Literal["number", "share", "yes or no", "text"] = "number"
    unit: str = ""

    def sentence(self, value: float | str | None, typical: float | str | None) -> str:
        """`amount of purchases in 28 days: 12 USD against 55 typical`; None: unknown, of a typical value: not said."""
        said = f"{self.text}: {self._said(value)}"
        if self.unit and isinstance(value, float):
            said = f"{said} {self.unit}"
        return said if typical is None else f"{said} against {self._said(typical)} typical"

    def _said(self, value: float | str | None) -> str:
        if value is None:
            return "unknown"
        if isinstance(value, str):
            return value
        if self.kind == "yes or no":
            return "yes" if value >= 0.5 else "no"
        return f"{_short(100 * value)} %" if self.kind == "share" else _short(value)


def phrases(project: Project) -> dict[str, Phrase]:
    """The phrase of every feature, by its name."""
    windowed = {feature.name: _windowed(project, feature) for feature in project.features.windowed}
    derived = {d.name: Phrase(_spaced(WINDOW.sub("", d.name)), _spaced(d.name)) for d in project.features.derived}
    return {**windowed, **derived, **dict(_attributes(project))}


def _windowed(project: Project, feature: Feature) -> Phrase:
    op, rows = OPS[feature.op], _spaced(feature.source)
    concept = op.says.format(
        rows=rows,
        of=_spaced(feature.column or ""),
        value=feature.value or "",
        shared=f"{_spaced(feature.measure)} of {rows}" if feature.measure else rows,
    )
    details = [f"in {feature.window} days"] if feature.window and not feature.lag else []
    details += [f"half-life {feature.half_life:g} days"] if feature.half_life else []
    details += [f"({feature.lag} back)"] if feature.lag else []
    kind: Literal["number", "share"] = "share" if feature.op in SHARES else "number"
    return Phrase(concept, f"{concept} {', '.join(details)}".strip(), kind, unit_of(project, feature))


def unit_of(project: Project, feature: Feature) -> str:
    """The unit of a feature of one measure; empty where nothing says it."""
    if feature.op not in IN_UNITS:
        return ""
    measures = project.source(feature.source).measures
    return next((measure.unit for measure in measures if measure.name == feature.column), "")


def _attributes(project: Project) -> Iterator[tuple[str, Phrase]]:
    for attribute in project.features.attributes:
        said = _spaced(attribute.name)
        if attribute.type == "boolean":
            yield attribute.name, Phrase(said, said, "yes or no")
        elif attribute.type == "date":
            yield attribute.name, Phrase(said, f"days since {said}")
        else:
            yield attribute.name, Phrase(said, said, "text" if attribute.type == "string" else "number")


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _short(number: float) -> str:
    """Three digits of a small number, every digit before the point of a large one: `0.0123`, `12.3`, `1,204`."""
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    written = f"{number:,.{digits}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
