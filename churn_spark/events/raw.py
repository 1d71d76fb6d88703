"""Raw columns: from text to their declared types, with a reason for every value that does not fit.

Every raw frame has the declared columns and four of ours: `_delivery`, `_nominal` (nominal date of the delivery, null
if none), `_taken_on`, `_history` (rows up to `history_until` skip `taken_on`), and `_line`: the text of a row that does
not parse, null otherwise.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.zones import reading_times_in

OURS = ("_delivery", "_nominal", "_taken_on", "_history", "_line")
LONGEST_TEXT = 32_768
"""Characters; a longer text is refused as too_long."""

_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_FORMATS = {"date": "dateFormat", "timestamp": "timestampFormat", "timestamp_ntz": "timestampNTZFormat"}


def readable() -> Column:
    """Whether a row parses; never constant, see `attempted`."""
    return F.col("_delivery").isNotNull() & F.col("_line").isNull()


def typed(raw: DataFrame, source: Source) -> DataFrame:
    """Cast text columns to their declared types; add `_bad`, the sorted reasons found so far (empty for a good row).

    raw: the declared columns as text (CSV, JSON) or of their types already (Parquet, Delta). Blank text is null
    unless the column is text. Naive times are of the source's zone.
    Reasons: `bad_<column>` (not of its type), `control_character`, `bad_encoding` (not UTF-8), `too_long`.
    """
    texts = {name for name, kind in raw.dtypes if kind == "string"}
    casts = {name: _cast(name, kind, source) for name, kind in source.schema if name in texts and kind != "string"}
    with reading_times_in(raw.sparkSession, source.time_zone):
        cast = raw.withColumns({f"_cast_{name}": column for name, column in casts.items()})
        reasons = [
            F.when(
                F.trim(name).isNotNull() & (F.trim(name) != "") & F.col(f"_cast_{name}").isNull(), F.lit(f"bad_{name}")
            )
            for name in casts
        ]
        reasons += _text_reasons([name for name, kind in source.schema if kind == "string" and name in texts])
        flagged = cast.withColumn("_bad", F.array_compact(F.array(F.lit(None).cast("string"), *reasons)))
        return flagged.select(
            *(F.col(f"_cast_{name}").alias(name) if name in casts else F.col(name) for name, _ in source.schema),
            *OURS,
            "_bad",
        )


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


def _text_reasons(names: list[str]) -> list[Column]:
    if not names:
        return []
    together = F.concat_ws("", *names)
    broken = together.contains("\ufffd") | ~F.is_valid_utf8(together)
    longest = reduce(lambda left, right: left | right, (F.length(name) > LONGEST_TEXT for name in names), F.lit(False))
    return [
        F.when(together.rlike(_CONTROL), F.lit("control_character")),
        F.when(broken, F.lit("bad_encoding")),
        F.when(longest, F.lit("too_long")),
    ]
