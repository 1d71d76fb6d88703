"""Time patterns: that they distinguish morning and evening."""

import re
from collections.abc import Iterator

from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import SourceSection

_QUOTED = re.compile(r"'[^']*'")


def clocks(settings: Settings) -> Iterator[Problem]:
    """Patterns with the hour of a 12-hour clock (h, K) but without AM and PM (a, B)."""
    for name, source in settings.sources.items():
        yield from as_far_as_valid(_clocks(source, ("sources", name, "options")))


def _clocks(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for option, value in source.options.items():
        letters = set(_QUOTED.sub("", value)) if option.endswith("Format") else set()
        if letters & {"h", "K"} and not letters & {"a", "B"}:
            text = f"{value!r} reads 12:30 as 00:30 and no hour after noon; write HH, or add a for AM and PM"
            yield Problem((*keys, option), text)
