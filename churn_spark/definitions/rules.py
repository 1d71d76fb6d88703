"""Population and label rule: whose risk is scored, and what counts as churn."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Population:
    """Who is scored at an as-of date.

    by `active`: an event in one of `sources` within the last `days` days, first seen at least `tenure_days` ago, and
    not known to have left by an event or date of the label.
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
    `attribute`: the date in `attribute` of the customer, as known by the maturity date, lies in the performance window;
    `sources`: the sources of customers that have it.
    `column`: `attribute` of the customer, as known at the as-of date, is true or 1. Such a label is not about later
    days, so there is no performance window, and models are not tested on later dates. `sources` as above.
    """

    rule: Literal["inactivity", "decline", "event", "attribute", "column"]
    sources: tuple[str, ...]
    measure: str | None = None
    ratio: float = 0.4
    base_days: int = 28
    filter: str | None = None
    attribute: str | None = None

    @property
    def of_customers(self) -> bool:
        """Whether the label depends on an attribute of customers instead of events."""
        return self.rule in ("attribute", "column")


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a partner is seen to have left by an as-of date, from what is known then.

    after: days without an event in all of `sources`; None: by an event of `sources[0]` (rows passing `filter`).
    """

    sources: tuple[str, ...]
    after: int | None = None
    filter: str | None = None
