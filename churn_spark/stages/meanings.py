"""What the rows of a partition mean besides its columns, as hashes the ledger keeps: another meaning makes it due."""

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project

POPULATION, SEGMENTATION, SCORING = "(population)", "(segmentation)", "(scoring)"
"""Names in brackets, which no column has."""


def snapshot_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature, and of who is in a snapshot and how segments are made."""
    rows = {
        POPULATION: definition_hash(project.population, project.zone),
        SEGMENTATION: definition_hash(project.segmentation),
    }
    return {"features": {**project.features.hashes, **rows}}


def network_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature that comes from networks."""
    return {"networks": {feature.name: feature.hash for feature in project.features.networked}}


def score_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of value and tiers (a new champion makes no old score stale)."""
    return {"risk_scores": {SCORING: definition_hash(project.scoring)}}
