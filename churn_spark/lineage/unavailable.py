"""Which columns partitions cannot have: rows behind them were taken before the configuration knew the column.

A delivery is taken once. A measure, category or attribute that is configured later is null in what was taken before,
until `ingest --option add-columns` takes it again. For each partition of events and customers the ledger keeps which
columns all its rows have. Of each column this file keeps one span: the first to the last day with rows that are without
it. What looks at a day of the span is null, the ledger says so, and no model learns from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.periods import Days, days_up_to, hull, known_from_needed, month, single_day
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.cleaning import history_span, needs_history
from churn_spark.events.mapping import column_hashes
from churn_spark.lineage import maturity
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.tile_hashes import kept

Columns = frozenset[str]
NOTHING: Columns = frozenset()
LEAVING = ("left_partners", "left_contacts", "community_left")


def table_of(source: Source) -> str:
    """The table its rows are in."""
    return source.events_table if source.kind == "events" else "customers"


def key(source: Source, column: str = "") -> str:
    """The name in the ledger of a column, or of there being rows of the source at all; sources share `customers`."""
    return f"{source.name}.{column}"


def definitions(source: Source) -> dict[str, str]:
    """What the ledger keeps of a partition with rows of a source."""
    return {key(source): "", **{key(source, name): known for name, known in column_hashes(source).items()}}


def incomplete_days(ledger: Ledger, source: Source) -> dict[str, list[date]]:
    """The partitions in which not all rows of a source have a column, or not with today's meaning, by column."""
    return ledger.computed_once(("incomplete days", source), lambda: _incomplete_days(ledger, source))


def _incomplete_days(ledger: Ledger, source: Source) -> dict[str, list[date]]:
    hashes = column_hashes(source)
    days: dict[str, list[date]] = {}
    for day in sorted(ledger.partitions(table_of(source))):
        stored = ledger.definitions(table_of(source), day) or {}
        if key(source) in stored:
            for name in (name for name, known in hashes.items() if stored.get(key(source, name)) != known):
                days.setdefault(name, []).append(day)
    return days


def incomplete_spans(ledger: Ledger, source: Source) -> dict[str, Days]:
    """The days from the first to the last of those partitions, by column."""
    return {name: hull(map(single_day, days)) for name, days in incomplete_days(ledger, source).items()}


def tiles(project: Project, ledger: Ledger, output: str, day: date) -> Columns:
    """What the tiles of a knowledge date cannot keep: the parts of columns that its events are without."""
    source = next((source for source in project.event_sources if source.tiles_table == output), None)
    without = _reached(ledger, source, history_span(source, day, project.features.longest)) if source else NOTHING
    if source is None or not without:
        return NOTHING
    return frozenset(name for name, part in kept(source).items() if without & set(part.made_from))


def features(project: Project, ledger: Ledger, output: str, day: date) -> Columns:
    """The features that a snapshot cannot have: something within their window is without a column they need, or their
    source was not known yet.
    """
    if output != "features":
        return NOTHING
    names: set[str] = set()
    for source in project.event_sources:
        if _not_known_yet(ledger, source, day):
            names |= {feature.name for feature in project.features.of_source(source.name)}
        else:
            names.update(_windowed(project, ledger, source, day))
    if _leaving_unknown(project, ledger, day):
        names |= {feature.name for feature in project.features.windowed if feature.op in LEAVING}
    attributes = _attributes(project, ledger, day)
    names |= {feature.name for feature in project.features.attributes if feature.attribute in attributes}
    for _ in project.features.derived:
        names |= {feature.name for feature in project.features.derived if names & set(feature.inputs)}
    return frozenset(names)


def population(project: Project, ledger: Ledger, day: date) -> Columns:
    """The columns that decide who is in the population and that not all rows known by a day have."""
    attributes = _attributes(project, ledger, day)
    names = {name for name in attributes if name == project.left_on}
    names |= set(mentioned(project.population.expression or "", attributes))
    if project.leavers and project.leavers.filter:
        source = project.source(project.leavers.sources[0])
        names |= set(mentioned(project.leavers.filter, _reached(ledger, source, days_up_to(day))))
    return frozenset(names)


