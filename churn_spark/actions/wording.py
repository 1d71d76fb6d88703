"""Texts of alerts from templates: checked when the configuration is read, rendered in Spark's Python workers.

A template sees only the values of its row (`VARIABLES`), in a sandbox. What is unknown is shown as `–`. Texts that come
from data are kept on one line and short, so that they cannot take a message apart.
"""

import math
import re
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from churn_spark.definitions.actions import Kind, Part, Template

VARIABLES = (
    *("customer", "project", "as_of_date", "kind", "audience", "segment", "tier", "risk", "risk_rank"),
    *("previous_risk", "threshold", "observed", "value", "expected_loss", "reasons", "model_version"),
)
"""What a template may use."""
UNKNOWN = "–"
LONGEST = 300
"""Characters of a text from the data."""
FAILED = "the template of an alert fails on a customer"
_TURNS_TEXT_ROUND = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_SAMPLE: Mapping[str, Any] = {
    "customer": "a1",
    "project": "shop",
    "as_of_date": date(2026, 1, 31),
    "audience": "others",
    "segment": "2",
    "tier": "high",
    "risk": 0.5,
    "risk_rank": 1,
    "previous_risk": 0.2,
    "threshold": 0.3,
    "observed": 0.5,
    "value": 100.0,
    "expected_loss": 50.0,
    "reasons": ["days since the last purchase: 40 against 5 typical"],
    "model_version": 1,
}
_NULLS: Mapping[str, Any] = {
    "segment": None,
    "previous_risk": None,
    "value": None,
    "expected_loss": None,
    "reasons": [],
}

Render = Callable[[Mapping[str, Any]], str]
Renders = Mapping[tuple[Kind, Part], Render]


def faults(template: Template) -> list[tuple[int, str]]:
    """What is wrong with a template: lines with sentences; empty where nothing is."""
    environment = _environment()
    try:
        parsed = environment.parse(template.source)
        environment.compile(template.source)
    except TemplateSyntaxError as error:
        return [(error.lineno, f"is not a template: {error.message}")]
    if unknown := meta.find_undeclared_variables(parsed) - set(VARIABLES):
        known = ", ".join(VARIABLES)
        return [(_line(parsed, name), f"there is no variable {name!r}. There are: {known}") for name in sorted(unknown)]
    render = _compiled(template)
    for values, of in ((_SAMPLE, "every value"), ({**_SAMPLE, **_nulls(template.kind)}, "values that are unknown")):
        try:
            text = render({**values, "kind": template.kind})
        except Exception as error:  # whatever an expression in it raises
            return [(_failed_line(error), f"fails on a customer with {of}: {error}")]
        if not text:
            return [(1, "gives no text")]
    return []


def compiled(templates: Iterable[Template]) -> Renders:
    """A function from values to text for each kind and part."""
    return {(template.kind, template.part): _compiled(template) for template in templates}


def rendered(
    batches: Iterable[pa.RecordBatch], templates: tuple[Template, ...], project: str
) -> Iterator[pa.RecordBatch]:
    """The rows of `alerts` with their columns `title` and `text` last."""
    renders = compiled(templates)
    for batch in batches:
        rows = [values(row, project) for row in batch.to_pylist()]
        parts = [pa.array([_text(renders, row, part) for row in rows], pa.string()) for part in ("title", "text")]
        names = [*batch.schema.names, "title", "text"]
        yield pa.RecordBatch.from_arrays([*batch.columns, *parts], names)


def values(row: Mapping[str, Any], project: str) -> dict[str, Any]:
    """What a template sees of a row of `alerts`."""
    seen = {**row, "customer": row["customer_id"], "project": project, "reasons": row["reasons"] or []}
    return {name: _clean(seen[name]) for name in VARIABLES}


def percent(share: float | None) -> str:
    """`31 %`, of small shares with a decimal: `3.1 %`."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    return f"{100 * share:.{0 if abs(share) >= 0.0995 else 1}f} %"


def number(value: float | None) -> str:
    """`12,345`, of small numbers with three digits: `1.23`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_or_unknown
    )
    environment.filters.update(percent=percent, number=number)
    return environment


def _or_unknown(value: object) -> object:
    return UNKNOWN if value is None else value


def _compiled(template: Template) -> Render:
    made = _environment().from_string(template.source)
    one_line = template.part == "title"

    def render(values: Mapping[str, Any]) -> str:
        text = made.render(values).strip()
        return " ".join(text.split()) if one_line else text

    return render


def _text(renders: Renders, row: Mapping[str, Any], part: Part) -> str:
    try:
        return renders[row["kind"], part](row)
    except Exception as error:  # whatever an expression in it raises
        raise ValueError(f"{FAILED}: {row['kind']}.{part}.txt: {error}") from None


def _clean(value: Any) -> Any:
    """A text on one line, without characters that control or turn round what follows, and not too long."""
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, str):
        return value
    spaced = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") else letter for letter in value)
    text = " ".join(_TURNS_TEXT_ROUND.sub("", spaced).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _nulls(kind: Kind) -> Mapping[str, Any]:
    """What can be unknown in an alert of a kind: a risk that rose has one before."""
    return {name: value for name, value in _NULLS.items() if not (kind == "risk_jump" and name == "previous_risk")}


def _line(parsed: nodes.Template, name: str) -> int:
    return min((node.lineno for node in parsed.find_all(nodes.Name) if node.name == name), default=1)


def _failed_line(error: Exception) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return lines[-1] or 1 if lines else 1
