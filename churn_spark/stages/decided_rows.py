"""Rows of alerts and interventions that may leave the house, and the messages of a route made from them."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.dispatch import DECIDED_COLUMNS, Decided, Dispatch, Route
from churn_spark.definitions.errors import DispatchError, NotReadyError
from churn_spark.definitions.project import Project
from churn_spark.outbox.message import Message
from churn_spark.outbox.texts import brief, digest, single
from churn_spark.stages.brief import brief_of
from churn_spark.stages.conditions import failures_named
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.table import Table

TABLES: dict[Decided, Table] = {"alerts": ALERTS, "interventions": INTERVENTIONS}
_LEAVES: dict[Decided, str] = {"alerts": "suppressed IS NULL", "interventions": "action IS NOT NULL"}
"""What holds for every row that leaves, whatever the configuration says: nobody hears of those who are withheld."""


def messages(project: Project, catalog: Catalog, dispatch: Dispatch, route: Route, day: date) -> list[Message]:
    """The messages of a route at a date, the highest expected loss first.

    Raises DispatchError for more single messages than `most_single`, which with `most_rows` bounds what reaches the
    driver, and for a brief that is not that of the date.
    """
    language = project.alerts.language if project.alerts else "en"
    if route.form == "brief":
        return [brief(project.name, route, day, brief_of(project, catalog, day), language)]
    rows = decided(catalog, route, day)
    most = dispatch.most_single if route.form == "single" else dispatch.most_rows
    with failures_named(project):
        first = [row.asDict() for row in rows.limit(most + 1).collect()]
        total = rows.count() if len(first) > most else len(first)
    if route.form == "digest":
        return [digest(project.name, route, day, first[:most], total, language)] if first else []
    if total > most:
        raise DispatchError(
            f"{total:,} single messages at {day}, more than dispatch.most_single ({most:,}): none was sent. If so many"
            f" are meant, raise it; else see why there are so many {route.decided}, or narrow the route by `where`"
        )
    return [single(project.name, route, day, row, language) for row in first]


def decided(catalog: Catalog, route: Route, day: date) -> DataFrame:
    """The rows of a route at a date: those withheld never, of the others those for which its condition holds."""
    names = [name for name, _ in DECIDED_COLUMNS[route.decided]]
    rows = catalog.read(TABLES[route.decided], [day]).where(_LEAVES[route.decided]).select(*names)
    if route.condition:
        rows = rows.where(F.expr(route.condition))
    loss = "expected_loss" if route.decided == "alerts" else "risk * value"
    order = (F.expr(loss).desc_nulls_last(), F.desc("risk"), "customer_id")
    return rows.orderBy(*order, *(("kind",) if route.decided == "alerts" else ()))


def exports(project: Project) -> bool:
    """Whether the CRM gets a file."""
    return bool(project.interventions and project.interventions.export)


def handed_over(catalog: Catalog, day: date) -> DataFrame:
    """The interventions of a date that the CRM gets: those with an action."""
    return catalog.read(INTERVENTIONS, [day]).where(_LEAVES["interventions"])


def refuse_missing(project: Project, catalog: Catalog, dispatch: Dispatch, day: date) -> None:
    """NotReadyError where nothing was decided yet for a date that a route or the file for the CRM needs."""
    exported: set[Decided] = {"interventions"} if exports(project) else set()
    for name in sorted(exported | {route.decided for route in dispatch.routes}):
        if catalog.ledger.partition(name, day) is None:
            verb = TABLES[name].written_by[0]
            raise NotReadyError(
                f"the {name} of {day} were never made: churn-spark {verb} {catalog.arguments} --as-of {day}"
            )
