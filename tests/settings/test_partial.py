"""A file with mistakes can be read as far as it is valid."""

from collections.abc import Callable
from typing import Any

import pytest

from churn_spark.settings.partial import as_far_as_valid, partial
from churn_spark.settings.root import Settings
from churn_spark.settings.section import InvalidValueError

VALUES = {
    "name": "shop",
    "zone": "Europe/Londn",
    "scoring": {"high_share": 2, "medium_share": 0.1},
    "retention": {"log_dys": 3},
    "tracking": "mlflow",
    "features": {"orders": [{"op": "cuont"}, "count", {"op": "count", "windows": 7}], "windws": 7},
}


def test_valid_values_defaults_and_positions_in_lists_are_kept() -> None:
    settings = partial(Settings, VALUES)
    assert (settings.name, settings.scoring.medium_share) == ("shop", 0.1)
    assert (settings.retention.features_days, settings.report) == (800, "report.html")
    assert list(settings.features.lines) == ["orders"]
    assert settings.features.lines["orders"][2].windows == [7]


@pytest.mark.parametrize(
    "read",
    [
        lambda settings: settings.zone,  # invalid
        lambda settings: settings.warehouse,  # missing
        lambda settings: settings.scoring.high_share,
        lambda settings: settings.retention.log_days,  # misspelled
        lambda settings: settings.features.windows,
        lambda settings: settings.tracking.experiment,  # in a group that is not one
        lambda settings: settings.features.lines["orders"][0].op,
        lambda settings: settings.features.lines["orders"][1].of,
    ],
)
def test_reading_an_invalid_value_raises(read: Callable[[Settings], Any]) -> None:
    with pytest.raises(InvalidValueError):
        read(partial(Settings, VALUES))


def test_items_are_given_up_to_the_first_that_needs_an_invalid_value() -> None:
    settings = partial(Settings, VALUES)
    assert list(as_far_as_valid(getattr(settings, name) for name in ("name", "zone", "report"))) == ["shop"]
