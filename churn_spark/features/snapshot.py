"""The features of snapshots: aggregates over the windows of tiles, joined to the population."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame

from churn_spark.definitions.features import DerivedFeature, Feature, FeatureSet
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.rules import Population
from churn_spark.definitions.sources import Source
from churn_spark.features.arrow import ACTIVE
from churn_spark.features.as_of import KEY
from churn_spark.features.customers import active, attributes, first_column, first_days, since_first
from churn_spark.features.networks import from_networks
from churn_spark.features.partners import is_from_contacts, left_by_event, left_by_silence, partners
from churn_spark.features.population import population
from churn_spark.features.sketches import approximate
from churn_spark.features.windows import over_windows
from churn_spark.spark_internals.expressions import double_or_null


@dataclass(frozen=True, slots=True)
class SnapshotInputs:
    """What features are computed from: tiles by source, first days, versions of customers (None: no such source).

    contacts: by source, of those with a counterparty (see `partners.contacts`). churned: customer_id and known_from of
    the events by which customers leave; None where they leave otherwise or no feature needs it. networks: of the months
    of the as-of dates (see `networks.networks`), with their source; None where no feature needs them. leavers:
    customer_id and known_from of the events after which nobody is in the population; None: there are no such events.
    """

    tiles: Mapping[str, DataFrame]
    first_seen: DataFrame
    customers: DataFrame | None = None
    contacts: Mapping[str, DataFrame] = field(default_factory=dict)
    churned: DataFrame | None = None
    networks: DataFrame | None = None
    leavers: DataFrame | None = None


def snapshots(
    known: SnapshotInputs,
    sources: tuple[Source, ...],
    features: FeatureSet,
    rule: Population,
    dates: Collection[date],
    left_on: str | None = None,
) -> DataFrame:
    """The features of every customer of the population at each as-of date.

    A date `s` uses exactly the rows with known_from <= s and event_date in the window. A customer without an event in a
    window has the value `empty` of `OPS`; features of a source are null unless `s` is after its first day (`starts`).
    left_on: an attribute, the date after which a customer is in no population; None: there is no such attribute.
    Returns customer_id, as_of_date and the features in the order of the set.
    """
    as_of = _attributes(known, sources, dates)
    candidates = as_of if rule.by == "contract" else None
    parts = _customer_parts(known, features, dates, as_of)
    for name in known.tiles:
        spine = rule.days if rule.by == "active" and (name,) == rule.sources else 0
        over, others = _tile_parts(known, features, dates, _source(sources, name), spine)
        if over is not None and spine:
            candidates = over.where(ACTIVE).drop(ACTIVE)
        parts += [*others, over] if over is not None and not spine else others
    if candidates is None and rule.by == "contract":
        raise ValueError("a population by contract needs the attributes of customers")
    if candidates is None:
        candidates = active([known.tiles[source] for source in rule.sources], dates, rule.days)
    rows = population(rule, dates, candidates, known.first_seen)
    for gone in _left(known, as_of, dates, left_on):
        rows = rows.join(gone, on=list(KEY), how="left_anti")
    return _with_features(rows, parts, sources, features)


def features_of(
    rows: DataFrame, known: SnapshotInputs, sources: tuple[Source, ...], features: FeatureSet, dates: Collection[date]
) -> DataFrame:
    """The same features of given customers and as-of dates, whether they are in a population or not.

    rows: customer_id, as_of_date (one of `dates`), each pair once.
    """
    parts = _customer_parts(known, features, dates, _attributes(known, sources, dates))
    for name in known.tiles:
        over, others = _tile_parts(known, features, dates, _source(sources, name))
        parts += [*others, over] if over is not None else others
    return _with_features(rows, parts, sources, features)


def _attributes(known: SnapshotInputs, sources: tuple[Source, ...], dates: Collection[date]) -> DataFrame | None:
    if known.customers is None:
        return None
    return attributes(known.customers, [source for source in sources if source.kind == "customers"], dates)


def _customer_parts(
    known: SnapshotInputs, features: FeatureSet, dates: Collection[date], as_of: DataFrame | None
) -> list[DataFrame]:
    """Frames of one row per customer and as-of date with what does not come from tiles."""
    tenured = sorted({feature.source for feature in features.windowed if feature.op == "tenure"})
    parts = [first_days(known.first_seen, tenured, dates)] if tenured else []
    parts += [as_of] if features.attributes and as_of is not None else []
    parts += _of_partners(known, features, dates)
    return [*parts, *([from_networks(known.networks, features.networked, dates)] if known.networks is not None else [])]


def _tile_parts(
    known: SnapshotInputs, features: FeatureSet, dates: Collection[date], source: Source, active_days: int = 0
) -> tuple[DataFrame | None, list[DataFrame]]:
    """The frame of the exact windows of one source (see `_over_windows`), and those of its sketches."""
    tiles = known.tiles[source.name]
    windowed = [
        feature
        for feature in features.of_source(source.name)
        if feature.window and OPS[feature.op].over not in PARTNERED
    ]
    sketches = approximate(tiles, [feature for feature in windowed if _sketched(feature, source)], dates)
    return _over_windows(tiles, windowed, source, dates, active_days), sketches


def _with_features(
    rows: DataFrame, parts: Collection[DataFrame], sources: tuple[Source, ...], features: FeatureSet
) -> DataFrame:
    """The rows with the features, simple ones with their value where there is nothing, then those derived."""
    # The narrowest first: the wide rows then pass through one join only.
    for part in sorted(parts, key=lambda part: len(part.columns)):
        rows = rows.join(part, on=list(KEY), how="left")
    simple = [_value(feature, _source(sources, feature.source)) for feature in features.windowed]
    taken = [f"`{attribute.attribute}` as `{attribute.name}`" for attribute in features.attributes]
    return derived(rows.selectExpr(*KEY, *simple, *taken), features.derived)


def _source(sources: Collection[Source], name: str) -> Source:
    return next(source for source in sources if source.name == name)


def _left(
    known: SnapshotInputs, as_of: DataFrame | None, dates: Collection[date], left_on: str | None
) -> list[DataFrame]:
    """Frames of the customers known at each as-of date to have left by then: by an event, or by a date of their own."""
    left = [since_first(known.leavers, dates)] if known.leavers is not None else []
    if left_on is not None and as_of is not None:
        left.append(as_of.where(f"`{left_on}` < as_of_date").select(*KEY))
    return left


def derived(rows: DataFrame, expressions: tuple[DerivedFeature, ...]) -> DataFrame:
    """Add the derived features as doubles, each after those it is computed from; null on a row where one fails."""
    before = rows.columns
    waiting = {feature.name: feature for feature in expressions}
    while waiting:
        ready = [feature for feature in waiting.values() if not waiting.keys() & set(feature.inputs)]
        if not ready:
            raise ValueError(f"derived features that need each other: {', '.join(waiting)}")
        rows = rows.select("*", *(double_or_null(rows, feature.expression).alias(feature.name) for feature in ready))
        for feature in ready:
            del waiting[feature.name]
    return rows.selectExpr(*(f"`{name}`" for name in (*before, *(feature.name for feature in expressions))))


def _of_partners(known: SnapshotInputs, features: FeatureSet, dates: Collection[date]) -> list[DataFrame]:
    """One frame per source with features of partners, with one row per customer and as-of date."""
    wanted = {
        name: [feature for feature in features.of_source(name) if is_from_contacts(feature)] for name in known.contacts
    }
    customers = None
    if known.churned is not None:
        customers = left_by_event(known.first_seen, known.churned, dates)
    elif features.leaving_partners is not None:
        customers = left_by_silence(known.first_seen, known.tiles, features.leaving_partners, dates)
    return [partners(known.contacts[name], asked, dates, customers) for name, asked in wanted.items() if asked]


def _over_windows(
    tiles: DataFrame, features: Collection[Feature], source: Source, dates: Collection[date], active_days: int
) -> DataFrame | None:
    """One row per customer and as-of date with the features made from windows of tiles; None: there are none.

    active_days: if not 0, `ACTIVE` says whether the customer had an event in the last `active_days` days.
    """
    exact = [feature for feature in features if not _sketched(feature, source)]
    return over_windows(tiles, exact, source, dates, active_days) if exact or active_days else None


def _sketched(feature: Feature, source: Source) -> bool:
    return feature.op == "distinct" and source.category(feature.column or "").approximate


def _value(feature: Feature, source: Source) -> str:
    """SQL of the feature, with its value where the window is empty."""
    op = OPS[feature.op]
    value = f"`{feature.name}`"
    if feature.op == "tenure":
        value = f"date_diff(as_of_date, `{first_column(feature.source)}`)"
    elif op.empty == "0":
        value = f"coalesce({value}, 0)"
    if source.starts is not None:
        value = f"if(as_of_date > DATE'{source.starts}', {value}, null)"
    return f"cast({value} as {'bigint' if op.integer else 'double'}) as `{feature.name}`"
