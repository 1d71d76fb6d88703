"""No column of a source may be named like one that its rows have on their way in."""

from churn_spark.events.quarantine import SHAPE
from churn_spark.settings.checks.columns import CUSTOMER_COLUMNS, EVENT_COLUMNS


def test_the_columns_of_quarantined_rows_are_reserved():
    assert {*SHAPE, "copies"} <= set(EVENT_COLUMNS) & set(CUSTOMER_COLUMNS)
