"""A simulated bank: card payments, transfers, logins. Accounts are not closed: customers leave by falling silent."""

import numpy as np
import pyarrow as pa

from churn_spark.simulate.domain import Domain, Plan, PriceChange
from churn_spark.simulate.draws import choice, zipf
from churn_spark.simulate.feeds import COMMON, Feed, Rows, happenings, moments, words
from churn_spark.simulate.life import Today

BANK = Domain(
    name="bank",
    use_median=0.9,
    use_spread=0.7,
    weekend=(1.3, 0.8),
    failure=0.02,
    churn=0.025,
    typical=9.7,
    closes=False,
    plans=(Plan("free", 0.45, 0, 0.8), Plan("standard", 0.40, 490, 1.0), Plan("premium", 0.15, 1490, 1.5)),
    price_changes=(PriceChange(110, 1, 0.20), PriceChange(230, 2, 0.10)),
    regions=("harbour", "old town", "university", "hills", "airport", "suburbs"),
)

MERCHANTS = ("groceries", "restaurants", "transport", "clothing", "online", "fuel", "pharmacy", "travel", "leisure",
             "electronics", "furniture", "jewellery")  # fmt: skip
TRANSFERS, LOGINS = 0.2, 0.6
"""Transfers and logins per card payment."""
ELSEWHERE = 10**10
"""Account numbers from here on belong to no customer."""


def card_payments(domain: Domain, today: Today) -> Rows:
    """Card payments: id, customer, paid_at, amount (money), merchant, declined (0, 1)."""
    made = happenings(today, "card payment", today.uses)
    merchant = choice(made.uniform("merchant"), zipf(len(MERCHANTS), 1.1))
    amount = np.exp(2.7 + 0.15 * merchant + 0.9 * made.normal("amount"))
    table = pa.table(
        {
            "id": made.id,
            "customer": made.number,
            "paid_at": moments(today, made.clock()),
            "amount": np.round(np.minimum(amount, 20_000), 2),
            "merchant": words(merchant, MERCHANTS),
            "declined": (made.nth < today.failed[made.who]).astype(np.int32),
        }
    )
    return Rows(table)


def transfers(domain: Domain, today: Today) -> Rows:
    """Transfers made: id, customer, made_at, amount (money), counterparty (a customer, or an account elsewhere)."""
    counts = today.draws.poisson(TRANSFERS * today.uses, "transfers", today.t, today.people.number)
    made = happenings(today, "transfer", counts)
    who, luck = made.who, made.uniform("partner") ** 2
    known = today.people.degree[who]
    partner = today.people.partners[who, np.floor(known * luck).astype(np.int64)]
    inside = (made.uniform("inside") < 0.6) & (known > 0) & ~today.departed[partner]
    outside = ELSEWHERE + made.number * 32 + np.floor(20 * luck).astype(np.int64)
    table = pa.table(
        {
            "id": made.id,
            "customer": made.number,
            "made_at": moments(today, made.clock()),
            "amount": np.round(np.minimum(np.exp(4.0 + 1.2 * made.normal("amount")), 100_000), 2),
            "counterparty": np.where(inside, today.people.number[partner], outside),
        }
    )
    return Rows(table)


DEVICES = ("phone", "browser", "tablet")


def logins(domain: Domain, today: Today) -> Rows:
    """Logins to the bank's app: id, customer, at, device."""
    counts = today.draws.poisson(LOGINS * today.uses, "logins", today.t, today.people.number)
    made = happenings(today, "login", counts)
    table = pa.table(
        {
            "id": made.id,
            "customer": made.number,
            "at": moments(today, made.clock()),
            "device": words(choice(made.uniform("device"), zipf(len(DEVICES), 1.5)), DEVICES),
        }
    )
    return Rows(table)


BANK_FEEDS = (
    Feed("card_payments", card_payments, spoilt=("amount", -1.0)),
    Feed("transfers", transfers, spoilt=("amount", 1e12)),
    Feed("logins", logins),
    *COMMON,
)
