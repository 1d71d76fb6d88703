"""`docs/simulation.md`, generated from the constants of the causal model."""

from collections.abc import Iterable

from churn_spark.simulate import causes as c
from churn_spark.simulate import deliveries as d
from churn_spark.simulate import life, people, truth
from churn_spark.simulate.domain import Domain
from churn_spark.simulate.domains import DOMAINS, FEEDS

_INTRODUCTION = """# Simulated customers

Generated from `churn_spark/simulate` by `make docs`; do not edit.

`churn-spark simulate` makes companies that do not exist, with as many customers as wanted: a telephone company whose
customers cancel (`conf/telecom.yaml`), and a bank whose customers fall silent (`conf/bank.yaml`). Everything shown of
them says "simulated". They give data of any size, and a truth to compare with (who would have left, whom an action
would have kept), which no real data have.

```
churn-spark simulate telecom --customers 10000 --from 2025-01-01 --to 2025-12-31 --seed 1 --out simulated/telecom
```

| below `--out` | |
| --- | --- |
| `sources/<source>/<date>/` | the delivery of a day: one part per batch of customers, `_SUCCESS` once all are there |
| `truth/customers` | hidden properties of each customer, when and why it left |
| `truth/effects` | the effect of each action by each channel on each customer, in log-hazard |
| `truth/states/<date>` | every {every} days: hazard, level of each cause, care, engagement of each customer |
| `truth/partners`, `truth/interventions` | who is in touch with whom; the planned actions |
| `simulation.json` | the parameters of the simulation |

The jobs read `sources` only.
"""

_KEYS = """
## Draws, futures, interruptions

Every random number is a hash of the seed, its purpose, the day, the customer and a running number. Nothing is drawn in
sequence, so two runs with the same seed differ only in the actions on customers and their consequences: an untreated
customer has the same life in both, to the last call, unless a partner leaves in only one of them.

Customers live in districts of {district} (and in communities of {community} in them); nobody has a partner beyond. A
Spark task simulates all days of some whole districts, so tasks are independent. A run that was killed, or is given a
later `--to`, simulates the days again, which is cheap, and writes the missing parts; the files are the same, byte by
byte, as those of one undisturbed run. Their content does not depend on the machine's cores.

## Interventions

`--interventions TABLE` names a Delta or Parquet table: `customer_id`, `date`, `action` ({actions}), `channel`
({channels}). Each row is an action on that customer on that day: it shows up in the source `contacts` as campaign
`retention`, and changes the hazard from that day on. So a closed loop is simulated a stretch at a time: simulate up to
a day, let the jobs decide, add the decisions to the table, simulate on. Interventions up to the last day reached cannot
be changed afterwards.

## What the model leaves out

Seasons beyond the week; customers who come back; congestion (one customer's tickets do not delay another's); partners
in other districts; and after {joining} days nobody joins any more.
"""


def reference() -> str:
    """The page in Markdown."""
    parts = [
        _INTRODUCTION.format(every=truth.EVERY),
        _hazard(),
        _actions(),
        _lives(),
        _companies(),
        _flaws_of_deliveries(),
    ]
    keys = _KEYS.format(
        district=people.DISTRICT,
        community=people.COMMUNITY,
        actions=", ".join(f"`{name}`" for name in c.ACTIONS),
        channels=", ".join(f"`{name}`" for name in c.CHANNELS),
        joining=people.JOINING_DAYS,
    )
    return "".join([*parts, keys])


def _hazard() -> str:
    rows = [
        (cause.name, cause.memory, cause.weight, cause.weight_after, f"{cause.half_life:g}", cause.scale)
        for cause in c.CAUSES
    ]
    return f"""
## Why a customer leaves

On each day a customer leaves voluntarily with probability

`min({c.MOST_HAZARD}, exp(base + {c.NEWCOMER} exp(-days here / {c.NEWCOMER_DAYS:g}) + sum of weight x level + care))`

`base` is the company's rate of leaving, plus a normal difference between customers (standard deviation
{c.BASE_SPREAD}), plus that of the uplift type below. `care` is what retention actions left. The level of a cause is
`1 - exp(-memory / scale)`, and memory halves every so many days; `quiet` is its ratio itself. Levels lie in [0, 1].

{_table(("cause", "memory", "weight", "after the change", "half-life, days", "scale"), rows)}
**Change of regime.** On day {c.REGIME_DAYS} (or `--regime-change`) a rival comes: the weights become those under "after
the change", every log-hazard rises by {c.BASE_AFTER}, and everybody's use falls to {c.USE_AFTER:.0%}.

**Bills.** Where contracts are closed, {c.BAD_PAYERS:.0%} of the customers miss a bill with probability {c.MISSES_BAD},
the others with {c.MISSES}; after {c.UNPAID_AT_MOST} in a row the company ends the contract, which is not
voluntary churn.
"""


