"""The columns made from a source's rows: measures, categories and attributes, and how they are cleaned."""

from dataclasses import dataclass, field
from typing import Literal

Missing = Literal["null", "indicator", "drop", "constant", "mean", "median", "mode", "last_known", "interpolate"]
Outliers = Literal["keep", "clip", "null", "flag"]

SQUARE_BITS = 36
"""Tiles keep a sum of squares as two 64-bit integers: high * 2^36 + low."""
LARGEST_SQUARED = 2**42 - 1
"""The largest scaled value whose square is split into these parts without overflow of 64 bits."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How one column is cleaned when tiles are built.

    missing: what a null becomes (`indicator`: stays null and is counted in `<column>_missing`).
    outliers: what a value outside the Tukey fences `[q1 - k IQR, q3 + k IQR]` becomes (`flag`: stays, counted in
    `<column>_outlier`). smooth: width of a trailing median over the customer's events of one knowledge date; None: off.
    """

    missing: Missing = "null"
    constant: float | str | None = None
    outliers: Outliers = "keep"
    fence_factor: float = 3.0
    smooth: int | None = None

    @property
    def learns(self) -> bool:
        """Whether values learnt by `profile` are needed."""
        return self.missing in ("mean", "median", "mode") or self.outliers != "keep"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of an event, stored as a 64-bit integer count of 10^-scale units (scale 2: cents).

    points: whether tiles keep its first and last value (needed by `first`, `last` and `delta`).
    expression: SQL over the raw columns. max_abs: largest absolute value (in units, not scaled); a row beyond it is
    quarantined as `too_large`.
    """

    name: str
    expression: str
    scale: int = 0
    max_abs: float = 1e9
    unit: str = ""
    cleaning: Cleaning = field(default_factory=Cleaning)
    points: bool = True


@dataclass(frozen=True, slots=True)
class Category:
    """A named value of an event (string).

    values: those whose events (and `measures`) are counted apart in tiles; others count only for `distinct`.
    measures: measures summed apart by value. distinct: whether tiles keep the set of values. approximate: distinct by
    an HLL sketch instead of exactly. max_values: most values of one customer on one day that are counted exactly.
    """

    name: str
    expression: str
    values: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    distinct: bool = False
    approximate: bool = False
    max_values: int = 10_000
    cleaning: Cleaning = field(default_factory=Cleaning)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A dated property of a customer: a SQL expression over the raw columns and its Spark type."""

    name: str
    expression: str
    type: str
    identifier: bool = False


def value_column(category: str, value: str, measure: str | None = None) -> str:
    """The name of the tile column that counts (or sums `measure` over) the events with one value of a category."""
    slug = "".join(character if character.isalnum() else "_" for character in value.lower())
    return f"{category}__{slug}" if measure is None else f"{category}__{slug}__{measure}"
