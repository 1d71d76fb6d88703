"""The sections that could be read, with what had to be left out, so that one mistake hides no other."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from churn_spark.settings.annotations import stand_in
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
    """What could be read, and the keys (as in the file) whose value was wrong or missing.

    left_out: such values were removed. stand_ins: such values were needed, and another stands there instead.
    """

    read: Partial
    values: Any
    left_out: frozenset[Keys]
    stand_ins: frozenset[Keys]

    @property
    def sources(self) -> dict[str, SourceSection]:
        return self.read.sources or {}

    def unsure(self, *keys: str) -> bool:
        """Whether something at, above or below the keys is not as written: what refers to it cannot be judged."""
        wrong = self.left_out | self.stand_ins
        return any(left[: len(keys)] == keys or keys[: len(left)] == left for left in wrong)

    def in_file(self, problem: Problem) -> Problem:
        """The problem with its list positions counted as in the file, where wrong items still stand."""
        return Problem(_in_file(problem.keys, self.values, self.left_out), problem.text)

    def judges(self, problem: Problem) -> bool:
        """Whether the problem (placed as in the file) does not come from a value that stands in for another."""
        keys = problem.keys
        return not any(keys in (wrong[:-1], wrong) or keys[:-1] == wrong[:-1] != () for wrong in self.stand_ins)


def draft(values: dict[str, Any]) -> tuple[Draft, list[Problem]]:
    """Read all sections that can be read, and tell every value that is wrong."""
    found: list[Problem] = []
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        found = problems(error, Settings, values)
    left_out: set[Keys] = set()
    stand_ins: dict[Keys, Any] = {}
    while True:
        rest = _repaired(values, left_out, stand_ins, ())
        try:
            readable = _Readable.model_validate(rest)
        except ValidationError as error:
            for detail in error.errors():
                _repair(detail, values, rest, left_out, stand_ins)
        else:
            partial = Partial.model_construct(**{name: getattr(readable, name) for name in Settings.model_fields})
            return Draft(_with_defaults(partial), values, frozenset(left_out), frozenset(stand_ins)), found


def _repair(detail: ErrorDetails, values: Any, rest: Any, left_out: set[Keys], stand_ins: dict[Keys, Any]) -> None:
    """Leave out a wrong value; where one is needed let another stand in, or leave out the group that needs it."""
    loc = detail["loc"]
    missing = detail["type"] == "missing"
    at = tuple(loc) if detail["type"] == "extra_forbidden" else place(loc[:-1] if missing else loc, rest)
    keys = _in_file(at, values, left_out)
    needed = (*keys, loc[-1]) if missing else keys
    standing = next((needed[:n] for n in range(1, len(needed) + 1) if needed[:n] in stand_ins), None)
    value = stand_in(Settings, needed)
    if standing is not None:
        del stand_ins[standing]
        left_out.add(standing[:-1] or standing)
    elif value is not None:
        stand_ins[needed] = value
    else:
        left_out.add(keys)


def _with_defaults(partial: Partial) -> Partial:
    """Sections that may be left out altogether take their defaults."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
        if getattr(partial, name) is None and not field.is_required()
    }
    return partial.model_copy(update=defaults)


def _repaired(values: Any, left_out: set[Keys], stand_ins: dict[Keys, Any], keys: Keys) -> Any:
    if isinstance(values, dict):
        added = {wrong[-1]: value for wrong, value in stand_ins.items() if wrong[:-1] == keys}
        kept = {key: value for key, value in values.items() if (*keys, key) not in left_out and key not in added}
        return {key: _repaired(value, left_out, stand_ins, (*keys, key)) for key, value in kept.items()} | added
    if isinstance(values, list):
        kept_items = [(n, value) for n, value in enumerate(values) if (*keys, n) not in left_out]
        return [_repaired(value, left_out, stand_ins, (*keys, n)) for n, value in kept_items]
    return values


def _in_file(keys: Keys, values: Any, left_out: set[Keys] | frozenset[Keys]) -> Keys:
    """Keys of the repaired values as keys of the values in the file (of what stands in, as they are)."""
    done: Keys = ()
    for key in keys:
        if isinstance(values, list) and isinstance(key, int):
            kept = [position for position in range(len(values)) if (*done, position) not in left_out]
            position = kept[key] if key < len(kept) else key
            done, values = (*done, position), values[position] if key < len(kept) else None
        else:
            done, values = (*done, key), values.get(key) if isinstance(values, dict) else None
    return done
