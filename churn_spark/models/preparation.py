"""From features to the vector a model learns from, as MLlib stages, so that a saved pipeline scores on its own.

Numbers: null (and what is not finite) becomes the training median, and an indicator marks it; features that are always
null together share one. Booleans are 0 or 1, dates are days before the as-of date, strings become one column
per value (null, empty text and values unseen in training: all 0), or the churn rate of the value where there are many
and the configuration asks for it. A feature that never varies in training explains nothing and is left out by name.
Medians and indicators do not depend on the label, so one preparation serves all folds of a training set without
leaking; rates do, and `target_encoding` keeps them out of the folds that they are not to know.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.ml import Transformer
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.modelling import Training
from churn_spark.models.families.family import LOGGED
from churn_spark.models.slots import ENCODED, FILLED, MISSING, RATE, READ, SCALED, Slot
from churn_spark.models.target_encoding import Rates, text_or_empty
from churn_spark.models.texts import encoders_of, learn_texts, text

QUANTILES = [n / 20 for n in range(1, 20)]
"""Of each numeric feature, at whose values it is binned to look at it alone."""
MEDIAN = QUANTILES.index(0.5)


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was learnt from the training set.

    numbers: SQL that reads each numeric feature as a finite double or null. medians: of each. edges: at which it is cut
    into bins, see `_edges`. marks: of each feature with nulls the one whose indicator marks them. encoders: fitted
    stages that mark the values of string features. rates: of the string features of many values. left_out: features not
    used, with the reason. rows: of the training set.
    """

    numbers: Mapping[str, str]
    medians: Mapping[str, float]
    edges: Mapping[str, tuple[float, ...]]
    marks: Mapping[str, str]
    encoders: tuple[Transformer, ...]
    values: Mapping[str, tuple[str, ...]]
    rates: Mapping[str, Rates]
    left_out: Mapping[str, str]
    rows: int

    @property
    def features(self) -> tuple[str, ...]:
        """The features used."""
        return (*self.medians, *self.values, *self.rates)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The features whose nulls have an indicator of their own."""
        return tuple(dict.fromkeys(self.marks.values()))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What each element of the vector holds, in order."""
        numbers = (Slot(name) for name in self.medians)
        missing = (Slot(name, "missing") for name in self.indicators)
        categories = (Slot(name, "category", value) for name, values in self.values.items() for value in values)
        return (*numbers, *missing, *categories, *(Slot(name, "rate") for name in self.rates))

    def only(self, features: Collection[str], snapshots: DataFrame) -> "Preparation":
        """The preparation of some of the features alone, as it was learnt; no rows of `snapshots` are read."""
        first: dict[str, str] = {}
        marks = {name: first.setdefault(mark, name) for name, mark in self.marks.items() if name in features}
        values = {name: values for name, values in self.values.items() if name in features}
        return replace(
            self,
            numbers={name: number for name, number in self.numbers.items() if name in features},
            medians={name: median for name, median in self.medians.items() if name in features},
            edges={name: edges for name, edges in self.edges.items() if name in features},
            marks=marks,
            encoders=encoders_of(snapshots, values),
            values=values,
            rates={name: rates for name, rates in self.rates.items() if name in features},
        )

    def places(self, narrower: "Preparation") -> list[int]:
        """Where the slots of a preparation of some of the features (`only`) stand among the slots of this one."""
        place = {slot: n for n, slot in enumerate(self.slots)}
        marked = (replace(s, feature=self.marks[s.feature]) if s.holds == "missing" else s for s in narrower.slots)
        return [place[slot] for slot in marked]

    def stages(self, vectors: Collection[str]) -> tuple[Transformer, ...]:
        """The fitted stages that make some of `VECTORS` from the features; they keep every column."""
        filled = [f"{_filled(self.numbers[f], median)} AS {quoted(f + FILLED)}" for f, median in self.medians.items()]
        marks = [f"CAST({self.numbers[f]} IS NULL AS DOUBLE) AS {quoted(f + MISSING)}" for f in self.indicators]
        texts = [f"{text(name)} AS {quoted(name + READ)}" for name in self.values]
        texts += [f"{text_or_empty(name)} AS {quoted(name + READ)}" for name in self.rates]
        made = [name + FILLED for name in self.medians]
        scaled = [f"SIGNUM({quoted(c)}) * LN(1 + ABS({quoted(c)})) AS {quoted(c + SCALED)}" for c in made]
        others = [*(name + MISSING for name in self.indicators), *(name + ENCODED for name in self.values)]
        others += [name + RATE for name in self.rates]
        numbers = {vector: [c + SCALED for c in made] if vector == LOGGED else made for vector in vectors}
        return (
            SQLTransformer(statement=_select([*filled, *marks, *texts])),
            *([SQLTransformer(statement=_select(scaled))] if LOGGED in vectors else []),
            *self.encoders,
            *(stage for name, rates in self.rates.items() for stage in rates.stages(name)),
            *(VectorAssembler(inputCols=[*of, *others], outputCol=vector) for vector, of in numbers.items()),
        )


