"""Take in every delivery that is due and not taken yet: events, customers, quarantine, and the account of it all."""

import logging
import os
from contextlib import ExitStack
from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Privacy, Project, Run
from churn_spark.events.pseudonyms import Pseudonym, pseudonym
from churn_spark.stages import lacking
from churn_spark.stages.intake.accounts import accounts, refuse_too_many, taken_before
from churn_spark.stages.intake.judging import judge
from churn_spark.stages.intake.memory import remembered
from churn_spark.stages.intake.settling import settle
from churn_spark.stages.intake.taking import ADD_COLUMNS, Plan, plan
from churn_spark.stages.intake.writing import Intake, write
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.ingest")


def ingest(run: Run, project: Project, catalog: Catalog) -> None:
    """Take every delivery of every source up to the run's as-of date, each source in one pass.

    Options: `accept-incomplete` goes on without what is missing, `restate` takes changed deliveries again under their
    old knowledge date, `add-columns` those without a column that is configured now, `add-history` takes new ones up to
    `history_until` as known then, `verify` compares the content of all deliveries taken before.
    """
    hidden = hiding(catalog.spark, project.privacy)
    taken = taken_before(catalog)
    memory = remembered(catalog.ledger)
    plans = [
        plan(catalog.spark, run, source, project, taken.get(source.name, {}), memory) for source in project.sources
    ]
    if ADD_COLUMNS not in run.options:
        for line in lacking.told(project, catalog.ledger):
            log.warning(line)
    plans = [chosen for chosen in plans if chosen.takings]
    if not plans:
        log.info("nothing to take: every delivery up to %s is in", run.as_of)
        return
    with ExitStack() as held:
        intakes = [_taken_in(run, project, catalog, chosen, hidden, held) for chosen in plans]
        log.info("writing %s", ", ".join(chosen.source.name for chosen in plans))
        write(run, project, catalog, intakes, taken)
    for intake in intakes:
        _tell(intake)


def hiding(spark: SparkSession, privacy: Privacy) -> Pseudonym | None:
    """What makes pseudonyms; None where the data are public. ConfigError names the variable or file without a key."""
    if privacy.mode == "none":
        return None
    if privacy.key_file is not None:
        path = Path(privacy.key_file)
        key = path.read_bytes().strip() if path.is_file() else b""
        place = f"the file {privacy.key_file} (privacy.key_file)"
    else:
        key = os.environ.get(privacy.key_env, "").encode()
        place = f"the environment variable {privacy.key_env} (privacy.key_env)"
    if not key:
        raise ConfigError(f"no key for pseudonyms: {place} is missing or empty; set it, or say privacy.mode: none")
    return pseudonym(spark.sparkContext.broadcast(key), privacy.key_id)


def _taken_in(
    run: Run, project: Project, catalog: Catalog, chosen: Plan, hidden: Pseudonym | None, held: ExitStack
) -> Intake:
    name = chosen.source.name
    log.info("%s: reading and judging %s", name, _deliveries(len(chosen.takings)))
    judged = judge(catalog.spark, run, project, chosen, hidden)
    held.callback(judged.rows.unpersist)
    log.info("%s: looking for copies", name)
    settled = settle(catalog, judged)
    for frame in settled.held:
        held.callback(frame.unpersist)
    log.info("%s: counting", name)
    found = accounts(judged, settled)
    refuse_too_many(chosen.source, found)
    return Intake(judged, settled, found)


def _tell(intake: Intake) -> None:
    totals = {
        name: sum(getattr(a, name) for a in intake.accounts) for name in ("read", "kept", "quarantined", "duplicate")
    }
    others = len(intake.settled.others)
    log.info(
        "took %s of %s: %s rows read, %s kept, %s quarantined, %s duplicates%s",
        _deliveries(len(intake.judged.plan.takings)),
        intake.judged.plan.source.name,
        *(f"{total:,}" for total in totals.values()),
        f" ({_deliveries(others)} taken before changed with them)" if others else "",
    )


def _deliveries(count: int) -> str:
    return f"{count:,} delivery" if count == 1 else f"{count:,} deliveries"
