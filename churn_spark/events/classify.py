"""From raw columns to rows of `events_<source>` and `customers`, each with every reason to refuse it."""

from collections.abc import Collection, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.attempt import PREFIX, attempted
from churn_spark.events.knowledge import with_knowledge
from churn_spark.events.lookups import UNMATCHED, with_lookups
from churn_spark.events.mapping import expressions, identity, nominal_date_by_row, values, with_time
from churn_spark.events.pseudonyms import Pseudonym, identifying_columns, mention_any, pseudonymised
from churn_spark.events.raw import DELIVERY_COLUMNS, UNFIT, parses, typed, unfit_in
from churn_spark.events.reasons import with_reasons
from churn_spark.events.zones import reading_times_in


def classified(
    raw: DataFrame,
    source: Source,
    zone: str,
    pseudonym: Pseudonym | None,
    tables: Mapping[str, DataFrame] | None = None,
) -> DataFrame:
    """Every row of a raw frame as a row of its table, with all reasons to refuse it.

    raw: see `events.raw`. zone: of event dates. pseudonym: makes pseudonyms; None where privacy is none. tables: those
    of the source's lookups by name (see `events.lookups`).
    Returns `delivery`, `taken_on`, `nominal_date`, the `columns` of its table, `event_time` also of customers that have
    one, `reasons` (sorted; empty: accepted), and for refused rows `row` (JSON of the raw columns, identifiers as
    pseudonyms; null: the row does not parse), `length` (characters of a row that does not parse) and `row_hash`
    (SHA-256; of a row that does not parse, keyed); `_removed`, the number of control characters removed from its texts;
    of a source with lookups `_unmatched`, the names of the lookups without a row of its key.
    """
    with reading_times_in(raw.sparkSession, source.time_zone):
        rows = with_lookups(typed(raw, source), source, tables or {})
        tried = attempted(rows, expressions(source), when=parses())
        # From here on the raw columns are in a struct only: their names may be those of our columns.
        kept = (*DELIVERY_COLUMNS, UNFIT, "_bad", "_raw", "_removed", UNMATCHED)
        ours = [name for name in tried.columns if name in kept or name.startswith(PREFIX)]
        apart = tried.select(*ours)
        timed = with_time(apart, zone) if source.event_time else apart
        event_date = F.col("event_date") if source.kind == "events" else None
        known = with_knowledge(timed, source.delivered, nominal_date_by_row(source), event_date)
        validated = with_reasons(known.withColumns(values(source)), source)
    return _kept(_pseudonymised(validated, source, pseudonym), source, keyed=pseudonym is not None)


def columns(source: Source) -> tuple[str, ...]:
    """The columns that a classified row shares with its table, besides `delivery` and `nominal_date`."""
    dates = ("event_id", "event_time", "event_date", "known_from") if source.kind == "events" else ("known_from",)
    return ("customer_id", *dates, *source.own_columns)


def _pseudonymised(validated: DataFrame, source: Source, pseudonym: Pseudonym | None) -> DataFrame:
    """Add `_row` (the raw columns of a refused row) and `_line_hash`, and replace identifying texts by pseudonyms."""
    refused, identities = F.size("reasons") > 0, identifying_columns(source)
    private = identities.intersection(name for name, _ in source.schema)
    raw_private = {name: f"_private_{position}" for position, name in enumerate(sorted(private))}
    unfit = unfit_in(validated)
    apart = validated.withColumns(
        {
            **{ours: F.when(refused, _as_delivered(name, unfit)) for name, ours in raw_private.items()},
            "_line_hash": F.col("_line") if pseudonym else F.sha2("_line", 256),
        }
    )
    partner = ["counterparty"] if source.counterparty else []
    texts = ["customer_id", *partner, *_made_from(source, identities), *raw_private.values(), "_line_hash"]
    shown = pseudonymised(apart, texts, pseudonym)
    row = {
        name: F.col(raw_private[name]) if name in private else _shown(name, kind, unfit) for name, kind in source.schema
    }
    return shown.withColumn("_row", F.struct(*(column.alias(name) for name, column in row.items())))


def _shown(name: str, kind: str, unfit: Collection[str]) -> Column:
    """A raw column as quarantine keeps it: as text, except instants (which need a zone), bytes and structs."""
    as_it_is = kind == "timestamp" or kind.startswith(("binary", "array", "map", "struct"))
    return F.col("_raw")[name] if as_it_is else _as_delivered(name, unfit)


def _as_delivered(name: str, unfit: Collection[str]) -> Column:
    """The text of a raw column as delivered."""
    text = F.col("_raw")[name].cast("string")
    return F.coalesce(F.col(UNFIT)[name], text) if name in unfit else text


def _made_from(source: Source, private: frozenset[str]) -> list[str]:
    """Our text columns that are made from identifying columns, or declared to be identifiers."""
    names = [c.name for c in source.categories if mention_any([c.expression], private)]
    names += [
        a.name
        for a in source.attributes
        if a.type == "string" and (a.identifier or mention_any([a.expression], private))
    ]
    if source.kind == "events" and mention_any(identity(source), private):
        names.append("event_id")
    return names


def _kept(shown: DataFrame, source: Source, keyed: bool) -> DataFrame:
    with reading_times_in(shown.sparkSession, "UTC"):
        row = F.when(parses() & (F.size("reasons") > 0), F.to_json("_row"))
        rows = shown.withColumn("row", row)
    return rows.select(
        F.col("_delivery").alias("delivery"),
        F.col("_taken_on").alias("taken_on"),
        "nominal_date",
        *columns(source),
        *(["event_time"] if source.kind == "customers" and source.event_time else []),
        "reasons",
        "row",
        F.length("_line").alias("length"),
        "_removed",
        *([UNMATCHED] if source.lookups else []),
        F.coalesce(F.sha2("row", 256), "_line_hash").alias("row_hash"),
    )
