"""Alerts: one threshold for each kind and audience, audiences and features that there are, templates that work."""

from collections.abc import Iterator

from churn_spark.definitions.actions import KINDS, OTHERS, SCORE_COLUMNS
from churn_spark.definitions.nearest import listed, unknown
from churn_spark.settings.alert_texts import kinds, unusable
from churn_spark.settings.alerts import LineSection
from churn_spark.settings.checks.features import feature_names, features
from churn_spark.settings.checks.sql import decision_columns, is_number
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

LINES = ("tier", "risk", "riskiest", "model")


def alerts(settings: Settings) -> Iterator[Problem]:
    """Problems of the alerts section."""
    if settings.alerts is not None:
        for check in (_kinds, _lines, _audiences, _silent, _texts):
            yield from as_far_as_valid(check(settings))


def _kinds(settings: Settings) -> Iterator[Problem]:
    if settings.alerts and not kinds(settings.alerts):
        yield Problem(("alerts",), f"names no kind of alert; give at least one of {listed(KINDS)}")


def _lines(settings: Settings) -> Iterator[Problem]:
    section = settings.alerts.high_risk if settings.alerts else None
    if section is not None:
        keys: Keys = ("alerts", "high_risk")
        yield from as_far_as_valid(_line(section, keys))
        for name, line in section.by_audience.items():
            yield from as_far_as_valid(_line(line, (*keys, "by_audience", name)))


def _line(section: LineSection, keys: Keys) -> Iterator[Problem]:
    """A threshold that is none, or two."""
    if section.model is False:
        yield Problem((*keys, "model"), "can only be true; remove it where another threshold counts")
        return
    given = [key for key in LINES if getattr(section, key) is not None]
    if len(given) != 1:
        yield Problem(keys, f"give exactly one of {listed(LINES)}; here {_are(given)}")


def _are(given: list[str]) -> str:
    return f"are {' and '.join(given)}" if given else "is none"


def _audiences(settings: Settings) -> Iterator[Problem]:
    known = [*settings.audiences, OTHERS] if settings.audiences else []
    for kind in kinds(settings.alerts) if settings.alerts else ():
        for name in getattr(settings.alerts, kind).by_audience:
            if name not in known:
                yield Problem(("alerts", kind, "by_audience", name), unknown("audience", name, known))


def _silent(settings: Settings) -> Iterator[Problem]:
    section, keys = settings.alerts.silent if settings.alerts else None, ("alerts", "silent", "feature")
    if section is None or any(features(settings)):
        return
    types = dict(decision_columns(settings))
    known = [name for name in feature_names(settings) if is_number(types[name])]
    if section.feature in dict(SCORE_COLUMNS) and section.feature in feature_names(settings):
        yield Problem(keys, f"{section.feature} is the name of a column of risk_scores too; rename the feature")
    elif section.feature in known:
        return
    elif section.feature in feature_names(settings):
        yield Problem(keys, f"{section.feature} is {types[section.feature]}; a feature that is a number is needed")
    else:
        yield Problem(keys, unknown("feature", section.feature, known))


def _texts(settings: Settings) -> Iterator[Problem]:
    if settings.alerts is not None:
        yield from unusable(settings.alerts)
