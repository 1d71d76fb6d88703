"""Numbers as people write them: with grouped digits, or with a decimal comma."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})*|\d{1,12})(,\d{1,6})?")
_GROUPS = re.compile(r"[+-]?(\d{1,3}(,\d{3})*)(\.\d{1,6})?")
_THREE = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})?")
"""A number that could have grouped digits as well as three decimals."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Numbers that Spark does not read. marks: the group mark and the decimal mark; question: another way to read"
    " them."""

    marks: str
    question: str = ""


def marked(texts: Sequence[str], separator: str) -> Marked | None:
    """How numbers with marks are written; None where they have none, or are not numbers. separator: that of the file.

    Three digits behind every mark count as a group; unless the file's separator is a comma, this becomes a question.
    """
    if any("," in text for text in texts):
        either = all(_THREE.fullmatch(text) for text in texts)
        if all(_GROUPS.fullmatch(text) for text in texts) and (either or not _all(_COMMA, texts)):
            return Marked(",.", "" if separator == "," or not either else _question(texts, ","))
        return Marked(".,") if _all(_COMMA, texts) else None
    if separator == ";" and _ambiguous(texts):
        return Marked(".,", _question(texts, "."))
    return Marked(".,") if _all(_COMMA, texts) and any(text.count(".") > 1 for text in texts) else None


def question_of_points(texts: Sequence[str]) -> str:
    """The question about numbers with a decimal point that could be a group mark; empty where there is none."""
    return _question(texts, ".") if _ambiguous(texts) else ""


def _ambiguous(texts: Sequence[str]) -> bool:
    return any("." in text for text in texts) and all(_THREE.fullmatch(text) for text in texts)


def _all(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return all(pattern.fullmatch(text) for text in texts)


def _question(texts: Sequence[str], mark: str) -> str:
    example = next(text for text in texts if mark in text)
    return f"does {example} mean {example.replace(mark, '')}, or {example.replace(mark, '.')} with three decimals?"
