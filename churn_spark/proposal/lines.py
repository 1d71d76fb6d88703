"""Lines of YAML with comments."""

import re
from typing import Any

import yaml
from yaml.reader import Reader

_UNPRINTABLE = re.compile(rf"{Reader.NON_PRINTABLE.pattern}|[\n\r\x85\u2028\u2029\ufeff]")
"""What names of columns may contain, but not a line of YAML."""
COMMENT = 44
"""Column at which comments begin."""


def scalar(value: Any) -> str:
    """A value as YAML writes it within a line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.strip().removesuffix("\n...").strip()


def line(depth: int, text: str, comment: str = "") -> str:
    """A line of YAML, with the comment if there is one."""
    written = "  " * depth + _UNPRINTABLE.sub(" ", text)
    return f"{written:<{COMMENT - 1}} # {_UNPRINTABLE.sub(' ', comment)}" if comment else written
