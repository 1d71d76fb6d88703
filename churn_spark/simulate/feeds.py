"""The sources that all simulated companies have, and helpers to build their rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa

from churn_spark.simulate.causes import ACTIONS, CHANNELS, MOST_WAIT, UPLIFT_TYPES
from churn_spark.simulate.domain import Domain
from churn_spark.simulate.draws import Vector, choice, zipf
from churn_spark.simulate.life import STAYS, Today

DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_CLOCK = np.array([1, 0.5, 0.3, 0.2, 0.2, 0.4, 1.2, 3, 4.5, 5, 5.3, 5.6, 6, 5.5, 5.2, 5.3, 5.6, 6.2, 6.8, 7, 6.2, 4.6,
                   3, 1.8])  # fmt: skip
"""Relative frequency of events in each hour of the day."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a source for one day. delay: days until a row is delivered; None: all are on time."""

    table: pa.Table
    delay: Vector | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of one company: how the rows of a day are made, and the column and value that break a row.

    clean: its rows are never late, doubled or broken.
    """

    name: str
    rows: Callable[[Domain, Today], Rows]
    format: Literal["parquet", "csv"] = "parquet"
    spoilt: tuple[str, int | float | str] | None = None
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Happenings:
    """Events of customers on one day, one row each. nth: running number within the customer's day."""

    today: Today
    what: str
    who: Vector
    nth: Vector

    @property
    def number(self) -> Vector:
        return self.today.people.number[self.who]

    @property
    def id(self) -> Vector:
        """Unique within a source: day, customer and running number side by side."""
        return (np.int64((self.today.day - _EPOCH).days) << 43) | (self.number << 12) | self.nth

    def uniform(self, purpose: str) -> Vector:
        return self.today.draws.uniform(f"{self.what} {purpose}", self.today.t, self.number, self.nth)

    def normal(self, purpose: str) -> Vector:
        return self.today.draws.normal(f"{self.what} {purpose}", self.today.t, self.number, self.nth)

    def clock(self) -> Vector:
        """Microseconds since the day began, by the rhythm of the hours."""
        edges = np.concatenate([[0.0], np.cumsum(_CLOCK) / _CLOCK.sum()])
        return (np.interp(self.uniform("clock"), edges, np.arange(25) * 3600.0) * 1e6).astype(np.int64)


def happenings(today: Today, what: str, counts: Vector) -> Happenings:
    """As many events per customer as counted (or true)."""
    counts = counts.astype(np.int64)
    who = np.repeat(np.arange(len(counts)), counts)
    return Happenings(today, what, who, np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts))


def moments(today: Today, microseconds: Vector) -> pa.Array:
    """Clock times of the day (without a zone) so many microseconds after it began."""
    return pa.array((today.day - _EPOCH).days * DAY_US + microseconds).cast(pa.timestamp("us"))


def days(today: Today, count: int) -> pa.Array:
    """The day itself, so many times."""
    return pa.array(np.full(count, np.datetime64(today.day, "D")))


