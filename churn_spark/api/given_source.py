"""The source that features of any DataFrame describe, as if a project had configured it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from churn_spark.definitions.columns import Category, Measure, value_column
from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.sources import Delivered, Source

POINTS = ("first", "last", "delta")


@dataclass(frozen=True, slots=True)
class GivenSource:
    """measures, categories: columns of events by the short names that the engine knows them under.

    Short names cannot clash with the engine's own, whatever the columns of events are called.
    """

    source: Source
    features: tuple[Feature, ...]
    measures: Mapping[str, str]
    categories: Mapping[str, str]

    def with_scales(self, scales: Mapping[str, int]) -> Source:
        """The source with the scales of its measures, which tiles in whole units are read by."""
        measures = tuple(replace(measure, scale=scales[measure.name]) for measure in self.source.measures)
        return replace(self.source, measures=measures)


def given_source(name: str, features: Collection[Feature]) -> GivenSource:
    """Describe the source of some features, and the features over its short names.

    ValueError where two values of a category would be counted under one name.
    """
    numbers = [f.column for f in features if _is_measure(f)] + [f.measure for f in features]
    texts = [f.column for f in features if not _is_measure(f)]
    measures = {column: f"m{n}" for n, column in enumerate(dict.fromkeys(filter(None, numbers)))}
    categories = {column: f"c{n}" for n, column in enumerate(dict.fromkeys(filter(None, texts)))}
    source = Source(
        name=name,
        kind="events",
        format="parquet",
        path="",
        schema=(),
        customer_id="",
        delivered=Delivered(by="event"),
        measures=tuple(
            Measure(short, "", points=any(f.op in POINTS and f.column == column for f in features))
            for column, short in measures.items()
        ),
        categories=tuple(
            _category(column, short, [f for f in features if f.column == column and not _is_measure(f)], measures)
            for column, short in categories.items()
        ),
    )
    short = tuple(
        replace(
            f,
            column=(measures if _is_measure(f) else categories)[f.column] if f.column else None,
            measure=measures[f.measure] if f.measure else None,
        )
        for f in features
    )
    return GivenSource(source, short, _turned(measures), _turned(categories))


def _category(column: str, short: str, features: Collection[Feature], measures: Mapping[str, str]) -> Category:
    """A category with what its features need: values counted and summed apart, the set of all values."""
    values = tuple(dict.fromkeys(f.value for f in features if f.value is not None))
    by_name: dict[str, str] = {}
    for value in values:
        if (other := by_name.setdefault(value_column(short, value), value)) != value:
            raise ValueError(f"{other!r} and {value!r} of {column} would be counted under one name; rename one of them")
    return Category(
        short,
        "",
        values=values,
        measures=tuple(dict.fromkeys(measures[f.measure] for f in features if f.measure)),
        distinct=any(f.op == "distinct" for f in features),
    )


def _is_measure(feature: Feature) -> bool:
    return OPS[feature.op].over == "measure"


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {short: column for column, short in names.items()}
