"""The causal model does what docs/simulation.md says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pytest

from churn_spark.simulate.causes import ACTIONS, CAUSES, CHANNELS, UPLIFT_TYPES
from churn_spark.simulate.domains import DOMAINS
from churn_spark.simulate.draws import Draws, Vector
from churn_spark.simulate.interventions import NOTHING
from churn_spark.simulate.life import LEFT, STAYS, Contacts, Life, Today
from churn_spark.simulate.people import COMMUNITY, DISTRICT, People, people

FIRST = date(2025, 1, 1)


@dataclass(frozen=True)
class Lived:
    """A life with what was seen of it: one row per day."""

    life: Life
    days: list[Today]

    def total(self, name: str) -> Vector:
        return np.stack([getattr(today, name) for today in self.days])


def lived(
    domain: str, customers: int, days: int, acts: Mapping[int, Contacts] | None = None, regime: int = 999
) -> Lived:
    draws = Draws(3)
    company = DOMAINS[domain]
    life = Life(company, draws, people(company, draws, 1, customers + 1), FIRST, regime)
    return Lived(life, [life.live(t, (acts or {}).get(t, NOTHING)) for t in range(days)])


@cache
def untreated() -> Lived:
    return lived("telecom", 3000, 90)


def contacts(who: Vector, action: str, channel: str) -> Contacts:
    ones = np.ones(len(who), dtype=np.int64)
    return Contacts(who, ones * ACTIONS.index(action), ones * CHANNELS.index(channel), ones)


@pytest.fixture(scope="module", params=["telecom", "bank"])
def company(request: pytest.FixtureRequest) -> Lived:
    return lived(request.param, customers=3000, days=252)


def test_as_many_leave_as_configured(company: Lived):
    left, here = (company.total("gone") == LEFT).sum(), company.total("here").sum()
    assert left / here * 28 == pytest.approx(company.life.domain.churn, rel=0.2)


@pytest.mark.parametrize("cause", [cause.name for cause in CAUSES])
def test_customers_with_more_of_a_cause_leave_more(company: Lived, cause: str):
    # Who uses little has less that can fail: other causes are compared among those with their usual use.
    rows = [today.here & ((cause == "quiet") | (today.levels["quiet"] < 0.2)) for today in company.days]
    level = np.concatenate([today.levels[cause][row] for today, row in zip(company.days, rows, strict=True)])
    left = np.concatenate([(today.gone == LEFT)[row] for today, row in zip(company.days, rows, strict=True)])
    troubled = level > 0.3
    assert left[troubled].mean() > 1.3 * left[~troubled].mean()


def test_use_is_heavy_tailed_and_has_a_weekly_rhythm(company: Lived):
    uses, here = company.total("uses"), company.total("here")
    a_day = uses.sum(axis=0)[here.all(axis=0)] / len(company.days)
    assert np.quantile(a_day, 0.95) > 3 * np.median(a_day)
    weekend = np.array([today.day.weekday() >= 5 for today in company.days])
    assert not 0.9 < uses[weekend].mean() / uses[~weekend].mean() < 1.1


def test_nobody_does_anything_before_joining_or_after_leaving(company: Lived):
    for today in company.days[::20]:
        gone_on, joined = company.life.gone_on, company.life.people.joined
        is_customer = (joined <= today.t) & ((gone_on < 0) | (gone_on >= today.t))
        assert (today.here == is_customer).all()
        for done in (
            today.uses,
            today.ticket,
            today.surveyed,
            today.mentioned,
            today.billed,
            today.renewed,
            today.gone,
        ):
            assert not done[~is_customer].any()


def test_two_futures_differ_only_by_what_was_done():
    customers = 2 * DISTRICT
    treated = np.arange(0, 60, 3)
    before = lived("telecom", customers, 100)
    after = lived("telecom", customers, 100, {20: contacts(treated, "personal_service", "phone")})
    differs = np.zeros(customers, dtype=bool)
    for name in ("uses", "hazard", "care", "gone", "engagement", "wait"):
        differs |= (before.total(name) != after.total(name)).any(axis=0)
    assert differs[treated].sum() > 15
    assert not differs[DISTRICT:].any(), "another district has nothing to do with it"
    assert (before.total("hazard")[:20] == after.total("hazard")[:20]).all()
    reached = np.flatnonzero(differs & ~np.isin(np.arange(customers), treated))
    changed = before.life.gone_on != after.life.gone_on
    for customer in reached:
        partners = before.life.people.partners[customer]
        assert changed[partners[partners >= 0]].any(), (
            "only a neighbour who left or stayed can have made the difference"
        )


@pytest.mark.parametrize(
    ("kind", "action", "channel", "saves"),
    [
        ("persuadable", "personal_service", "phone", True),
        ("persuadable", "coupon", "email", True),
        ("sleeping_dog", "follow_up_call", "phone", False),
    ],
)
def test_an_action_helps_whom_it_suits_and_wakes_sleeping_dogs(kind: str, action: str, channel: str, saves: bool):
    who = np.flatnonzero(untreated().life.people.kind == [kind.name for kind in UPLIFT_TYPES].index(kind))
    act = {t: contacts(who, action, channel) for t in (5, 25)}
    left = [(simulated.life.gone[who] == LEFT).sum() for simulated in (untreated(), lived("telecom", 3000, 90, act))]
    assert left[1] < 0.75 * left[0] if saves else left[1] > 1.25 * left[0]


def test_a_change_of_regime_changes_use_and_leaving():
    usual, after = untreated(), lived("telecom", 3000, 90, regime=45)
    assert (usual.total("uses")[:45] == after.total("uses")[:45]).all()
    assert after.total("uses")[45:].sum() < 0.9 * usual.total("uses")[45:].sum()
    assert after.total("hazard")[45:].sum() > 1.15 * usual.total("hazard")[45:].sum()


def test_partners_are_mostly_of_the_own_community_and_never_beyond_the_district():
    simulated: People = people(DOMAINS["telecom"], Draws(3), 1, 2 * DISTRICT + 1)
    who, slot = np.nonzero(simulated.partners >= 0)
    partner = simulated.partners[who, slot]
    assert (who != partner).all()
    assert (who // DISTRICT == partner // DISTRICT).all()
    assert (who // COMMUNITY == partner // COMMUNITY).mean() > 0.8
    assert simulated.degree.max() > 4 * np.median(simulated.degree)


def test_gone_is_gone(company: Lived):
    ended = [(today.gone != STAYS) for today in company.days]
    assert np.sum(ended, axis=0).max() == 1
