"""Rolls back what an unfinished run of ingest wrote, so that the next run begins from the last complete state.

So stored deliveries that the broken run rewrote are intact even if they are gone from the source. The rollback is a run
of its own in the ledger: it stays done, even if the run of ingest that follows fails.
"""

import logging
from dataclasses import replace

from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.intake.tables import intake_tables
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.ingest")

RECOVERY = "recovery"
"""The name of the rollback's job in the ledger."""


def roll_back_unfinished(run: Run, project: Project, catalog: Catalog) -> None:
    """Restore the partitions that unfinished runs of the job had begun to write."""
    ledger = catalog.ledger
    broken = {
        table: [
            day
            for day, entry in ledger.open(table.name).items()
            if day and entry.job in (run.job, RECOVERY) and ledger.unfinished(entry.run_id)
        ]
        for table in intake_tables(project)
    }
    broken = {table: days for table, days in broken.items() if days}
    if not broken:
        return
    log.warning("an earlier run did not finish: rolling back what it wrote to %s", ", ".join(t.name for t in broken))
    back = replace(run, job=RECOVERY, run_id=f"{run.run_id}-{RECOVERY}")
    begun = ledger.open_subjects(run.job)[0] | ledger.open_subjects(RECOVERY)[0]
    with catalog.transaction(back, broken, begun) as tx:
        for table, days in broken.items():
            tx.take_back(table, days)
    catalog.end(back)
    catalog.enter(run)


def rolled_back_deliveries(ledger: Ledger) -> set[str]:
    """The deliveries (`source/delivery`) of runs that were rolled back."""
    return {subject for entry in ledger.entries if entry.job == RECOVERY for subject in entry.subjects}
