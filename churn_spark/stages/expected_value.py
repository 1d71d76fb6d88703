"""The expected value of customers: models of purchasing fitted by training, and applied by scoring."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.gate import Finding
from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.definitions.periods import Days, hull, known_from_needed, listed
from churn_spark.definitions.project import Project
from churn_spark.features.transactions import STATISTICS, transactions
from churn_spark.models.value.value_model import ValueModel, fit_value
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY
from churn_spark.tables.contracts.tiles import tiles

log = logging.getLogger("churn_spark.expected_value")


def fitted_value(project: Project, catalog: Catalog, as_of: date) -> tuple[ValueModel | None, list[Finding]]:
    """The value model from all transactions known at an as-of date, and what is to be said of it.

    None and no finding where the configuration asks for no expected value.
    """
    rule = project.expected_value
    if rule is None:
        return None, []
    model, finding = _fit(project, catalog, rule, as_of)
    if model and (share := _backtest(project, catalog, rule, as_of)) is not None:
        days = _tested_days(rule)
        text = f"{finding.text}; fitted {days} days before, it expected {share:.2f} times what was spent since"
        finding = replace(finding, text=text, value=share)
    log.log(logging.INFO if finding.outcome == "passed" else logging.WARNING, "expected value: %s", finding.text)
    return model, [finding]


def with_expected_value(
    scores: DataFrame, project: Project, catalog: Catalog, model: ValueModel | None, days: Collection[date]
) -> DataFrame:
    """Add `value`: money that each customer is expected to spend; 0 without a transaction in the history.

    scores: customer_id, as_of_date (one of `days`). model: of the champion; where it has none of the configured
    transactions, values are null.
    """
    rule = project.expected_value
    if rule is None or model is None or not model.fits(rule):
        log.warning(
            "no value at %s: the model in force was trained before scoring.expected_value was configured as it is;"
            " the next training fits it",
            listed(days),
        )
        return scores.withColumn("value", F.lit(None).cast("double"))
    value = _expected(model, rule.horizon_days).alias("value")
    valued = _transactions(project, catalog, rule, days).select(*KEY, value)
    return scores.join(valued, on=list(KEY), how="left").withColumn("value", F.coalesce("value", F.lit(0.0)))


def tiles_needed(project: Project, day: date) -> dict[str, Days]:
    """The partitions of tiles from which the expected values of an as-of date come; none where there are none."""
    rule = project.expected_value
    return {project.source(rule.source).tiles_table: known_from_needed(day, rule.history_days)} if rule else {}


def _transactions(project: Project, catalog: Catalog, rule: ExpectedValue, days: Collection[date]) -> DataFrame:
    source = project.source(rule.source)
    rows = catalog.read(tiles(source), hull(known_from_needed(day, rule.history_days) for day in days))
    return transactions(rows, rule, source.measure(rule.measure).scale, days)


def _fit(project: Project, catalog: Catalog, rule: ExpectedValue, as_of: date) -> tuple[ValueModel | None, Finding]:
    counted = _transactions(project, catalog, rule, [as_of]).persist()
    try:
        return fit_value(counted, rule)
    finally:
        counted.unpersist()


def _expected(model: ValueModel, horizon_days: int) -> Column:
    """What a model expects of rows of `features.transactions` in the next days."""

    def expected(repeats: pd.Series, last: pd.Series, age: pd.Series, total: pd.Series) -> pd.Series:
        columns = (column.to_numpy() for column in (repeats, last, age, total))
        return pd.Series(model.expected(horizon_days, *columns))

    udf: Any = F.pandas_udf(expected, "double")  # type: ignore[call-overload]
    value: Column = udf(*STATISTICS)
    return value


def _tested_days(rule: ExpectedValue) -> int:
    """The days before an as-of date that a model is tested on: whole units, at most a quarter of the history."""
    units = min(rule.horizon_days, rule.history_days // 4) // rule.unit_days
    return max(units, 1) * rule.unit_days


def _backtest(project: Project, catalog: Catalog, rule: ExpectedValue, as_of: date) -> float | None:
    """What a model of some days earlier expected of the customers it knew, as a multiple of what they spent since.

    None where they spent nothing, or there was nobody yet.
    """
    days = _tested_days(rule)
    before = as_of - timedelta(days=days)
    earlier, _ = _fit(project, catalog, rule, before)
    if earlier is None:
        return None
    known = _transactions(project, catalog, rule, [before])
    expected = known.select("customer_id", _expected(earlier, days).alias("expected"))
    since = _transactions(project, catalog, replace(rule, history_days=days), [as_of]).select("customer_id", "total")
    sums = expected.join(since, on="customer_id", how="left").agg(F.sum("expected"), F.sum("total")).collect()[0]
    return sums[0] / sums[1] if sums[1] and sums[1] > 0 else None
