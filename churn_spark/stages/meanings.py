"""What the columns and rows of a partition mean, as hashes the ledger keeps: another meaning makes it due."""

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project
from churn_spark.definitions.tile_hashes import ROWS, rows_hash, tile_hashes
from churn_spark.events.mapping import column_hashes

POPULATION, SEGMENTATION, SCORING = "(population)", "(segmentation)", "(scoring)"
"""Names in brackets say what rows mean; no column has one."""


def limits_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each column that is cleaned with learnt values, and of how."""
    learning = ((s, c) for s in project.event_sources for c in s.columns if c.cleaning.learns)
    found = {f"{s.name}.{c.name}": definition_hash(column_hashes(s)[c.name], c.cleaning) for s, c in learning}
    return {"cleaning_limits": found}


def tile_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of what tiles keep, and of the rows of tiles and contacts, by table written by build_tiles."""
    longest = project.features.longest
    found = {source.tiles_table: tile_hashes(source, project.zone, longest) for source in project.event_sources}
    pairs = {
        source.contacts_table: {ROWS: definition_hash(rows_hash(source, project.zone), source.counterparty)}
        for source in project.partnered_sources
    }
    first = {f"({source.name})": rows_hash(source, project.zone) for source in project.event_sources}
    return {**found, **pairs, "first_seen": first}


def snapshot_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature, and of who is in a snapshot and how segments are made."""
    rows = {
        POPULATION: definition_hash(project.population, project.zone),
        SEGMENTATION: definition_hash(project.segmentation),
    }
    centres = {SEGMENTATION: rows[SEGMENTATION]}
    return {"features": {**project.features.hashes, **rows}, "segment_centres": centres}


def network_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature that comes from networks."""
    return {"networks": {feature.name: feature.hash for feature in project.features.networked}}


def score_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of value, with the features it is made from, and tiers (a new champion makes no old score stale)."""
    hashes = project.features.hashes
    used = {name: hashes[name] for name in mentioned(project.scoring.value or "", hashes)}
    return {"risk_scores": {SCORING: definition_hash(project.scoring, used)}}
