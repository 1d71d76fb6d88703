"""The sections that could be read, with what had to be left out, so that one mistake hides no other."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.features import FeaturesSection
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.modelling import ScoringSection, SegmentationSection, SnapshotsSection, TrainingSection
from churn_spark.settings.place import PrivacySection, RetentionSection, TrackingSection, WarehouseSection
from churn_spark.settings.problems import place, problems
from churn_spark.settings.sources import SourceSection
from churn_spark.settings.whole import Settings


class Partial(BaseModel):
    """`Settings` with every section optional: None where it is missing or could not be read."""

    name: str | None
    zone: str | None
    warehouse: WarehouseSection | None
    privacy: PrivacySection | None
    sources: dict[str, SourceSection] | None
    population: PopulationSection | None
    label: LabelSection | None
    features: FeaturesSection | None
    snapshots: SnapshotsSection | None
    training: TrainingSection | None
    scoring: ScoringSection | None
    segmentation: SegmentationSection | None
    tracking: TrackingSection | None
    retention: RetentionSection | None
    relearn_days: int | None
    report: str | None


def _optional(field: FieldInfo) -> Any:
    annotation: Any = field.annotation
    return (Annotated[(annotation, *field.metadata)] if field.metadata else annotation) | None, None


_OPTIONAL: dict[str, Any] = {name: _optional(field) for name, field in Settings.model_fields.items()}
_Readable = create_model("_Readable", __config__=Settings.model_config, **_OPTIONAL)


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be read, and the keys (as in the file) that were wrong and are left out."""

    read: Partial
    values: Any
    left_out: frozenset[Keys]

    @property
    def sources(self) -> dict[str, SourceSection]:
        return self.read.sources or {}

    def unsure(self, *keys: str) -> bool:
        """Whether something at, above or below the keys was left out: what refers to it cannot be judged."""
        return any(left[: len(keys)] == keys or keys[: len(left)] == left for left in self.left_out)

    def in_file(self, problem: Problem) -> Problem:
        """The problem with its list positions counted as in the file, where wrong items still stand."""
        return Problem(_in_file(problem.keys, self.values, self.left_out), problem.text)


def draft(values: dict[str, Any]) -> tuple[Draft, list[Problem]]:
    """Read all sections that can be read, and tell every value that is wrong."""
    found: list[Problem] = []
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        found = problems(error, Settings, values)
    left_out: set[Keys] = set()
    while True:
        rest = _without(values, left_out, ())
        try:
            readable = _Readable.model_validate(rest)
        except ValidationError as error:
            left_out |= {
                _in_file(_wrong(detail["type"], detail["loc"], rest), values, left_out) for detail in error.errors()
            }
        else:
            partial = Partial.model_construct(**{name: getattr(readable, name) for name in Settings.model_fields})
            return Draft(_with_defaults(partial), values, frozenset(left_out)), found


def _with_defaults(partial: Partial) -> Partial:
    """Sections that may be left out altogether take their defaults."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
        if getattr(partial, name) is None and not field.is_required()
    }
    return partial.model_copy(update=defaults)


def _wrong(kind: str, loc: tuple[str | int, ...], values: Any) -> Keys:
    """What to leave out for an error: the value, or the group that misses a key."""
    if kind == "extra_forbidden":
        return tuple(loc)
    return place(loc[:-1] if kind == "missing" else loc, values)


def _without(values: Any, left_out: set[Keys], keys: Keys) -> Any:
    if isinstance(values, dict):
        return {k: _without(v, left_out, (*keys, k)) for k, v in values.items() if (*keys, k) not in left_out}
    if isinstance(values, list):
        return [_without(v, left_out, (*keys, i)) for i, v in enumerate(values) if (*keys, i) not in left_out]
    return values


def _in_file(keys: Keys, values: Any, left_out: set[Keys] | frozenset[Keys]) -> Keys:
    """Keys of the values without what was left out, as keys of all values."""
    done: Keys = ()
    for key in keys:
        if isinstance(values, list) and isinstance(key, int):
            position = [position for position in range(len(values)) if (*done, position) not in left_out][key]
            done, values = (*done, position), values[position]
        else:
            done, values = (*done, key), values.get(key) if isinstance(values, dict) else None
    return done
