"""Promotion and roll-back by hand: a decision in `champions`, in force from the first date that is not scored yet.

They are no stages of the data's way: nothing runs them but a person who says why.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date

from churn_spark.definitions.errors import ModelError, OtherDefinitionError
from churn_spark.definitions.project import Project, Run
from churn_spark.models.risk_model import RiskModel
from churn_spark.stages.stage import Stage
from churn_spark.stages.training.champions import (
    Decision,
    Kind,
    deciding,
    decisions,
    in_force,
    put_in_force,
    refuse_older,
    takes_effect,
)
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS

log = logging.getLogger("churn_spark.promote")

VERSION, REASON, BY = "version=", "reason=", "by="
Wanted = Callable[[Sequence[Decision], Decision | None], int]
"""From the earlier decisions and the one in force, the version to put in force; ModelError where there is none."""


def given(reason: str, by: str, version: int | None = None) -> list[str]:
    """What a person said, as options of the run, so that the ledger keeps it; ValueError without a reason."""
    if not reason.strip():
        raise ValueError("a reason is needed: whoever reads champions later wants to know why")
    said = [f"{REASON}{reason.strip()}", f"{BY}{by}"]
    return said if version is None else [f"{VERSION}{version}", *said]


def promote(run: Run, project: Project, catalog: Catalog) -> None:
    """Put the version of the run's options in force; ModelError where it is already, or does not fit."""
    version = int(said(run, VERSION))

    def wanted(known: Sequence[Decision], current: Decision | None) -> int:
        if current and current.version == version:
            raise ModelError(f"version {version} is in force already, from {current.effective_from} on")
        return version

    _decide(run, project, catalog, "promoted", wanted)


def rollback(run: Run, project: Project, catalog: Catalog) -> None:
    """Put the version before the one in force in force again; ModelError where there was none, or it does not fit."""
    _decide(run, project, catalog, "rolled back", before)


def before(known: Sequence[Decision], current: Decision | None) -> int:
    """The version that was in force before the current one, a roll-back undoing the decision it took back."""
    standing: list[int] = []
    for decision in known:
        if decision.kind == "rolled back" and len(standing) > 1:
            standing.pop()
        elif not standing or standing[-1] != decision.version:
            standing.append(decision.version)
    if len(standing) < 2 or current is None:
        only = f"version {current.version} is the first one" if current else "no version was ever in force"
        raise ModelError(f"there is nothing to go back to: {only}. Another version: churn-spark promote --version N")
    return standing[-2]


def _decide(run: Run, project: Project, catalog: Catalog, kind: Kind, wanted: Wanted) -> None:
    with deciding(run, catalog):
        known = decisions(project, catalog)
        refuse_older(known, run.as_of)
        last = max((decision.effective_from for decision in known), default=date.min)
        version = wanted(known, in_force(known, max(last, takes_effect(catalog.ledger, run.as_of))))
        manifest = next((decision.manifest for decision in reversed(known) if decision.version == version), None)
        registry = registry_of(project, catalog)
        known_manifest = manifest or registry.manifest(version)
        model = registry.load(version, known_manifest)
        refuse_other_features(project, model, version)
        chosen = Decision(
            effective_from=run.as_of,
            event_id="",
            version=version,
            family=model.family,
            reason=said(run, REASON),
            manifest=known_manifest,
            kind=kind,
            by=said(run, BY),
            trained_as_of=date.fromisoformat(model.facts["as_of"]),
            training_run=str(model.facts.get("run_id", "")),
        )
        with catalog.transaction(run, {}) as tx:
            decided = put_in_force(tx, run, project, catalog, known, chosen)
    log.info(
        "%s version %d is %s: in force from %s on, the first date that is not scored yet",
        project.model_name,
        version,
        kind,
        decided.effective_from,
    )


def refuse_other_features(project: Project, model: RiskModel, version: int) -> None:
    """OtherDefinitionError where the configuration no longer has the features that a version learnt from."""
    try:
        model.refuse_other_definitions(project.features.hashes, "the configured features")
    except OtherDefinitionError as error:
        raise OtherDefinitionError(f"version {version} could not score: {error}") from None


def said(run: Run, what: str) -> str:
    """What a person said after one of the marks VERSION, REASON and BY."""
    return next(option.removeprefix(what) for option in run.options if option.startswith(what))


PROMOTE = Stage(
    name="promote",
    summary="Put a registered model version in force, from the first date that is not scored yet.",
    work=promote,
    writes=lambda project: (CHAMPIONS,),
)
ROLLBACK = Stage(
    name="rollback",
    summary="Put the version before the one in force in force again, from the first date that is not scored yet.",
    work=rollback,
    writes=lambda project: (CHAMPIONS,),
)