def words(codes: Vector, vocabulary: tuple[str, ...]) -> pa.Array:
    """The word of each code."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(vocabulary))


TOPICS = ("billing", "network", "device", "contract", "app", "delivery", "data protection", "other")
SITES = ("forum", "reviews", "microblog", "video", "blog")
OUTCOMES = ("accepted", "declined", "no_answer", "unsubscribed")


def tickets(domain: Domain, today: Today) -> Rows:
    """Tickets, delivered on the day they are answered: id, customer, opened, topic, response_minutes, solved."""
    opened = happenings(today, "ticket", today.ticket)
    who, clock = opened.who, opened.clock()
    topic = choice(opened.uniform("topic"), zipf(len(TOPICS)))
    topic = np.where(today.failed[who] > 0, 1, np.where(opened.uniform("price") < today.levels["price"][who], 0, topic))
    table = pa.table(
        {
            "id": opened.id,
            "customer": opened.number,
            "opened": moments(today, clock),
            "topic": words(topic, TOPICS),
            "response_minutes": today.wait[who],
            "solved": words((opened.uniform("solved") < 0.8).astype(int), ("no", "yes")),
        }
    )
    return Rows(table, (clock + today.wait[who] * 60_000_000) // DAY_US)


def surveys(domain: Domain, today: Today) -> Rows:
    """Answers to satisfaction surveys: id, customer, answered_on, score (0 to 10)."""
    answered = happenings(today, "survey", today.surveyed)
    score = np.clip(np.rint(_satisfaction(today)[answered.who] + 1.3 * answered.normal("score")), 0, 10).astype(
        np.int64
    )
    columns = {"id": answered.id, "customer": answered.number, "answered_on": days(today, len(score))}
    return Rows(pa.table({**columns, "score": pa.array(score).cast(pa.string())}))


def mentions(domain: Domain, today: Today) -> Rows:
    """Public mentions traced to a customer: id, customer, posted, site, polarity (-1 to 1)."""
    posted = happenings(today, "mention", today.mentioned)
    polarity = np.clip((_satisfaction(today)[posted.who] - 6) / 4 + 0.4 * posted.normal("polarity"), -1, 1)
    table = pa.table(
        {
            "id": posted.id,
            "customer": posted.number,
            "posted": moments(today, posted.clock()),
            "site": words(choice(posted.uniform("site"), zipf(len(SITES), 1.2)), SITES),
            "polarity": np.round(polarity, 3),
        }
    )
    return Rows(table)


def contacts(domain: Domain, today: Today) -> Rows:
    """Retention actions and the answers: id, customer, contacted_on, action, channel, campaign, outcome."""
    done = today.contacts
    counts = np.bincount(done.who, minlength=len(today.people))
    made, order = happenings(today, "contact", counts), np.argsort(done.who, kind="stable")
    kind, answer = today.people.kind[made.who], made.uniform("outcome")
    accepts = np.array([kind.accepts for kind in UPLIFT_TYPES])[kind]
    unsubscribes = np.array([kind.unsubscribes for kind in UPLIFT_TYPES])[kind]
    outcome = np.select([answer < accepts, answer > 1 - unsubscribes, answer < (1 + accepts) / 2], [0, 3, 1], 2)
    table = pa.table(
        {
            "id": made.id,
            "customer": made.number,
            "contacted_on": days(today, len(order)),
            "action": words(done.action[order], ACTIONS),
            "channel": words(done.channel[order], CHANNELS),
            "campaign": words(done.planned[order].astype(int), ("routine", "retention")),
            "outcome": words(outcome, OUTCOMES),
        }
    )
    return Rows(table)


def customers(domain: Domain, today: Today) -> Rows:
    """Versions of customers, all on the first day, then changed ones: customer, plan, region, monthly_fee, joined_on,
    status, changed_on."""
    ends = (today.gone != STAYS) & domain.closes
    changed = happenings(today, "version", today.renewed | ends)
    who = changed.who
    joined = np.datetime64(today.day, "D") + (today.people.joined[who] - today.t)
    table = pa.table(
        {
            "customer": changed.number,
            "plan": words(today.plan[who], tuple(plan.name for plan in domain.plans)),
            "region": words(today.region[who], domain.regions),
            "monthly_fee": today.fee[who] / 100,
            "joined_on": pa.array(joined),
            "status": words(ends[who].astype(int), ("active", "cancelled")),
            "changed_on": days(today, len(who)),
        }
    )
    return Rows(table)


def _satisfaction(today: Today) -> Vector:
    """The expected answer of each customer, from 0 to 10."""
    weights = {"failures": 3.0, "complaints": 2.5, "slow": 2.5, "price": 1.5, "quiet": 1.5}
    return 8.5 - np.sum([weight * today.levels[name] for name, weight in weights.items()], axis=0)


COMMON = (
    Feed("tickets", tickets, spoilt=("response_minutes", -5)),
    Feed("surveys", surveys, format="csv", spoilt=("score", "n/a")),
    Feed("mentions", mentions, spoilt=("polarity", 99.0)),
    Feed("contacts", contacts),
    Feed("customers", customers, clean=True),
)
LONGEST_WAIT = MOST_WAIT // 1440 + 1
"""Most days from opening a ticket to its delivery."""
