"""What is learnt of features that are texts: the values to mark, or the churn rate of each where there are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.feature import OneHotEncoder, StringIndexer, StringIndexerModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.modelling import Training
from churn_spark.models.slots import ENCODED, INDEXED, READ
from churn_spark.models.target_encoding import Rates, learn_rates

MOST_VALUES = 100
"""A text with more different values is an identifier, or gets a churn rate for each value (`target_encoding`)."""


@dataclass(frozen=True, slots=True)
class Texts:
    """values: of each text that gets a mark for each, the most frequent first. rates: of each text of many values.

    left_out: texts not used, with the reason.
    """

    values: Mapping[str, tuple[str, ...]]
    rates: Mapping[str, Rates]
    left_out: Mapping[str, str]


def learn_texts(snapshots: DataFrame, strings: Sequence[str], settings: Training) -> Texts:
    """Learn the texts `strings` of the training rows.

    snapshots: the texts; with target encoding also customer_id and label (0 or 1).
    """
    if not strings:
        return Texts({}, {}, {})
    read = snapshots.selectExpr(*(f"{text(name)} AS {quoted(name + READ)}" for name in strings))
    different = [F.approx_count_distinct(name + READ).alias(name) for name in strings]
    present = [F.count(name + READ) for name in strings]
    rows, *both = read.agg(F.count("*"), *different, *present).collect()[0]
    counts, known = (dict(zip(strings, half, strict=True)) for half in (both[: len(strings)], both[len(strings) :]))
    encoding = settings.target_encoding
    most = encoding.most_values if encoding else MOST_VALUES
    hint = "" if encoding else "; training.target_encoding makes rates of them"
    left_out = {name: f"more than {most} values{hint}" for name in strings if counts[name] > most}
    constant = [name for name in strings if counts[name] == 0 or (counts[name] == 1 and known[name] == rows)]
    left_out |= dict.fromkeys(constant, "never varies in training")
    used = [name for name in strings if name not in left_out]
    many = [name for name in used if counts[name] > MOST_VALUES]
    learnt = {name: learn_rates(snapshots, name, settings, encoding.smoothing) for name in many} if encoding else {}
    return Texts(_values(read, [name for name in used if name not in many]), learnt, left_out)


def encoders_of(snapshots: DataFrame, values: Mapping[str, Sequence[str]]) -> tuple[Transformer, ...]:
    """The stages that mark the values of texts; made of the values and the schema of `snapshots`, without a job."""
    if not values:
        return ()
    # One stage for each text: PySpark would fill up the shorter of several lists of labels with nulls.
    indexers = [
        StringIndexerModel.from_arrays_of_labels([list(labels)], [name + READ], [name + INDEXED], handleInvalid="keep")
        for name, labels in values.items()
    ]
    # The last index is that of unseen values and null: dropping it makes them all 0.
    inputs, outputs = ([name + end for name in values] for end in (INDEXED, ENCODED))
    one_hot = OneHotEncoder(inputCols=inputs, outputCols=outputs, dropLast=True)
    read = snapshots.selectExpr(*(f"{text(name)} AS {quoted(name + READ)}" for name in values))
    return (*indexers, one_hot.fit(PipelineModel([*indexers]).transform(read)))


def text(name: str) -> str:
    """SQL that reads a text, the empty one as null."""
    return f"NULLIF({quoted(name)}, '')"


def _values(read: DataFrame, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not names:
        return {}
    # Equally frequent values are ordered by name: the same data always give the same slots.
    indexer = StringIndexer(
        inputCols=[name + READ for name in names],
        outputCols=[name + INDEXED for name in names],
        stringOrderType="frequencyDesc",
    ).fit(read)
    return {name: tuple(labels) for name, labels in zip(names, indexer.labelsArray, strict=True)}
