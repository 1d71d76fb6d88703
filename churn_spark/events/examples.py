"""Example values of refused rows for messages: the values that a reason is about, without identifying anybody."""

import json
import re
from collections.abc import Collection, Mapping, Sequence

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.lookups import with_lookup_keys
from churn_spark.definitions.sources import Source
from churn_spark.events.mapping import identity
from churn_spark.events.pseudonyms import identifying_columns
from churn_spark.events.quarantine import CONFLICT
from churn_spark.events.raw import CONTROL, LONGEST_TEXT

MOST = 2
"""Examples of one reason."""
COLUMNS = 3
"""Columns that one example shows."""
LONGEST = 40
"""Characters of a value that are shown."""
HIDDEN = "(hidden)"

_OF_TEXTS = {
    "control_character": lambda text: re.search(CONTROL, text) is not None,
    "bad_encoding": lambda text: "\ufffd" in text,
    "too_long": lambda text: len(text) > LONGEST_TEXT,
}


def examples(
    source: Source, reason: str, rows: Sequence[Mapping[str, object]], hidden: Collection[str] | None = None
) -> str:
    """Up to two different values that a reason is about, as `amount 'abc' and 'x'`; empty where there are none.

    rows: `row`, `length` and `event_id` (of copies) of rows with the reason, as quarantine keeps them.
    hidden: raw columns whose values are not shown; None: the identifying columns.
    """
    private = identifying_columns(source) if hidden is None else hidden
    texts = dict.fromkeys(filter(None, (_example(source, reason, row, private) for row in rows)))
    return " and ".join(list(texts)[:MOST])


def concerned_columns(source: Source, reason: str) -> tuple[str, ...]:
    """The raw columns that a reason is about, in the order of the schema; none: the row as a whole."""
    raw = [name for name, _ in source.schema]
    column = reason.removeprefix("bad_")
    if reason in _OF_TEXTS:
        return tuple(name for name, kind in source.schema if kind == "string")
    if reason != column and column in raw:
        return (column,)
    time = [source.event_time] if source.event_time else []
    dated = [source.delivered.column or ""]
    expressions = {
        "no_customer": [source.customer_id],
        "no_time": [*time, *dated],
        "before_start": time,
        "future_event": [*time, *dated],
        "id_missing": list(identity(source)),
        "too_large": [measure.expression for measure in source.measures],
        "bad_customer_id": [source.customer_id],
        "bad_event_id": list(identity(source)),
        "bad_event_time": time,
        "bad_nominal_date": dated,
        "bad_where": [source.where or ""],
        "bad_counterparty": [source.counterparty or ""],
    }
    expressions |= {check.name: [check.expression] for check in source.checks}
    expressions |= {f"bad_{value.name}": [value.expression] for value in source.values}
    expressions |= {f"bad_{lookup.expression}": [lookup.on] for lookup in source.lookups}
    return mentioned(with_lookup_keys(source.lookups, expressions.get(reason, [])), raw)


def _example(source: Source, reason: str, row: Mapping[str, object], private: Collection[str]) -> str:
    if row["row"] is None:
        return "" if row["length"] is None else f"a line of {row['length']:,} characters"
    cells, names = json.loads(str(row["row"])), concerned_columns(source, reason)
    if row["event_id"] is not None or reason == CONFLICT:  # a copy: `row` has our columns, not the raw ones
        private_id = set(mentioned(with_lookup_keys(source.lookups, identity(source)), source.names)) & set(private)
        known = {"id": row["event_id"], "event_time": cells.get("event_time")}
        return ", ".join(
            f"{name} {HIDDEN if name == 'id' and private_id else _shown(value)}"
            for name, value in known.items()
            if value is not None
        )
    if reason in _OF_TEXTS:
        concerned_names = tuple(name for name in names if _OF_TEXTS[reason](str(cells.get(name, ""))))
        # Of identifying columns only the pseudonym is kept, which no longer shows the reason.
        names = concerned_names or tuple(name for name in names if name in private)
    return ", ".join(f"{name} {HIDDEN if name in private else _shown(cells.get(name))}" for name in names[:COLUMNS])


def _shown(value: object) -> str:
    if value is None:
        return "null"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
