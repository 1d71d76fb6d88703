"""The lives of some customers, day by day: use, failures, tickets, bills, and who leaves."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from churn_spark.simulate import causes as c
from churn_spark.simulate.domain import Domain
from churn_spark.simulate.draws import Draws, Vector
from churn_spark.simulate.people import People

STAYS, LEFT, UNPAID = 0, 1, 2
"""Why a customer is gone: left voluntarily, or because bills went unpaid."""
CHANGES_PLAN, MOVES = 1 / 700, 1 / 900
"""Probabilities per day of changing the plan, of moving to another region."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Retention actions, one row each. who: row of the customer; action, channel: indices; planned: not routine."""

    who: Vector
    action: Vector
    channel: Vector
    planned: Vector


@dataclass(frozen=True, slots=True)
class Today:
    """All that happened on one day; vectors have one row per customer.

    t: days since the first one. here: is a customer this day. uses, failed: counts. ticket: opened one, answered after
    `wait` minutes. surveyed, mentioned: said what they think. billed, paid: a bill was due, and was paid. renewed: has
    new terms (or is new). gone: STAYS, LEFT or UNPAID, at the end of the day. hazard: the probability with which a
    customer leaves this day. levels: of each cause, by name. care: log-hazard from retention actions. departed:
    gone before today.
    """

    day: date
    t: int
    draws: Draws
    people: People
    here: Vector
    uses: Vector
    failed: Vector
    ticket: Vector
    wait: Vector
    surveyed: Vector
    mentioned: Vector
    billed: Vector
    paid: Vector
    renewed: Vector
    gone: Vector
    contacts: Contacts
    plan: Vector
    region: Vector
    fee: Vector
    hazard: Vector
    levels: dict[str, Vector]
    care: Vector
    engagement: Vector
    departed: Vector


