"""Pages for people as one HTML file each: every value escaped, every picture inline, no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from churn_spark.report.all_sections import SECTIONS
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent
from churn_spark.report.section import Section
from churn_spark.report.words import long_day


@dataclass(frozen=True, slots=True)
class Layout:
    """A page, its style sheet and its macros: the templates NAME.html, NAME.css and NAME_parts.html."""

    name: str
    macros: tuple[str, ...]

    @property
    def parts(self) -> str:
        """What stands before the template of every section."""
        return f'{{% from "{self.name}_parts.html" import {", ".join(self.macros)} with context %}}\n'


REPORT = Layout("report", ("table", "figure", "absence"))
BRIEF = Layout("brief", ("table", "figures", "absence"))
"""For mail readers, which show neither pictures in SVG nor grids."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A section with what it shows of some facts."""

    id: str
    title: str
    content: Any
    template: Template


def page(facts: Facts, sections: Sequence[Section] = SECTIONS, layout: Layout = REPORT) -> str:
    """The whole page as HTML text; the first section is the first screen, with the warnings of all."""
    environment = _environment()
    style, _, _ = environment.loader.get_source(environment, f"{layout.name}.css")  # type: ignore[union-attr]
    headline, *others = (_shown(environment, section, facts, layout) for section in sections)
    return environment.get_template(f"{layout.name}.html").render(
        project=facts.project.name,
        as_of=facts.as_of.isoformat(),
        as_of_in_words=long_day(facts.as_of),
        run_id=facts.run.run_id,
        # The style sheet is the package's own text, the only one besides pictures that enters as it is.
        style=Markup(style),
        headline=headline,
        warnings=[warning for section in sections for warning in section.warnings(facts)],
        sections=others,
    )


def _shown(environment: Environment, section: Section, facts: Facts, layout: Layout) -> Shown:
    template = environment.from_string(layout.parts + section.template.strip("\n"))
    return Shown(section.id, section.title, section.content(facts), template)


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