def prepare(snapshots: DataFrame, features: Sequence[str], settings: Training = Training(candidates=())) -> Preparation:
    """Learn the preparation of a training set in one pass (more for strings).

    snapshots: customer_id, as_of_date and the features, of numeric, boolean, date or string type; label (0 or 1) where
    there is target encoding.
    """
    strings = [name for name in features if isinstance(snapshots.schema[name].dataType, T.StringType)]
    numbers = {name: number_of(name, snapshots.schema[name].dataType) for name in features if name not in strings}
    seen = dict(zip(numbers, _statistics(snapshots, list(numbers.values())), strict=True))
    left_out = {name: "never varies in training" for name, row in seen.items() if not _varies(row)}
    used = {name: row for name, row in seen.items() if name not in left_out}
    texts = learn_texts(snapshots, strings, settings)
    return Preparation(
        numbers={name: numbers[name] for name in used},
        medians={name: row["quantiles"][MEDIAN] for name, row in used.items()},
        edges={name: _edges(row) for name, row in used.items()},
        marks=_marks(used),
        encoders=encoders_of(snapshots, texts.values),
        values=texts.values,
        rates=texts.rates,
        left_out={**left_out, **texts.left_out},
        rows=next((row["rows"] for row in seen.values()), 0) or snapshots.count(),
    )


def _statistics(snapshots: DataFrame, numbers: Sequence[str]) -> list[Row]:
    """One row per feature, in order. Features go below each other: a thousand aggregates side by side are slow."""
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
            F.percentile_approx("number", QUANTILES, 1_000).alias("quantiles"),
            # Equal for features that are null in the same rows.
            F.bit_xor(F.when(F.col("number").isNull(), F.col("row_hash"))).alias("null_pattern"),
        )
        .orderBy("place")
        .collect()
    )


def _edges(row: Row) -> tuple[float, ...]:
    """The different quantiles; where one stands for many rows alike, also the number just below it.

    Else what lies below such a value, as the few zeros of a flag that is mostly 1, would share its bin.
    """
    quantiles: list[float] = row["quantiles"]
    often = {value for value in quantiles if quantiles.count(value) > 1} | {quantiles[0]}
    below = (math.nextafter(value, -math.inf) for value in often if value > row["least"])
    return tuple(sorted({*quantiles, *below}))


def _varies(row: Row) -> bool:
    return row["known"] > 0 and (row["least"] < row["most"] or row["known"] < row["rows"])


def _marks(used: Mapping[str, Row]) -> dict[str, str]:
    """Of each feature with nulls the first of those that are always null together with it."""
    first: dict[tuple[int, int], str] = {}
    nulls = {name: (row["known"], row["null_pattern"]) for name, row in used.items() if row["known"] < row["rows"]}
    return {name: first.setdefault(pattern, name) for name, pattern in nulls.items()}


def number_of(name: str, kind: T.DataType) -> str:
    """SQL that reads a numeric, boolean or date feature as a finite double or null."""
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