class Life:
    """The hidden state of some whole districts; `live` simulates the next day. Days must be simulated in order."""

    def __init__(self, domain: Domain, draws: Draws, people: People, first: date, regime_day: int) -> None:
        count = len(people)
        self.domain, self.draws, self.people, self.first, self.regime_day = domain, draws, people, first, regime_day
        self.gone = np.zeros(count, dtype=np.int64)
        self.gone_on = np.full(count, -1, dtype=np.int64)
        self.plan, self.region = people.plan.copy(), people.region.copy()
        self.fee = np.array([plan.fee for plan in domain.plans], dtype=np.int64)
        self.fading = draws.happens(c.FADES / (c.FADES + c.RECOVERS), "faded", 0, people.number) & (people.joined < 0)
        self.engagement = np.where(self.fading, c.FADED, 1.0)
        self.care = np.zeros(count)
        self.unpaid = np.zeros(count, dtype=np.int64)
        self.memory = {cause.name: np.zeros(count) for cause in c.CAUSES}
        usual = people.rate / (1 - _kept(c.QUIET.half_life))
        self.used, self.expected = usual * self.engagement, usual.copy()

    def live(self, t: int, planned: Contacts) -> Today:
        """Day `t` with the retention actions planned for it."""
        day, here = self.first + timedelta(days=t), (self.gone == STAYS) & (self.people.joined <= t)
        renewed = here & (self._new_terms(t, here) | (self.people.joined == t) | (t == 0))
        contacts = self._contacts(t, here, planned)
        uses, failed = self._use(t, day, here)
        ticket, wait = self._tickets(t, here, failed)
        billed, paid = self._bills(t, here)
        self._remember(failed, ticket, wait)
        levels = self.levels()
        hazard = np.where(here, self._hazard(t, levels), 0.0)
        leaves = self._happens(hazard, "leaves", t)
        ends = here & ~leaves & (self.unpaid >= c.UNPAID_AT_MOST) & self.domain.closes
        departed = self.gone != STAYS
        self._part(t, leaves, ends)
        upset = np.maximum(levels["failures"], levels["complaints"])
        return Today(
            day, t, self.draws, self.people, here, uses, failed, ticket, wait,
            surveyed=here & self._happens(c.SURVEYED, "survey", t),
            mentioned=here & self._happens(c.MENTIONED + c.MENTIONED_UPSET * upset, "mention", t),
            billed=billed, paid=paid, renewed=renewed,
            gone=np.where(leaves, LEFT, np.where(ends, UNPAID, STAYS)),
            contacts=contacts, plan=self.plan.copy(), region=self.region.copy(), fee=self.fee[self.plan],
            hazard=hazard, levels=levels, care=self.care.copy(), engagement=self.engagement.copy(),
            departed=departed,
        )  # fmt: skip

    def levels(self) -> dict[str, Vector]:
        """The level of each cause, in [0, 1]."""
        memory = self.memory | {"failures": self.memory["failures"] / (3 + self.used)}
        levels = {cause.name: 1 - np.exp(-memory[cause.name] / cause.scale) for cause in c.CAUSES}
        levels["quiet"] = np.clip(1 - (2 + self.used) / (2 + self.expected), 0, 1)
        return levels

    def _happens(self, probability: Vector | float, purpose: str, t: int) -> Vector:
        return self.draws.happens(probability, purpose, t, self.people.number)

    def _new_terms(self, t: int, here: Vector) -> Vector:
        """Raise prices, change plans and regions; which customers have new terms from today on."""
        for change in self.domain.price_changes:
            if change.day == t:
                self.fee[change.plan] = round(self.fee[change.plan] * (1 + change.rise))
                hit = here & (self.plan == change.plan)
                self.memory["price"] += hit * self.people.sensitivity * change.rise * 10
        risen = np.isin(self.plan, [change.plan for change in self.domain.price_changes if change.day == t])
        changes, moves = here & self._happens(CHANGES_PLAN, "new plan", t), here & self._happens(MOVES, "moves", t)
        number, plans, regions = self.people.number, len(self.domain.plans), len(self.domain.regions)
        other_plan = np.floor(self.draws.uniform("which plan", t, number) * plans).astype(np.int64)
        other_region = np.floor(self.draws.uniform("which region", t, number) * regions).astype(np.int64)
        self.plan, self.region = np.where(changes, other_plan, self.plan), np.where(moves, other_region, self.region)
        return risen | changes | moves

    def _contacts(self, t: int, here: Vector, planned: Contacts) -> Contacts:
        """Today's actions, routine ones included; each changes the customer's `care` at once."""
        routine = np.flatnonzero(here & self._happens(c.ROUTINE_CONTACT, "routine", t))
        number = self.people.number[routine]
        action = np.floor(self.draws.uniform("routine action", t, number) * len(c.ACTIONS)).astype(np.int64)
        channel = np.floor(self.draws.uniform("routine channel", t, number) * len(c.CHANNELS)).astype(np.int64)
        meant = here[planned.who]
        contacts = Contacts(
            who=np.concatenate([routine, planned.who[meant]]),
            action=np.concatenate([action, planned.action[meant]]),
            channel=np.concatenate([channel, planned.channel[meant]]),
            planned=np.arange(len(routine) + meant.sum()) >= len(routine),
        )
        levels = self.levels()
        troubled = np.stack([levels[c.MATCHES[name].name] for name in c.ACTIONS], axis=1)
        people, who = self.people, contacts.who
        effect = people.effects[who, contacts.action] * people.channels[who, contacts.channel]
        self.care *= _kept(c.CARE_HALF_LIFE)
        np.add.at(self.care, who, effect * (1 + troubled[who, contacts.action]))
        return contacts

    def _use(self, t: int, day: date, here: Vector) -> tuple[Vector, Vector]:
        people = self.people
        begins, recovers = self._happens(c.FADES, "fades", t), self._happens(c.RECOVERS, "recovers", t)
        self.fading = (self.fading | begins) & ~(self.fading & recovers)
        self.engagement += c.FADING_PACE * (np.where(self.fading, c.FADED, 1.0) - self.engagement)
        usual = people.rate * (people.weekend if day.weekday() >= 5 else 1.0)
        usual = usual * (c.USE_AFTER if t >= self.regime_day else 1.0)
        lonely = 1 - c.LOST_PARTNER_USE * (1 - np.exp(-self.memory["neighbours"] / c.NEIGHBOURS.scale))
        uses = self.draws.poisson(usual * self.engagement * lonely * here, "uses", t, people.number)
        chance = np.minimum(0.5, self.domain.failure * self._quality(t)[self.region])
        failed = np.minimum(self.draws.poisson(uses * chance, "failed", t, people.number), uses)
        kept = _kept(c.QUIET.half_life)
        self.used, self.expected = kept * self.used + uses, kept * self.expected + usual
        return uses, failed

    def _quality(self, t: int) -> Vector:
        """The factor on the failure rate by region: each has its own level, and weeks of outage."""
        region = np.arange(len(self.domain.regions))
        own = np.exp(0.25 * self.draws.normal("region", 0, region))
        return own * np.where(self.draws.happens(c.OUTAGE, "outage", t // 7, region), c.OUTAGE_FACTOR, 1.0)

    def _tickets(self, t: int, here: Vector, failed: Vector) -> tuple[Vector, Vector]:
        price = 1 - np.exp(-self.memory["price"] / c.PRICE.scale)
        opens = here & self._happens(
            c.TICKET + c.TICKET_AFTER_FAILURE * failed + c.TICKET_AT_PRICE * price, "ticket", t
        )
        jam = self.draws.happens(c.JAM, "jam", t // 7, np.arange(len(self.domain.regions)))[self.region]
        wait = c.WAIT_MEDIAN * np.exp(c.WAIT_SPREAD * self.draws.normal("wait", t, self.people.number))
        wait = np.clip(wait * np.where(jam, c.WAIT_IN_JAM, 1.0), 1, c.MOST_WAIT)
        return opens, wait.astype(np.int64)

    def _bills(self, t: int, here: Vector) -> tuple[Vector, Vector]:
        billed = here & (self.fee[self.plan] > 0) & (t % 28 == self.people.bill_day)
        paid = billed & ~self._happens(np.where(self.people.bad_payer, c.MISSES_BAD, c.MISSES), "bill", t)
        self.unpaid = np.where(paid, 0, self.unpaid + billed)
        return billed, paid

    def _remember(self, failed: Vector, ticket: Vector, wait: Vector) -> None:
        new = {"failures": failed, "complaints": ticket, "slow": ticket * wait / 1440}
        for cause in c.CAUSES:
            self.memory[cause.name] = self.memory[cause.name] * _kept(cause.half_life) + new.get(cause.name, 0.0)

    def _hazard(self, t: int, levels: dict[str, Vector]) -> Vector:
        after = t >= self.regime_day
        tenure = t - self.people.joined
        log_hazard = self.people.base + self.care + c.NEWCOMER * np.exp(-tenure / c.NEWCOMER_DAYS)
        for cause in c.CAUSES:
            log_hazard = log_hazard + (cause.weight_after if after else cause.weight) * levels[cause.name]
        return np.minimum(c.MOST_HAZARD, np.exp(log_hazard + (c.BASE_AFTER if after else 0.0)))

    def _part(self, t: int, leaves: Vector, ends: Vector) -> None:
        """Record who is gone; the level of `neighbours` of their partners rises from tomorrow on."""
        today = leaves | ends
        self.gone = np.where(leaves, LEFT, np.where(ends, UNPAID, self.gone))
        self.gone_on = np.where(today, t, self.gone_on)
        partners = self.people.partners
        known = partners >= 0
        lost = (known & today[partners]).sum(axis=1) / np.maximum(1, known.sum(axis=1))
        self.memory["neighbours"] += lost


def _kept(half_life: float) -> float:
    """The share of a memory that remains after one day."""
    return float(0.5 ** (1 / half_life))
