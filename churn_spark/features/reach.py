"""How far back the features of a date look: the tiles, contacts and days that decide them."""

from dataclasses import replace
from datetime import date

from churn_spark.definitions.ops import OPS
from churn_spark.definitions.periods import Days, days_up_to, known_from_needed
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source


def read_by_snapshot(project: Project, day: date) -> dict[str, Days]:
    """The partitions that a snapshot's features come from, by table; what is made once a month is left out.

    A source's windows are those of its features, of the population and of leaving by silence. Besides, first days of
    customers, attributes, and what tells which partners and customers had left.
    """
    leaving = project.features.leaving_partners
    reads = {"first_seen": days_up_to(day)}
    for source in project.event_sources:
        for table, longest in _windows(project, source).items():
            if longest:
                reads[table] = known_from_needed(day, longest)
    if leaving and leaving.after is None:
        reads[project.source(leaving.sources[0]).events_table] = days_up_to(day)
    if project.leavers:
        reads[project.source(project.leavers.sources[0]).events_table] = days_up_to(day)
    if project.customer_sources:
        reads["customers"] = days_up_to(day)
    return reads


def only_for_segments(project: Project) -> Project:
    """The project with only the features that segments are made from."""
    rule = project.segmentation
    names = {rule.recency, rule.frequency, rule.monetary, *rule.features} if rule else set()
    return replace(project, features=project.features.only(names), segmentation=None)


def _windows(project: Project, source: Source) -> dict[str, int]:
    """The longest window that snapshots need of a source's tiles and contacts, days; 0: none."""
    population, leaving = project.population, project.features.leaving_partners
    over: dict[str, list[int]] = {source.tiles_table: [0], source.contacts_table: [0]}
    for feature in project.features.of_source(source.name):
        if OPS[feature.op].over != "network":
            table = source.contacts_table if OPS[feature.op].over == "contacts" else source.tiles_table
            over[table].append(feature.window or 1)  # tenure has no window, but asks for tiles that are built
    if source.name in population.sources:
        over[source.tiles_table].append(population.days)
    if leaving and source.name in leaving.sources:
        over[source.tiles_table].append(leaving.after or 0)
    return {table: max(windows) for table, windows in over.items()}
