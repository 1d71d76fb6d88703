"""Feature lines expanded into single features, named `<source>_<column>_<op>_<n>d`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.settings.features import LONGEST_ONLY, WEEKLY, FeatureLine, FeaturesSection

WEEK = 7


def expanded(section: FeaturesSection, source: str, line: FeatureLine) -> Iterator[Feature]:
    """Every feature of a line, without hashes: op by op, column by column, window by window."""
    for op in line.op:
        for window in windows(section, line, op):
            for feature in _of_columns(Feature("", source, op, window=window), line):
                yield from (replace(one, name=_name(one)) for one in _of_parameters(feature, line))


def windows(section: FeaturesSection, line: FeatureLine, op: str) -> list[int | None]:
    """The windows of one op of a line; None for a lifetime op."""
    if op in OPS and not OPS[op].windowed:
        return [None]
    if line.windows is not None:
        return list(line.windows)
    return [max(section.windows)] if op in LONGEST_ONLY else list(section.windows)


def slug(value: str) -> str:
    """A category's value as a part of a name: lower case, other characters as _."""
    return "".join(character if character.isalnum() else "_" for character in value.lower())


def _of_columns(feature: Feature, line: FeatureLine) -> Iterable[Feature]:
    if feature.op in OPS and OPS[feature.op].over in ("measure", "category"):
        return [replace(feature, column=column) for column in line.of or ()]
    return [feature]


def _of_parameters(feature: Feature, line: FeatureLine) -> Iterable[Feature]:
    if feature.op == "share":
        return [replace(feature, value=value, measure=line.measure) for value in line.value or ()]
    if feature.op == "ewm":
        return [replace(feature, half_life=float(days)) for days in line.half_life or ()]
    if feature.op == "weekly":
        lags = [replace(feature, op="weekly_lag", lag=week) for week in range(1, (feature.window or 0) // WEEK + 1)]
        return [*lags, *(replace(feature, op=op) for op in WEEKLY[1:])]
    return [feature]


def _name(feature: Feature) -> str:
    parts = [feature.source, feature.column, feature.op]
    if feature.op == "share":
        parts += [slug(feature.value or ""), feature.measure]
    if feature.op == "ewm":
        parts.append(f"h{feature.half_life:g}")
    if feature.op == "weekly_lag":
        parts[-1] = f"weekly_lag{feature.lag}"
    if feature.window is not None:
        parts.append(f"{feature.window}d")
    return "_".join(part for part in parts if part)
