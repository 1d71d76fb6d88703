"""Who is watched and what churn means."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Population:
    """Who is scored at an as-of date.

    by `active`: an event in one of `sources` within the last `days` days, first seen at least `tenure_days` ago.
    by `contract`: `expression` over the attributes as of the date is true.
    """

    by: Literal["active", "contract"]
    sources: tuple[str, ...] = ()
    days: int = 0
    tenure_days: int = 0
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What makes a snapshot's label 1.

    `inactivity`: no active day in any of `sources` in the performance window.
    `decline`: the sum of `measure` a day in the performance window below `ratio` times the sum a day in the
    `base_days` days before the as-of date, both as known by the maturity date.
    `event`: an event of `sources[0]` (rows passing `filter`, SQL over the columns of `events_<source>`) in the
    performance window.
    """

    rule: Literal["inactivity", "decline", "event"]
    sources: tuple[str, ...]
    measure: str | None = None
    ratio: float = 0.4
    base_days: int = 28
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a partner is seen to have left by an as-of date, from what is known then.

    after: days without an event in all of `sources`; None: by an event of `sources[0]` (rows passing `filter`).
    """

    sources: tuple[str, ...]
    after: int | None = None
    filter: str | None = None
