"""`docs/features.md`, generated from the vocabulary of operations."""

from churn_spark.definitions.ops import OPS, Op

_INTRODUCTION = """# Features

Generated from `churn_spark/definitions/ops.py` by `make docs`; do not edit.

A feature is an operation over the events of one source, in a window that ends before the as-of date. It is named
`<source>_<column>_<op>_<n>d`, for example `purchases_amount_sum_28d`; without a column, `purchases_count_28d`; lifetime
ones have no window: `purchases_tenure`.

Let `s` be the as-of date (the state of knowledge at the start of that day). The window of n days is
`s - n <= event_date < s`, and of its events only those with `known_from <= s` exist. D is the customer's sorted active
days (days with an event) in the window, `y` the number of events of a day, `age = s - event_date`. Measures are exact
integers at their declared scale until the last step; values are in the measure's unit. Events whose measure is null
count as events, not as values.

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
