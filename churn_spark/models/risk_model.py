"""A trained model as it is kept: the MLlib pipeline, the calibration, and what it needs to know of its features."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from churn_spark.definitions.errors import ModelError, OtherDefinitionError
from churn_spark.models.calibration import Calibrator
from churn_spark.models.families import named
from churn_spark.models.families.family import RAW_SCORE
from churn_spark.models.profit import NOBODY
from churn_spark.models.slots import Slot, slots_of
from churn_spark.models.survival.survival_model import SurvivalModel, survival_model
from churn_spark.models.value.value_model import ValueModel, value_model

FILE = "model.json"


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The pipeline from features to the fitted model of a family, calibrated.

    features: every feature it reads with the hash of its definition. slots: what each element of the vector holds that
    the model learnt from. threshold: raw score from which on a customer is called a churner, as learnt out of fold;
    `profit.NOBODY`: there is none. facts: plain values for the card and the registry (windows, parameters, what was
    left out). value: what customers are expected to spend, survival: how long they stay; None: training was not asked
    for it.
    """

    family: str
    pipeline: PipelineModel
    calibrator: Calibrator
    features: Mapping[str, str]
    slots: tuple[Slot, ...]
    threshold: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    value: ValueModel | None = None
    survival: SurvivalModel | None = None

    @property
    def vectors(self) -> tuple[str, ...]:
        """The names of the vectors that its family scores."""
        return named(self.family).inputs

    def predict(self, features: DataFrame, vectors: bool = False) -> DataFrame:
        """Add to rows with its features `raw_score` (the model's own), `risk` (calibrated), the answers of the survival
        model where there is one and, where asked for, its vectors.
        """
        *preparation, model = self.pipeline.stages
        prepared = PipelineModel(preparation).transform(features)
        answers = (self.survival.column(),) if self.survival else ()
        scores = (
            named(self.family)
            .raw_score(model, prepared)
            .select(*features.columns, *(self.vectors if vectors else ()), *answers, RAW_SCORE)
        )
        return scores.withColumn("risk", self.calibrator.column(RAW_SCORE))

    def refuse_other_definitions(self, definitions: Mapping[str, str], of: str) -> None:
        """OtherDefinitionError naming the features whose hash in `definitions` is not that of what the model learnt."""
        missing = [name for name in self.features if name not in definitions]
        differing = [name for name, known in self.features.items() if definitions.get(name, known) != known]
        if missing or differing:
            misfits = [*_listed("without", missing), *_listed("of another definition:", differing)]
            raise OtherDefinitionError(
                f"{of} do not fit the model: {'; '.join(misfits)}. Rebuild them (churn-spark backfill) under the"
                " definitions the model learnt from, or train anew."
            )


@dataclass(frozen=True, slots=True)
class Described:
    """What a kept model says of itself: the features that it reads, with their hashes, and its facts."""

    features: Mapping[str, str]
    facts: Mapping[str, Any]

    @property
    def learnt(self) -> tuple[date, ...]:
        """The snapshots that it has learnt from, with those of a recalibration."""
        snapshots = self.facts["snapshots"]
        return tuple(sorted(map(date.fromisoformat, {*snapshots["refit"], *snapshots.get("level", ())})))

    @property
    def tested(self) -> tuple[date, ...]:
        """The snapshots of its untouched test."""
        return tuple(map(date.fromisoformat, self.facts["snapshots"]["test"]))


def _listed(kind: str, names: list[str]) -> list[str]:
    return [f"{kind} {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}"] if names else []


def _first_difference(described: Sequence[Slot], assembled: Sequence[Slot]) -> str:
    if len(described) != len(assembled):
        return f"{FILE} names {len(described)} inputs, its pipeline assembles {len(assembled)}"
    n, (one, other) = next(
        (n, pair) for n, pair in enumerate(zip(described, assembled, strict=True)) if len({*pair}) > 1
    )
    return f"{FILE} names its input {n} {one.name!r}, its pipeline assembles {other.name!r} there"


def write_description(model: RiskModel, folder: Path) -> None:
    """Write everything but the pipeline as JSON into the model's folder."""
    described = {
        "family": model.family,
        "calibrator": asdict(model.calibrator),
        "features": dict(model.features),
        "inputs": [asdict(slot) for slot in model.slots],
        "threshold": None if model.threshold == NOBODY else model.threshold,
        "facts": dict(model.facts),
        "value": asdict(model.value) if model.value else None,
        "survival": asdict(model.survival) if model.survival else None,
    }
    (folder / FILE).write_text(json.dumps(described, indent=1, sort_keys=True, default=str))


def read_description(folder: Path) -> Described:
    """What the model of a folder says of itself."""
    described = json.loads((folder / FILE).read_text())
    return Described(described["features"], described["facts"])


def require_family(folder: Path) -> None:
    """Refuse a model whose pipeline cannot be loaded here: ModelError for an unknown family, ConfigError where the
    family's package is not installed.
    """
    named(json.loads((folder / FILE).read_text())["family"])


def read_model(folder: Path, pipeline: PipelineModel) -> RiskModel:
    """The model of a folder that `write_description` filled, around its loaded pipeline.

    ModelError where the pipeline assembles other inputs than the description names, or the family is unknown here. A
    model that was saved before inputs were described has those of its pipeline.
    """
    described = json.loads((folder / FILE).read_text())
    slots = slots_of(pipeline.stages)
    inputs = tuple(Slot(**slot) for slot in described["inputs"]) if "inputs" in described else slots
    if inputs != slots:
        raise ModelError(f"the model in {folder} does not fit its description: {_first_difference(inputs, slots)}")
    return RiskModel(
        family=named(described["family"]).name,
        pipeline=pipeline,
        calibrator=_calibrator(described["calibrator"]),
        features=described["features"],
        slots=slots,
        threshold=NOBODY if described["threshold"] is None else described["threshold"],
        facts=described["facts"],
        value=value_model(described["value"]) if described.get("value") else None,
        survival=survival_model(described["survival"]) if described.get("survival") else None,
    )


def read_threshold(folder: Path) -> tuple[float, float] | None:
    """The threshold in a folder that `write_description` filled, and the risk there; None: there is none."""
    described = json.loads((folder / FILE).read_text())
    if described["threshold"] is None:
        return None
    threshold = float(described["threshold"])
    return threshold, float(_calibrator(described["calibrator"]).risk(np.array(threshold)))


def _calibrator(described: Mapping[str, Any]) -> Calibrator:
    return Calibrator(described["method"], tuple((float(x), float(y)) for x, y in described["knots"]))
