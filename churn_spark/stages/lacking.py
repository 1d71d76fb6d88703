"""Which columns partitions cannot have: rows behind them were taken before the configuration knew the column.

A delivery is taken once. A measure, category or attribute that is configured later is null in what was taken before,
until `ingest --option add-columns` takes it again. For each partition of events and customers the ledger keeps which
columns all its rows have; what rests on other rows is null too, the ledger says so, and no model learns from it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.periods import Days, known_from_needed, month
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.definitions.tile_hashes import kept
from churn_spark.events.cleaning import needs_history
from churn_spark.events.mapping import column_hashes
from churn_spark.stages import reads
from churn_spark.tables.ledger import Ledger

Columns = frozenset[str]
NOTHING: Columns = frozenset()
LEAVING = ("left_partners", "left_contacts")


def table_of(source: Source) -> str:
    """The table its rows are in."""
    return source.events_table if source.kind == "events" else "customers"


def key(source: Source, column: str = "") -> str:
    """The name in the ledger of a column, or of there being rows of the source at all; sources share `customers`."""
    return f"{source.name}.{column}"


def definitions(source: Source) -> dict[str, str]:
    """What the ledger keeps of a partition with rows of a source."""
    return {key(source): "", **{key(source, name): known for name, known in column_hashes(source).items()}}


def of_partition(ledger: Ledger, source: Source, day: date) -> Columns:
    """The columns of a source that not all of its rows in a partition have, or not with today's meaning."""
    stored = ledger.definitions(table_of(source), day)
    if stored is None or key(source) not in stored:
        return NOTHING
    return frozenset(name for name, known in column_hashes(source).items() if stored.get(key(source, name)) != known)


def of_partitions(ledger: Ledger, source: Source, days: Days) -> dict[date, Columns]:
    """The partitions of some days that lack columns, with these."""
    found = {day: of_partition(ledger, source, day) for day in ledger.partitions(table_of(source)) if day in days}
    return {day: columns for day, columns in found.items() if columns}


def tiles(project: Project, ledger: Ledger, output: str, day: date) -> Columns:
    """What the tiles of a knowledge date cannot keep: the parts of columns that events lack."""
    source = next((source for source in project.event_sources if source.tiles_table == output), None)
    if source is None:
        return NOTHING
    lacked = of_partition(ledger, source, day)
    if needs_history(source):
        lacked = NOTHING.union(*of_partitions(ledger, source, reads.events_span(project, source, day)).values())
    return frozenset(name for name, part in kept(source).items() if lacked & set(part.made_from)) if lacked else NOTHING


def features(project: Project, ledger: Ledger, output: str, day: date) -> Columns:
    """The features that a snapshot cannot have: something within their window lacks a column they need."""
    if output != "features":
        return NOTHING
    found = {name for source in project.event_sources for name in _windowed(project, ledger, source, day)}
    found |= {feature.name for feature in project.features.windowed if _leaving_unknown(project, ledger, feature, day)}
    attributes = {
        name
        for source in project.customer_sources
        for columns in of_partitions(ledger, source, reads.until(day)).values()
        for name in columns
    }
    found |= {feature.name for feature in project.features.attributes if feature.attribute in attributes}
    for _ in project.features.derived:
        found |= {feature.name for feature in project.features.derived if found & set(feature.inputs)}
    return frozenset(found)


def population(project: Project, ledger: Ledger, day: date) -> Columns:
    """The attributes that say who is in the population and that not all versions known by a day have."""
    expression = project.population.expression or ""
    lacked = (of_partitions(ledger, source, reads.until(day)).values() for source in project.customer_sources)
    return frozenset(mentioned(expression, NOTHING.union(*(columns for found in lacked for columns in found))))


def label(project: Project, ledger: Ledger, day: date) -> Columns:
    """What the label of a snapshot needs and not all rows it looks at have."""
    rule, span = project.label, reads.label_span(project, day)
    found = set(population(project, ledger, project.periods.matured_on(day)))
    for source in map(project.source, rule.sources):
        if rule.rule == "event":
            lacked = NOTHING.union(*of_partitions(ledger, source, span).values())
            found.update(mentioned(rule.filter or "", lacked))
        elif rule.rule == "decline":
            days = [known for known in ledger.partitions(source.tiles_table) if known in span]
            lacked = NOTHING.union(*(tiles(project, ledger, source.tiles_table, known) for known in days))
            found.update(name for name in lacked if name == rule.measure)
    return frozenset(found)


def told(project: Project, ledger: Ledger) -> Iterator[str]:
    """A line for each source with rows that were taken before a column of it was configured."""
    for source in project.sources:
        table = table_of(source)
        if found := of_partitions(ledger, source, Days(reads.EVER, date.max)):
            names = ", ".join(sorted(NOTHING.union(*found.values())))
            rows = sum(ledger.partitions(table)[day].rows for day in found)
            yield (
                f"{table}: {names} is null in {len(found)} partitions ({rows:,} rows) taken before it was configured,"
                " and so are features that reach them; ingest --option add-columns takes their deliveries again in one"
                " pass"
            )


def _windowed(project: Project, ledger: Ledger, source: Source, day: date) -> Iterator[str]:
    """The features of a source whose window reaches a tile without a column they need."""
    longest = max(project.features.longest, 1)
    further = timedelta(days=longest if needs_history(source) else 0)
    first, end = known_from_needed(month(day), longest).first, known_from_needed(day, longest).end
    lacked = of_partitions(ledger, source, Days(first - further, end))
    if not lacked:
        return
    for feature in project.features.of(source.name):
        over = OPS[feature.op].over
        # Networks are those of the first day of the month.
        span = known_from_needed(month(day) if over == "network" else day, feature.window or 0)
        needed = {feature.column, feature.measure, *(("counterparty",) if over in PARTNERED else ())}
        seen = Days(span.first - further, span.end)
        if any(needed & columns for known, columns in lacked.items() if known in seen):
            yield feature.name


def _leaving_unknown(project: Project, ledger: Ledger, feature: Feature, day: date) -> bool:
    """Whether a feature is about partners who left by an event that not all rows can tell."""
    leaving = project.features.leaving
    if feature.op not in (*LEAVING, "community_left") or leaving is None or not leaving.filter:
        return False
    lacked: Mapping[date, Columns] = of_partitions(ledger, project.source(leaving.sources[0]), reads.until(day))
    return bool(mentioned(leaving.filter, NOTHING.union(*lacked.values())))
