"""The arms of the loop benchmark: what each does in a week, by the suite's own stages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from benchmarks.loop_company import AFTER, Company
from benchmarks.loop_decisions import seen
from churn_spark.definitions.errors import ModelError
from churn_spark.monitoring.performance import RECALIBRATE as ADVISED
from churn_spark.runtime.run import run_stage
from churn_spark.stages.all_stages import MONITOR, SCORE, TRAIN
from churn_spark.stages.monitor import challenger_wanted
from churn_spark.stages.promotion import PROMOTE, given
from churn_spark.stages.recalibration import RECALIBRATE
from churn_spark.stages.stage import Stage
from churn_spark.stages.training.challengers import challengers
from churn_spark.stages.training.champions import decisions, newest

EVERY_WEEKS = 4
BY = "bench-loop"


def watched(company: Company, days: Sequence[date]) -> None:
    """Score and monitor some dates with the model in force, and do nothing about what is seen."""
    scored(company, days)
    for day in days:
        run_stage(MONITOR, company.project, company.catalog, day)
    company.catalog.refresh()


def scored(company: Company, days: Sequence[date]) -> None:
    """Score dates with the model in force at each."""
    company.catalog.refresh()
    run_stage(SCORE, company.project, company.catalog, days[-1], dates=days)


def never(company: Company) -> None:
    """The first model stays in force."""
    scored(company, _after(company))


def monthly(company: Company) -> None:
    """A training every four weeks from the change on, in force whatever the gate says."""
    blind = replace(company.project, training=replace(company.project.training, accept_weak=True))
    days = _after(company)
    for start in range(0, len(days), EVERY_WEEKS):
        weeks = days[start : start + EVERY_WEEKS]
        scored(company, weeks)
        if weeks[-1] != days[-1]:
            _done(replace(company, project=blind), TRAIN, weeks[-1])
            _without_gate(company, weeks[-1])


def by_drift(company: Company) -> None:
    """What `daily` does with `monitoring.retrain`: a training where a signal of the model is at act, and the gate."""
    ours = _retraining(company)
    for day in _after(company):
        watched(ours, [day])
        if challenger_wanted(ours.project, ours.catalog, day):
            _done(ours, TRAIN, day)


def by_advice(company: Company) -> None:
    """What a person does who follows the advice: recalibrates where a signal at act asks for that, else trains."""
    ours, said = _retraining(company), given("monitor advises it", BY)
    for day in _after(company):
        watched(ours, [day])
        acting = [signal for signal in seen(ours, [day]) if signal["status"] == "act"]
        if any(signal["advice"] == ADVISED for signal in acting) and _done(ours, RECALIBRATE, day, said):
            continue
        if challenger_wanted(ours.project, ours.catalog, day):
            _done(ours, TRAIN, day)


Walk = Callable[[Company], None]
ARMS: dict[str, Walk] = {"never": never, "monthly": monthly, "drift": by_drift, "advice": by_advice}


def _after(company: Company) -> list[date]:
    return [day for day in company.weeks if day >= AFTER]


def _retraining(company: Company) -> Company:
    monitoring = replace(company.project.monitoring, retrain=True)
    return replace(company, project=replace(company.project, monitoring=monitoring))


def _without_gate(company: Company, day: date) -> None:
    """Put a challenger of a date in force that the gate has refused."""
    refused = [challenger for challenger in challengers(company.catalog, day) if challenger.trained_as_of == day]
    known = newest(decisions(company.project, company.catalog))
    if refused and known and known.version != refused[0].version:
        said = given("every four weeks, whatever the gate says", BY, refused[0].version)
        run_stage(PROMOTE, company.project, company.catalog, day, said)
        company.catalog.refresh()


def _done(company: Company, stage: Stage, day: date, said: Sequence[str] = ()) -> bool:
    """Whether a stage did what it is for; where it could not, the ledger has its error and the model in force stays."""
    try:
        run_stage(stage, company.project, company.catalog, day, said)
    except ModelError:
        return False
    finally:
        company.catalog.refresh()
    return True
