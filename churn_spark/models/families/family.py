"""What a model family is: one frozen value with everything that training, scoring and the configuration need of it.

Nothing here or in the families' files imports MLlib before a model is fitted: the configuration reads their parameters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pyspark.ml import Transformer
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.explaining.tree_shap import Tree
    from churn_spark.models.metrics import Array

PLAIN, LOGGED = VECTORS = ("inputs", "logged_inputs")
"""The vectors that a training set offers: inputs as they are, and on a signed logarithmic scale."""

RAW_SCORE = "raw_score"
WEIGHT = "(weight)"
"""The column with how many rows a row stands for, where there is one; in brackets, as no feature is."""
MOST = 2**31 - 1
SPLITS = "Largest numbers of parts into which the values of an input are cut before trees split them."


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a grid may vary.

    default: its value where a grid does not name it; where that is an int, only whole numbers are allowed. meaning: for
    the reference of the configuration. simplest: which of its values make the simpler model, all else being equal; of
    parameter sets that tie over the folds the simplest is taken.
    """

    name: str
    default: float
    meaning: str
    least: float
    most: float | None = None
    simplest: Literal["lowest", "highest", "neither"] = "neither"


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of model, as a grid of the configuration names it.

    inputs: the vectors (of `VECTORS`) it learns from and scores. complexity: of candidates that tie the lowest
    wins. fit: learns from rows with `label` (0 or 1), its inputs and maybe WEIGHT, under a value for every parameter
    and a seed; the model is saved as a stage of an MLlib pipeline. raw_score: adds `raw_score` to rows with its inputs
    and keeps all of their columns; it rises with the risk and lies between 0 and 1. importances: the weight of every
    element of the vector, in order and on any scale, from the model and the rows with its inputs that it is
    explained by. explainer: of the scores of a model, from the model and its vectors of a sample of customers, by
    name, each rows x elements; None: scores come without reasons. precision: how far what it adds up to may lie
    from the score. tree: the one tree that a model is, to be drawn, with the share of churners in its leaves; or
    None. package: what it needs beyond what every installation has, of the same name as the extra of churn-spark
    that brings it; or None.

    A blend is a family too: its inputs are those of its members together, its `fit` gives a pipeline of their models,
    and its `raw_score` and `importances` combine theirs.
    """

    name: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    complexity: int
    fit: Callable[["DataFrame", Mapping[str, float], int], "Transformer"]
    raw_score: Callable[[Any, "DataFrame"], "DataFrame"]
    importances: Callable[[Any, "DataFrame"], "Array"]
    explainer: Callable[[Any, "Mapping[str, Array]"], "Explainer"] | None = None
    precision: float = 1e-9
    tree: Callable[[Any], "Tree"] | None = None
    package: str | None = None

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ")

    @property
    def defaults(self) -> dict[str, float]:
        """The value of each parameter where a grid does not name it."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    @property
    def not_installed(self) -> str:
        """What is missing here and how to install it; empty where nothing is."""
        if self.package is None or find_spec(self.package) is not None:
            return ""
        return f"{self.title} is not installed here; install it: pip install 'churn-spark[{self.package}]'"


def weighing(classifier: Any, rows: "DataFrame") -> Any:
    """A classifier of MLlib that counts each row by its weight, where rows have weights."""
    return classifier.setWeightCol(WEIGHT) if WEIGHT in rows.columns else classifier


def repeated(rows: "DataFrame") -> "DataFrame":
    """Each row as often as it counts, to the nearest whole number, for what knows no weights."""
    from pyspark.sql import functions as F

    if WEIGHT not in rows.columns:
        return rows
    others = [name for name in rows.columns if name != WEIGHT]
    return rows.withColumn(WEIGHT, F.explode(F.array_repeat(F.lit(1), F.round(WEIGHT).cast("int")))).select(*others)


def probability_of_churn(model: "Transformer", rows: "DataFrame") -> "DataFrame":
    """Add as `raw_score` the probability that an MLlib classifier itself gives to label 1."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    return model.transform(rows).select(*rows.columns, vector_to_array(F.col("probability"))[1].alias(RAW_SCORE))


def impurity_importances(model: Any, rows: "DataFrame") -> "Array":
    """The decrease of impurity by each input, of a tree or an ensemble of trees of MLlib."""
    return model.featureImportances.toArray()


def linear_importances(model: Any, rows: "DataFrame") -> "Array":
    """|coefficient| x standard deviation of its input, of a linear model of MLlib on `LOGGED`."""
    import numpy as np
    from pyspark.ml.stat import Summarizer
    from pyspark.sql import functions as F

    deviations = rows.select(Summarizer.std(F.col(LOGGED)).alias("std")).collect()[0]["std"].toArray()
    return np.asarray(np.abs(model.coefficients.toArray()) * deviations)
