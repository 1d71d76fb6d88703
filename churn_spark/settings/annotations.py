"""What the models' annotations say: which group of keys stands where."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

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
