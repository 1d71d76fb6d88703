"""All partitions that are due, with the reasons, over all stages."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.lineage import maturity
from churn_spark.lineage.due import Due
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages import all_stages
from churn_spark.stages.stage import PUBLISHED, Stage
from churn_spark.tables.catalog import Catalog

PREMATURE = (
    "early",
    "made too early by the configuration and deliveries of now; they are removed until they mature",
)


def everything_due(project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None) -> list[Due]:
    """All that is due at an as-of date, as far as ingest has completed it; what follows from rebuilds is included."""
    ledger = catalog.ledger
    if ledger.completed("ingest") is None:
        return []
    plan: list[Due] = []
    changing: dict[str, set[date]] = {}
    early: list[Due] = []
    for stage in all_stages.STAGES:
        for output, days in partitions(stage, project, catalog, as_of, wanted).items():
            due = stage.due(project, ledger, output, days)
            standing = {item.day for item in due if item.kind == PUBLISHED}
            other = {item.day for item in due if item.kind not in ("columns", PUBLISHED)}
            following = _following(stage, project, ledger, output, set(days) - other - standing, changing)
            changing[output] = other | {item.day for item in following}
            known = {item.day for item in due}
            plan += due + [item for item in following if item.day not in known]
        early += [
            Due(stage.name, output, day, *PREMATURE)
            for day in stage.premature(project, ledger)
            for output in stage.tables(project)
        ]
    return [*plan, *early]


def partitions(
    stage: Stage, project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None
) -> Mapping[str, Collection[date]]:
    """The partitions that a stage should have at an as-of date, by table; none where it finds its own."""
    if stage.dates is None or not stage.needed(project):
        return {}
    return stage.dates(project, catalog, maturity.completed(catalog.ledger, as_of), wanted)


def _following(
    stage: Stage,
    project: Project,
    ledger: Ledger,
    output: str,
    days: Iterable[date],
    changing: Mapping[str, Collection[date]],
) -> list[Due]:
    """Partitions that become stale when those in `changing` are rebuilt."""
    following = []
    for day in sorted(days):
        for table, span in stage.reads(project, ledger, output, day).items():
            if any(changed in span for changed in changing.get(table, ())):
                following.append(Due(stage.name, output, day, "follows", f"{table} is rebuilt before it"))
                break
    return following
