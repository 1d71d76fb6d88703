"""Resolved features: name, inputs and the hash of the definition."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.ops import OPS
from churn_spark.definitions.rules import Leaving


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of `features` computed from tiles, contacts or networks.

    op: a name of `OPS`. column: a measure or category, as the op needs. window: days; None for lifetime.
    value: category value of `share`; measure: the measure shared, None for events. half_life: days, of `ewm`.
    lag: week number of `weekly_lag`, 1 is the latest. hash: of the resolved definition (op with version, mapping,
    cleaning, zone).
    """

    name: str
    source: str
    op: str
    column: str | None = None
    window: int | None = None
    value: str | None = None
    measure: str | None = None
    half_life: float | None = None
    lag: int | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class DerivedFeature:
    """A SQL expression over other features (and attributes); its hash includes its inputs'."""

    name: str
    expression: str
    inputs: tuple[str, ...] = ()
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AttributeFeature:
    """A customer attribute as of the date, taken from `customers`; `type` is its Spark type."""

    name: str
    attribute: str
    type: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """All features of a project, in the order of the columns.

    leaving: how partners are seen to have left; None where no feature needs it.
    """

    windowed: tuple[Feature, ...]
    derived: tuple[DerivedFeature, ...] = ()
    attributes: tuple[AttributeFeature, ...] = ()
    leaving: Leaving | None = None

    @property
    def longest(self) -> int:
        """The longest window, days."""
        return max((feature.window or 0 for feature in self.windowed), default=0)

    @property
    def hashes(self) -> dict[str, str]:
        """The definition hash of every column."""
        every: tuple[Feature | AttributeFeature | DerivedFeature, ...]
        every = (*self.windowed, *self.attributes, *self.derived)
        return {feature.name: feature.hash for feature in every}

    @property
    def networked(self) -> tuple[Feature, ...]:
        """The features that come from the networks of a month."""
        return tuple(feature for feature in self.windowed if OPS[feature.op].over == "network")

    @property
    def leaving_partners(self) -> Leaving | None:
        """How partners leave; None where no feature needs to know which had left."""
        return self._leaving("left_partners", "left_contacts")

    @property
    def leaving_communities(self) -> Leaving | None:
        """How members of communities leave; None where no feature needs to know which had left."""
        return self._leaving("community_left")

    def _leaving(self, *ops: str) -> Leaving | None:
        return self.leaving if any(feature.op in ops for feature in self.windowed) else None

    def only(self, names: Collection[str]) -> "FeatureSet":
        """The features of some names, and those that derived features among them are computed from."""
        wanted = set(names)
        for _ in self.derived:
            wanted |= {name for feature in self.derived if feature.name in wanted for name in feature.inputs}
        return FeatureSet(
            tuple(feature for feature in self.windowed if feature.name in wanted),
            tuple(feature for feature in self.derived if feature.name in wanted),
            tuple(feature for feature in self.attributes if feature.name in wanted),
            self.leaving,
        )

    def of_source(self, source: str) -> tuple[Feature, ...]:
        """The features computed from one source."""
        return tuple(feature for feature in self.windowed if feature.source == source)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The as-of dates models are trained on: `first`, then every `every` days."""

    first: date
    every: int = 28
