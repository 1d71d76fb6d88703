"""What to do about many rows with a reason: where data are read with wrong options, another delivery does not help."""

from churn_spark.definitions.columns import Category, Measure
from churn_spark.definitions.lookups import TEXT_FORMATS
from churn_spark.definitions.sources import Source
from churn_spark.events.examples import concerned_columns
from churn_spark.events.raw import FORMATS

_KEYS = {
    "no_customer": "customer_id",
    "no_time": "event_time",
    "future_event": "event_time",
    "id_missing": "event_id",
    "before_start": "starts",
    "bad_customer_id": "customer_id",
    "bad_event_id": "event_id",
    "bad_event_time": "event_time",
    "bad_nominal_date": "delivered.column",
    "bad_counterparty": "counterparty",
    "bad_where": "where",
}
"""The configuration key of a source that each reason is about."""
_OF_TIME = ("no_time", "future_event", "before_start")


def remedy(source: Source, reason: str) -> str:
    """The configuration keys to check first, and last, having it delivered again."""
    keys = _keys_to_check(source, reason)
    return f"{keys}; or have it delivered again" if keys else "Have it delivered again"


def _keys_to_check(source: Source, reason: str) -> str:
    where = f"sources.{source.name}"
    if reason == "unparsable":
        return _parsing(source) if source.format == "csv" else ""
    if reason in ("bad_encoding", "control_character"):
        encoding = f"Set {where}.options.encoding to that of the file, such as windows-1252"
        return encoding if source.format == "csv" else ""
    raw = reason.removeprefix("bad_")
    if reason != raw and raw in dict(source.schema):
        return _of_type(source, raw)
    keys = [f"{where}.{key}" for key in _keys(source, reason)]
    if reason in _OF_TIME:
        keys += [place for name in concerned_columns(source, reason) for place in _type_and_option(source, name)]
    return f"See to {', '.join(keys)}" if keys else ""


def _parsing(source: Source) -> str:
    given = dict(source.options)
    several = "" if "multiLine" in given else ", multiLine: true where values go over several lines"
    escape = "" if "escape" in given else ", escape: '\\' where quotes within values follow a backslash"
    return f"See to sources.{source.name}.options: sep{several}{escape}"


def _of_type(source: Source, name: str) -> str:
    first, *options = _type_and_option(source, name)
    if options:
        return f"See to {first}, and to {', '.join(options)}"
    return f"Declare {first} with another type, such as double or string, and convert it in the expressions that use it"


def _type_and_option(source: Source, name: str) -> list[str]:
    """The declared type of a raw column, and the option for reading its texts."""
    where, kind = f"sources.{source.name}", dict(source.schema)[name]
    text = source.format in TEXT_FORMATS and kind in FORMATS
    return [f"{where}.schema.{name} ({kind})", *([f"{where}.options.{FORMATS[kind]}"] if text else [])]


def _keys(source: Source, reason: str) -> list[str]:
    if reason == "too_large":
        return [f"measures.{measure.name}.max_abs" for measure in source.measures]
    if reason in (check.name for check in source.checks):
        return [f"checks.{reason}"]
    for value in source.values:
        if reason == f"bad_{value.name}":
            section = {Measure: "measures", Category: "categories"}.get(type(value), "attributes")
            return [f"{section}.{value.name}.expression"]
    for lookup in source.lookups:
        if reason == f"bad_{lookup.expression}":
            return [f"lookups.{lookup.name}.on"]
    by_column = reason in ("no_time", "future_event") and source.delivered.by == "column"
    keys = [_KEYS[reason], *(["delivered.column"] if by_column else [])] if reason in _KEYS else []
    return [key for key in keys if key != "event_time" or source.event_time]
