"""Refuses options that accept something impossible, and writes such options for messages."""

import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import nominal_date
from churn_spark.lineage.acceptance import ACCEPT, PATTERN, VERSIONS, span_of

MANY = 10_000
"""Versions that one option may name."""
MOST = 3
"""Spans of dates that a message names as options."""


def refuse_wrong_acceptance(options: Iterable[str], project: Project, as_of: date) -> None:
    """ConfigError: an unknown source, a span that ends before it begins, or dates that are not due yet."""
    names = [source.name for source in project.sources]
    for text in sorted(options):
        match = re.fullmatch(PATTERN, text)
        if match is None:
            continue
        if match["source"] not in names:
            raise ConfigError(f"--option {text}: {unknown('source', match['source'], names)}")
        span = span_of(match["what"])
        if span is None:
            _refuse_no_name(text, match["what"], project.source(match["source"]))
            continue
        first, last = span
        due = last + timedelta(days=project.source(match["source"]).delivered.lag_days)
        if last < first:
            raise ConfigError(f"--option {text}: it ends on {last}, before it begins on {first}")
        if due > as_of:
            raise ConfigError(
                f"--option {text}: {last} is not due before {due}; only what is missing now can be accepted"
            )


def _refuse_no_name(text: str, what: str, source: Source) -> None:
    """ConfigError: a text is neither a date nor the name of a delivery."""
    versions = VERSIONS.fullmatch(what)
    if versions:
        count = int(versions["last"]) - int(versions["first"])
        if not 0 <= count < MANY:
            raise ConfigError(f"--option {text}: give FIRST..LAST in order, of at most {MANY:,} versions")
    elif re.fullmatch(r"[\d./-]*[./-][\d./-]*", what):
        raise ConfigError(f"--option {text}: {what!r} is not a date; write YYYY-MM-DD, or FIRST..LAST of such dates")
    elif source.delivered.by == "file_name":
        try:
            nominal_date(what, source.delivered)
        except DeliveryError as error:
            raise ConfigError(f"--option {text}: {error}") from None


def as_options(source: str, missing: Collection[date] | Collection[int]) -> str:
    """How to accept some dates (or versions) of a source, for a message."""
    spans: list[list[Any]] = []
    ordered: list[Any] = sorted(missing)
    for one in ordered:
        if spans and one == _following(spans[-1][-1]):
            spans[-1].append(one)
        else:
            spans.append([one])
    texts = [f"{span[0]}" if len(span) == 1 else f"{span[0]}..{span[-1]}" for span in spans[:MOST]]
    more = f" (and {len(spans) - MOST} more spans)" if len(spans) > MOST else ""
    return " ".join(f"--option {ACCEPT}={source}@{text}" for text in texts) + more


def _following(one: date | int) -> date | int:
    return one + timedelta(days=1) if isinstance(one, date) else one + 1
