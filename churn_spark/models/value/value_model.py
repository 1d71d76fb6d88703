"""What a customer is expected to spend: BG/NBD for the number of transactions, gamma-gamma for the value of one.

Where one of the two cannot be fitted, the mean of all customers stands in for it, and a finding says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.gate import Finding, Outcome
from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.models.metrics import Array
from churn_spark.models.value.bg_nbd import BgNbd, fit_bg_nbd
from churn_spark.models.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from churn_spark.models.value.likelihood import UnfitError

Fitted = TypeVar("Fitted", BgNbd, GammaGamma)
CHECK = "expected_value"
"""The check that findings about the value belong to."""
WIDTH = 0.05
"""Mean values within 5 % of each other share a cell; their geometric mean stands for them."""


@dataclass(frozen=True, slots=True)
class ValueModel:
    """What was fitted, and from what.

    source, measure, unit_days, history_days: those of the rule. customers: with a transaction. rate: transactions of a
    customer per unit, mean: value of a transaction in money, of all customers; they stand in for a part that is None.
    """

    source: str
    measure: str
    unit_days: int
    history_days: int
    customers: int
    rate: float
    mean: float
    bg_nbd: BgNbd | None
    gamma_gamma: GammaGamma | None

    def fits(self, rule: ExpectedValue) -> bool:
        """Whether it was fitted to the transactions that a rule asks for."""
        names = ("source", "measure", "unit_days", "history_days")
        return all(getattr(self, name) == getattr(rule, name) for name in names)

    def expected(self, horizon_days: int, repeats: Array, last: Array, age: Array, total: Array) -> Array:
        """Money that customers are expected to spend in the next days, from the columns of `features.transactions`."""
        horizon, count = horizon_days / self.unit_days, repeats + 1
        transactions = np.full(len(count), self.rate * horizon)
        if self.bg_nbd:
            transactions = self.bg_nbd.expected_transactions(horizon, repeats, last, age)
        mean = self.gamma_gamma.expected_mean(count, total / count) if self.gamma_gamma else self.mean
        return np.asarray(transactions * mean)


def fit_value(transactions: DataFrame, rule: ExpectedValue) -> tuple[ValueModel | None, Finding]:
    """The value model of the customers of one as-of date; None where there are no transactions.

    transactions: from `features.transactions`, read twice, so cache it. Only counts of equal customers are collected.
    """
    cells = transactions.groupBy("repeats", "last", "age").agg(
        F.count("*").cast("double").alias("customers"), F.sum("total").alias("total")
    )
    repeats, last, age, customers, totals = _columns(cells, "repeats", "last", "age", "customers", "total")
    if not len(customers):
        text = f"{rule.source} has no transaction in the {rule.history_days} days before: value is null"
        return None, Finding(CHECK, rule.source, "warning", text)
    paid = transactions.where("total > 0").withColumn("log_mean", F.log(F.col("total") / (F.col("repeats") + 1)))
    means = paid.groupBy("repeats", F.round(F.col("log_mean") / WIDTH)).agg(
        F.count("*").cast("double").alias("customers"), F.avg("log_mean").alias("log_mean")
    )
    again, logs, payers = _columns(means, "repeats", "log_mean", "customers")
    model = ValueModel(
        rule.source, rule.measure, rule.unit_days, rule.history_days,
        customers=int(customers.sum()),
        rate=float((repeats + 1) @ customers / customers.sum() / (rule.history_days / rule.unit_days)),
        mean=float(totals.sum() / ((repeats + 1) @ customers)),
        bg_nbd=None, gamma_gamma=None,
    )  # fmt: skip
    return _fitted(model, (repeats, last, age, customers), (again + 1, np.exp(logs), payers))


def value_model(values: Mapping[str, Any]) -> ValueModel:
    """The model of which `dataclasses.asdict` gave these values."""
    kinds: Mapping[str, Any] = {"bg_nbd": BgNbd, "gamma_gamma": GammaGamma}
    parts = {name: kind(**values[name]) if values[name] else None for name, kind in kinds.items()}
    return ValueModel(**{**values, **parts})


def _fitted(means: ValueModel, counts: tuple[Array, ...], values: tuple[Array, ...]) -> tuple[ValueModel, Finding]:
    """The model with the parts that can be fitted, and a sentence about each."""
    stand_ins = (
        f"{means.rate:.4g} transactions in {means.unit_days} days are expected of everybody",
        f"every transaction counts as {means.mean:.4g}",
    )
    bg_nbd, number = _part("BG/NBD", fit_bg_nbd, counts, stand_ins[0])
    gamma_gamma, value = _part("gamma-gamma", fit_gamma_gamma, values, stand_ins[1])
    text = f"{means.measure} of {means.source}, {means.customers:,} customers: {number}; {value}"
    outcome: Outcome = "passed" if bg_nbd and gamma_gamma else "warning"
    return replace(means, bg_nbd=bg_nbd, gamma_gamma=gamma_gamma), Finding(CHECK, means.source, outcome, text)


def _part(title: str, fit: Callable[..., Fitted], cells: tuple[Array, ...], stand_in: str) -> tuple[Fitted | None, str]:
    """A fitted part, or None, and what is to be said of it."""
    try:
        part = fit(*cells)
    except UnfitError as error:
        return None, f"{title} cannot be fitted, as {error}: {stand_in}, the mean"
    return part, f"{title} {', '.join(f'{name} {figure:.4g}' for name, figure in asdict(part).items())}"


def _columns(cells: DataFrame, *names: str) -> list[Array]:
    """Columns of a small frame, in an order that does not depend on Spark's."""
    found = cells.select(*names).toArrow()
    arrays = [found[name].to_numpy().astype(np.float64) for name in names]
    order = np.lexsort(arrays[::-1])
    return [array[order] for array in arrays]
