"""What came of actions: which answers count, for how long an action works, when an effect can be stated."""

from dataclasses import dataclass

UNSUBSCRIBED = "unsubscribed"
MEANINGS = ("accepted", "declined", "no_answer", "wrong_reason", "not_at_risk", UNSUBSCRIBED)
OTHER = "other"
"""The meaning of an answer that the configuration does not know."""
ALL, SEGMENT, AUDIENCE = "all", "segment", "audience"
"""What effects are grouped by; `all` is the one group of everybody, too."""
TOO_FEW, WORKS, HARMS, UNDECIDED = "too few to say", "works", "harms", "undecided"
"""What can be said of an effect."""
BETTER, NO_BETTER, NOT_COMPARABLE = "better than chance", "no better than chance", "not comparable"
"""What can be said of an uplift, beside TOO_FEW."""
MOST_INDIVIDUAL = 3
"""Actions of a plan that may have an effect of their own for each band of customers."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to actions as a source of events.

    source: its name. action, answer: its categories with the action answered (None: every answer may be to any action)
    and with the answer. meaning: the meaning of each value of `answer`, one of MEANINGS.
    """

    source: str
    answer: str
    action: str | None = None
    meaning: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """How outcomes and effects are computed.

    carry_over_days: days from its as-of date on in which an action is taken to work and to be answered. least:
    customers that each arm needs before anything is said of an effect. window_days: days of interventions that an
    effect is measured over. prior_customers: customers of each arm of the imagined trial that the playbook's effect
    stands for. learn: whether plans use the measured effects; individual: and within them the uplift of each customer,
    where it is better than chance. least_uplift: customers who left, and who stayed, that each side needs before an
    uplift is learnt.
    """

    answers: Answers | None = None
    carry_over_days: int = 28
    least: int = 50
    window_days: int = 364
    prior_customers: int = 200
    learn: bool = False
    individual: bool = False
    least_uplift: int = 100
