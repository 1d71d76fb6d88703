"""What several stages refuse: as-of dates at which nothing, or not everything, was known, and inputs that are due."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.periods import Days, grid, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.data_end import data_end, described, next_day
from churn_spark.lineage.snapshot_dates import first_known
from churn_spark.stages import late_sources
from churn_spark.stages.stage import PUBLISHED, Stage
from churn_spark.tables.catalog import Catalog


def refuse_due(
    upstream: Iterable[Stage], run: Run, project: Project, catalog: Catalog, span: Mapping[str, Days]
) -> None:
    """NotReadyError where partitions of earlier stages within reach are missing, stale or of another definition.

    span: the partitions read, by table.
    """
    for stage in upstream:
        for output, days in _within(stage, run, project, catalog, span).items():
            for due in stage.due(project, catalog.ledger, output, days):
                if due.kind == PUBLISHED:
                    continue
                as_of = due.day if stage.per_date else run.as_of
                raise NotReadyError(
                    f"{output} of {due.day}: {due.reason}; rebuild what is due: churn-spark {stage.command}"
                    f" {catalog.arguments} --as-of {as_of}"
                )


def _within(
    stage: Stage, run: Run, project: Project, catalog: Catalog, span: Mapping[str, Days]
) -> dict[str, list[date]]:
    """The partitions of a stage's tables that a span of days reaches, as they should be."""
    if stage.per_date:
        read = {output: days for output, days in span.items() if output in stage.tables(project)}
        return {output: sorted({stage.partition(day) for day in days}) for output, days in read.items()}
    dates = stage.dates(project, catalog, run.as_of, None) if stage.dates else {}
    return {output: [day for day in days if day in span[output]] for output, days in dates.items() if output in span}


def refuse_too_early(project: Project, catalog: Catalog, days: Collection[date], as_of: date) -> None:
    """NotReadyError when nothing at all was known at one of some as-of dates, with the earliest possible one."""
    if first_known(project, catalog.ledger) is None:
        raise NotReadyError(f"nothing was taken in yet: churn-spark ingest {catalog.arguments} --as-of {as_of}")
    if early := too_early(project, catalog, days):
        raise NotReadyError(early)


def too_early(project: Project, catalog: Catalog, days: Collection[date]) -> str | None:
    """For as-of dates at which nothing was known: a message with the first possible date and the remedy; else None."""
    start = first_known(project, catalog.ledger)
    early = sorted(day for day in days if start and day < start)
    if not early:
        return None
    first, every = project.snapshots.first, project.snapshots.every
    asked = "; training snapshots begin at snapshots.first" if early[0] in grid(first, every, early[0]) else ""
    text = f"nothing was known at {listed(early)}; the earliest possible as-of date is {start}{asked}"
    return "\n".join((text, *late_sources.remedies(project, catalog.ledger, catalog.arguments, all=True)))


def refuse_ahead_of_ingest(catalog: Catalog, days: Collection[date]) -> None:
    """NotReadyError for as-of dates that ingest has not completed: what was known then is not taken in yet."""
    newest = catalog.ledger.completed("ingest")
    ahead = sorted(day for day in days if newest is None or day > newest)
    if ahead:
        until = f"ingest has completed {newest}, no later as-of date"
        if newest is None:
            until = "ingest has completed no as-of date yet"
        raise NotReadyError(
            f"what was known at {listed(ahead)} is not taken in yet: {until}. Run churn-spark ingest"
            f" {catalog.arguments} --as-of {ahead[-1]} first"
        )


def refuse_past_data(project: Project, catalog: Catalog, days: Collection[date]) -> None:
    """NotReadyError for as-of dates that lie too far beyond the end of the data."""
    end = data_end(project, catalog.ledger)
    if end and (past := [day for day in days if day > end.until]):
        raise NotReadyError(
            f"{described(end)}, so nothing is built for as-of dates after {end.until} ({listed(past)}): everybody would"
            f" look silent. For data of the past give an as-of date of theirs: --as-of {next_day(end)}. If newer"
            " deliveries should be there, have them delivered and run ingest; a pause that is meant: name its days in"
            " sources.<name>.delivered.expected.closed"
        )
