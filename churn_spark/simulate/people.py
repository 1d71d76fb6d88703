"""Properties of customers that never change: habits, hidden type, sensitivities, partners. One array per property."""

from dataclasses import dataclass

import numpy as np

from churn_spark.simulate.causes import (
    BAD_PAYERS,
    BASE_SPREAD,
    CHANNEL_SPREAD,
    CHANNEL_STRENGTHS,
    EFFECT_SPREAD,
    UPLIFT_TYPES,
)
from churn_spark.simulate.domain import Domain
from churn_spark.simulate.draws import Draws, Vector, choice, zipf

DISTRICT, COMMUNITY = 1024, 32
"""Customers per district (nobody has partners beyond it), and per community (where most partners are from)."""
OWN_COMMUNITY = 0.85
MOST_PARTNERS = 24
MOST_USE = 60.0
HERE_AT_START, JOINING_DAYS, TENURE_DAYS = 0.85, 365, 700.0
"""Share of the customers present on the first day, days within which the rest join, mean tenure at the start."""
ALWAYS = 0
"""The day number for draws of properties that never change."""


@dataclass(frozen=True, slots=True)
class People:
    """Some whole districts of customers; row n of every column is the same customer.

    number: customer id, from 1. joined: day, negative before the first one. rate: uses a day at a factor of 1.
    weekend: factor on Saturdays and Sundays. base: log-hazard a day without any cause. kind: index of UPLIFT_TYPES.
    effects: log-hazard by action; channels: factor by channel. partners: rows of this table, the closest first; then
    -1.
    """

    number: Vector
    joined: Vector
    rate: Vector
    weekend: Vector
    base: Vector
    kind: Vector
    effects: Vector
    channels: Vector
    sensitivity: Vector
    bad_payer: Vector
    bill_day: Vector
    plan: Vector
    region: Vector
    partners: Vector

    @property
    def degree(self) -> Vector:
        return (self.partners >= 0).sum(axis=1)

    def __len__(self) -> int:
        return len(self.number)


def people(domain: Domain, draws: Draws, first: int, end: int) -> People:
    """The customers with numbers first <= number < end; `first` begins a district."""
    number = np.arange(first, end, dtype=np.int64)

    def uniform(purpose: str) -> Vector:
        return draws.uniform(purpose, ALWAYS, number)

    def spread(purpose: str, deviation: float) -> Vector:
        return np.exp(deviation * draws.normal(purpose, ALWAYS, number))

    kind = choice(uniform("kind"), np.array([kind.share for kind in UPLIFT_TYPES]))
    tenure = np.floor(-TENURE_DAYS * np.log(uniform("tenure"))).astype(np.int64)
    joining = np.floor(uniform("joining") * JOINING_DAYS).astype(np.int64)
    plan = choice(uniform("plan"), np.array([plan.share for plan in domain.plans]))
    rate = domain.use_median * spread("rate", domain.use_spread) * np.array([plan.use for plan in domain.plans])[plan]
    base = np.log(domain.churn / 28 / domain.typical) + BASE_SPREAD * draws.normal("base", ALWAYS, number)
    own_effect = [spread(f"effect {n}", EFFECT_SPREAD) for n in range(3)]
    own_channel = [spread(f"channel {n}", CHANNEL_SPREAD) * strength for n, strength in enumerate(CHANNEL_STRENGTHS)]
    return People(
        number=number,
        joined=np.where(uniform("here") < HERE_AT_START, -1 - tenure, joining),
        rate=np.minimum(rate, MOST_USE),
        weekend=np.array(domain.weekend)[(uniform("rhythm") < 0.35).astype(np.int64)],
        base=base + np.array([kind.base for kind in UPLIFT_TYPES])[kind],
        kind=kind,
        effects=np.array([kind.effects for kind in UPLIFT_TYPES])[kind] * np.stack(own_effect, axis=1),
        channels=np.stack(own_channel, axis=1),
        sensitivity=spread("sensitivity", 0.6),
        bad_payer=uniform("payer") < BAD_PAYERS,
        bill_day=np.floor(uniform("bill day") * 28).astype(np.int64),
        plan=plan,
        region=choice(uniform("region"), zipf(len(domain.regions), 0.8)),
        partners=_partners(draws, number),
    )


def _partners(draws: Draws, number: Vector) -> Vector:
    """A few partners per customer, mostly of the same community, where low numbers are the hubs; never the customer."""
    count = len(number)
    row = np.arange(count)
    wanted = np.floor(2 * draws.uniform("partners", ALWAYS, number) ** -0.7)
    degree = np.minimum(wanted, MOST_PARTNERS)
    who, slot = np.broadcast_arrays(number[:, None], np.arange(MOST_PARTNERS)[None, :])
    near = draws.happens(OWN_COMMUNITY, "near", ALWAYS, who, slot)
    size = np.where(near, COMMUNITY, DISTRICT)
    start = row[:, None] // size * size
    span = np.minimum(start + size, count) - start
    partner = start + np.floor(draws.uniform("partner", ALWAYS, who, slot) ** 1.5 * span).astype(np.int64)
    is_partner = (slot < degree[:, None]) & (partner != row[:, None])
    first = np.argsort(~is_partner, axis=1, kind="stable")
    return np.take_along_axis(np.where(is_partner, partner, -1), first, axis=1)
