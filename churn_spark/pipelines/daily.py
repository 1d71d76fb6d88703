"""Everything of one day, stage after stage."""

import logging
from collections.abc import Sequence
from datetime import date

from churn_spark.definitions.errors import ChurnError, ModelError
from churn_spark.definitions.project import Project
from churn_spark.lineage.due import Due, due_lines
from churn_spark.runtime.run import begun, run_stage
from churn_spark.stages import all_stages
from churn_spark.stages.monitor import MONITOR, challenger_wanted
from churn_spark.stages.past_dates import PAST, gone_out_since
from churn_spark.stages.stage import PUBLISHED, Stage
from churn_spark.stages.train import TRAIN
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.daily")


def daily(project: Project, catalog: Catalog, as_of: date, options: Sequence[str] = ()) -> None:
    """Run every daily stage; one that is done for these inputs is skipped unless an option is for it.

    Raises NotReadyError after ingest if the as-of date lies far beyond the end of the data. After a wave of alerts, or
    where monitoring, a page or the messages fail, it raises at its end: who must find out why needs the rest, and what
    was decided has to leave on its date. Where a later date has gone out, nobody is acted upon by this one.
    """
    failed: list[ChurnError] = []
    held_up = False
    with catalog.jobs.lock(begun("daily", project, as_of)):
        for stage in all_stages.daily_stages(project):
            catalog.refresh()
            if held_up and stage.acts:
                log.warning("%s of %s is left out, so that nobody is acted upon", stage.name, as_of)
                continue
            later = gone_out_since(project, catalog.ledger, as_of) if stage.acts and PAST not in options else None
            if later:
                log.warning(
                    "%s of %s is left out, as %s has gone out already (--option past)", stage.name, as_of, later
                )
                continue
            due = _due(stage, project, catalog, as_of)
            if not due and _done(stage, project, catalog, as_of) and not stage.concerned_by(options):
                log.info("%s of %s is done for these inputs: skipped", stage.name, stage.partition(as_of))
                continue
            for line in due_lines(due):
                log.info("to build: %s", line)
            try:
                run_stage(stage, project, catalog, as_of, options)
            except ChurnError as error:
                if not (stage.aside or error.day_goes_on):
                    raise
                log.warning("%s of %s failed; the rest of the day goes on: %s", stage.name, as_of, error)
                failed.append(error)
                held_up |= not stage.aside
                continue
            catalog.refresh()
            stage.checked(project, catalog, as_of)
            if stage is MONITOR:
                failed += _train_where_wanted(project, catalog, as_of)
    if failed:
        raise failed[0]


def _train_where_wanted(project: Project, catalog: Catalog, as_of: date) -> list[ChurnError]:
    """Train a challenger where monitoring asks for it; one that is refused leaves the day as it is.

    What else hinders the training is returned: the day goes on with the model in force.
    """
    why = challenger_wanted(project, catalog, as_of)
    if why is None:
        return []
    log.info("to train: %s", why)
    try:
        run_stage(TRAIN, project, catalog, as_of)
    except ModelError as error:
        log.warning("the model in force stays: %s", error)
    except ChurnError as error:
        log.warning("the training failed, the day goes on with the model in force: %s", error)
        return [error]
    finally:
        catalog.refresh()
    return []


def _due(stage: Stage, project: Project, catalog: Catalog, as_of: date) -> list[Due]:
    """The partition of an as-of date, if it is to be built, with the reason; none of a stage that finds its own."""
    if not stage.per_date:
        return []
    due = stage.due(project, catalog.ledger, stage.tables(project)[0], [stage.partition(as_of)])
    return [item for item in due if item.kind != PUBLISHED]


def _done(stage: Stage, project: Project, catalog: Catalog, as_of: date) -> bool:
    """Whether a stage for which nothing is due has nothing to do, as far as can be said without running it."""
    return stage.per_date or stage.done(begun(stage.name, project, as_of), project, catalog)
