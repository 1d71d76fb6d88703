"""Messages about an unknown name: the names there are, and the nearest one."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 12


def not_one_of(value: str, names: Iterable[str], what: str = "") -> str:
    """`'filename' is not one of file_name, modified, column, event. Did you mean file_name?`"""
    known = list(names)
    return f"{value!r} is not {what or 'one of ' + listed(known)}{did_you_mean(value, known)}"


def unknown(kind: str, value: str, names: Iterable[str], where: str = "") -> str:
    """`there is no measure 'amout' in purchases. Did you mean amount? There are: amount, discount`"""
    known = list(names)
    exist = f"There are: {listed(known)}" if known else "There are none"
    place = f" in {where}" if where else ""
    return f"there is no {kind} {value!r}{place}{did_you_mean(value, known) or '.'} {exist}"


def did_you_mean(value: str, names: Iterable[str]) -> str:
    """`. Did you mean X?`, or nothing when no name is near."""
    meant = nearest(value, names)
    return f". Did you mean {meant}?" if meant else ""


def nearest(value: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant; None when no name is near."""
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(value.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def listed(names: Iterable[str]) -> str:
    """Names for a message, the first of them when there are many."""
    known = list(names)
    return ", ".join(known) if len(known) <= MOST else f"{', '.join(known[:MOST])} ... ({len(known)} in all)"
