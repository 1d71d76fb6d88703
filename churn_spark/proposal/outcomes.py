"""Columns that say who left, and the value that means it."""

import re
from collections import Counter
from dataclasses import dataclass

from churn_spark.proposal.columns import Column

_WORDS = {"churn", "churned", "churner", "exited", "exit", "attrition", "attrited", "left", "cancelled", "canceled",
          "cancellation", "default", "lost", "terminated", "termination", "leaver"}  # fmt: skip
_YES = {"yes", "y", "true", "t", "churn", "churned", "churner", "left", "gone", "exited", "attrited", "cancelled",
        "canceled", "lost", "terminated", "closed", "leaver", "ja"}  # fmt: skip
_NO = {"no", "n", "false", "f", "not", "non", "never", "stayed", "stays", "existing", "active", "current", "retained",
       "here", "loyal", "open", "nein"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeavingValue:
    """The value that means that a customer left; sure: whether its text, or that of the other value, says so."""

    text: str
    sure: bool


def is_about_leaving(column: Column) -> bool:
    """Whether the name of a column is about leaving."""
    return bool(column.words & _WORDS)


def is_outcome(column: Column) -> bool:
    """Whether a column looks like the one to predict."""
    return is_about_leaving(column) and column.different == 2 and (column.times is None or column.numeric)


def is_flag(column: Column) -> bool:
    """Whether the column itself can be a label: boolean, or whole numbers 0 and 1."""
    return column.type == "boolean" or (column.type in ("int", "bigint", "smallint", "tinyint") and _binary(column))


def leaving_value(column: Column) -> LeavingValue:
    """The value that means that a customer left, of two: the one that means yes, or not no; otherwise the rarer one."""
    counted = Counter(str(value) for value in column.values if value is not None)
    texts = sorted(counted, key=lambda text: (counted[text], text))
    if _binary(column):
        return LeavingValue(next(text for text in texts if float(text) == 1), True)
    no = [text for text in texts if _said(text) & _NO]
    yes = [text for text in texts if text not in no and _said(text) & _YES]
    if len(yes) == 1:
        return LeavingValue(yes[0], True)
    if len(no) == 1:
        return LeavingValue(next(text for text in texts if text not in no), True)
    return LeavingValue(texts[0], False)


def _said(text: str) -> set[str]:
    return set(re.findall(r"[a-zäöüß]+", text.lower()))


def _binary(column: Column) -> bool:
    return column.numeric and not column.marks and {float(v) for v in column.values if v is not None} == {0.0, 1.0}
