"""Which model version is in force from which as-of date: the decisions in `champions`, and when the next may begin."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from pyspark.sql import functions as F

from churn_spark.definitions.errors import BusyError, ModelError
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from churn_spark.tables.transaction import Transaction

Kind = Literal["trained", "promoted", "rolled back", "recalibrated"]
PATIENCE = 300.0
"""Seconds a run waits for another one that is deciding on the champion: that takes a few."""
LOOK_AGAIN = 2.0
"""Seconds between two looks."""
LOOKS = 3
"""Looks for the end row of a run that has decided."""


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """A version that became champion. Of several from one date the last decision counts.

    as_of, run_id: of the run that decided. kind, by: how, and by whom where a person did. trained_as_of, training_run:
    of the version's training. Run ids are empty where they were not kept.
    """

    effective_from: date
    event_id: str
    version: int
    family: str = ""
    reason: str = ""
    manifest: str = ""
    as_of: date = date.min
    run_id: str = ""
    kind: Kind = "trained"
    by: str = ""
    trained_as_of: date = date.min
    training_run: str = ""

    @property
    def statement(self) -> str:
        """Why it is in force, for a person."""
        return self.reason if self.kind == "trained" else f"{self.kind} by {self.by}: {self.reason}"


def decisions(project: Project, catalog: Catalog) -> list[Decision]:
    """All decisions about the project's model, in order: a few a year, so they fit on the driver.

    Those of a run that broke off after it had written one do not count: the run is to be repeated.
    """
    rows = catalog.read(CHAMPIONS).where(F.col("model_name") == project.model_name).collect()
    counting = (row for row in rows if row["run_id"] is None or not catalog.ledger.unfinished(row["run_id"]))
    return sorted(decision_of(row.asDict()) for row in counting)


def decision_of(row: Mapping[str, Any]) -> Decision:
    """The decision of a row of `champions`; what older rows do not have is what it was for all of them then."""
    return Decision(
        effective_from=row["effective_from"],
        event_id=row["event_id"],
        version=row["model_version"],
        family=row["family"],
        reason=row["reason"],
        manifest=row["manifest"],
        as_of=row["as_of_date"] or row["effective_from"],
        run_id=row["run_id"] or "",
        kind=row["decision"] or "trained",
        by=row["decided_by"] or "",
        trained_as_of=row["trained_as_of"] or row["as_of_date"] or row["effective_from"],
        training_run=row["training_run"] or row["run_id"] or "",
    )


def newest(known: list[Decision]) -> Decision | None:
    """The last decision: the model that the next one replaces, also where it is not in force yet."""
    return max(known, default=None)


def in_force(known: list[Decision], day: date) -> Decision | None:
    """The decision in force at an as-of date; None before the first."""
    return max((decision for decision in known if decision.effective_from <= day), default=None)


def takes_effect(ledger: Ledger, as_of: date) -> date:
    """The first date that a model trained at an as-of date may score: one that was not scored by another model yet."""
    name = RISK_SCORES.name
    scored = [day for day in (*ledger.partitions(name), *ledger.open(name)) if day and day >= as_of]
    return max(scored) + timedelta(days=1) if scored else as_of


def refuse_older(known: list[Decision], as_of: date) -> None:
    """ModelError where the champion was decided on at a later date: older knowledge must not replace newer."""
    newer = max((decision for decision in known if decision.as_of > as_of), key=lambda d: d.as_of, default=None)
    if newer:
        raise ModelError(
            f"version {newer.version} was {newer.kind} at {newer.as_of}; a decision at {as_of} has older data and does"
            f" not replace it. Give --as-of {newer.as_of} or later, or use a warehouse of its own"
        )


@contextmanager
def deciding(run: Run, catalog: Catalog) -> Iterator[None]:
    """Be the only run that decides on the champion for a block, with the ledger as it is then.

    Another one at it is waited for; BusyError where it takes longer than `PATIENCE`.
    """
    until = time.monotonic() + PATIENCE
    with ExitStack() as alone:
        while True:
            try:
                alone.enter_context(catalog.jobs.lock(replace(run, job=CHAMPIONS.name)))
                break
            except BusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(LOOK_AGAIN)
        _settled(catalog)
        yield


def _settled(catalog: Catalog) -> None:
    """Read the ledger again, until the run that has just decided stands in it as ended; one that was killed never will.

    Its lock is free a moment before its end row is written, and only with that its decision counts.
    """
    for _ in range(LOOKS):
        catalog.refresh()
        deciders = {row["run_id"] for row in catalog.read(CHAMPIONS).select("run_id").distinct().collect()}
        if not any(catalog.ledger.unfinished(run_id) for run_id in deciders if run_id):
            return
        time.sleep(LOOK_AGAIN)


def put_in_force(
    tx: Transaction, run: Run, project: Project, catalog: Catalog, known: list[Decision], chosen: Decision
) -> Decision:
    """Append a decision and return it as it is in force: from the first date not scored yet, after all those `known`.

    Called inside the transaction, whose ledger is as of the run's start row: dates that are being scored by then count
    as scored, and a scoring that begins later finds out at its end (`score`).
    """
    decided = replace(
        chosen,
        effective_from=max([takes_effect(catalog.ledger, run.as_of), *(before.effective_from for before in known)]),
        event_id=f"{run.as_of.isoformat()}-{_next(known):08d}-{run.run_id}",
        as_of=run.as_of,
        run_id=run.run_id,
    )
    row = {
        "event_id": decided.event_id,
        "model_name": project.model_name,
        "model_version": decided.version,
        "effective_from": decided.effective_from,
        "family": decided.family,
        "reason": decided.reason,
        "manifest": decided.manifest,
        "as_of_date": decided.as_of,
        "run_id": decided.run_id,
        "decision": decided.kind,
        "decided_by": decided.by or None,
        "trained_as_of": decided.trained_as_of,
        "training_run": decided.training_run,
    }
    values = tuple(row[name] for name in CHAMPIONS.names)
    tx.append(CHAMPIONS, catalog.spark.createDataFrame([values], CHAMPIONS.schema))
    return decided


def _next(known: list[Decision]) -> int:
    """The number of the next decision: event ids of one as-of date are in the order of the decisions."""
    numbers = (decision.event_id[11:19] for decision in known)
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)
