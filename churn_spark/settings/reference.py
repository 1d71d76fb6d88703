"""`docs/configuration.md`, written from the models themselves."""

import inspect
import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from churn_spark.definitions.ops import OPS
from churn_spark.definitions.sources import REASONS
from churn_spark.definitions.stored_types import Conversion, conversion
from churn_spark.definitions.words import REASON_MEANINGS
from churn_spark.settings.annotations import bare, is_group, marked, model_at
from churn_spark.settings.checks.columns import CUSTOMER_COLUMNS, EVENT_COLUMNS, FEATURES_KEYS
from churn_spark.settings.checks.features import RESERVED
from churn_spark.settings.root import Settings
from churn_spark.settings.section import ADDRESS

INTRODUCTION = """# Configuration

One YAML file describes a project. `churn-spark check conf/x.yaml` reports every mistake in it; with `--data` it also
reads the first rows of each source's newest delivery and checks them as `ingest` does. This page is generated from
the code that reads the file. `conf/template.yaml` shows every key in use, and `churn-spark init --from FOLDER` writes
a first configuration for the files in a folder. [first-load.md](first-load.md) explains what dates mean,
[glossary.md](glossary.md) the terms.

- Durations are whole days; a day is a calendar date in the project's `zone`.
- Paths are relative to the working directory. `${VAR}` is replaced by the environment variable, and `${VAR:-default}`
  by the default when the variable is not set, but only in these paths and addresses: ADDRESSES.
- `--env prod` merges `env/prod.yaml` from the folder of the file over it: groups key by key; any other value replaces
  the one in the file.
- SQL is Spark SQL over one row: no aggregates, windows, subqueries, random numbers or clock. An expression can fail on
  a row, for instance by a division by zero or a cast of text that is not a number. Then a source quarantines the row
  or leaves the value null, `features.derived`, `scoring.value` and `economics.value` are null, and `label.filter`,
  `population.expression` and `audiences` end the job with a `ConfigError`. For the last six, `check` warns about what
  can fail and names the alternative (such as `try_divide`).
- Raw columns with other characters than letters, digits and `_` in their names need backticks in SQL, and therefore
  quotes in YAML: ``customer_id: "`user.id`"``.
- The columns of a source's `lookups` are available in all SQL of the source as `<lookup>_<column>`
  ([how](operations.md#lookups)).
- Names consist of lower-case letters, digits and `_`, and begin with a letter. A list with one item needs no
  brackets.
"""

STORED = """## Stored types

Parquet files and Delta tables store the types of their columns, which can differ from the declared ones: pandas, for
instance, writes whole numbers as `double` on a day with a null. Each row of this table is a stored type, each column
a declared one. A value is read as the declared type only if it does not change: *all* values; *whole* numbers that
the stored type represents exactly, by their digits (12345678.0 becomes the customer 12345678; `boolean` accepts 0 and
1); or values that are the *same* after converting them and back. A row with any other value gets the reason
`bad_<column>`. Where the table is empty, the delivery is refused unless the column contains only nulls. Local times
(`timestamp_ntz`) are in the source's `time_zone`. Nanoseconds are truncated to microseconds. Numbers in JSON are read
as they are written: 1.10 becomes the text `1.10`.
"""


