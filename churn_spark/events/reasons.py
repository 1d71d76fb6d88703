"""The checks of a row: one pass tags every failure."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.sources import Measure, RowCheck, Source
from churn_spark.events.attempt import failed, value
from churn_spark.events.mapping import expressions
from churn_spark.events.raw import Problem, readable, reasons_of


def with_reasons(rows: DataFrame, source: Source) -> DataFrame:
    """Add `reasons`, all against a row, sorted; a row that does not parse has only `unparsable`.

    Besides those found while casting (`_bad`): `no_customer`, `no_time`, `id_missing`, `future_event`, `too_large`
    (beyond a measure's max_abs or digits), `bad_<name>` (an expression fails or gives what is no number), the
    configured checks (not those of a raw column that is no value of its type).
    rows: attempted expressions, `values`, `nominal_date`, `_future`, `_bad`.
    """
    found = rows.withColumn("_found", reasons_of([*_always(source), *_unfit(source), *_configured(source)]))
    every = F.array_sort(F.array_distinct(F.concat("_bad", "_found")))
    good = (F.size("_bad") == 0) & (F.size("_found") == 0)
    parsed = F.when(good, F.col("_bad")).otherwise(every)
    return found.withColumn("reasons", F.when(readable(), parsed).otherwise(F.array(F.lit("unparsable"))))


def _always(source: Source) -> list[Problem]:
    found = [("no_customer", F.col("customer_id").isNull())]
    if source.kind == "events":
        found += [
            ("no_time", F.col("event_date").isNull()),
            ("id_missing", F.col("event_id").isNull()),
            ("future_event", F.col("_future")),
        ]
    if source.delivered.by == "column":
        found.append(("no_time", F.col("nominal_date").isNull()))
    return found


def _unfit(source: Source) -> list[Problem]:
    """Expressions that fail, and values that are not what their column holds."""
    names = [name for name in expressions(source) if not name.startswith("check_")]
    found = [(f"bad_{name.removeprefix('value_')}", failed(name)) for name in names]
    for measure in source.measures:
        found += [(f"bad_{measure.name}", _no_number(measure)), ("too_large", _too_large(measure))]
    for attribute in source.attributes:
        lost = value(f"value_{attribute.name}").isNotNull() & F.col(attribute.name).isNull()
        found.append((f"bad_{attribute.name}", lost))
    return found


def _configured(source: Source) -> list[Problem]:
    raw = [name for name, _ in source.schema]
    return [(check.name, _fails(check, mentioned(check.expression, raw))) for check in source.checks]


def _fails(check: RowCheck, raw: Iterable[str]) -> Column:
    fails = ~F.coalesce(value(f"check_{check.name}").try_cast("boolean"), F.lit(False))
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