def _actions() -> str:
    kinds = [(kind.name, f"{kind.share:.0%}", kind.base, *kind.effects, kind.accepts) for kind in c.UPLIFT_TYPES]
    matches = ", ".join(f"`{action}` by `{cause.name}`" for action, cause in c.MATCHES.items())
    strengths = ", ".join(f"{name} {strength}" for name, strength in zip(c.CHANNELS, c.CHANNEL_STRENGTHS, strict=True))
    return f"""
## What retention actions do

Each customer has a hidden uplift type. An action adds effect x channel x (1 + level of the matching cause) to `care`,
which halves every {c.CARE_HALF_LIFE:g} days; below zero it keeps the customer, above it drives away.

{_table(("uplift type", "share", "base", *c.ACTIONS, "accepts"), kinds)}
The matching causes: {matches}. Strength by channel: {strengths}. A customer's own effects and channels differ from
these by log-normal factors (deviations {c.EFFECT_SPREAD} and {c.CHANNEL_SPREAD}). With probability {c.ROUTINE_CONTACT}
a day a customer gets an action that nobody planned, drawn at random: campaign `routine` in the source `contacts`.
"""


def _lives() -> str:
    return f"""
## What customers do

Use a day is Poisson with the customer's own rate (log-normal, so heavy-tailed) x the plan x the weekend x engagement x
the loss of partners. Engagement is 1, and drifts to {c.FADED} while a customer fades: that begins with probability
1 in {1 / c.FADES:.0f} a day, ends with 1 in {1 / c.RECOVERS:.0f}, and appears in no delivery. When partners
leave, use falls by up to {c.LOST_PARTNER_USE:.0%}. Uses fail (calls drop, payments are declined) more
often in some regions, and {c.OUTAGE_FACTOR:g} times as often in a region's week of outage ({c.OUTAGE:.0%} of weeks).

A ticket is opened with probability {c.TICKET} + {c.TICKET_AFTER_FAILURE} per failed use of the day +
{c.TICKET_AT_PRICE} x level of `price`. Its answer takes log-normal minutes (median {c.WAIT_MEDIAN:g}), in a region's
jammed week ({c.JAM:.0%}) {c.WAIT_IN_JAM:g} times as long; the ticket is delivered on the day it is answered. A
survey is answered with probability {c.SURVEYED} a day: 8.5 less the effects of failures, complaints, waiting, price and
quiet, plus noise. Public mentions ({c.MENTIONED}, more with frustration) have a polarity from the same satisfaction.
Plans change once in {1 / life.CHANGES_PLAN:.0f} days, regions once in {1 / life.MOVES:.0f}; {people.HERE_AT_START:.0%}
of the customers are there on the first day, the rest join within {people.JOINING_DAYS} days.

A customer has 2 to {people.MOST_PARTNERS} partners, few mostly, {people.OWN_COMMUNITY:.0%} of them in the own
community; the closest are called (or paid) most.
"""


def _companies() -> str:
    return "\n## The companies\n" + "".join(_company(domain) for domain in DOMAINS.values())


def _company(domain: Domain) -> str:
    plans = [
        (plan.name, f"{plan.share:.0%}", f"{plan.fee / 100:.2f}", plan.use, _rises(domain, n))
        for n, plan in enumerate(domain.plans)
    ]
    sources = [(f"`{feed.name}`", feed.format, _one_line(feed.rows.__doc__)) for feed in FEEDS[domain.name]]
    leaving = "cancelling, an event of its own" if domain.closes else "falling silent: no account is closed"
    return f"""
### `{domain.name}`

{domain.churn:.1%} of the customers leave in 28 days, by {leaving}. Median use {domain.use_median} a day (log deviation
{domain.use_spread}), {domain.failure:.0%} of it fails; on weekends {domain.weekend[0]} times as much by private people,
{domain.weekend[1]} times by the third who use it at work. Regions: {", ".join(domain.regions)}.

{_table(("plan", "share", "fee a month", "use", "rises"), plans)}
{_table(("source", "format", "rows"), sources)}"""


def _rises(domain: Domain, plan: int) -> str:
    return ", ".join(f"{rise.rise:+.0%} on day {rise.day}" for rise in domain.price_changes if rise.plan == plan)


def _one_line(docstring: str | None) -> str:
    return " ".join((docstring or "").split())


def _flaws_of_deliveries() -> str:
    return f"""
## Flaws of the deliveries

{d.LATE:.0%} of the rows arrive 1 to {d.MOST_LATE} days late; {d.DOUBLED:.1%} arrive twice, half of the copies a day
later; {d.BROKEN:.1%} are broken: half of them without a customer, half with an impossible value (calls of -1
seconds, a score of "n/a"). Versions of customers and cancellations have no flaws. Whether a row is flawed depends on
its id alone.
"""


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
