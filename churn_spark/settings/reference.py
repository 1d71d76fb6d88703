"""`docs/configuration.md`, written from the models themselves."""

import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from churn_spark.definitions.ops import OPS
from churn_spark.definitions.sources import REASONS
from churn_spark.settings.annotations import bare, model_at
from churn_spark.settings.whole import Settings

INTRODUCTION = """# Configuration

One YAML file describes a project. `churn-spark check conf/x.yaml` tells every mistake in it; with `--data` it is
compared with the sources too. This page is generated from the code that reads the file;
`conf/template.yaml` shows it in use.

- Durations are whole days; a day is a calendar date in the project's `zone`.
- Paths are relative to the working directory. In them, and only there, `${VAR}` is replaced by an environment variable,
  and `${VAR:-default}` by the default where the variable is not set.
- `--env prod` merges `env/prod.yaml` (beside the file) over it: groups key by key, everything else is replaced whole.
- SQL is Spark SQL over one row: no aggregates, windows, subqueries, randomness or clock; its result has the type told.
- Names are lower-case letters, digits and `_`, beginning with a letter. A list of one may be written without brackets.
"""


def reference() -> str:
    """The reference of every key as Markdown: type, default, allowed values, meaning."""
    parts = [INTRODUCTION, *_tables(Settings, "", set()), _ops(), _reasons()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _tables(model: type[BaseModel], path: str, seen: set[str]) -> Iterator[str]:
    """A table of the model's keys, then those of the groups below it."""
    title = f"`{path}`" if path else "The file"
    lines = [
        f"## {title}",
        "",
        (model.__doc__ or "").strip(),
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    ]
    below: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        kind, group, suffix = _kind(field)
        lines.append(f"| `{key}` | {kind} | {_default(field)} | {_cell(field.description or '')} |")
        if group is not None:
            below.append((group, f"{path}.{key}{suffix}".lstrip(".")))
    extra = model_at(model, ("<source>", 0)) if model.model_config.get("extra") == "allow" else None
    if extra is not None:
        lines.append("| `<source>` | list of groups | | Features of this source of events, a line a group. |")
        below.append((extra, f"{path}.<source>[]"))
    yield "\n".join(lines)
    for group, where in below:
        if group.__name__ not in seen:
            seen.add(group.__name__)
            yield from _tables(group, where, seen)


def _kind(field: FieldInfo) -> tuple[str, type[BaseModel] | None, str]:
    """The type for people, the model of the group below (if one), and what follows the key in its path."""
    annotation: Any = field.annotation
    limits = _limits([*field.metadata, *_metadata(annotation)])
    found = bare(annotation)
    if get_origin(found) is dict:
        inner = bare(get_args(found)[1])
        group = inner if _is_model(inner) else None
        return f"groups by name{limits}" if group else f"{_word(inner)} by name{limits}", group, ".<name>"
    if get_origin(found) is list:
        item = get_args(found)[0]
        inner = bare(item)
        inside = _limits(_metadata(item))
        group = inner if _is_model(inner) else None
        return f"list of {'groups' if group else _word(inner)}{inside}{limits}", group, "[]"
    return (f"group{limits}", found, "") if _is_model(found) else (f"{_word(found)}{limits}", None, "")


def _metadata(annotation: Any) -> list[Any]:
    """What the layers of Annotated say, through `| None`."""
    found: list[Any] = []
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        if get_origin(annotation) is Annotated:
            found.extend(annotation.__metadata__)
        annotation = get_args(annotation)[0]
    return found


def _limits(metadata: list[Any]) -> str:
    flat = [inner for item in metadata for inner in (item.metadata if isinstance(item, FieldInfo) else [item])]
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    told = [f"{sign} {getattr(item, name):g}" for item in flat for name, sign in signs.items() if hasattr(item, name)]
    return f", {' and '.join(told)}" if told else ""


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _word(found: Any) -> str:
    if get_origin(found) is Literal:
        return " \\| ".join(f"`{value}`" for value in get_args(found))
    if get_origin(found) in (Union, types.UnionType):
        return " or ".join(_word(argument) for argument in get_args(found) if argument is not type(None))
    words = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "date": "date"}
    return words[found.__name__]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value == "" or isinstance(value, BaseModel):
        return ""
    return f"`{_cell(json.dumps(value, default=str) if not isinstance(value, str) else value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _ops() -> str:
    lines = ["## Operations", "", "| op | of | value | when there is nothing |", "|---|---|---|---|"]
    of = {"measure": "a measure", "category": "a category"}
    lines += [f"| `{op.name}` | {of.get(op.over, '')} | {_cell(op.formula)} | {op.empty} |" for op in OPS.values()]
    weekly = "`weekly` stands for the three weekly ones. Columns are named `<source>_<column>_<op>_<n>d`."
    return "\n".join([*lines, "", weekly])


def _reasons() -> str:
    listed = ", ".join(f"`{reason}`" for reason in REASONS)
    return f"## Reasons\n\nWhat `limits` may name besides the source's own checks and `bad_<column>`: {listed}."
