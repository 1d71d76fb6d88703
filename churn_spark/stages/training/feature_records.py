"""What a training run leaves behind about its features: rows of `model_features`, and facts of the saved model."""

from dataclasses import asdict
from typing import Any

from churn_spark.definitions.project import Run
from churn_spark.models.experiment import TrainingData
from churn_spark.models.selection.select import Selected
from churn_spark.tables.contracts.models import MODEL_FEATURES


def features(run: Run, data: TrainingData, version: int) -> list[tuple[Any, ...]]:
    """The rows of `model_features` of one training run."""
    dropped = data.selected.dropped if data.selected else {}
    rows: list[tuple[Any, ...]] = []
    for name in (*data.features, *sorted(data.left_out)):
        why, used = dropped.get(name), name in data.features
        row = {
            "as_of_date": run.as_of,
            "run_id": run.run_id,
            "model_version": version,
            "feature": name,
            "used": used,
            "step": None if used else why.step if why else "unusable",
            "reason": data.left_out.get(name),
            "value": why.value if why else None,
            "limit": why.limit if why else None,
            "strength": data.selected.strengths.get(name) if data.selected else None,
            "stability": data.selected.stability.get(name) if data.selected else None,
        }
        rows.append(tuple(row[column] for column in MODEL_FEATURES.names))
    return rows


def selection_facts(selected: Selected | None) -> dict[str, object] | None:
    """What the saved model says of the selection of its features."""
    if selected is None:
        return None
    return {
        "dropped": {name: asdict(why) for name, why in selected.dropped.items()},
        "stability": dict(selected.stability),
        "strengths": dict(selected.strengths),
        "average_precision": {size.features: size.quality.value for size in selected.curve},
        "chosen": selected.size,
    }
