"""What the models' annotations say: which group of keys stands where."""

import types
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


def keys_of(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that a model's group at a location knows."""
    inner = model_at(model, loc)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def field_description(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    """The description of the key at a location, without its final stop."""
    inner = model_at(model, loc[:-1])
    for name, field in inner.model_fields.items() if inner else ():
        if loc[-1] in (name, field.alias):
            return (field.description or "").rstrip(".")
    return ""


def stand_in(model: type[BaseModel], loc: tuple[str | int, ...]) -> Any:
    """A value that could stand at the location of a needed key; None where it is not needed or nothing fits."""
    inner = model_at(model, loc[:-1])
    fields = inner.model_fields.items() if inner else ()
    field = next((field for name, field in fields if loc[-1] in (name, field.alias)), None)
    if field is None or not field.is_required():
        return None
    return _fitting(bare(field.annotation))


def _fitting(found: Any) -> Any:
    if get_origin(found) is Literal:
        return get_args(found)[0]
    if get_origin(found) is list:
        item = _fitting(bare(get_args(found)[0]))
        return None if item is None else [item]
    simple: dict[Any, Any] = {str: "null", int: 1, float: 1.0, date: date(2000, 1, 1)}
    return simple.get(found) if isinstance(found, type) else None


def model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model of the group at a location, walking fields, mappings and lists."""
    annotation: Any = model
    for step in loc:
        annotation = _next(annotation, step)
    found = bare(annotation)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _next(annotation: Any, step: str | int) -> Any:
    found = bare(annotation)
    if isinstance(found, type) and issubclass(found, BaseModel):
        for name, field in found.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
        extra = found.__annotations__.get("__pydantic_extra__")
        return get_args(extra)[1] if extra else None
    arguments = get_args(found)
    return arguments[-1] if arguments else None


def bare(annotation: Any) -> Any:
    """The annotation without Annotated and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            rest = [argument for argument in get_args(annotation) if argument is not type(None)]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation
