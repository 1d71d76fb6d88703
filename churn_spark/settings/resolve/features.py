"""Features resolved, each with the hash of everything that determines its values."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.lookups import lookup_definitions
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.rules import Leaving
from churn_spark.definitions.sources import Source
from churn_spark.lineage.tile_hashes import column_hash, rows_hash
from churn_spark.settings.expand import expanded
from churn_spark.settings.features import FeaturesSection


def windowed(section: FeaturesSection) -> tuple[Feature, ...]:
    """The features of all sources' lines, in the order of the file, without hashes."""
    lines = ((source, line) for source, lines in section.lines.items() for line in lines)
    return tuple(feature for source, line in lines for feature in expanded(section, source, line))


LEFT = ("left_partners", "left_contacts", "community_left")
"""Ops that need to know which partners, or members of a community, had left."""


def feature_set(section: FeaturesSection, sources: Mapping[str, Source], leaving: Leaving, zone: str) -> FeatureSet:
    """All features with their hashes. leaving: how customers leave."""
    plain = windowed(section)
    longest = FeatureSet(plain).longest
    simple = tuple(_hashed(feature, sources, leaving, zone, longest) for feature in plain)
    attributes = tuple(_attribute(name, sources.values(), zone) for name in section.attributes)
    hashes = {**{feature.name: feature.hash for feature in simple}, **{a.name: a.hash for a in attributes}}
    derived = []
    for name, expression in section.derived.items():
        inputs = mentioned(expression, hashes)
        digest = definition_hash("derived", expression, {used: hashes[used] for used in inputs})
        derived.append(DerivedFeature(name, expression, inputs, digest))
    needs_leaving = any(feature.op in LEFT for feature in simple)
    return FeatureSet(simple, tuple(derived), attributes, leaving if needs_leaving else None)


def _hashed(feature: Feature, sources: Mapping[str, Source], leaving: Leaving, zone: str, longest: int) -> Feature:
    """The feature with the hash of its op and version, parameters, columns with their cleaning, rows, and zone."""
    source, parameters = sources[feature.source], replace(feature, name="", hash="")
    columns = [column_hash(source, c, longest) for c in source.columns if c.name in (feature.column, feature.measure)]
    version = OPS[feature.op].version
    partners: list[Any] = []
    if OPS[feature.op].over in PARTNERED:
        partners = [source.counterparty, *lookup_definitions(source.lookups, [source.counterparty or ""])]
    if feature.op in LEFT:
        partners += [leaving, [_rows(sources[name], zone) for name in leaving.sources]]
    return replace(feature, hash=definition_hash(version, parameters, columns, _rows(source, zone), *partners))


def _rows(source: Source, zone: str) -> list[Any]:
    """What determines which rows of a source count, their customers and times; part of every feature's definition."""
    checks = sorted((check.name, check.expression) for check in source.checks)
    where = [source.where] if source.where else []
    looked_up = lookup_definitions(source.lookups, [*(expression for _, expression in checks), *where])
    return [rows_hash(source, zone), str(source.starts), checks, *where, *looked_up]


def _attribute(name: str, sources: Iterable[Source], zone: str) -> AttributeFeature:
    source, attribute = next((s, a) for s in sources for a in s.attributes if a.name == name)
    looked_up = lookup_definitions(source.lookups, [attribute.expression])
    digest = definition_hash("attribute", attribute, _rows(source, zone), *looked_up)
    return AttributeFeature(name, name, attribute.type, digest)
