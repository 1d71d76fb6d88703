"""When labels mature: by the calendar, and by the deliveries that their windows look at.

The labels of a snapshot mature on the latest of `s + gap + performance + lateness` and the day on which the last
delivery of its label's sources with a nominal date in the window became known. A delivery that comes after that moves
the maturity, and the labels are made again. Where the data have ended (see `data_end`), labels whose window reaches
beyond their end wait for more. Where a date was accepted as missing or incomplete, or lies before a
source's first delivery, silence means nothing: the snapshot is an outage, has no labels and teaches nothing.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.lineage.acceptance import accepted_dates
from churn_spark.lineage.data_end import data_end
from churn_spark.lineage.label_hashes import last_seen_days
from churn_spark.lineage.ledger import Ledger


def completed(ledger: Ledger, as_of: date) -> date:
    """The newest day up to an as-of date that ingest has completed; nothing later may be built."""
    newest = ledger.completed("ingest")
    return date.min if newest is None else min(newest, as_of)


def matured_on(project: Project, ledger: Ledger, day: date) -> date:
    """The first as-of date that may use the labels of a snapshot."""
    windows = label_windows(project, day)
    known = (known for source in label_sources(project) for _, known in _known(ledger, source, windows))
    return max(project.periods.matured_on(day), *known, date.min)


def matured(project: Project, ledger: Ledger, days: Iterable[date], as_of: date) -> list[date]:
    """Those of some snapshots whose labels are known at an as-of date that ingest has completed, in order."""
    known, last = completed(ledger, as_of), last_labelled(project, ledger)
    old_enough = [day for day in days if day <= last and project.periods.matured_on(day) <= known]
    return sorted(day for day in old_enough if matured_on(project, ledger, day) <= known)


def premature(project: Project, ledger: Ledger) -> list[date]:
    """The snapshots with labels that were made before they mature, by the configuration and the deliveries of today."""
    ingested = ledger.completed("ingest")
    if ingested is None:  # the ledger was lost: nothing can be said of what stands
        return []
    made = {*ledger.partitions("labels"), *(day for day in ledger.open("labels") if day)}
    last = last_labelled(project, ledger)
    return sorted(day for day in made if day > last or matured_on(project, ledger, day) > ingested)


def last_labelled(project: Project, ledger: Ledger) -> date:
    """The last snapshot whose performance window does not reach beyond data that have ended; date.max: they go on.

    Silence ends the data of labels by silence; of others, silence of all sources. Labels that are a column of the
    customers look at no later days: no end of the data keeps them waiting.
    """
    if not project.temporal:
        return date.max
    by_silence = project.label.rule in ("inactivity", "decline")
    end = data_end(project, ledger, map(project.source, project.label.sources) if by_silence else project.sources)
    if end is None or (ledger.completed("ingest") or date.min) <= end.until:
        return date.max
    return end.last - timedelta(days=project.periods.gap + project.periods.performance - 1)


def delays(project: Project, ledger: Ledger, day: date) -> dict[str, list[date]]:
    """The nominal dates, by source, whose deliveries became known only after the labels should have matured."""
    windows, due = label_windows(project, day), project.periods.matured_on(day)
    late = {
        source.name: [nominal for nominal, known in _known(ledger, source, windows) if known > due]
        for source in label_sources(project)
    }
    return {name: dates for name, dates in late.items() if dates}


def outage(project: Project, ledger: Ledger, day: date) -> dict[str, list[date]]:
    """The days, by source, whose missing deliveries the labels of a snapshot would mistake for silence."""
    windows = label_windows(project, day)
    gone = {source.name: _missing(project, ledger, source, windows) for source in label_sources(project)}
    return {name: dates for name, dates in gone.items() if dates}


def state(project: Project, ledger: Ledger, output: str, day: date) -> str:
    """What the labels of a snapshot rest on; labels that were made in another state are due."""
    known = matured_on(project, ledger, day)
    return f"an outage, known on {known}" if outage(project, ledger, day) else f"matured on {known}"


def label_windows(project: Project, day: date) -> tuple[Days, ...]:
    """The days that the label of a snapshot looks at."""
    window = project.periods.performance_window(day)
    if project.label.rule == "decline":
        return Days(day - timedelta(days=project.label.base_days), day), window
    if project.label.rule == "inactivity":
        return (window,)
    return (Days(day, window.end),)  # an event in the gap decides too


def label_span(project: Project, ledger: Ledger, day: date) -> Days:
    """The knowledge dates the label of a snapshot looks at: back to its base window or population, on to maturity."""
    back = {"decline": project.label.base_days, "inactivity": last_seen_days(project)}.get(project.label.rule, 0)
    return Days(day - timedelta(days=back), matured_on(project, ledger, day) + timedelta(days=1))


def label_sources(project: Project) -> tuple[Source, ...]:
    """The sources that say whether a customer left."""
    named = [project.source(name) for name in project.label.sources]
    by_contract = project.customer_sources if project.population.by == "contract" else ()
    return tuple(dict.fromkeys((*named, *by_contract)))


def _known(ledger: Ledger, source: Source, windows: Collection[Days]) -> list[tuple[date, date]]:
    """The delivered nominal dates of a source in some windows, each with the day on which the last of it was known."""
    delivered = ledger.nominal_dates(source.name)
    seen = ((day, delivered[day].known) for window in windows for day in window if day in delivered)
    return [(day, known) for day, known in seen if known is not None]


def _missing(project: Project, ledger: Ledger, source: Source, windows: Collection[Days]) -> list[date]:
    delivered, expected = ledger.nominal_dates(source.name), source.delivered.expected
    accepted = accepted_dates(ledger, source)
    gone = {day for day in accepted - delivered.keys() if expected is None or expected.expects(day)}
    looked_at = (day for window in windows for day in window)
    missing = {day for day in looked_at if day in gone or (day in delivered and delivered[day].incomplete)}
    if delivered and project.label.rule in ("inactivity", "decline") and source.kind == "events":
        first, filled = min(delivered), ledger.first_filled(source.events_table)
        if filled is None or filled > first:  # else rows were taken of which it was not noted what they cover
            missing |= {window.first for window in windows if window.first < first}
    return sorted(missing)
