from datetime import UTC, datetime

import pytest

from churn_spark.definitions.delta_log import DataFile, Version
from churn_spark.events.deliveries import Delivery, File, InFiles, InVersion


def file(name, day, size=1):
    return File(name, f"file:/{name}", size, datetime(2026, 3, day, tzinfo=UTC))


ONE, TWO, COMMIT = file("1.csv", 4, 10), file("2.csv", 3, 20), file("0007.json", 9, 5)


@pytest.mark.parametrize(
    ("content", "marking", "size", "arrived", "complete"),
    [
        pytest.param(InFiles((ONE,)), (ONE,), 10, 4, True, id="a file"),
        pytest.param(InFiles((ONE, TWO), complete=False), (ONE, TWO), 30, 4, False, id="a folder without _SUCCESS"),
        pytest.param(InVersion(COMMIT, (ONE, TWO), Version()), (COMMIT,), 30, 9, True, id="a version"),
        pytest.param(InVersion(COMMIT), (COMMIT,), 0, 9, True, id="a version known by its name only"),
        pytest.param(InVersion(None, (TWO,), Version()), (TWO,), 20, 3, True, id="the newest version, looked at only"),
    ],
)
def test_every_kind_of_content_has_a_mark_a_size_and_an_arrival(content, marking, size, arrived, complete):
    delivery = Delivery("d", content, None)
    assert (delivery.content.marking, delivery.bytes, delivery.complete) == (marking, size, complete)
    assert delivery.arrived == datetime(2026, 3, arrived, tzinfo=UTC)


def test_an_empty_folder_says_nothing_of_its_arrival():
    assert Delivery("d", InFiles(()), None).arrived is None


def test_only_a_version_that_removed_rows_changes_some():
    removed = Version(removed=(DataFile("1.parquet"),))
    assert InVersion(COMMIT, (), removed).changes_rows
    assert not InVersion(COMMIT, (), Version((DataFile("2.parquet"),))).changes_rows
    assert not InVersion(COMMIT).changes_rows
