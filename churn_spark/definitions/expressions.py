"""Names and texts in SQL expressions: written, and looked for."""

import re
from collections.abc import Iterable


def quoted(name: str) -> str:
    """The name of a column for SQL, in backticks, whatever characters it contains."""
    return f"`{name.replace('`', '``')}`"


def literal(text: str) -> str:
    """A text for SQL, in quotes, whatever characters it contains."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_NAME_OR_TEXT = re.compile(
    r"""(?P<name>`(?:[^`]|``)*`)|\br'[^']*'|\br"[^"]*"|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|--[^\r\n]*|/\*.*?\*/""",
    re.DOTALL | re.IGNORECASE,
)


def mentioned(expressions: str | Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The names that any of the SQL expressions may mention, in the order given; texts and comments do not count."""
    each = [expressions] if isinstance(expressions, str) else expressions
    outside = [_NAME_OR_TEXT.sub(lambda match: match["name"] or " ", expression) for expression in each]
    return tuple(name for name in names if any(mentions(expression, name) for expression in outside))


def mentions(expression: str, name: str) -> bool:
    """Whether a SQL expression may refer to a column; false positives are possible, false negatives are not."""
    return any(
        re.search(rf"(?<!\w){re.escape(written)}(?!\w)", expression, re.IGNORECASE)
        for written in {name, name.replace("`", "``")}
    )
