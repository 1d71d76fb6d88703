"""The report as one self-contained HTML page: every value escaped, every picture inline, no script."""

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from churn_spark.report.assumptions import assumptions
from churn_spark.report.columns import columns
from churn_spark.report.customers import named, segments, spread
from churn_spark.report.deliveries import intake
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent
from churn_spark.report.headline import headline
from churn_spark.report.performance import performance, rates
from churn_spark.report.provenance import provenance
from churn_spark.report.words import long_day

SECTIONS = (
    ("customers", "The riskiest customers", named),
    ("risks", "How risks are spread", spread),
    ("segments", "Segments", segments),
    ("rates", "How many left before", rates),
    ("model", "How far to trust the model", performance),
    ("deliveries", "What came in", intake),
    ("columns", "What is in the data", columns),
    ("assumptions", "Assumptions", assumptions),
    ("provenance", "Provenance", provenance),
)
"""Id (and template), title, and the function that gives its content from the facts."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; `content` is what its template shows, or why there is nothing."""

    id: str
    title: str
    content: Any

    @property
    def absent(self) -> bool:
        return isinstance(self.content, Absent)


def page(facts: Facts) -> str:
    """The whole page as HTML text."""
    environment = _environment()
    style, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    return environment.get_template("report.html").render(
        project=facts.project.name,
        as_of=facts.run.as_of.isoformat(),
        as_of_in_words=long_day(facts.run.as_of),
        # The style sheet is the package's own text, the only one besides pictures that enters as it is.
        style=Markup(style),
        headline=headline(facts),
        sections=[Section(name, title, content(facts)) for name, title, content in SECTIONS],
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("churn_spark.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["absent"] = lambda value: isinstance(value, Absent)
    return environment
