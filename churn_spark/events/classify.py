"""From raw columns to rows of `events_<source>` and `customers`, each with every reason against it."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.attempt import PREFIX, attempted
from churn_spark.events.knowledge import with_knowledge
from churn_spark.events.mapping import dated, expressions, identity, values, with_time
from churn_spark.events.pseudonyms import Pseudonym, identifying, name_any, pseudonymised
from churn_spark.events.raw import OURS, readable, typed
from churn_spark.events.reasons import with_reasons
from churn_spark.events.zones import reading_times_in


def classified(raw: DataFrame, source: Source, zone: str, hidden: Pseudonym | None) -> DataFrame:
    """Every row of a raw frame as the row of its table it would be, with all reasons against it.

    raw: see `events.raw`. zone: of event dates. hidden: makes pseudonyms; None where privacy is none.
    Returns `delivery`, `taken_on`, `nominal_date`, the `columns` of its table, `reasons` (sorted; empty: accepted), and
    for refused rows `row` (JSON of the raw columns, identifiers hidden; null where it does not parse), `length`
    (characters of what does not parse) and `row_hash` (SHA-256; of what does not parse under the key).
    """
    with reading_times_in(raw.sparkSession, source.time_zone):
        tried = attempted(typed(raw, source), expressions(source), when=readable())
        # From here on the raw columns lie in a struct only: their names may be those of our columns.
        ours = [name for name in tried.columns if name in (*OURS, "_bad", "_raw") or name.startswith(PREFIX)]
        apart = tried.select(*ours)
        timed = with_time(apart, zone) if source.kind == "events" else apart
        event_date = F.col("event_date") if source.kind == "events" else None
        known = with_knowledge(timed, source.delivered, dated(source), event_date)
        judged = with_reasons(known.withColumns(values(source)), source)
    return _kept(_hidden(judged, source, hidden), source, keyed=hidden is not None)


def columns(source: Source) -> tuple[str, ...]:
    """The columns of a classified row that its table has besides `delivery` and `nominal_date`."""
    dates = ("event_id", "event_time", "event_date", "known_from") if source.kind == "events" else ("known_from",)
    return ("customer_id", *dates, *source.own_columns)


def _hidden(judged: DataFrame, source: Source, hidden: Pseudonym | None) -> DataFrame:
    """Add `_row` (the raw columns of a refused row) and `_line_hash`, and hide all that identifies somebody."""
    refused, private = F.size("reasons") > 0, identifying(source)
    raw_private = {name: f"_private_{name}" for name in sorted(private)}
    apart = judged.withColumns(
        {
            **{ours: F.when(refused, F.col("_raw")[name].cast("string")) for name, ours in raw_private.items()},
            "_line_hash": F.col("_line") if hidden else F.sha2("_line", 256),
        }
    )
    partner = ["counterparty"] if source.counterparty else []
    texts = ["customer_id", *partner, *_made_from(source, private), *raw_private.values(), "_line_hash"]
    shown = pseudonymised(apart, texts, hidden)
    return shown.withColumn(
        "_row",
        F.struct(*(_shown(name, raw_private).alias(name) for name, _ in source.schema)),
    )


def _shown(name: str, private: dict[str, str]) -> Column:
    return F.col(private[name]) if name in private else F.col("_raw")[name]


def _made_from(source: Source, private: frozenset[str]) -> list[str]:
    """Text of our columns that is made from identifying raw columns, or declared to be an identifier."""
    found = [c.name for c in source.categories if name_any([c.expression], private)]
    found += [
        a.name for a in source.attributes if a.type == "string" and (a.identifier or name_any([a.expression], private))
    ]
    if source.kind == "events" and name_any(identity(source), private):
        found.append("event_id")
    return found


def _kept(shown: DataFrame, source: Source, keyed: bool) -> DataFrame:
    with reading_times_in(shown.sparkSession, "UTC"):
        row = F.when(readable() & (F.size("reasons") > 0), F.to_json("_row"))
        rows = shown.withColumn("row", row)
    return rows.select(
        F.col("_delivery").alias("delivery"),
        F.col("_taken_on").alias("taken_on"),
        "nominal_date",
        *columns(source),
        "reasons",
        "row",
        F.length("_line").alias("length"),
        F.coalesce(F.sha2("row", 256), "_line_hash").alias("row_hash"),
    )
