"""Pydantic's errors as sentences."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from churn_spark.definitions.nearest import did_you_mean, listed, not_one_of
from churn_spark.settings.annotations import field_description, keys_of
from churn_spark.settings.document import Keys, Problem


def problems(error: ValidationError, model: type[BaseModel], values: Any) -> list[Problem]:
    """One problem per error of `model` on `values`."""
    return [_problem(detail, model, values) for detail in error.errors()]


def keys_in_file(loc: tuple[str | int, ...], values: Any) -> Keys:
    """The keys in the file at pydantic's location, without the steps that shorthands and unions add."""
    keys: list[str | int] = []
    for step in loc:
        inside = (isinstance(values, dict) and step in values) or (isinstance(values, list) and isinstance(step, int))
        if not inside:
            break
        keys.append(step)
        values = values[step]
    return tuple(keys)


def _problem(detail: ErrorDetails, model: type[BaseModel], values: Any) -> Problem:
    loc = detail["loc"]
    kind = detail["type"]
    if kind == "missing":
        description = field_description(model, loc)
        return Problem(
            keys_in_file(loc[:-1], values), f"{loc[-1]} is missing{f' ({description})' if description else ''}"
        )
    if kind == "extra_forbidden":
        known = keys_of(model, loc[:-1])
        text = f"unknown key{did_you_mean(str(loc[-1]), known) or '.'} Known here: {listed(known)}"
        return Problem(tuple(loc), text)
    return Problem(keys_in_file(loc, values), _sentence(detail))


def _sentence(detail: ErrorDetails) -> str:
    kind, value, limits = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(limits["expected"]))
        return (
            not_one_of(value, allowed) if isinstance(value, str) else f"{shown(value)} is not one of {listed(allowed)}"
        )
    if kind in _SENTENCES:
        return _SENTENCES[kind](shown(value), limits)
    return detail["msg"]


def shown(value: Any) -> str:
    """A value as YAML writes it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_SENTENCES: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "int_type": lambda value, _: f"{value} is not a whole number",
    "int_from_float": lambda value, _: f"{value} is not a whole number",
    "finite_number": lambda value, _: f"{value} is not a finite number",
    "float_type": lambda value, _: f"{value} is not a number",
    "string_type": lambda value, _: f"{value} is not text; quote it if it is meant as text",
    "bool_type": lambda value, _: f"{value} is not true or false",
    "date_type": lambda value, _: f"{value} is not a date; write YYYY-MM-DD",
    "list_type": lambda value, _: f"{value} is not a list; write [a, b]",
    "dict_type": lambda value, _: f"{value} is not a group of keys; write key: value pairs",
    "model_type": lambda value, _: f"{value} is not a group of keys; write key: value pairs",
    "too_short": lambda value, _: "is empty; at least one is needed",
    "string_too_short": lambda value, _: "is empty",
    "greater_than": lambda value, limits: f"{value} must be more than {_number(limits['gt'])}",
    "greater_than_equal": lambda value, limits: f"{value} must be at least {_number(limits['ge'])}",
    "less_than": lambda value, limits: f"{value} must be less than {_number(limits['lt'])}",
    "less_than_equal": lambda value, limits: f"{value} must be at most {_number(limits['le'])}",
}


def _number(limit: float) -> str:
    return f"{limit:g}"
