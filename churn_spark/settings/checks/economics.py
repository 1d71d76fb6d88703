"""Economics: that there is a value, that acceptance has a distribution, and that a contact can pay."""

from collections.abc import Iterator

from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings


def economics(settings: Settings) -> Iterator[Problem]:
    """Problems of the economics section."""
    if settings.economics is not None:
        for check in (_value, _deviation, _pays):
            yield from as_far_as_valid(check(settings))


def _value(settings: Settings) -> Iterator[Problem]:
    modelled = settings.scoring.expected_value is not None
    if settings.economics and settings.economics.value is None and settings.scoring.value is None:
        yield Problem(
            ("economics",),
            "value is missing, and so is scoring.value, its default; say what a customer is worth who would have left"
            " and stays: a number, or SQL over the features"
            + (" (scoring.expected_value is of the date that is scored only)" if modelled else ""),
        )


def _deviation(settings: Settings) -> Iterator[Problem]:
    """A share with this mean deviates less than if it were either 0 or 1."""
    if settings.economics is None:
        return
    mean, deviation = settings.economics.acceptance, settings.economics.acceptance_deviation
    most = (mean * (1 - mean)) ** 0.5
    if deviation and deviation >= most:
        yield Problem(
            ("economics", "acceptance_deviation"),
            f"{deviation:g} is too much for acceptance {mean:g}: it must be {f'below {most:.3g}' if most else 0}",
        )


def _pays(settings: Settings) -> Iterator[Problem]:
    """With one value for all it is known beforehand whether any contact can pay."""
    section = settings.economics
    if section is None or section.value is None:
        return
    try:
        value = float(section.value)
    except ValueError:
        return  # an expression
    kept = section.acceptance * (value - section.incentive_cost)
    if not kept > section.contact_cost:
        yield Problem(
            ("economics", "value"),
            f"no contact can pay: one of a leaver brings acceptance x (value - incentive_cost) = {kept:g} and costs"
            f" {section.contact_cost:g} (contact_cost)",
        )
