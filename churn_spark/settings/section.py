"""What every section of the configuration file is built from."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from churn_spark.definitions.nearest import not_one_of

Item = TypeVar("Item")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


class InvalidValueError(Exception):
    """A value was read that is missing or invalid in the file; what is wrong with it has been reported elsewhere."""


class Section(BaseModel):
    """A group of keys: types are taken strictly, unknown keys are refused.

    A group read by `partial` has no values for its missing and invalid keys: reading one raises InvalidValueError.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise InvalidValueError(name)
            return super().__getattr__(name)


def refuse(text: str) -> PydanticCustomError:
    """A validation error with this sentence."""
    return PydanticCustomError("plain", "{text}", {"text": text})


def one_of(names: Sequence[str], what: str = "") -> AfterValidator:
    """Refuse a text that is not one of `names`, with the nearest match; `what` stands for a long list."""

    def known(value: str) -> str:
        if value not in names:
            raise refuse(not_one_of(value, names, what))
        return value

    return AfterValidator(known)


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise refuse(f"{value!r} is not a name: lower-case letters, digits and _, beginning with a letter")
    return value


def _environment_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise refuse("is not the name of an environment variable (the key itself does not belong in the configuration)")
    return value


def _unquoted(value: Any) -> Any:
    """A date in quotes, which YAML reads as text, as a date."""
    if isinstance(value, datetime):
        raise refuse(f"{value} has a time of day; write the date alone: {value.date()}")
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _in_range(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise refuse(f"{value} is not between {FIRST_DAY} and {LAST_DAY}")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float | date) and not isinstance(value, bool) else value


def shorthand(key: str) -> Callable[[Any], Any]:
    """Let a plain text stand for a group of keys with this one key."""
    return lambda value: {key: value} if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_name)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Text = Annotated[str, Field(min_length=1)]
ADDRESS = "address"
Address = Annotated[Text, ADDRESS]
"""A path or an address, in which `${VAR}` is replaced before it is read."""
Day = Annotated[date, BeforeValidator(_unquoted), AfterValidator(_in_range)]
MOST_DAYS = 36_500
"""A hundred years: a day plus or minus so many days is still a date."""
Days = Annotated[int, Field(ge=0, le=MOST_DAYS)]
PositiveDays = Annotated[int, Field(ge=1, le=MOST_DAYS)]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Zone = Annotated[str, one_of(sorted(available_timezones()), "a time zone such as Europe/London")]
Several = Annotated[list[Item], BeforeValidator(_listed), Field(min_length=1)]
"""A list, or a single value that stands for a list of one."""
