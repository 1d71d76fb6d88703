"""Feedback: that the answers exist, and mean one thing each."""

from collections.abc import Iterator

from churn_spark.definitions.nearest import unknown
from churn_spark.settings.document import Problem
from churn_spark.settings.feedback import MeaningSection
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

KEYS = ("feedback", "answers")


def feedback(settings: Settings) -> Iterator[Problem]:
    """Problems of the answers."""
    for check in (_source, _meaning):
        yield from as_far_as_valid(check(settings))


def _source(settings: Settings) -> Iterator[Problem]:
    answers = settings.feedback.answers
    if answers is None:
        return
    events = {name: source for name, source in settings.sources.items() if source.kind == "events"}
    if answers.source not in events:
        yield Problem((*KEYS, "source"), unknown("source of events", answers.source, events))
        return
    known = events[answers.source].categories
    for key in ("answer", "action"):
        name = getattr(answers, key)
        if name is not None and name not in known:
            yield Problem((*KEYS, key), unknown("category", name, known, answers.source))


def _meaning(settings: Settings) -> Iterator[Problem]:
    """A value under two keys would mean two things."""
    answers, seen = settings.feedback.answers, dict[str, str]()
    for key in MeaningSection.model_fields if answers else ():
        for value in getattr(answers.meaning, key) or () if answers else ():
            if other := seen.get(value):
                text = f"{value!r} is named under {other} already; an answer means one thing: keep one"
                yield Problem((*KEYS, "meaning", key), text)
            seen.setdefault(value, key)
