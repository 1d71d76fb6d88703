"""The features of snapshots: what the windows of tiles hold, joined to the population."""

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
from churn_spark.features.customers import active, attributes, first_column, first_days
from churn_spark.features.networks import from_networks
from churn_spark.features.partners import left_by_event, left_by_silence, of_contacts, partners
from churn_spark.features.population import population
from churn_spark.features.sketches import approximate
from churn_spark.features.windows import over_windows


@dataclass(frozen=True, slots=True)
class Known:
    """What features are computed from: tiles by source, first days, versions of customers (None: no such source).

    contacts: by source, of those with a counterparty (see `partners.contacts`). churned: customer_id and known_from of
    the events by which customers leave; None where they leave otherwise or nothing asks. networks: of the months of the
    as-of dates (see `networks.networks`), with their source; None where nothing asks.
    """

    tiles: Mapping[str, DataFrame]
    first_seen: DataFrame
    customers: DataFrame | None = None
    contacts: Mapping[str, DataFrame] = field(default_factory=dict)
    churned: DataFrame | None = None
    networks: DataFrame | None = None


def snapshots(
    known: Known, sources: tuple[Source, ...], features: FeatureSet, rule: Population, dates: Collection[date]
) -> DataFrame:
    """The features of every customer of the population at each as-of date.

    A date `s` uses exactly the rows with known_from <= s and event_date in the window. A customer without an event in a
    window has what `OPS` says under `empty`; all of a source is null unless `s` is after its first day (`starts`).
    Returns customer_id, as_of_date and the features in the order of the set.
    """
    by_name = {source.name: source for source in sources}
    as_of = None
    if known.customers is not None:
        as_of = attributes(known.customers, [source for source in sources if source.kind == "customers"], dates)
    tenured = sorted({feature.source for feature in features.windowed if feature.op == "tenure"})
    parts = [first_days(known.first_seen, tenured, dates)] if tenured else []
    parts += [as_of] if features.attributes and as_of is not None else []
    candidates = as_of if rule.by == "contract" else None
    parts += _of_partners(known, features, dates)
    parts += [from_networks(known.networks, features.networked, dates)] if known.networks is not None else []
    for name, tiles in known.tiles.items():
        source = by_name[name]
        windowed = [
            feature for feature in features.of(name) if feature.window and OPS[feature.op].over not in PARTNERED
        ]
        parts += approximate(tiles, [feature for feature in windowed if _sketched(feature, source)], dates)
        spine = rule.days if rule.by == "active" and (name,) == rule.sources else 0
        over = _over_windows(tiles, windowed, source, dates, spine)
        if over is not None and spine:
            candidates = over.where(ACTIVE).drop(ACTIVE)
        parts += [over] if over is not None and not spine else []
    if candidates is None and rule.by == "contract":
        raise ValueError("a population by contract needs the attributes of customers")
    if candidates is None:
        candidates = active([known.tiles[source] for source in rule.sources], dates, rule.days)
    rows = population(rule, dates, candidates, known.first_seen)
    # The narrowest first: the wide rows then pass through one join only.
    for part in sorted(parts, key=lambda part: len(part.columns)):
        rows = rows.join(part, on=list(KEY), how="left")
    simple = [_value(feature, by_name[feature.source]) for feature in features.windowed]
    taken = [f"`{attribute.attribute}` as `{attribute.name}`" for attribute in features.attributes]
    return derived(rows.selectExpr(*KEY, *simple, *taken), features.derived)


def derived(rows: DataFrame, expressions: tuple[DerivedFeature, ...]) -> DataFrame:
    """Add the derived features as doubles, each after those it is computed from."""
    before = rows.columns
    waiting = {feature.name: feature for feature in expressions}
    while waiting:
        ready = [feature for feature in waiting.values() if not waiting.keys() & set(feature.inputs)]
        if not ready:
            raise ValueError(f"derived features that need each other: {', '.join(waiting)}")
        rows = rows.selectExpr(
            "*", *(f"cast(({feature.expression}) as double) as `{feature.name}`" for feature in ready)
        )
        for feature in ready:
            del waiting[feature.name]
    return rows.selectExpr(*(f"`{name}`" for name in (*before, *(feature.name for feature in expressions))))


def _of_partners(known: Known, features: FeatureSet, dates: Collection[date]) -> list[DataFrame]:
    """A frame of one row a customer and as-of date for each source whose partners are asked for."""
    wanted = {name: [feature for feature in features.of(name) if of_contacts(feature)] for name in known.contacts}
    customers = None
    if known.churned is not None:
        customers = left_by_event(known.first_seen, known.churned, dates)
    elif features.leaving_partners is not None:
        customers = left_by_silence(known.first_seen, known.tiles, features.leaving_partners, dates)
    return [partners(known.contacts[name], asked, dates, customers) for name, asked in wanted.items() if asked]


def _over_windows(
    tiles: DataFrame, features: Collection[Feature], source: Source, dates: Collection[date], active_days: int
) -> DataFrame | None:
    """One row a customer and as-of date with the features made from windows of tiles, None without any.

    active_days: if not 0, `ACTIVE` says whether the customer had an event in as many days.
    """
    exact = [feature for feature in features if not _sketched(feature, source)]
    return over_windows(tiles, exact, source, dates, active_days) if exact or active_days else None


def _sketched(feature: Feature, source: Source) -> bool:
    return feature.op == "distinct" and source.category(feature.column or "").approximate


def _value(feature: Feature, source: Source) -> str:
    """SQL of the feature with the value it has when there is nothing."""
    op = OPS[feature.op]
    value = f"`{feature.name}`"
    if feature.op == "tenure":
        value = f"date_diff(as_of_date, `{first_column(feature.source)}`)"
    elif op.empty == "0":
        value = f"coalesce({value}, 0)"
    if source.starts is not None:
        value = f"if(as_of_date > DATE'{source.starts}', {value}, null)"
    return f"cast({value} as {'bigint' if op.integer else 'double'}) as `{feature.name}`"
