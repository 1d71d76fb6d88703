"""The model families there are. A new one is a file of its own and a line of this list, and nothing else."""

from churn_spark.definitions.errors import ConfigError, ModelError
from churn_spark.definitions.nearest import unknown
from churn_spark.models.families.blend import BLEND
from churn_spark.models.families.decision_tree import DECISION_TREE
from churn_spark.models.families.family import Family, Parameter
from churn_spark.models.families.gradient_boosted_trees import GRADIENT_BOOSTED_TREES
from churn_spark.models.families.linear_svm import LINEAR_SVM
from churn_spark.models.families.logistic_regression import LOGISTIC_REGRESSION
from churn_spark.models.families.multilayer_perceptron import MULTILAYER_PERCEPTRON
from churn_spark.models.families.random_forest import RANDOM_FOREST
from churn_spark.models.families.xgboost import XGBOOST

__all__ = ["FAMILIES", "Family", "Parameter", "named"]

FAMILIES: tuple[Family, ...] = (
    LOGISTIC_REGRESSION,
    LINEAR_SVM,
    DECISION_TREE,
    RANDOM_FOREST,
    GRADIENT_BOOSTED_TREES,
    XGBOOST,
    MULTILAYER_PERCEPTRON,
    BLEND,
)


def named(name: str) -> Family:
    """The family of a name; ModelError when there is none, as for a model that was saved by a newer version.

    ConfigError where it needs a package that is not installed.
    """
    by_name = {family.name: family for family in FAMILIES}
    if name not in by_name:
        raise ModelError(unknown("model family", name, list(by_name)))
    family = by_name[name]
    if family.not_installed:
        raise ConfigError(f"model family {name}: {family.not_installed}")
    return family
