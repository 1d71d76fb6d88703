"""A fitted model of how long customers stay, and the survival curves it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.models.families.family import LOGGED
from churn_spark.models.metrics import Array

SURVIVAL = "(survival)"
"""The column of `SurvivalModel.answers`; in brackets, as no feature is."""


@dataclass(frozen=True, slots=True)
class SurvivalModel:
    """A model that is linear in the inputs on a logarithmic scale (`LOGGED`), beside which only time counts.

    hazard: the log odds of leaving in period k, of those who stayed until then, are the inputs times `coefficients`
    plus `effects[k]`. aft (accelerated failure time): days until leaving are Weibull distributed, the logarithm of
    their scale is the inputs times `coefficients` plus `effects[0]`, and `spread` is one over their shape.

    horizons: days, ascending, each a whole number of periods.
    """

    kind: Literal["hazard", "aft"]
    horizons: tuple[int, ...]
    period_days: int
    coefficients: tuple[float, ...]
    effects: tuple[float, ...]
    spread: float = 1.0

    @property
    def periods(self) -> int:
        """Periods up to the last horizon."""
        return self.horizons[-1] // self.period_days

    def curve(self, inputs: Array) -> Array:
        """The probability of staying until the end of each period, rows x (periods + 1); the first column is 1.

        inputs: rows x inputs.
        """
        linear = inputs @ np.array(self.coefficients)
        ends = np.arange(self.periods + 1)
        if self.kind == "aft":
            scale = np.exp(linear + self.effects[0])[:, None]
            return np.asarray(np.exp(-((ends * self.period_days / scale) ** (1 / self.spread))))
        log_odds = linear[:, None] + np.array(self.effects)
        stays = np.exp(-np.logaddexp(0, log_odds))
        return np.concatenate([np.ones((len(inputs), 1)), np.cumprod(stays, axis=1)], axis=1)

    def answers(self, inputs: Array) -> Array:
        """Survival at each horizon, then the expected days up to the last: rows x (horizons + 1).

        The latter is the restricted mean: the area below the curve up to the last horizon, which is straight within a
        period. Who is sure to stay has the last horizon.
        """
        curve = self.curve(inputs)
        days = self.period_days * (curve[:, 1:] + curve[:, :-1]).sum(axis=1) / 2
        at = [horizon // self.period_days for horizon in self.horizons]
        return np.concatenate([curve[:, at], days[:, None]], axis=1)

    def column(self) -> Column:
        """The answers of rows that have the vector `LOGGED`, as an array."""

        def answered(inputs: pd.Series) -> pd.Series:
            return pd.Series(list(self.answers(np.stack(inputs.to_list())))) if len(inputs) else inputs

        answers: Any = F.pandas_udf(answered, "array<double>")  # type: ignore[call-overload]
        return answers(vector_to_array(F.col(LOGGED))).alias(SURVIVAL)

    def survival(self) -> Column:
        """Of rows with `SURVIVAL`: an array with each horizon's days and the survival until then."""
        at = (
            F.struct(F.lit(days).alias("days"), F.col(SURVIVAL)[place].alias("survival"))
            for place, days in enumerate(self.horizons)
        )
        return F.array(*at)

    def expected_days(self) -> Column:
        """Of rows with `SURVIVAL`: the days expected up to the last horizon."""
        return F.col(SURVIVAL)[len(self.horizons)]


def survival_model(values: Mapping[str, Any]) -> SurvivalModel:
    """The model of which `dataclasses.asdict` gave these values."""
    lists = {name: tuple(values[name]) for name in ("horizons", "coefficients", "effects")}
    return SurvivalModel(**{**values, **lists})
