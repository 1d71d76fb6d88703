"""What each partition is made from: the declared reads of the stages."""

from datetime import date, timedelta

from churn_spark.definitions.ops import OPS
from churn_spark.definitions.periods import Days, known_from_needed, month
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.cleaning import needs_history
from churn_spark.labels.definitions import last_seen_days

EVER = date(1900, 1, 1)


def until(day: date) -> Days:
    """Every partition up to and including a day."""
    return Days(EVER, day + timedelta(days=1))


def on(day: date) -> Days:
    """The partition of one day."""
    return Days(day, day + timedelta(days=1))


def nothing(project: Project, output: str, day: date) -> dict[str, Days]:
    """A stage that reads no table (ingest reads the sources)."""
    return {}


def profile(project: Project, output: str, day: date) -> dict[str, Days]:
    """Limits learnt on a day come from all rows known by then."""
    return {source.events_table: until(day) for source in project.event_sources}


def tiles(project: Project, output: str, day: date) -> dict[str, Days]:
    """Tiles and contacts of a knowledge date come from its events and the newest cleaning limits by then.

    Where cleaning looks for a last known value, from the events of the longest window before too.
    """
    sources = [s for s in project.event_sources if output in (*s.compacted, "first_seen")]
    reads = {source.events_table: events_span(project, source, day) for source in sources}
    if any(column.cleaning.learns for source in sources for column in source.columns):
        reads["cleaning_limits"] = until(day)
    return reads


def events_span(project: Project, source: Source, day: date) -> Days:
    """The knowledge dates of events that tiles of a day are made from."""
    return known_from_needed(day, max(project.features.longest, 1)) if needs_history(source) else on(day)


def features(project: Project, output: str, day: date) -> dict[str, Days]:
    """A snapshot comes from the tiles and contacts that windows over them can see, first days and attributes.

    A source's windows are those of its features, of the population and of leaving by silence. Besides, from what tells
    which partners had left, and from the networks of the day's month.
    """
    leaving = project.features.leaving_partners
    reads = {"first_seen": until(day)}
    for source in project.event_sources:
        for table, longest in _windows(project, source).items():
            if longest:
                reads[table] = known_from_needed(day, longest)
    if leaving and leaving.after is None:
        reads[project.source(leaving.sources[0]).events_table] = until(day)
    if project.customer_sources:
        reads["customers"] = until(day)
    if project.features.networked:
        reads["networks"] = on(month(day))
    return reads


def _windows(project: Project, source: Source) -> dict[str, int]:
    """The longest window that snapshots need of a source's tiles and contacts, days; 0: none."""
    population, leaving = project.population, project.features.leaving_partners
    over: dict[str, list[int]] = {source.tiles_table: [0], source.contacts_table: [0]}
    for feature in project.features.of(source.name):
        if OPS[feature.op].over != "network":
            table = source.contacts_table if OPS[feature.op].over == "contacts" else source.tiles_table
            over[table].append(feature.window or 1)  # tenure has no window, but asks for tiles that are built
    if source.name in population.sources:
        over[source.tiles_table].append(population.days)
    if leaving and source.name in leaving.sources:
        over[source.tiles_table].append(leaving.after or 0)
    return {table: max(windows) for table, windows in over.items()}


def networks(project: Project, output: str, day: date) -> dict[str, Days]:
    """The networks of a month come from the contacts of their windows, first days, and what tells who had left."""
    reads = {"first_seen": until(day)}
    for source in project.partnered_sources:
        windows = [feature.window or 0 for feature in project.features.networked if feature.source == source.name]
        if windows:
            reads[source.contacts_table] = known_from_needed(day, max(windows))
    leaving = project.features.leaving_communities
    if leaving is None:
        return reads
    sources = [project.source(name) for name in leaving.sources]
    if leaving.after is None:
        return reads | {sources[0].events_table: until(day)}
    return reads | {source.tiles_table: known_from_needed(day, leaving.after) for source in sources}


def labels(project: Project, output: str, day: date) -> dict[str, Days]:
    """The labels of a snapshot come from its population and from events or tiles known by the maturity date."""
    seen = label_span(project, day)
    contracts = {"customers": until(project.periods.matured_on(day))} if project.population.by == "contract" else {}
    return {"features": on(day), **{_label_table(project, name): seen for name in project.label.sources}, **contracts}


def label_span(project: Project, day: date) -> Days:
    """The knowledge dates the label of a snapshot looks at: back to its base window or population, on to maturity."""
    back = {"decline": project.label.base_days, "inactivity": last_seen_days(project), "event": 0}[project.label.rule]
    return Days(day - timedelta(days=back), project.periods.matured_on(day) + timedelta(days=1))


def scores(project: Project, output: str, day: date) -> dict[str, Days]:
    """Scores of a date come from its features and segments (a new champion makes no old score stale)."""
    return {"features": on(day), "segments": on(day)}


def _label_table(project: Project, source: str) -> str:
    resolved = project.source(source)
    return resolved.events_table if project.label.rule == "event" else resolved.tiles_table
