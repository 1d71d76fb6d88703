"""Interventions: that there is something to plan for, and that the draws leave somebody to act upon."""

from collections.abc import Iterator

from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings


def interventions(settings: Settings) -> Iterator[Problem]:
    """Problems of the playbook."""
    if settings.interventions is not None:
        for check in (_alerts, _value, _draws, _affordable):
            yield from as_far_as_valid(check(settings))


def _alerts(settings: Settings) -> Iterator[Problem]:
    if settings.alerts is None:
        yield Problem(
            ("interventions",), "there are no alerts, so nobody to plan for; say in `alerts` who is to be noticed"
        )


def _value(settings: Settings) -> Iterator[Problem]:
    if settings.scoring.value is None and settings.scoring.expected_value is None:
        yield Problem(
            ("interventions",),
            "customers have no value, so no profit can be planned; give one by scoring.value (SQL over the features) or"
            " scoring.expected_value",
        )


def _draws(settings: Settings) -> Iterator[Problem]:
    section = settings.interventions
    if section and section.control + section.explore >= 1:
        yield Problem(
            ("interventions",),
            f"control {section.control:g} and explore {section.explore:g} add up to 1 or more, which leaves nobody to"
            " act upon as planned; together they must be below 1",
        )


def _affordable(settings: Settings) -> Iterator[Problem]:
    """An action beyond the whole budget is never planned, which nobody means."""
    section = settings.interventions
    if section is None or section.budget is None:
        return
    for name, action in section.actions.items():
        if action.cost > section.budget:
            yield Problem(
                ("interventions", "actions", name, "cost"),
                f"{action.cost:g} for one customer is more than the budget of an as-of date, {section.budget:g}; raise"
                " the budget, or remove the action",
            )
