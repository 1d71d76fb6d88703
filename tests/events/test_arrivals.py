"""Names of deliveries: their date, and which names are no deliveries."""

from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import STAMP, Delivered
from churn_spark.events.arrivals import delivery_at, left_out, nominal_date
from churn_spark.events.deliveries import Delivery, File, InFiles

ENDED = Delivered(pattern=r"sales_(?P<date>\d{4}-\d{2}-\d{2})\.csv")


@pytest.mark.parametrize(
    ("delivered", "name"),
    [
        (Delivered(), "sales_2026-03-02_v1.csv.gz"),
        (ENDED, "sales_2026-03-02.csv"),
        (ENDED, "shop7_sales_2026-03-02.csv"),
        (Delivered(pattern=r"^(?P<date>\d{8})(\.csv|\.txt)$", date_format="%Y%m%d"), "20260302.txt"),
        (Delivered(pattern=r"(?i)(?P<date>\d{4}-\d{2}-\d{2})\.csv"), "2026-03-02.CSV"),
    ],
)
def test_a_pattern_finds_the_date_and_matches_to_the_end_of_the_name(delivered, name):
    assert nominal_date(name, delivered) == date(2026, 3, 2)


@pytest.mark.parametrize("end", [".bak", ".md5", "x", ".csv", "\n"])
def test_a_name_that_goes_on_behind_the_pattern_is_refused_with_both_remedies(end):
    with pytest.raises(DeliveryError, match=r"goes on behind what the pattern .*delivered\.ignore, else let the patt"):
        nominal_date(f"sales_2026-03-02.csv{end}", ENDED)


def test_names_without_a_date_are_refused():
    with pytest.raises(
        DeliveryError, match=r"'readme.txt' has no date by .*delivered\.ignore, else change delivered\.p"
    ):
        nominal_date("readme.txt", ENDED)
    with pytest.raises(DeliveryError, match=r"'2026-13-02' is no date by '%Y-%m-%d'"):
        nominal_date("sales_2026-13-02.csv", ENDED)


def test_uploads_under_way_and_what_is_ignored_are_left_out():
    names = ["a.csv", "a.csv.filepart", "A.CSV.PART", "a.csv.tmp", "a.csv~", "a.csv.md5", "A.csv.MD5", "part.csv"]
    assert {name: left_out(name, ("*.md5",)) for name in names} == {
        "a.csv": None,
        "a.csv.filepart": "uploads under way",
        "A.CSV.PART": "uploads under way",
        "a.csv.tmp": "uploads under way",
        "a.csv~": "uploads under way",
        "a.csv.md5": "named by delivered.ignore",
        "A.csv.MD5": None,
        "part.csv": None,
    }


def test_what_lies_at_a_source_is_a_delivery_by_its_kind_and_the_date_of_its_name_or_last_modification():
    file = File("dump.csv", "file:/dump.csv", 3, datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    stamped, folders = Delivered(pattern=STAMP, stamped=True), Delivered(unit="folder")
    assert delivery_at("dump.csv", False, file, stamped, "Europe/Berlin") == Delivery(
        "dump.csv@2026-03-02", InFiles((file,)), date(2026, 3, 2)
    )
    assert delivery_at("2026-03-04.csv", False, file, Delivered(), "UTC") == Delivery(
        "2026-03-04.csv", InFiles((file,)), date(2026, 3, 4)
    )
    assert delivery_at("notes", True, file, Delivered(), "UTC") is None
    assert delivery_at("notes.csv", False, file, folders, "UTC") is None
    with pytest.raises(DeliveryError, match="'notes' has no date"):
        delivery_at("notes", True, file, folders, "UTC")
