"""Dates that are made up for after a later one has gone out: nobody is acted upon by what was decided for them.

What a date is later than is said by the warehouse, never by the clock: so a replay of the past goes on day after day.
"""

from datetime import date

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.outbox_events import dispatched
from churn_spark.tables.catalog import Catalog

PAST = "past"
"""Option: act upon customers by what is decided for a date though a later one has gone out."""


def gone_out_since(project: Project, ledger: Ledger, day: date) -> date | None:
    """The newest date of which anything may have left the house, if it is later than this one."""
    newest = max(dispatched(project, ledger), default=None)
    return newest if newest and newest > day else None


def standing_after(project: Project, ledger: Ledger, day: date, days: int) -> list[date]:
    """The dates that have gone out among those that follow a date within some days, itself included."""
    return [one for one in dispatched(project, ledger) if 0 < (one - day).days < days]


def refuse_past(run: Run, project: Project, catalog: Catalog) -> None:
    """ConfigError where a later date than one of the run's has gone out, unless the option says that it is meant."""
    if PAST in run.options:
        return
    for day in run.dates:
        if later := gone_out_since(project, catalog.ledger, day):
            raise ConfigError(
                f"{later} has gone out already: nothing is planned for {day}, which lies before it, as nobody is to be"
                f" acted upon by it. If it is meant: churn-spark {run.job} {catalog.arguments} --as-of {day}"
                f" --option {PAST}"
            )
