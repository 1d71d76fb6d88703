"""What an arm of the loop benchmark saw and decided, as its tables tell it: monitoring, checks, ledger, champions."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pyspark.sql import functions as F

from benchmarks.loop_company import AFTER, Company
from churn_spark.lineage.entry import Entry
from churn_spark.monitoring.signal import MODEL
from churn_spark.stages.all_stages import TRAIN
from churn_spark.stages.promotion import PROMOTE
from churn_spark.stages.recalibration import RECALIBRATE
from churn_spark.stages.training.champions import Decision, decisions
from churn_spark.tables.contracts.models import MODEL_CHECKS
from churn_spark.tables.contracts.monitoring import MONITORING

Event = dict[str, Any]

JOBS = {TRAIN.name: "trained", RECALIBRATE.name: "recalibrated", PROMOTE.name: "promoted"}
ACTING = "status IN ('warn', 'act')"
SHOWN = 3
CALENDAR, UNGATED = "the calendar", "in force without the gate"


def seen(company: Company, days: Sequence[date]) -> list[Event]:
    """The signals of the model that monitoring of some dates has at warn or act, in order."""
    rows = company.catalog.read(MONITORING, days).where(ACTING).where(F.col("signal").isin(*MODEL)).collect()
    names = ("signal", "subject", "status", "text", "advice")
    found = [{"day": str(row["as_of_date"]), **{name: row[name] for name in names}} for row in rows]
    return sorted(found, key=lambda one: (one["day"], one["signal"], one["subject"]))


def first_of_each(signals: Sequence[Event]) -> list[Event]:
    """Of each signal at warn, and at act, the first date and subject."""
    firsts: dict[tuple[str, str], Event] = {}
    for signal in signals:
        firsts.setdefault((signal["signal"], signal["status"]), signal)
    return list(firsts.values())


def decided(company: Company, signals: Sequence[Event]) -> list[Event]:
    """Every training and recalibration after the change, in order: day, kind, why, outcome, text, and its version.

    signals: of all these dates, which say what was asked for.
    """
    catalog, last = company.catalog, company.weeks[-1]
    catalog.refresh()
    ended = [entry for entry in catalog.ledger.entries if entry.event != "start" and entry.job in JOBS]
    runs = {entry.run_id: entry for entry in ended if AFTER <= entry.as_of <= last}
    days = sorted({entry.as_of for entry in runs.values() if entry.job == TRAIN.name})
    checks = catalog.read(MODEL_CHECKS, days).collect() if days else []
    champions = {decision.run_id: decision for decision in decisions(company.project, catalog)}
    events: list[Event] = []
    for entry in sorted(runs.values(), key=lambda one: one.at):
        if entry.job == PROMOTE.name:
            events[-1]["outcome"] = UNGATED
            continue
        of_run = [row.asDict() for row in checks if row["run_id"] == entry.run_id]
        event = {"day": str(entry.as_of), "kind": JOBS[entry.job], "why": _why(entry, signals)}
        events.append(event | _outcome(entry, of_run, champions.get(entry.run_id)))
    return events


def _outcome(entry: Entry, checks: Sequence[Mapping[str, Any]], decision: Decision | None) -> Event:
    if entry.error:
        return {
            "outcome": "failed" if entry.job == TRAIN.name else "refused",
            "text": entry.error.removeprefix("ModelError: "),
        }
    if entry.job == RECALIBRATE.name:
        return {"outcome": "in force", "version": decision and decision.version, "text": decision and decision.reason}
    refused = [row["text"] for row in checks if row["outcome"] == "refused"]
    compared = [row["text"] for row in checks if row["check"] == "champion"]
    version = max(row["model_version"] for row in checks)
    return {"outcome": "refused" if refused else "passed", "version": version, "text": "; ".join(refused or compared)}


def _why(entry: Entry, signals: Sequence[Event]) -> str:
    """The signals at act on the day; none are watched where the calendar asks."""
    acting = [f"{one['signal']} of {one['subject']}" for one in signals
              if one["day"] == str(entry.as_of) and one["status"] == "act"]  # fmt: skip
    more = f" and {len(acting) - SHOWN} more" if len(acting) > SHOWN else ""
    return ", ".join(acting[:SHOWN]) + more if acting else CALENDAR
