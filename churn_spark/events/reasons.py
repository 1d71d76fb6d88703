"""The checks of a row: every failure is tagged, in one pass."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Measure
from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.lookups import with_lookup_keys
from churn_spark.definitions.sources import LEFT_OUT, RowCheck, Source
from churn_spark.events.attempt import failed, value
from churn_spark.events.mapping import expressions
from churn_spark.events.raw import Problem, parses, reasons_of


def with_reasons(rows: DataFrame, source: Source) -> DataFrame:
    """Add `reasons`, all reasons to refuse a row, sorted; a row that does not parse has only `unparsable`, a row left
    out by the source's `where` only `LEFT_OUT`.

    Besides the reasons from casting (`_bad`): `no_customer`, `no_time`, `id_missing`, `before_start`, `future_event`,
    `too_large` (beyond a measure's max_abs or digits), `bad_<name>` (an expression fails or its value does not fit),
    the configured checks (except on raw columns whose value is not of its type).
    rows: attempted expressions, `values`, `nominal_date`, `_future`, `_bad`.
    """
    flagged = rows.withColumn("_found", reasons_of([*_built_in(source), *_of_values(source), *_configured(source)]))
    every = F.array_sort(F.array_distinct(F.concat("_bad", "_found")))
    good = (F.size("_bad") == 0) & (F.size("_found") == 0)
    parsed = F.when(good, F.col("_bad")).otherwise(every)
    if source.where:
        parsed = F.when(_is_left_out(source, source.where), F.array(F.lit(LEFT_OUT))).otherwise(parsed)
    return flagged.withColumn("reasons", F.when(parses(), parsed).otherwise(F.array(F.lit("unparsable"))))


def _built_in(source: Source) -> list[Problem]:
    problems = [("no_customer", F.col("customer_id").isNull())]
    if source.event_time:
        # A version of a customer without a time counts as the earliest; one with an invalid time is refused.
        needed = F.lit(True) if source.kind == "events" else F.trim(value("event_time").cast("string")) != ""
        problems.append(("no_time", F.col("event_date").isNull() & needed))
    if source.kind == "events":
        problems.append(("id_missing", F.col("event_id").isNull()))
        if source.starts is not None:
            problems.append(("before_start", F.col("event_date") < F.lit(source.starts)))
    problems.append(("future_event", F.col("_future")))
    if source.delivered.by == "column":
        problems.append(("no_time", F.col("nominal_date").isNull()))
    return problems


def _of_values(source: Source) -> list[Problem]:
    """Expressions that fail, and values that do not fit their column."""
    names = [name for name in expressions(source) if not name.startswith("check_")]
    names += [lookup.expression for lookup in source.lookups]
    problems = [(f"bad_{name.removeprefix('value_')}", failed(name)) for name in names]
    for measure in source.measures:
        problems += [(f"bad_{measure.name}", _no_number(measure)), ("too_large", _too_large(measure))]
    for attribute in (a for a in source.attributes if a.type != "string"):
        does_not_fit = value(f"value_{attribute.name}").isNotNull() & F.col(attribute.name).isNull()
        problems.append((f"bad_{attribute.name}", does_not_fit))
    return problems


def _configured(source: Source) -> list[Problem]:
    return [(check.name, _fails(check, _raw_in(check.expression, source))) for check in source.checks]


def _is_left_out(source: Source, where: str) -> Column:
    """Whether `where` leaves a row out; where that expression fails, the row is refused instead."""
    return ~failed("where") & _is_not_true("where", _raw_in(where, source))


def _raw_in(expression: str, source: Source) -> tuple[str, ...]:
    """The raw columns that an expression and its lookups use."""
    return mentioned(with_lookup_keys(source.lookups, [expression]), [name for name, _ in source.schema])


def _fails(check: RowCheck, raw: Iterable[str]) -> Column:
    return _is_not_true(f"check_{check.name}", raw)


def _is_not_true(name: str, raw: Iterable[str]) -> Column:
    """Whether an expression is false or null, where none of its raw columns is a value of another type."""
    fails = ~F.coalesce(value(name).try_cast("boolean"), F.lit(False))
    bad = [F.lit(f"bad_{name}") for name in raw]
    return fails & ~F.arrays_overlap("_bad", F.array(*bad)) if bad else fails


def _no_number(measure: Measure) -> Column:
    given = value(f"value_{measure.name}")
    number = given.try_cast("double")
    return given.isNotNull() & (number.isNull() | F.isnan(number))


def _too_large(measure: Measure) -> Column:
    number = value(f"value_{measure.name}").try_cast("double")
    cut_off = F.col(measure.name).isNull() & number.isNotNull() & ~F.isnan(number)
    return cut_off | (F.abs(measure.name) > F.lit(measure.max_abs))
