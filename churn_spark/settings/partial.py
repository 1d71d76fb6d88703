"""A file with mistakes, read as far as it is valid, so that one mistake does not hide the others."""

from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model

from churn_spark.definitions.nearest import nearest
from churn_spark.settings.annotations import bare, extra_keys, is_group
from churn_spark.settings.section import InvalidValueError, Section

Item = TypeVar("Item")
Group = TypeVar("Group", bound=BaseModel)


def partial(model: type[Group], value: Any) -> Group:
    """The group with those of its values that are valid; reading another one raises InvalidValueError.

    A key that is left out has its default, unless an unknown key is probably that one misspelled.
    """
    given = {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}
    fields = {field.alias or name: (name, field) for name, field in model.model_fields.items()}
    invalid: set[str | None] = set() if isinstance(value, dict) else set(fields)
    values, others = {}, {}
    for key, item in given.items():
        try:
            if key in fields:
                name, field = fields[key]
                values[name] = _read(field.rebuild_annotation(), item)
            else:
                others[key] = _read(extra_keys(model), item)
        except InvalidValueError:
            invalid.add(key if key in fields else nearest(key, fields))
    group = model.model_construct(_fields_set=set(values))
    for name in (fields[key][0] for key in fields if key in invalid):
        group.__dict__.pop(name, None)
    group.__dict__.update(values)
    if group.__pydantic_extra__ is not None:
        group.__pydantic_extra__.update(others)
    return group


def as_far_as_valid(items: Iterator[Item]) -> Iterator[Item]:
    """The items up to the first that would need an invalid value."""
    try:
        yield from items
    except InvalidValueError:
        return


def _read(annotation: Any, value: Any) -> Any:
    """A value of the annotated type, or as much of it as is valid; raises InvalidValueError where nothing is."""
    if annotation is None:
        raise InvalidValueError
    alone = create_model("Alone", __base__=Section, value=(annotation, ...))
    try:
        return vars(alone.model_validate({"value": value}))["value"]
    except ValidationError:
        return _part(bare(annotation), value)


def _part(annotation: Any, value: Any) -> Any:
    if is_group(annotation):
        return partial(annotation, value)
    item = get_args(annotation)[-1] if get_origin(annotation) in (dict, list) else None
    if not is_group(bare(item)):
        raise InvalidValueError
    if get_origin(annotation) is dict and isinstance(value, dict):
        return {str(key): _read(item, one) for key, one in value.items()}
    if get_origin(annotation) is list and isinstance(value, list):
        return [_read(item, one) for one in value]
    raise InvalidValueError
