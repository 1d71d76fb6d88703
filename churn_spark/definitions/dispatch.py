"""How what was decided leaves the house: routes to people and systems, and what may go over each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Decided = Literal["alerts", "interventions"]
Form = Literal["digest", "single", "brief"]

FILE = "interventions.export"
"""The way of the file for the CRM, named after its key, as no route can be."""

_COMMON = (
    ("customer_id", "string"),
    ("as_of_date", "date"),
    ("audience", "string"),
    ("segment", "string"),
    ("tier", "string"),
    ("risk", "double"),
    ("value", "double"),
)
DECIDED_COLUMNS: Mapping[Decided, tuple[tuple[str, str], ...]] = {
    "alerts": (
        *_COMMON,
        ("kind", "string"),
        ("risk_rank", "bigint"),
        ("previous_risk", "double"),
        ("threshold", "double"),
        ("observed", "double"),
        ("expected_loss", "double"),
        ("reasons", "array<string>"),
        ("title", "string"),
        ("text", "string"),
        ("model_version", "int"),
        ("renewed", "boolean"),
    ),
    "interventions": (
        *_COMMON,
        ("main_reason", "string"),
        ("action", "string"),
        ("channel", "string"),
        ("cost", "double"),
    ),
}
"""The columns, with their Spark types, that a route's condition may use: not those that say who is withheld, or
that would show which actions were planned and which were drawn at random."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way out: to whom, which rows, and how.

    url_env: the environment variable with the addresses, never the addresses themselves. decided: the table of the
    rows. form: digest (one message for a date, all rows attached), single (a message for each row) or brief (the brief
    of the date). condition: SQL over the rows, whom it is for; None: all.
    """

    name: str
    url_env: str
    decided: Decided
    form: Form
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """All routes, in their order, and the limits of what a run sends.

    attempts: tries of a message within a run, the first of them included; wait_seconds: before the second try, then
    twice as long each time. answer_seconds: how long an answer is waited for. retry_days: days after the as-of date on
    which what was not sent is still tried. most_single: most single messages of a route on one date; most_rows: most
    rows of a digest.
    """

    routes: tuple[Route, ...]
    attempts: int = 3
    wait_seconds: float = 1.0
    answer_seconds: float = 30.0
    retry_days: int = 3
    most_single: int = 1000
    most_rows: int = 10_000