def label(project: Project, ledger: Ledger, day: date) -> Columns:
    """What the label of a snapshot needs and not all rows it looks at have."""
    rule, span = project.label, maturity.label_span(project, ledger, day)
    names = set(population(project, ledger, maturity.matured_on(project, ledger, day)))
    for source in map(project.source, rule.sources):
        if rule.of_customers:
            without = _reached(ledger, source, days_up_to(span.end))
            names.update(name for name in without if name == rule.attribute)
        elif rule.rule == "event":
            names.update(mentioned(rule.filter or "", _reached(ledger, source, span)))
        elif rule.rule == "decline":
            without = _reached(ledger, source, _with_history(project, source, span))
            names.update(name for name in without if name == rule.measure)
    return frozenset(names)


def warnings(project: Project, ledger: Ledger) -> Iterator[str]:
    """A line for each source with rows that were taken before a column of it was configured."""
    for source in project.sources:
        table = table_of(source)
        if incomplete := incomplete_days(ledger, source):
            days = set().union(*incomplete.values())
            rows = sum(ledger.partitions(table)[day].rows for day in days)
            yield (
                f"{table}: {', '.join(sorted(incomplete))} is null in {len(days)} partitions ({rows:,} rows) taken"
                " before it was configured, and so are features that reach them; ingest --option add-columns takes"
                " their deliveries again in one pass"
            )


def _reached(ledger: Ledger, source: Source, days: Days) -> Columns:
    """The columns that rows known on some days may be without."""
    return _within(incomplete_spans(ledger, source), days)


def _within(spans: Mapping[str, Days], days: Days) -> Columns:
    return frozenset(name for name, span in spans.items() if span.first < days.end and days.first < span.end)


def _attributes(project: Project, ledger: Ledger, day: date) -> Columns:
    """The attributes of customers that not all rows known by a day have."""
    return _union(_reached(ledger, source, days_up_to(day)) for source in project.customer_sources)


def _union(columns: Iterable[Columns]) -> Columns:
    return NOTHING.union(*columns)


def _not_known_yet(ledger: Ledger, source: Source, day: date) -> bool:
    """Whether a date lies before anything was known of a source that was added later: its silence says nothing then."""
    return ledger.added_later(source.name) and day < (ledger.first_filled(source.events_table) or date.max)


def _windowed(project: Project, ledger: Ledger, source: Source, day: date) -> Iterator[str]:
    """The features of a source whose window reaches rows without a column they need."""
    spans = incomplete_spans(ledger, source)
    if not spans:
        return
    for feature in project.features.of_source(source.name):
        needed = _needed(feature)
        # Networks are those of the first day of the month.
        end = month(day) if OPS[feature.op].over == "network" else day
        seen = _with_history(project, source, known_from_needed(end, feature.window or 0))
        if needed & _within(spans, seen):
            yield feature.name


def _needed(feature: Feature) -> set[str | None]:
    """The columns of its source that a feature is made from."""
    partner = ("counterparty",) if OPS[feature.op].over in PARTNERED else ()
    return {feature.column, feature.measure, *partner}


def _with_history(project: Project, source: Source, span: Days) -> Days:
    """The knowledge dates of events behind the tiles of some days: with those that cleaning looks back to."""
    back = max(project.features.longest, 1) if needs_history(source) else 0
    return Days(span.first - timedelta(days=back), span.end)


def _leaving_unknown(project: Project, ledger: Ledger, day: date) -> bool:
    """Whether not all rows known by a day can tell which partners had left."""
    leaving = project.features.leaving
    if leaving is None or not leaving.filter:
        return False
    return bool(mentioned(leaving.filter, _reached(ledger, project.source(leaving.sources[0]), days_up_to(day))))
