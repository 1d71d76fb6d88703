"""A trained model as it is kept: the MLlib pipeline, the calibration, and what it needs to know of its features."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from churn_spark.definitions.errors import OtherDefinitionError
from churn_spark.definitions.modelling import Family
from churn_spark.models.calibration import Calibrator
from churn_spark.models.families import score_of_churn

FILE = "model.json"


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The pipeline from features to `probability`, calibrated.

    features: every feature it reads with the hash of its definition. threshold: raw score with the best out-of-fold F1.
    facts: plain values for the card and the registry (windows, parameters, what was left out).
    """

    family: Family
    pipeline: PipelineModel
    calibrator: Calibrator
    features: Mapping[str, str]
    threshold: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, features: DataFrame) -> DataFrame:
        """Add `raw_score` (the model's own probability of churn) and `risk` (calibrated) to rows with its features."""
        made = self.pipeline.transform(features).withColumn("raw_score", score_of_churn())
        return made.withColumn("risk", self.calibrator.column("raw_score")).select(
            *features.columns, "raw_score", "risk"
        )

    def refuse_other_definitions(self, definitions: Mapping[str, str], of: str) -> None:
        """OtherDefinitionError naming the features whose hash in `definitions` is not that of what the model learnt."""
        lacking = [name for name in self.features if name not in definitions]
        differing = [name for name, known in self.features.items() if definitions.get(name, known) != known]
        if lacking or differing:
            told = [*_named("without", lacking), *_named("of another definition:", differing)]
            raise OtherDefinitionError(
                f"{of} do not fit the model: {'; '.join(told)}. Rebuild them (churn-spark backfill) under the"
                " definitions the model learnt from, or train anew."
            )


def _named(kind: str, names: list[str]) -> list[str]:
    return [f"{kind} {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}"] if names else []


def write_description(model: RiskModel, folder: Path) -> None:
    """Write everything but the pipeline as JSON into the model's folder."""
    described = {
        "family": model.family,
        "calibrator": asdict(model.calibrator),
        "features": dict(model.features),
        "threshold": model.threshold,
        "facts": dict(model.facts),
    }
    (folder / FILE).write_text(json.dumps(described, indent=1, sort_keys=True, default=str))


def read_model(folder: Path, pipeline: PipelineModel) -> RiskModel:
    """The model of a folder that `write_description` filled, around its loaded pipeline."""
    described = json.loads((folder / FILE).read_text())
    method, knots = described["calibrator"]["method"], described["calibrator"]["knots"]
    return RiskModel(
        family=described["family"],
        pipeline=pipeline,
        calibrator=Calibrator(method, tuple((float(x), float(y)) for x, y in knots)),
        features=described["features"],
        threshold=described["threshold"],
        facts=described["facts"],
    )
