"""Multilayer perceptron with one hidden layer; it wants standardised inputs, which it learns itself, fold by fold.

MLlib's has no penalty: few hidden units and few iterations are what keeps it from learning its rows by heart.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from churn_spark.models.families.family import LOGGED, MOST, Family, Parameter, probability_of_churn, repeated

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array

STANDARDISED = "standardised_inputs"


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "PipelineModel":
    from pyspark.ml import PipelineModel
    from pyspark.ml.classification import MultilayerPerceptronClassifier
    from pyspark.ml.feature import StandardScaler

    rows = repeated(rows)
    scaler = StandardScaler(inputCol=LOGGED, outputCol=STANDARDISED, withMean=True, withStd=True).fit(rows)
    network = MultilayerPerceptronClassifier(
        featuresCol=STANDARDISED,
        layers=[len(scaler.mean), int(parameters["hidden"]), 2],
        maxIter=int(parameters["iterations"]),
        seed=seed,
    )
    return PipelineModel([scaler, network.fit(scaler.transform(rows))])


def _importances(model: Any, rows: "DataFrame") -> "Array":
    """|sum over the hidden units of weight into x weight out of it|; 0 for an input that never varied in training.

    J. Olden and D. Jackson, Illuminating the black box (2002).
    """
    import numpy as np

    scaler, network = model.stages
    inputs, hidden, outputs = network.getLayers()
    weights = network.weights.toArray()
    # Of each layer the weights, all of one input together, and then the biases.
    into, rest = weights[: inputs * hidden].reshape(inputs, hidden), weights[(inputs + 1) * hidden :]
    out_of = rest[: hidden * outputs].reshape(hidden, outputs)
    return np.abs(into @ (out_of[:, 1] - out_of[:, 0])) * (scaler.std.toArray() > 0)


def _explainer(model: Any, sample: "Mapping[str, Array]") -> "Explainer":
    import numpy as np

    from churn_spark.models.explaining.network import Network, path_terms

    scaler, network = model.stages
    inputs, hidden, outputs = network.getLayers()
    weights, mean, deviation = network.weights.toArray(), scaler.mean.toArray(), scaler.std.toArray()
    into, rest = weights[: inputs * hidden].reshape(inputs, hidden), weights[(inputs + 1) * hidden :]
    out_of, out_bias = rest[: hidden * outputs].reshape(hidden, outputs), rest[hidden * outputs :]
    # What never varied in training is standardised to 0.
    scaled = into * np.divide(1.0, deviation, out=np.zeros(inputs), where=deviation > 0)[:, None]
    hidden_bias = weights[inputs * hidden : (inputs + 1) * hidden] - mean @ scaled
    folded = Network(scaled, hidden_bias, out_of[:, 1] - out_of[:, 0], float(out_bias[1] - out_bias[0]))
    return path_terms(LOGGED, folded, sample)


MULTILAYER_PERCEPTRON = Family(
    name="multilayer_perceptron",
    parameters=(
        Parameter("hidden", 8, "Numbers of hidden units.", least=1, most=1000, simplest="lowest"),
        Parameter("iterations", 10, "Largest numbers of iterations.", least=1, most=MOST, simplest="lowest"),
    ),
    inputs=(LOGGED,),
    complexity=50,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=_importances,
    explainer=_explainer,
)
