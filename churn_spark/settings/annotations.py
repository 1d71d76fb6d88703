"""What the annotations of the models say: which group of keys is at which location."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from churn_spark.settings.document import Keys


def keys_of(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the group at a location."""
    inner = model_at(model, loc)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def field_description(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    """The description of the key at a location, without its final stop."""
    inner = model_at(model, loc[:-1])
    for name, field in inner.model_fields.items() if inner else ():
        if loc[-1] in (name, field.alias):
            return (field.description or "").rstrip(".")
    return ""


def marked(model: type[BaseModel], mark: str, below: Keys = ()) -> Iterator[Keys]:
    """The keys whose annotation carries a mark, in groups and in groups by name (`*`) too."""
    for name, field in model.model_fields.items():
        keys = (*below, field.alias or name)
        if mark in _metadata(field.annotation) or mark in field.metadata:
            yield keys
        inner = bare(field.annotation)
        if get_origin(inner) is dict:
            inner, keys = bare(get_args(inner)[1]), (*keys, "*")
        if is_group(inner):
            yield from marked(inner, mark, keys)


def _metadata(annotation: Any) -> list[Any]:
    """The metadata of Annotated, also within `| None`."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return [*annotation.__metadata__, *_metadata(arguments[0])]
    if get_origin(annotation) in (Union, types.UnionType):
        return [mark for argument in arguments for mark in _metadata(argument)]
    return []


def model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model of the group at a location, walking fields, mappings and lists."""
    annotation: Any = model
    for step in loc:
        annotation = _next(annotation, step)
    inner = bare(annotation)
    return inner if is_group(inner) else None


def is_group(annotation: Any) -> bool:
    """Whether the annotation is a model, so that the value is a group of keys."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def extra_keys(model: type[BaseModel]) -> Any:
    """The annotation of the values of keys that are not fields of the model; None where it has no other keys."""
    extra = model.__annotations__.get("__pydantic_extra__")
    return get_args(extra)[1] if extra else None


def _next(annotation: Any, step: str | int) -> Any:
    inner = bare(annotation)
    if is_group(inner):
        for name, field in inner.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
        return extra_keys(inner)
    arguments = get_args(inner)
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
