"""A section of the report: one value that says everything about one part of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from churn_spark.report.facts import Facts
from churn_spark.report.query import Query


def no_warnings(facts: Facts) -> Sequence[str]:
    """Nothing that the first screen must say."""
    return ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page.

    id: what links of the page name. content: what the template shows, from the facts; `Absent` where there is nothing.
    template: Jinja text that shows `content`, with the macros of the page's layout. queries: the frames that content
    and warnings use, with the tables these read and their dates. warnings: sentences that the first screen must say.
    """

    id: str
    title: str
    content: Callable[[Facts], Any]
    template: str
    queries: tuple[Query, ...] = ()
    warnings: Callable[[Facts], Sequence[str]] = no_warnings
