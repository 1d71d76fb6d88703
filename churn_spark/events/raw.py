"""Raw columns: from text to their declared types, with a reason for every value that does not fit.

Every raw frame has the declared columns and four of ours: `_delivery`, `_nominal` (nominal date of the delivery, null
if none), `_taken_on`, `_history` (rows up to `history_until` skip `taken_on`), and `_line`: the text of a row that does
not parse, null otherwise.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.zones import reading_times_in

OURS = ("_delivery", "_nominal", "_taken_on", "_history", "_line")
LONGEST_TEXT = 32_768
"""Characters; a longer text is refused as too_long."""

Problem = tuple[str, Column]
"""A reason and the condition under which a row has it; null counts as not."""

_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_FORMATS = {"date": "dateFormat", "timestamp": "timestampFormat", "timestamp_ntz": "timestampNTZFormat"}


def readable() -> Column:
    """Whether a row parses; never constant, see `attempted`."""
    return F.col("_delivery").isNotNull() & F.col("_line").isNull()


def typed(raw: DataFrame, source: Source) -> DataFrame:
    """Cast text columns to their declared types; add `_bad`, the reasons found so far (empty: a good row), and `_raw`,
    a struct of the columns as they came.

    raw: the declared columns as text (CSV, JSON) or of their types already (Parquet, Delta). Blank text is null
    unless the column is text. Naive times are of the source's zone.
    Reasons: `bad_<column>` (not of its type), `control_character`, `bad_encoding` (not UTF-8), `too_long`.
    """
    texts = {name for name, kind in raw.dtypes if kind == "string"}
    casts = {name: _cast(name, kind, source) for name, kind in source.schema if name in texts and kind != "string"}
    with reading_times_in(raw.sparkSession, source.time_zone):
        cast = raw.withColumns({f"_cast_{name}": column for name, column in casts.items()})
        problems = [(f"bad_{name}", (F.trim(name) != "") & F.col(f"_cast_{name}").isNull()) for name in casts]
        problems += _text_problems([name for name, kind in source.schema if kind == "string" and name in texts])
        flagged = cast.withColumn("_bad", reasons_of(problems))
        return flagged.select(
            *(F.col(f"_cast_{name}").alias(name) if name in casts else F.col(name) for name, _ in source.schema),
            *OURS,
            "_bad",
            F.struct(*(F.col(name) for name, _ in source.schema)).alias("_raw"),
        )


def reasons_of(problems: Sequence[Problem]) -> Column:
    """The reasons whose conditions hold, as an array; without making one for the many rows that have none."""
    none = F.array().cast("array<string>")
    if not problems:
        return none
    some = reduce(or_, (holds for _, holds in problems))
    found = F.array_compact(F.array(*(F.when(holds, F.lit(reason)) for reason, holds in problems)))
    return F.when(F.coalesce(some, F.lit(False)), found).otherwise(none)


def _cast(name: str, kind: str, source: Source) -> Column:
    text = F.trim(name)
    pattern = dict(source.options).get(_FORMATS.get(kind, ""))
    if kind.startswith(("array", "map", "struct")):
        return F.from_json(text, kind)
    if pattern and kind == "date":
        return F.try_to_timestamp(text, F.lit(pattern)).cast("date")
    if pattern:
        return F.try_to_timestamp(text, F.lit(pattern)).cast(kind)
    return text.try_cast(kind)


def _text_problems(names: list[str]) -> list[Problem]:
    if not names:
        return []
    together = F.concat_ws("", *names)
    broken = together.contains("\ufffd") | ~F.is_valid_utf8(together)
    longest = reduce(or_, (F.length(name) > LONGEST_TEXT for name in names))
    return [("control_character", together.rlike(_CONTROL)), ("bad_encoding", broken), ("too_long", longest)]
