"""Models of other libraries, learnt from the very matrices that a training set of churn_spark holds.

Each is set once, as is usual for small tables, with as many trees as ours or more; nothing is tuned on data measured.
A library that is not installed is left out.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.experiment import TrainingData
from churn_spark.models.families.family import LOGGED, PLAIN
from churn_spark.models.measures import Measure, measured
from churn_spark.models.tally import SMALLEST, Tally
from churn_spark.models.training_set import in_test, in_training
from churn_spark.models.trial import in_naive_training

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matrices:
    """A training set in memory: rows in one order, the same for all models.

    plain, logged: rows x inputs, as they are and on a signed logarithmic scale. part: the group of the bootstrap.
    naive: the rows that a random split would learn from.
    """

    plain: Array
    logged: Array
    label: Array
    part: NDArray[np.int64]
    snapshot: NDArray[np.datetime64]
    training: NDArray[np.bool_]
    test: NDArray[np.bool_]
    naive: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Library:
    """make: an unfitted classifier of scikit-learn's interface, from a seed. logged: whether `logged` is its input."""

    name: str
    package: str
    make: Callable[[int], Any]
    logged: bool = False

    @property
    def installed(self) -> bool:
        return find_spec(self.package) is not None


def _logistic_regression(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000, random_state=seed))


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(300, min_samples_leaf=8, n_jobs=2, random_state=seed)


def _histogram_boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=120, max_depth=4, min_samples_leaf=30, l2_regularization=5, random_state=seed
    )


def _lightgbm(seed: int) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=150, learning_rate=0.04, num_leaves=12, min_child_samples=30, subsample=0.8, subsample_freq=1,
        colsample_bytree=0.5, reg_lambda=5, random_state=seed, n_jobs=2, verbose=-1,
    )  # fmt: skip


def _catboost(seed: int) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        iterations=400, learning_rate=0.04, depth=5, l2_leaf_reg=5, random_seed=seed, thread_count=2, verbose=False,
        allow_writing_files=False,
    )  # fmt: skip


LIBRARIES = (
    Library("scikit-learn logistic regression", "sklearn", _logistic_regression, logged=True),
    Library("scikit-learn random forest", "sklearn", _random_forest),
    Library("scikit-learn histogram boosting", "sklearn", _histogram_boosting),
    Library("LightGBM", "lightgbm", _lightgbm),
    Library("CatBoost", "catboost", _catboost),
)


def matrices(data: TrainingData, settings: Training) -> Matrices:
    """Collect a training set; made for sets that fit in memory."""
    rows = data.rows.select(
        "part",
        "as_of_date",
        "label",
        in_training(data.split, settings.seed).alias("training"),
        in_test(data.split, settings.seed).alias("test"),
        in_naive_training(settings.seed).alias("naive"),
        *(vector_to_array(F.col(name)).alias(name) for name in (PLAIN, LOGGED)),
    ).toArrow()
    plain, logged = (
        rows[name].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1) for name in (PLAIN, LOGGED)
    )
    return Matrices(
        plain=plain,
        logged=logged,
        label=rows["label"].to_numpy().astype(float),
        part=rows["part"].to_numpy().astype(np.int64),
        snapshot=rows["as_of_date"].to_numpy().astype("datetime64[D]"),
        **{name: rows[name].to_numpy(zero_copy_only=False).astype(bool) for name in ("training", "test", "naive")},
    )


def tested(library: Library, held: Matrices, settings: Training) -> tuple[dict[str, Measure], float]:
    """The metrics of a library's model on the test, and the seconds of fitting and measuring it."""
    started = time.monotonic()
    measures = _measured(library, held, held.training, held.test, settings)
    return measures, time.monotonic() - started


def naively(library: Library, held: Matrices, settings: Training) -> dict[str, Measure]:
    """The metrics that a random split of the same rows would have claimed of a library's model."""
    return _measured(library, held, held.naive, ~held.naive, settings)


def _measured(
    library: Library, held: Matrices, training: NDArray[np.bool_], test: NDArray[np.bool_], settings: Training
) -> dict[str, Measure]:
    inputs = held.logged if library.logged else held.plain
    model = library.make(settings.seed).fit(inputs[training], held.label[training])
    risk = np.asarray(model.predict_proba(inputs[test]))[:, 1].astype(float)
    return measured(
        _tally(risk, held.label[test], held.part[test], held.snapshot[test]), settings.bootstrap, settings.seed
    )


def _tally(risk: Array, label: Array, part: NDArray[np.int64], snapshot: NDArray[np.datetime64]) -> Tally:
    order = np.argsort(-risk, kind="stable")
    risk, label = risk[order], label[order]
    missed = np.clip(np.where(label == 1, risk, 1 - risk), SMALLEST, None)
    return Tally(
        score=risk,
        snapshot=snapshot[order],
        part=part[order],
        rows=np.ones(len(risk)),
        churners=label,
        predicted=risk,
        squared_error=(risk - label) ** 2,
        log_loss=-np.log(missed),
        worth=np.zeros(len(risk)),
    )
