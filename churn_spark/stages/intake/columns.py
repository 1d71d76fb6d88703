"""The columns of a file, compared with the declared ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.nearest import listed
from churn_spark.definitions.sources import Source
from churn_spark.definitions.stored_types import declarable
from churn_spark.events.raw import UNFIT
from churn_spark.events.stored import cell


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file in its order: `read_as` names unknown ones so that they clash with nothing."""

    read_as: tuple[str, ...]
    unknown: frozenset[str]


def compared(header: Sequence[str], source: Source, path: str) -> Columns:
    """The file's columns compared with the declared ones; DeliveryError: a declared column is missing or repeated."""
    declared = [name for name, _ in source.schema]
    missing = [name for name in declared if name not in header]
    if missing:
        raise DeliveryError(
            f"{path}: the declared columns {', '.join(missing)} are not in it (it has {listed(header) or 'none'}); have"
            f" it delivered again or change sources.{source.name}.schema"
        )
    twice = sorted({name for name in header if name in declared and list(header).count(name) > 1})
    if twice:
        raise DeliveryError(
            f"{path}: {', '.join(twice)} is there more than once in the header; have the file delivered again"
        )
    read_as = tuple(name if name in declared else f"_unknown_{n}" for n, name in enumerate(header))
    return Columns(read_as, frozenset(header) - frozenset(declared))


@dataclass(frozen=True, slots=True)
class Fitting:
    """The declared columns of files with types (Parquet, Delta), read as declared.

    unfit: by column, the text of values that do not fit (see `events.stored`); without columns whose values all fit.
    """

    values: tuple[Column, ...]
    unfit: Mapping[str, Column]

    def columns(self, unfit: Iterable[str]) -> list[Column]:
        """The columns of a raw frame (see `events.raw`); unfit: fields of `_unfit`; empty: no such column."""
        texts = [self.unfit.get(name, F.lit(None).cast("string")).alias(name) for name in sorted(unfit)]
        return [*self.values, *([F.struct(*texts).alias(UNFIT)] if texts else [])]


def fitting(stored: Mapping[str, str], source: Source, path: str) -> Fitting:
    """The declared columns by their stored types, read as `definitions.stored_types` says.

    DeliveryError: some columns cannot be read as declared.
    """
    values, unfit, refused = [], {}, []
    for name, declared in source.schema:
        column = cell(F.col(quoted(name)), stored[name], declared)
        if column is None:
            refused.append(refusal(source, name, stored[name], declared))
            continue
        values.append(column.value.alias(name))
        if column.unfit is not None:
            unfit[name] = column.unfit
    if refused:
        raise DeliveryError(f"{path}: {'; '.join(refused)}")
    return Fitting(tuple(values), unfit)


def refusal(source: Source, name: str, stored: str, declared: str) -> str:
    """The message that a column cannot be read as declared, with what to do."""
    where = f"sources.{source.name}.schema"
    here = (
        f"declare it {stored} in {where} and convert it in the expressions that use it"
        if declarable(stored)
        else f"leave it out of {where}"
    )
    return f"{name} is {stored}, declared {declared}, and cannot be read so; {here}, or have it delivered as {declared}"
