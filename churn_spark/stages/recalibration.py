"""Recalibration: the level of the risks moved to what has matured since the model in force learnt, without training.

Like promotion it is asked for by a person, and is a decision in `champions`.
"""

import logging
from dataclasses import replace
from datetime import date

from churn_spark.definitions.errors import BusyError, ModelError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.label_hashes import label_hash
from churn_spark.models.measures import best_threshold, measured
from churn_spark.models.metrics import best_f1_threshold
from churn_spark.models.recalibration import Recalibration, recalibrated
from churn_spark.models.registry import Registry
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.tally import Tally
from churn_spark.models.training_set import FEWEST
from churn_spark.stages.promotion import BY, REASON, said
from churn_spark.stages.refusals import refuse_ahead_of_ingest
from churn_spark.stages.stage import Stage
from churn_spark.stages.training import snapshots
from churn_spark.stages.training.champions import Decision, deciding, decisions, newest, put_in_force, refuse_older
from churn_spark.stages.training.gating import new_to, refuse_other_features
from churn_spark.stages.training.records import LABEL
from churn_spark.stages.training.registry import registry_of
from churn_spark.stages.training.tested import tested
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS

log = logging.getLogger("churn_spark.recalibrate")


def recalibrate(run: Run, project: Project, catalog: Catalog) -> None:
    """Register the model in force with the level of its risks moved, and put that version in force.

    ModelError where there is nothing to learn the level from, or where it did not move beyond chance.
    """
    refuse_ahead_of_ingest(catalog, [run.as_of])
    known = decisions(project, catalog)
    refuse_older(known, run.as_of)
    champion = newest(known)
    if champion is None:
        raise ModelError(f"no model was ever in force; train one: churn-spark train {catalog.arguments}")
    registry = registry_of(project, catalog)
    model = registry.load(champion.version, champion.manifest)
    _refuse_other_label(project, catalog, model)
    days = _newer_snapshots(run, project, catalog, model)
    refuse_other_features(project, catalog, model, days)
    rows = tested(project, catalog, model, days)
    _refuse_too_few(rows, days)
    found = recalibrated(rows, model.calibrator)
    why = _described(found, days)
    if not found.needed:
        raise ModelError(f"the level did not move beyond chance, so nothing is changed: {why}")
    if not found.enough:
        log.warning("more than the level has moved: a calibration learnt anew would be better still; train a new model")
    moved = replace(
        model,
        calibrator=found.calibrator,
        threshold=_threshold(project, rows),
        facts={
            **model.facts,
            "snapshots": {**model.facts.get("snapshots", {}), "level": [day.isoformat() for day in days]},
            "recalibrated": {
                "as_of": run.as_of.isoformat(),
                "version": champion.version,
                "why": why,
                "base_rate": _base_rate(project, rows),
            },
        },
    )
    decided = _decide(run, project, catalog, registry, moved, champion, found, why)
    log.info(why)
    log.info(
        "%s version %d is version %d recalibrated: in force from %s on, the first date that is not scored yet",
        project.model_name,
        decided.version,
        champion.version,
        decided.effective_from,
    )


def _newer_snapshots(run: Run, project: Project, catalog: Catalog, model: RiskModel) -> tuple[date, ...]:
    """The newest matured snapshots that the model has not learnt from, at most as many as its test has."""
    if not project.temporal:
        raise ModelError("not temporal: there is one date, and the model has learnt from it; train a new model")
    level = [date.fromisoformat(day) for day in model.facts["snapshots"].get("level", ())]
    matured = new_to(project, model, snapshots.for_training(project, catalog, run.as_of))
    matured = tuple(day for day in matured if day > max(level, default=date.min))
    ready = snapshots.ready(project, catalog, matured)
    if not ready:
        raise ModelError(
            "there is nothing to learn the level from: it takes a snapshot of a day by which all labels that the model"
            f" in force learnt from had matured, itself matured by {run.as_of}, with features and labels"
        )
    return ready[-project.training.test_snapshots :]


