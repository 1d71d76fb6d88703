"""Hashes of who is in a snapshot and how its segments are made."""

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project
from churn_spark.lineage.tile_hashes import rows_hash

POPULATION, SEGMENTATION = "(population)", "(segmentation)"
"""Names in brackets say what rows mean; no column has one."""


def snapshot_rows(project: Project) -> dict[str, str]:
    """The hash of the population and of the segmentation."""
    return {
        POPULATION: definition_hash(project.population, project.zone, *_leavers(project)),
        SEGMENTATION: definition_hash(project.segmentation),
    }


def _leavers(project: Project) -> tuple[object, ...]:
    """What says who has left and is in the population no longer, where something does."""
    if project.leavers:
        return project.leavers, rows_hash(project.source(project.leavers.sources[0]), project.zone)
    return (project.left_on,) if project.left_on else ()
