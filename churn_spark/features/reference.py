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
is null at as-of dates up to the source's first day (`starts`): no data is not the same as no activity. Linear
interpolation of a percentile p of m sorted values takes the position (m - 1) p, counted from 0.
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
a contact counts for the customer of the event, not for the partner. Partners are those of the window, customers or not.
Whether a partner is a customer of ours, and had left, is decided by what was known at `s` (late rows count from the day
they were known):

- label rule `event`: customers of ours are those with an event in any source at any time. A customer had left if a
  churn event (a row of the label's source that passes its filter) was known, whatever came after.
- label rules `inactivity` and `decline`: customers of ours are those with an event in the label's sources at any time.
  A customer had left if none of its events there lies in the last `features.left_after` days,
  `s - left_after <= event_date < s` (default: the length of the performance window). A customer who comes back has no
  longer left.

The **network** is computed once a month: all as-of dates of a month take the values of its first day m. The graph of m
and a window of n days has an edge from customer to partner for the contacts with `m - n <= event_date < m` and
`known_from <= m`, weighted by their number; both ends must be customers of ours, with an event in any source that was
known at m. All arithmetic is in whole numbers (`//` rounds down), so the order of rows changes nothing:

- `pagerank`: everyone starts with the rank 1,000,000,000. In each of 10 rounds a customer who made c > 0 contacts gives
  each of them `rank // c`, and the next rank is `150,000,000 + 17 * (sum of ranks given) // 20`: the damping is 0.85.
  The value is the last rank / the mean of all last ranks. Customers without contacts of their own give nothing; after
  many rounds the division by the mean has the same effect as giving their rank to everyone evenly.
- communities: everyone starts with its own id as its label; a tie's weight is the contacts in both directions. In each
  of 5 rounds, all at once, everyone takes the label with the largest weight among its ties, of equal ones the smallest.
  The weight of a label is the sum over the ties to customers with it; the customer's own label has the weight of its
  strongest tie in addition (otherwise two customers alone would swap labels for ever). Customers with the same label at
  the end are a community; the table `networks` has it as a column.
- `community_left`: decided as above, at m instead of `s`. Members who are no customers of the label's sources do not
  count, nor does the customer itself.

## Derived features and attributes

A derived feature is a SQL expression over other features and attributes (`try_divide` for ratios: null where the base
is 0), given as a double. An attribute is the customer's value in the last version known at `s`, by knowledge date,
nominal date, delivery; null where no version was known.

## Definitions

Each feature has a hash over its operation and version, parameters, the source's mapping, cleaning and zone; the ledger
keeps that hash for every partition. `churn-spark backfill` rebuilds partitions with another hash.
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
