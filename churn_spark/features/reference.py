"""`docs/features.md`, generated from the vocabulary of operations."""

from churn_spark.definitions.ops import OPS, Op

_INTRODUCTION = """# Features

Generated from `churn_spark/definitions/ops.py` by `make docs`; do not edit.

A feature is an operation over the events of one source, in a window that ends before the as-of date. It is named
`<source>_<column>_<op>_<n>d`, for example `purchases_amount_sum_28d`; without a column, `purchases_count_28d`; lifetime
ones have no window: `purchases_tenure`.

Let `s` be the as-of date (the state of knowledge at the start of that day), m the first day of its month. The window of
n days is `s - n <= event_date < s`, and of its events only those with `known_from <= s` exist. D is the customer's
sorted active days (days with an event) in the window, `y` the number of events of a day, `age = s - event_date`.
Measures are exact integers at their declared scale until the last step; values are in the measure's unit. Events whose
measure is null count as events, not as values.

A feature of a customer without any event in the window has the value under *nothing there*. Every feature of a source
is null at as-of dates up to its first day (`starts`): no data is not the same as no activity. Linear interpolation of a
percentile p of m sorted values takes the position (m - 1) p, counted from 0.
"""

_SECTIONS = {
    "events": "Over events",
    "measure": "Over a measure",
    "days": "Over active days and the number of events a day",
    "category": "Over a category",
    "customer": "Over the customer's life",
    "contacts": "Over contacts",
    "network": "Over the network of the month",
}

_END = """
Contacts are the events of a source with a `counterparty` (the partner's customer id) that is not the customer itself;
they count for the customer whose event it is, not for the partner. Partners are those of the window, customers or not.
All that is said of a partner is what was known at `s`, late rows included from the day they came:

- label rule `event`: a customer of ours is who had an event in any source, whenever. It had left if a churn event (a
  row of the label's source that passes its filter) was known, whatever came after.
- label rules `inactivity` and `decline`: a customer of ours is who had an event in the label's sources, whenever. It
  had left if none of its events there lies in the last `features.left_after` days, `s - left_after <= event_date < s`
  (left out: as many as the performance window has). Who comes back has not left any more.

The **network** is computed once a month: all as-of dates of a month take the numbers of its first day m. The graph of m
and a window of n days has an edge from customer to partner for the contacts with `m - n <= event_date < m` and
`known_from <= m`, as heavy as there are contacts; both ends must be customers of ours, who had an event in any source
that was known at m. All is counted in whole numbers (`//` rounds down), so that the order of rows changes nothing:

- `pagerank`: everyone starts with the rank 1,000,000,000. In each of 10 rounds a customer who made c > 0 contacts gives
  each of them `rank // c`, and the next rank is `150,000,000 + 17 * (all that was given) // 20`: the damping is 0.85.
  The value is the last rank / the mean of all last ranks. Customers who were only contacted give nothing on; with many
  rounds the division by the mean makes that the same as if they gave to everyone evenly.
- communities: everyone starts with its own id as its label; a tie weighs the contacts either way. In each of 5 rounds,
  all at once, everyone takes the label with the largest weight around it, of equal ones the smallest. A label weighs
  the ties with those who have it, and the own label the strongest tie besides (else two customers alone would swap
  labels for ever). Those with the same label at the end are a community; the table `networks` has it as a column.
- `community_left`: who had left by m is said as above for `s`. A member who is no customer of the label's sources does
  not count, nor does the customer itself.

## Derived features and attributes

A derived feature is a SQL expression over other features and attributes (`try_divide` for ratios: null where the base
is 0), given as a double. An attribute is the customer's value in the last version known at `s`, by knowledge date,
nominal date, delivery; null where nothing was known.

## Definitions

Each feature has a hash over its operation and version, parameters, the source's mapping, cleaning and zone; the ledger
keeps it for every partition. Partitions of another hash are rebuilt by `churn-spark backfill`.
"""


def reference() -> str:
    """Markdown of every operation: what it is computed from, its formula and type, and its value without events."""
    parts = [_INTRODUCTION]
    for over, title in _SECTIONS.items():
        rows = [_row(op) for op in OPS.values() if op.over == over]
        parts.append("\n".join([f"## {title}\n", *_HEAD, *rows, ""]))
    return "\n".join(parts) + _END


_HEAD = ("| op | value | type | nothing there | version |", "| --- | --- | --- | --- | --- |")


def _row(op: Op) -> str:
    kind = "integer" if op.integer else "number"
    return f"| `{op.name}` | {op.formula.replace('|', chr(92) + '|')} | {kind} | {op.empty} | {op.version} |"
