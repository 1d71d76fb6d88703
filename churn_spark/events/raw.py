"""Raw columns: from text to their declared types, with a reason for every value that does not fit.

Every raw frame has the declared columns and five columns of ours: `_delivery`, `_nominal` (nominal date of the
delivery, null if none), `_taken_on`, `_history` (rows up to `history_until` skip `taken_on`), and `_line`: the text of
a row that does not parse, null otherwise. Where stored values may not fit their declared types (see `events.stored`) it
also has `_unfit`, a struct with the text of each that does not; the column is null there.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import mentioned, quoted
from churn_spark.definitions.sources import Source
from churn_spark.events.mapping import expressions
from churn_spark.events.texts import as_type
from churn_spark.events.zones import reading_times_in

DELIVERY_COLUMNS = ("_delivery", "_nominal", "_taken_on", "_history", "_line")
UNFIT = "_unfit"
LONGEST_TEXT = 32_768
"""Characters; a longer text is refused as too_long."""

Problem = tuple[str, Column]
"""A reason and its condition; null counts as false."""

CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]"
FORMATS = {"date": "dateFormat", "timestamp": "timestampFormat", "timestamp_ntz": "timestampNTZFormat"}
"""The reading option that says how texts of a type are written."""


def parses() -> Column:
    """Whether a row parses; never constant, see `attempted`."""
    return F.col("_delivery").isNotNull() & F.col("_line").isNull()


def typed(raw: DataFrame, source: Source) -> DataFrame:
    """Cast text columns to their declared types; add `_bad`, the reasons so far (empty: none), `_raw`, a struct of the
    columns as delivered (without values in `_unfit`), and `_removed`, the number of control characters removed.

    raw: the declared columns as text (CSV, JSON) or of their types already (Parquet, Delta). Blank text is null
    unless the column is text. Naive times are of the source's zone.
    Reasons: `bad_<column>` (not of its type); of texts that an expression mentions `control_character` (where the
    source refuses them), `bad_encoding` (not UTF-8), `too_long`.
    """
    texts = {name for name, kind in raw.dtypes if kind == "string"}
    casts = {
        name: as_declared(_raw(name), kind, source)
        for name, kind in source.schema
        if name in texts and kind != "string"
    }
    cast_to = {name: f"_cast_{position}" for position, name in enumerate(casts)}
    unfit = unfit_in(raw)
    with reading_times_in(raw.sparkSession, source.time_zone):
        cast = raw.withColumns({cast_to[name]: column for name, column in casts.items()})
        problems = [(f"bad_{name}", (F.trim(_raw(name)) != "") & F.col(cast_to[name]).isNull()) for name in casts]
        problems += [(f"bad_{name}", F.col(UNFIT)[name].isNotNull()) for name in unfit]
        used = [name for name in _used_texts(source) if name in texts]
        dirty = F.concat_ws("", *map(_raw, used)).rlike(CONTROL)
        problems += _text_problems([_raw(name) for name in used])
        refuses = source.control_characters == "refuse"
        problems += [("control_character", F.col("_dirty"))] if refuses else []
        cast = cast.withColumn("_dirty", dirty)
        flagged = cast.withColumn("_bad", reasons_of(problems))
        read = {name: F.col(cast_to[name]) for name in casts}
        read |= {} if refuses else {name: _without_controls(name) for name in used}
        return flagged.select(
            *(read.get(name, _raw(name)).alias(name) for name, _ in source.schema),
            *DELIVERY_COLUMNS,
            *([UNFIT] if unfit else []),
            "_bad",
            (F.lit(0) if refuses else _removed(used)).alias("_removed"),
            F.struct(*(_raw(name) for name, _ in source.schema)).alias("_raw"),
        )


def unfit_in(rows: DataFrame) -> list[str]:
    """The columns whose stored values may not fit their declared types."""
    return rows.select(f"{UNFIT}.*").columns if UNFIT in rows.columns else []


def _raw(name: str) -> Column:
    return F.col(quoted(name))


def reasons_of(problems: Sequence[Problem]) -> Column:
    """The reasons whose conditions hold, as an array; fast for the many rows without any."""
    none = F.array().cast("array<string>")
    if not problems:
        return none
    some = reduce(or_, (holds for _, holds in problems))
    reasons = F.array_compact(F.array(*(F.when(holds, F.lit(reason)) for reason, holds in problems)))
    return F.when(F.coalesce(some, F.lit(False)), reasons).otherwise(none)


def as_declared(text: Column, kind: str, source: Source) -> Column:
    """Text of a source's file as a value of a declared type; null: it is no such value."""
    if kind.startswith(("array", "map", "struct")):
        return F.from_json(F.trim(text), kind)
    return as_type(text, kind, dict(source.options).get(FORMATS.get(kind, "")))


def _used_texts(source: Source) -> list[str]:
    """The text columns that an expression mentions; unused columns are not validated."""
    texts = [name for name, kind in source.schema if kind == "string"]
    used = [*expressions(source).values(), *(lookup.on for lookup in source.lookups)]
    return list(mentioned(used, texts))


def _without_controls(name: str) -> Column:
    return F.when(F.col("_dirty"), F.regexp_replace(_raw(name), CONTROL, "")).otherwise(_raw(name))


def _removed(names: list[str]) -> Column:
    lost = (F.length(_raw(name)) - F.length(F.regexp_replace(_raw(name), CONTROL, "")) for name in names)
    return F.when(F.col("_dirty"), reduce(add, (F.coalesce(n, F.lit(0)) for n in lost), F.lit(0))).otherwise(0)


def _text_problems(texts: list[Column]) -> list[Problem]:
    if not texts:
        return []
    together = F.concat_ws("", *texts)
    broken = together.contains("\ufffd") | ~F.is_valid_utf8(together)
    longest = reduce(or_, (F.length(text) > LONGEST_TEXT for text in texts))
    return [("bad_encoding", broken), ("too_long", longest)]
