"""Features as a Python user writes them: `"sum(amount)"`, or `feature("share", of="channel", value="web")`."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from churn_spark.definitions.features import Feature
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.settings.expand import WEEK, expanded, windows
from churn_spark.settings.features import OP_NAMES, FeatureLine, FeaturesSection

KNOWN = tuple(name for name in OP_NAMES if name not in OPS or OPS[name].over not in PARTNERED)
"""The operations that need nothing but events; the others need a project with partners."""
PARAMETERS = {"value": "share", "measure": "share", "half_life": "ewm"}
"""What only one operation takes, by name."""
WRITTEN = re.compile(r"\s*(\w+)\s*(?:\(\s*(.*?)\s*\))?\s*")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One operation over one or several columns and windows; made by `feature`, which explains the fields."""

    op: str
    of: tuple[str, ...] = ()
    windows: tuple[int, ...] = ()
    value: tuple[str, ...] = ()
    measure: str | None = None
    half_life: tuple[int, ...] = ()

    @property
    def over(self) -> str:
        """What the operation is computed over (see `Op`)."""
        return OPS[self.op].over if self.op in OPS else "days"

    def __str__(self) -> str:
        return f"{self.op}({', '.join(self.of)})" if self.of else self.op


def feature(
    op: str,
    of: str | Iterable[str] = (),
    *,
    windows: int | Iterable[int] = (),
    value: str | Iterable[str] = (),
    measure: str | None = None,
    half_life: int | Iterable[int] = (),
) -> FeatureSpec:
    """Describe features for `window_features`; `docs/features.md` has the formula of every operation.

    op: an operation, such as `count`, `sum`, `recency` or `share`. of: the columns it is computed over, numbers for
    `sum` or `mean`, any values for `distinct` and `share`. windows: days; left out, those of `window_features` (of
    `recency`, `ewm` and `weekly` its longest). value: with `share`, the values whose share is wanted. measure: with
    `share`, the column whose sum is shared, instead of the number of events. half_life: with `ewm`, days.

    Raises ValueError for an operation that does not exist or arguments that do not go together.

    >>> print(feature("share", of="channel", value=["web", "shop"], windows=28))
    share(channel)
    """
    values = tuple(map(_text, several(value)))
    spec = FeatureSpec(op, several(of), several(windows), values, measure, several(half_life))
    if problem := next(_problems(spec), None):
        raise ValueError(problem)
    return spec


def parsed(written: str | FeatureSpec) -> FeatureSpec:
    """A feature as `feature` makes it; text is an operation, with its columns in parentheses."""
    if isinstance(written, FeatureSpec):
        return written
    match = WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f'{written!r} is not a feature; write "count", "sum(amount)" or feature("sum", of="amount")')
    return feature(match[1], [name.strip() for name in match[2].split(",")] if match[2] else ())


def resolved(specs: Sequence[str | FeatureSpec], default_windows: Collection[int], prefix: str) -> tuple[Feature, ...]:
    """Every feature, named `<prefix>_<column>_<op>_<n>d`.

    Raises ValueError where there is none, where windows do not fit, or where two features would have one name.
    """
    if isinstance(specs, str | FeatureSpec) or not specs:
        raise ValueError('features is a list with at least one feature, such as ["count", "sum(amount)"]')
    refuse_bad_windows("windows", default_windows)
    section = FeaturesSection.model_construct(windows=sorted(set(default_windows)))
    by_name: dict[str, Feature] = {}
    for spec in map(parsed, specs):
        line = _line(spec)
        if spec.op == "weekly":
            _refuse_broken_weeks(windows(section, line, "weekly"))
        for one in expanded(section, prefix, line):
            if by_name.setdefault(one.name.lower(), one) != one:
                raise ValueError(f"two features would be named {one.name}; rename a column or leave one of them out")
    return tuple(by_name.values())


def several(value: Any) -> tuple[Any, ...]:
    """A value that may be a single one or several, as several."""
    return (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)


def refuse_bad_windows(name: str, days: Iterable[int]) -> None:
    """ValueError for windows that are not whole numbers of days from 1 on."""
    wrong = [one for one in days if isinstance(one, bool) or not isinstance(one, int) or one < 1]
    if wrong or not list(days):
        raise ValueError(f"{name} are whole days, 1 or more, such as [7, 28]{f'; not {wrong[0]!r}' if wrong else ''}")


def _problems(spec: FeatureSpec) -> Iterator[str]:
    if spec.op in OPS and spec.op not in OP_NAMES:
        yield f"{spec.op} is part of weekly; write weekly"
    elif spec.op in OPS and OPS[spec.op].over in PARTNERED:
        yield f"{spec.op} needs the partner of each event; configure a project with a counterparty for it"
    elif spec.op not in KNOWN:
        yield f"{unknown('operation', spec.op, KNOWN)}; docs/features.md explains them"
    takes_column = spec.over in ("measure", "category")
    if takes_column and not spec.of:
        yield f'{spec.op} is computed over a column; write "{spec.op}(column)" or feature("{spec.op}", of="column")'
    if spec.of and not takes_column:
        yield f'{spec.op} is computed over whole events and takes no column; write "{spec.op}"'
    for name, op in PARAMETERS.items():
        if getattr(spec, name) and spec.op != op:
            yield f"{name} goes with {op} only, not with {spec.op}"
    if spec.op == "share" and not spec.value:
        yield f'share needs the values whose share is wanted: feature("share", of="{spec.of[0]}", value="...")'
    if spec.op == "ewm" and not spec.half_life:
        yield 'ewm needs a half-life in days: feature("ewm", half_life=14)'
    if spec.op in OPS and not OPS[spec.op].windowed and spec.windows:
        yield f"{spec.op} looks at the whole lifetime and takes no windows"
    for name in ("windows", "half_life"):
        if days := getattr(spec, name):
            refuse_bad_windows(name, days)


def _line(spec: FeatureSpec) -> FeatureLine:
    """The line of a configuration that says the same, not validated again: columns may have any name here."""
    return FeatureLine.model_construct(
        op=[spec.op],
        of=list(spec.of) or None,
        windows=list(spec.windows) or None,
        value=list(spec.value) or None,
        measure=spec.measure,
        half_life=list(spec.half_life) or None,
    )


def _refuse_broken_weeks(days: Iterable[int | None]) -> None:
    for window in days:
        if window is not None and (window % WEEK or window < 2 * WEEK):
            raise ValueError(f"weekly needs windows of whole weeks, at least two, such as 28; {window} days are not")


def _text(value: Any) -> str:
    """A value of a category as Spark writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
