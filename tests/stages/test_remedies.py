"""What an error advises about many refused rows."""

from pathlib import Path

import pytest

from churn_spark.definitions.sources import Delivered
from churn_spark.stages.intake.remedies import remedy
from tests.stages.shop import category, shop_source

CSV = shop_source(Path("landing"), categories=(category("kind"),), where="amount > 0")
DATED = shop_source(Path("landing"), event_time="", delivered=Delivered(by="column", column="at"))
FORMAT = "sources.sales.options.timestampNTZFormat"
AGAIN = "; or have it delivered again"


@pytest.mark.parametrize(
    ("source", "reason", "says"),
    [
        (CSV, "bad_at", f"See to sources.sales.schema.at (timestamp_ntz), and to {FORMAT}"),
        (CSV, "bad_amount", "Declare sources.sales.schema.amount (decimal(10,2)) with another type, such as double or"),
        (CSV, "no_time", f"See to sources.sales.event_time, sources.sales.schema.at (timestamp_ntz), {FORMAT}"),
        (CSV, "future_event", f"See to sources.sales.event_time, sources.sales.schema.at (timestamp_ntz), {FORMAT}"),
        (DATED, "no_time", f"See to sources.sales.delivered.column, sources.sales.schema.at (timestamp_ntz), {FORMAT}"),
        (CSV, "before_start", f"See to sources.sales.starts, sources.sales.schema.at (timestamp_ntz), {FORMAT}"),
        (CSV, "no_customer", "See to sources.sales.customer_id"),
        (CSV, "id_missing", "See to sources.sales.event_id"),
        (CSV, "too_large", "See to sources.sales.measures.amount.max_abs"),
        (CSV, "unlucky", "See to sources.sales.checks.unlucky"),
        (CSV, "bad_kind", "See to sources.sales.categories.kind.expression"),
        (CSV, "bad_where", "See to sources.sales.where"),
        (CSV, "unparsable", "See to sources.sales.options: sep, multiLine: true where values go over several lines"),
        (CSV, "bad_encoding", "Set sources.sales.options.encoding to that of the file"),
    ],
)
def test_what_the_configuration_may_have_wrong_is_named_before_the_delivery(source, reason, says):
    assert remedy(source, reason).startswith(says)
    assert remedy(source, reason).endswith(AGAIN)


@pytest.mark.parametrize("file_format", ["parquet", "delta"])
def test_stored_types_have_no_options(file_format):
    source = shop_source(Path("landing"), format=file_format)
    assert remedy(source, "bad_at").startswith("Declare sources.sales.schema.at (timestamp_ntz) with another type")
    assert "options" not in remedy(source, "no_time")
    assert remedy(source, "bad_encoding") == "Have it delivered again"
