"""From features to the one vector a model learns from, as MLlib stages, so that a saved pipeline scores on its own.

Numbers: null (and what is not finite) becomes the training median, and an indicator tells it; features that are always
null together share one. Booleans are 0 or 1, dates are days before the as-of date, strings become one column a value
(values unseen in training: all 0). A feature that never varies in training teaches nothing and is left out by name.
Medians and indicators say nothing of the label, so one preparation serves all folds of a training set without leaking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.ml import Transformer
from pyspark.ml.feature import OneHotEncoder, SQLTransformer, StringIndexer, VectorAssembler
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

MOST_VALUES = 100
"""A string feature with more different values is left out: it is an identifier, or needs grouping upstream."""
INPUTS = {False: "inputs", True: "logged_inputs"}
"""The vector a model learns from, by whether its inputs are on a signed logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was learnt from the training set.

    numbers: SQL that reads each numeric feature as a finite double or null. medians: of each. indicators: feature whose
    nulls each tells. encoders: fitted string stages, with the values of each string feature. left_out: features not
    used, with the reason. rows: of the training set.
    """

    numbers: Mapping[str, str]
    medians: Mapping[str, float]
    indicators: Mapping[str, str]
    encoders: tuple[Transformer, ...]
    values: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    rows: int

    @property
    def features(self) -> tuple[str, ...]:
        """The features used."""
        return (*self.medians, *self.values)

    @property
    def slots(self) -> tuple[str, ...]:
        """A name for every slot of the vector, in order."""
        encoded = (f"{name} = {value}" for name, values in self.values.items() for value in values)
        return (*self.medians, *self.indicators, *encoded)

    def stages(self, logged: bool) -> tuple[Transformer, ...]:
        """The fitted stages that make the vector `INPUTS[logged]` from the features; they keep every column."""
        filled = [f"{_filled(self.numbers[f], median)} AS {quoted(_made(f))}" for f, median in self.medians.items()]
        told = [f"CAST({self.numbers[f]} IS NULL AS DOUBLE) AS {quoted(i)}" for i, f in self.indicators.items()]
        made = [_made(name) for name in self.medians]
        if logged:
            scale = [f"SIGNUM({quoted(c)}) * LN(1 + ABS({quoted(c)})) AS {quoted(_logged(c))}" for c in made]
            made = [_logged(c) for c in made]
        columns = [*made, *self.indicators, *(_encoded(name) for name in self.values)]
        return (
            SQLTransformer(statement=_select([*filled, *told])),
            *([SQLTransformer(statement=_select(scale))] if logged else []),
            *self.encoders,
            VectorAssembler(inputCols=columns, outputCol=INPUTS[logged]),
        )


def prepare(snapshots: DataFrame, features: Sequence[str]) -> Preparation:
    """Learn the preparation of a training set in one pass (a second one for strings).

    snapshots: customer_id, as_of_date and the features, of numeric, boolean, date or string type.
    """
    strings = [name for name in features if isinstance(snapshots.schema[name].dataType, T.StringType)]
    numbers = {name: _number(name, snapshots.schema[name].dataType) for name in features if name not in strings}
    seen = dict(zip(numbers, _statistics(snapshots, list(numbers.values())), strict=True))
    left_out = {name: "never varies in training" for name, row in seen.items() if not _varies(row)}
    used = {name: row for name, row in seen.items() if name not in left_out}
    encoders, values, too_many = _encode(snapshots, strings)
    return Preparation(
        numbers={name: numbers[name] for name in used},
        medians={name: row["median"] for name, row in used.items()},
        indicators=_indicators(used),
        encoders=encoders,
        values=values,
        left_out={**left_out, **too_many},
        rows=next((row["rows"] for row in seen.values()), 0) or snapshots.count(),
    )


def quoted(name: str) -> str:
    """A column name for SQL."""
    return "`" + name.replace("`", "``") + "`"


def _statistics(snapshots: DataFrame, numbers: Sequence[str]) -> list[Row]:
    """One row a feature, in order. Features go below each other: a thousand aggregates side by side are slow."""
    if not numbers:
        return []
    listed = F.posexplode(F.array(*(F.expr(number) for number in numbers)))
    row_hash = F.xxhash64("customer_id", "as_of_date").alias("row_hash")
    return (
        snapshots.select(row_hash, listed.alias("place", "number"))
        .groupBy("place")
        .agg(
            F.count("*").alias("rows"),
            F.count("number").alias("known"),
            F.min("number").alias("least"),
            F.max("number").alias("most"),
            F.percentile_approx("number", 0.5, 1_000).alias("median"),
            # Equal for features that are null in the same rows.
            F.bit_xor(F.when(F.col("number").isNull(), F.col("row_hash"))).alias("null_pattern"),
        )
        .orderBy("place")
        .collect()
    )


def _varies(row: Row) -> bool:
    return row["known"] > 0 and (row["least"] < row["most"] or row["known"] < row["rows"])


def _indicators(used: Mapping[str, Row]) -> dict[str, str]:
    first: dict[tuple[int, int], str] = {}
    for name, row in used.items():
        if row["known"] < row["rows"]:
            first.setdefault((row["known"], row["null_pattern"]), name)
    return {f"{name} is null": name for name in first.values()}


def _encode(
    snapshots: DataFrame, strings: Sequence[str]
) -> tuple[tuple[Transformer, ...], dict[str, tuple[str, ...]], dict[str, str]]:
    if not strings:
        return (), {}, {}
    counts = snapshots.agg(*(F.approx_count_distinct(name).alias(name) for name in strings)).collect()[0]
    left_out = {name: f"more than {MOST_VALUES} values" for name in strings if counts[name] > MOST_VALUES}
    left_out |= {name: "never varies in training" for name in strings if counts[name] < 2}
    kept = [name for name in strings if name not in left_out]
    if not kept:
        return (), {}, left_out
    indexed = [f"{name}__index" for name in kept]
    # Equally frequent values are ordered by name: the same data always give the same slots.
    indexer = StringIndexer(
        inputCols=kept, outputCols=indexed, handleInvalid="keep", stringOrderType="frequencyDesc"
    ).fit(snapshots)
    # The last index is that of unseen values and null: dropping it makes them all 0.
    one_hot = OneHotEncoder(inputCols=indexed, outputCols=[_encoded(name) for name in kept], dropLast=True)
    encoder = one_hot.fit(indexer.transform(snapshots))
    values = {name: tuple(labels) for name, labels in zip(kept, indexer.labelsArray, strict=True)}
    return (indexer, encoder), values, left_out


def _number(name: str, kind: T.DataType) -> str:
    if isinstance(kind, T.DateType):
        return f"CAST(DATEDIFF(as_of_date, {quoted(name)}) AS DOUBLE)"
    number = f"CAST({quoted(name)} AS DOUBLE)"
    if isinstance(kind, T.FractionalType):
        # Null where it is NaN or infinite; NaN is larger than infinity in Spark's order.
        return f"IF(ABS({number}) < DOUBLE('Infinity'), {number}, NULL)"
    return number


def _filled(number: str, median: float) -> str:
    return f"COALESCE({number}, DOUBLE('{median!r}'))"


def _select(columns: Sequence[str]) -> str:
    return ", ".join(["SELECT *", *columns]) + " FROM __THIS__"


def _made(name: str) -> str:
    return f"{name}__filled"


def _logged(name: str) -> str:
    return f"{name}__logged"


def _encoded(name: str) -> str:
    return f"{name}__encoded"