def _refuse_other_label(project: Project, catalog: Catalog, model: RiskModel) -> None:
    """ModelError where the configured label is not the one that the model learnt: its base rate is another by itself.

    Models of earlier versions do not say what they learnt.
    """
    if model.facts.get(LABEL, label_hash(project)) != label_hash(project):
        raise ModelError(
            "the model in force learnt another label than the configured one, so its level says nothing of that; train"
            f" a new model: churn-spark train {catalog.arguments}"
        )


def _refuse_too_few(rows: Tally, days: tuple[date, ...]) -> None:
    churners, stayers = rows.churners.sum(), (rows.rows - rows.churners).sum()
    if min(churners, stayers) < FEWEST:
        raise ModelError(
            f"{churners:.0f} rows of customers who left and {stayers:.0f} of customers who stayed at {listed(days)} are"
            f" too few to learn the level from: at least {FEWEST} of each"
        )


def _described(found: Recalibration, days: tuple[date, ...]) -> str:
    """What was found, for a person."""
    losses = found.log_losses
    return (
        f"at {listed(days)} {found.observed:.1%} left, {found.expected:.1%} by the risks; log odds {found.shift:+.2f};"
        f" log loss {losses['kept']:.4f} -> {losses['shifted']:.4f} ({losses['refitted']:.4f} with a calibration learnt"
        " anew)"
    )


def _base_rate(project: Project, rows: Tally) -> list[float]:
    """The share who left, which the risks add up to now, with its interval: `monitor` holds later risks to it."""
    rate = measured(rows, project.training.bootstrap, project.training.seed)["base_rate"]
    return [rate.value, *(rate.value if end is None else end for end in (rate.low, rate.high))]


def _threshold(project: Project, rows: Tally) -> float:
    """The threshold as training chooses it, by profit or by F1: it depends on how many leave."""
    settings = project.training
    if settings.economics is not None:
        return best_threshold(rows, settings.bootstrap, settings.seed, settings.economics).value
    return best_f1_threshold(*rows.by_score("rows", "churners"))


def _decide(
    run: Run,
    project: Project,
    catalog: Catalog,
    registry: Registry,
    moved: RiskModel,
    champion: Decision,
    found: Recalibration,
    why: str,
) -> Decision:
    """Register the model and put it in force; BusyError where another decision was made meanwhile."""
    with deciding(run, catalog):
        known = decisions(project, catalog)
        if newest(known) != champion:
            raise BusyError("another model was put in force while this one was recalibrated: run the command again")
        with catalog.transaction(run, {}) as tx:
            tags = {"project": project.name, "run_id": run.run_id, "code_version": run.code_version}
            name = f"{run.as_of.isoformat()} {champion.family}, recalibrated"
            facts = {"recalibrates": champion.version, "family": champion.family, "shift": found.shift}
            figures = {f"log_loss_{kind}": loss for kind, loss in found.log_losses.items()}
            logged = registry.log(name, facts, figures, tags, {})
            card = registry.card(champion.version, champion.manifest)
            noted = f"{card}\n## Recalibrated\n\nAt as-of date {run.as_of}, from version {champion.version}: {why}.\n"
            made_by = {"as_of": run.as_of.isoformat(), "run_id": run.run_id}
            version, manifest = registry.register(logged, moved, noted, made_by)
            chosen = replace(
                champion,
                effective_from=run.as_of,
                version=version,
                manifest=manifest,
                kind="recalibrated",
                reason=f"{said(run, REASON)}: {why}",
                by=said(run, BY),
            )
            return put_in_force(tx, run, project, catalog, known, chosen)


RECALIBRATE = Stage(
    name="recalibrate",
    summary="Move the level of the risks to what has matured since the model in force learnt, without training.",
    work=recalibrate,
    writes=lambda project: (CHAMPIONS,),
)