def reference() -> str:
    """The reference of every key as Markdown: type, default, allowed values, meaning."""
    addresses = ", ".join(f"`{'.'.join(map(str, keys)).replace('*', '<name>')}`" for keys in marked(Settings, ADDRESS))
    parts = [
        INTRODUCTION.replace("ADDRESSES", addresses),
        *_tables(Settings, "", set()),
        _stored(),
        _ops(),
        _reasons(),
        _reserved(),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _tables(model: type[BaseModel], path: str, seen: set[str]) -> Iterator[str]:
    """A table of the model's keys, then those of the groups below it."""
    title = f"`{path}`" if path else "The file"
    lines = [
        f"## {title}",
        "",
        inspect.cleandoc(model.__doc__ or ""),
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
        lines.append("| `<source>` | list of groups | | Features of this source of events, one group per line. |")
        below.append((extra, f"{path}.<source>[]"))
    yield "\n".join(lines)
    for group, where in below:
        if group.__name__ not in seen:
            seen.add(group.__name__)
            yield from _tables(group, where, seen)


def _kind(field: FieldInfo) -> tuple[str, type[BaseModel] | None, str]:
    """The type in words, the model of the group below (if there is one), and the suffix of the key in its path."""
    annotation: Any = field.annotation
    limits = _limits([*field.metadata, *_metadata(annotation)])
    kind = bare(annotation)
    if get_origin(kind) is dict:
        inner = bare(get_args(kind)[1])
        group = inner if is_group(inner) else None
        return f"groups by name{limits}" if group else f"{_word(inner)} by name{limits}", group, ".<name>"
    if get_origin(kind) is list:
        item = get_args(kind)[0]
        inner = bare(item)
        inside = _limits(_metadata(item))
        group = inner if is_group(inner) else None
        return f"list of {'groups' if group else _word(inner)}{inside}{limits}", group, "[]"
    return (f"group{limits}", kind, "") if is_group(kind) else (f"{_word(kind)}{limits}", None, "")


def _metadata(annotation: Any) -> list[Any]:
    """The metadata of all layers of Annotated, through `| None`."""
    metadata: list[Any] = []
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        if get_origin(annotation) is Annotated:
            metadata.extend(annotation.__metadata__)
        annotation = get_args(annotation)[0]
    return metadata


def _limits(metadata: list[Any]) -> str:
    flat = [inner for item in metadata for inner in (item.metadata if isinstance(item, FieldInfo) else [item])]
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [f"{sign} {getattr(item, name):g}" for item in flat for name, sign in signs.items() if hasattr(item, name)]
    return f", {' and '.join(bounds)}" if bounds else ""


def _word(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " \\| ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_word(argument) for argument in get_args(kind) if argument is not type(None))
    words = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "date": "date"}
    return words[kind.__name__]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value == "" or isinstance(value, BaseModel):
        return ""
    return f"`{_cell(json.dumps(value, default=str) if not isinstance(value, str) else value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _stored() -> str:
    """Which stored types can be read as which declared ones, from the list that ingest uses."""
    stored = ("boolean", "int", "bigint", "float", "double", "decimal(12,2)", "string", "binary", "date",
              "timestamp_ntz", "timestamp")  # fmt: skip
    declared = ("string", "boolean", "int", "bigint", "double", "decimal(12,2)", "date", "timestamp_ntz", "timestamp")
    words: dict[Conversion | None, str] = {"as_is": "all", "digits": "whole", "there_and_back": "same", None: ""}
    lines = [
        STORED,
        f"| stored as | {' | '.join(f'`{kind}`' for kind in declared)} |",
        f"|---|{'---|' * len(declared)}",
        *(f"| `{kind}` | {' | '.join(words[conversion(kind, wanted)] for wanted in declared)} |" for kind in stored),
    ]
    return "\n".join(lines)


def _ops() -> str:
    lines = ["## Operations", "", "| op | of | value | without events |", "|---|---|---|---|"]
    of = {"measure": "a measure", "category": "a category"}
    lines += [f"| `{op.name}` | {of.get(op.over, '')} | {_cell(op.formula)} | {op.empty} |" for op in OPS.values()]
    weekly = (
        "`weekly` is short for the three weekly operations. Feature columns are named `<source>_<column>_<op>_<n>d`."
    )
    return "\n".join([*lines, "", weekly])


def _reasons() -> str:
    lines = [
        "## Reasons",
        "",
        "Why a row is refused, as named in `quarantine`, `deliveries` and `limits`. A row can have several reasons.",
        "",
        "| reason | meaning |",
        "|---|---|",
        *(f"| `{reason}` | {_cell(REASON_MEANINGS[reason])} |" for reason in REASONS),
        "| `bad_<name>` | The value of the raw column does not have its type, or the expression of that name fails on"
        " the row. |",
        "| `bad_lookup_<name>` | The `on` of that lookup fails on the row. |",
        "| a name under `checks` | The check is false or null. |",
    ]
    return "\n".join(lines)


def _reserved() -> str:
    barred = {
        "a measure or a category": (*EVENT_COLUMNS, "counterparty` (where the source has one)"),
        "an attribute": CUSTOMER_COLUMNS,
        "a feature": RESERVED,
        "a source": FEATURES_KEYS,
    }
    lines = [f"- {what}: {', '.join(f'`{name}`' for name in names)}" for what, names in barred.items()]
    return "\n".join(["## Reserved names", "", "These must not be the name of", "", *lines]).replace(")`", ")")
