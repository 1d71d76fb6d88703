"""What SQL expressions of a configuration are about."""

import re
from collections.abc import Iterable


def mentioned(expression: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a SQL expression mentions, in their own order; texts in quotes do not count."""
    words = {word.lower() for word in re.findall(r"\w+", re.sub(r"'(?:[^'\\]|\\.)*'", "", expression))}
    return tuple(name for name in names if name.lower() in words)
