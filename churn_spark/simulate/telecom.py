"""A simulated telephone company: calls, bills, cancelled contracts."""

import numpy as np
import pyarrow as pa

from churn_spark.simulate.domain import Domain, Plan, PriceChange
from churn_spark.simulate.draws import choice
from churn_spark.simulate.feeds import COMMON, Feed, Rows, days, happenings, moments, words
from churn_spark.simulate.life import STAYS, UNPAID, Today

TELECOM = Domain(
    name="telecom",
    use_median=3.2,
    use_spread=0.9,
    weekend=(1.1, 0.35),
    failure=0.014,
    churn=0.03,
    typical=9.3,
    closes=True,
    plans=(
        Plan("prepaid", 0.30, 0, 0.7),
        Plan("basic", 0.35, 1499, 0.9),
        Plan("plus", 0.25, 2499, 1.2),
        Plan("family", 0.10, 3999, 1.6),
    ),
    price_changes=(PriceChange(100, 1, 0.08), PriceChange(190, 2, 0.12), PriceChange(300, 1, 0.10)),
    regions=("north", "south", "east", "west", "centre", "coast", "islands", "highlands"),
)

NETWORKS = ("on_net", "off_net", "service", "international")
PER_MINUTE = np.array([9.0, 4.0, 0.0, 0.0])
"""Cents a minute to national numbers by plan; international ones cost everybody 29."""
FOREIGN = 10**10
"""Telephone numbers from here on belong to no customer."""


def calls(domain: Domain, today: Today) -> Rows:
    """Calls made: id, customer, started, seconds, charge (money), dropped (0, 1), counterparty, network.

    The counterparty is a partner's customer number, or a number outside; partners who left are still called.
    """
    made = happenings(today, "call", today.uses)
    who, number = made.who, made.number
    network = choice(made.uniform("network"), np.array([0.66, 0.27, 0.04, 0.03]))
    known, luck = today.people.degree[who], made.uniform("partner") ** 2
    # Squared draws prefer small numbers: the closest partners, who come first, are called most.
    partner = today.people.partners[who, np.floor(known * luck).astype(np.int64)]
    inside = (network == 0) & (known > 0)
    network = np.where(inside, np.where(today.departed[partner], 1, 0), np.where(network == 0, 1, network))
    outside = FOREIGN + number * 32 + np.floor(20 * luck).astype(np.int64)
    dropped = made.nth < today.failed[who]
    seconds = np.minimum(4 * 3600, np.exp(4.4 + 1.1 * made.normal("length")))
    seconds = np.maximum(1, seconds * np.where(dropped, made.uniform("cut"), 1.0)).astype(np.int64)
    rate = np.where(network == 3, 29.0, PER_MINUTE[today.plan[who]])
    table = pa.table(
        {
            "id": made.id,
            "customer": number,
            "started": moments(today, made.clock()),
            "seconds": seconds,
            "charge": np.rint(rate * seconds / 60) / 100,
            "dropped": dropped.astype(np.int32),
            "counterparty": np.where(inside, today.people.number[partner], outside),
            "network": words(network, NETWORKS),
        }
    )
    return Rows(table)


METHODS = ("direct debit", "card", "transfer", "cash")


def payments(domain: Domain, today: Today) -> Rows:
    """Bills due: id, customer, due_on, amount (money), status (paid, failed), method."""
    due = happenings(today, "payment", today.billed & (today.fee > 0))
    amount = today.fee[due.who] / 100 + np.round(np.maximum(0, due.normal("extras")) * 4, 2)
    method = choice(today.draws.uniform("method", 0, due.number), np.array([0.6, 0.25, 0.1, 0.05]))
    table = pa.table(
        {
            "id": due.id,
            "customer": due.number,
            "due_on": days(today, len(amount)),
            "amount": np.round(amount, 2),
            "status": words(today.paid[due.who].astype(int), ("failed", "paid")),
            "method": words(method, METHODS),
        }
    )
    return Rows(table)


def cancellations(domain: Domain, today: Today) -> Rows:
    """Contracts that end: id, customer, ended_on, reason (voluntary, non_payment)."""
    ended = happenings(today, "cancellation", today.gone != STAYS)
    reason = words((today.gone[ended.who] == UNPAID).astype(int), ("voluntary", "non_payment"))
    columns = {"id": ended.id, "customer": ended.number, "ended_on": days(today, len(ended.who)), "reason": reason}
    return Rows(pa.table(columns))


TELECOM_FEEDS = (
    Feed("calls", calls, spoilt=("seconds", -1)),
    Feed("payments", payments, spoilt=("amount", 1e12)),
    Feed("cancellations", cancellations, clean=True),
    *COMMON,
)
