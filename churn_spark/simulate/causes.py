"""The causal model's constants: causes of leaving, and effects of each retention action.

The hazard of leaving on a day is exp(base + sum of weight x level + care), where each level lies in [0, 1] and comes
from a memory that halves every `half_life` days: level = 1 - exp(-memory / scale).
"""

from dataclasses import dataclass

ACTIONS = ("coupon", "personal_service", "follow_up_call")
CHANNELS = ("email", "phone", "sms")


@dataclass(frozen=True, slots=True)
class Cause:
    """One driver of the hazard. weight, weight_after: before and after the change of regime, in log-hazard."""

    name: str
    weight: float
    weight_after: float
    half_life: float
    scale: float
    memory: str


QUIET = Cause(
    "quiet", 4.5, 3.4, 14, 1.0, "missing part of the usual use: 1 - (2 + uses) / (2 + expected uses), at least 0"
)
FAILURES = Cause(
    "failures", 2.0, 1.2, 14, 0.06, "failed part of the uses: failed / (3 + uses), dropped calls or declined payments"
)
COMPLAINTS = Cause("complaints", 1.2, 1.2, 30, 1.5, "tickets opened")
SLOW = Cause("slow", 1.5, 1.5, 30, 2.0, "days spent waiting for an answer")
PRICE = Cause("price", 0.8, 1.6, 40, 1.0, "tenths that the price rose by, times the customer's sensitivity")
NEIGHBOURS = Cause("neighbours", 2.5, 2.5, 45, 0.4, "share of the customer's partners who left")
CAUSES = (QUIET, FAILURES, COMPLAINTS, SLOW, PRICE, NEIGHBOURS)

NEWCOMER, NEWCOMER_DAYS = 0.7, 90.0
"""A customer of t days has NEWCOMER * exp(-t / NEWCOMER_DAYS) more log-hazard."""
MOST_HAZARD = 0.2
"""No customer leaves with a higher probability a day."""
REGIME_DAYS = 270
"""Days from the first one to the change of regime, unless it is given."""
BASE_AFTER, USE_AFTER = 0.8, 0.85
"""A rival enters: the change of regime adds the first to every log-hazard, the second is a factor on all use."""
FADES, RECOVERS, FADED, FADING_PACE = 1 / 500, 1 / 60, 0.2, 0.08
"""A customer begins to fade, and recovers, with these probabilities a day; engagement then moves by FADING_PACE of the
way a day towards FADED or back to 1. At the start as many fade as always would."""
LOST_PARTNER_USE = 0.4
"""Use falls by this part of the level of `neighbours`."""


@dataclass(frozen=True, slots=True)
class UpliftType:
    """How a kind of customer responds to retention actions: a hidden property.

    base: added to the log-hazard always. effects: change of the log-hazard by action (in the order of ACTIONS) right
    after it; a customer's own differ by a random factor. accepts, unsubscribes: probabilities of the answers.
    """

    name: str
    share: float
    base: float
    effects: tuple[float, float, float]
    accepts: float
    unsubscribes: float


UPLIFT_TYPES = (
    UpliftType("persuadable", 0.35, 0.3, (-0.9, -1.2, -0.7), 0.45, 0.01),
    UpliftType("sure_thing", 0.35, -0.7, (-0.05, -0.05, -0.05), 0.50, 0.01),
    UpliftType("lost_cause", 0.15, 0.7, (-0.05, -0.10, -0.05), 0.10, 0.05),
    UpliftType("sleeping_dog", 0.15, -0.2, (0.7, 0.3, 0.9), 0.10, 0.15),
)
MATCHES = {"coupon": PRICE, "personal_service": COMPLAINTS, "follow_up_call": SLOW}
"""The cause that each action answers: the action has (1 + level of that cause) times its effect."""
CHANNEL_STRENGTHS = (0.6, 1.0, 0.7)
"""Factor on the effect by channel, in the order of CHANNELS; a customer's own differ by a random factor."""
CARE_HALF_LIFE = 45.0
"""Days in which the effect of an action halves."""
EFFECT_SPREAD, CHANNEL_SPREAD, BASE_SPREAD = 0.3, 0.4, 0.4
"""Standard deviations between customers: of log effect, log channel factor, base log-hazard."""

ROUTINE_CONTACT = 0.002
"""Probability per day of an unplanned contact: action and channel at random."""
TICKET, TICKET_AFTER_FAILURE, TICKET_AT_PRICE = 0.0012, 0.04, 0.015
"""Probability a day of opening a ticket; more by each failed use of the day, and by the level of `price`."""
WAIT_MEDIAN, WAIT_SPREAD, WAIT_IN_JAM, MOST_WAIT = 240.0, 1.3, 6.0, 9 * 1440
"""Minutes until a ticket is answered: log-normal; in a region's jammed week WAIT_IN_JAM times as long; at most."""
SURVEYED, MENTIONED, MENTIONED_UPSET = 0.004, 0.0004, 0.006
"""Probability a day of answering a survey, of writing in public, and more of it by frustration."""
OUTAGE, OUTAGE_FACTOR, JAM = 0.06, 5.0, 0.08
"""Probability that a region's week has an outage (uses fail OUTAGE_FACTOR times as often), or jammed service."""
BAD_PAYERS, MISSES_BAD, MISSES, UNPAID_AT_MOST = 0.03, 0.45, 0.015, 3
"""Share of customers who often miss a bill, the probability to miss one in both groups, unpaid ones that end it."""
