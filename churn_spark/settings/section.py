"""What every section of the configuration file is built from."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from churn_spark.settings.nearest import among

Item = TypeVar("Item")


class Section(BaseModel):
    """A group of keys: types are taken strictly, unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def refuse(text: str) -> PydanticCustomError:
    """A validation error with a sentence of our own."""
    return PydanticCustomError("told", "{text}", {"text": text})


def one_of(names: Sequence[str], what: str = "") -> AfterValidator:
    """Refuse a text that is not one of `names`, with the nearest match; `what` replaces a list too long to tell."""

    def known(value: str) -> str:
        if value not in names:
            raise refuse(among(value, names, what))
        return value

    return AfterValidator(known)


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise refuse(f"{value!r} is not a name: lower-case letters, digits and _, beginning with a letter")
    return value


def _environment_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise refuse("is not the name of an environment variable (the key itself never stands in the configuration)")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float | date) and not isinstance(value, bool) else value


def shorthand(key: str) -> Callable[[Any], Any]:
    """Let a plain text stand for a group of keys with this one key."""
    return lambda value: {key: value} if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_name)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Text = Annotated[str, Field(min_length=1)]
Days = Annotated[int, Field(ge=0)]
PositiveDays = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Zone = Annotated[str, one_of(sorted(available_timezones()), "a time zone such as Europe/London")]
Several = Annotated[list[Item], BeforeValidator(_listed), Field(min_length=1)]
"""A list, or a single value that stands for a list of one."""
