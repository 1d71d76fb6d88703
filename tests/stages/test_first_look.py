"""The lines about a first load: what they say of days, volumes and refusals."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from churn_spark.stages.intake.first_look import first_look
from churn_spark.stages.intake.reconciliation import Reconciliation
from tests.stages.shop import shop_source

SALES = shop_source(Path("landing"))

FIRST = date(2026, 3, 2)


def reconciliation(day: int, read: int, dated: bool = True, **reasons: int) -> Reconciliation:
    nominal = FIRST + timedelta(days=day) if dated else None
    return Reconciliation(
        "sales", f"{day}.csv", "f", 1, nominal, FIRST, True, read, (), False, None, None, reasons=Counter(reasons),
        dated_by_row=None if dated else {},
    )  # fmt: skip


def test_days_volumes_and_refusals_with_an_example():
    reconciliations = [
        reconciliation(0, 10),
        reconciliation(1, 40, no_time=4, bad_at=4),
        reconciliation(4, 30, no_time=1),
    ]
    days = [date(2026, 1, 3), date(2026, 3, 2)]  # read as month and day where day and month are meant
    assert list(first_look(SALES, reconciliations, days, {"bad_at": "at '2026-13-03'"})) == [
        "deliveries of 2026-03-02 to 2026-03-06: rows per day 10 at least, 30 in the median, 40 at most;"
        " 2 days in between are without: 2026-03-04, 2026-03-05",
        "events of 2026-01-03 to 2026-03-02; 57 days in between are without: 2026-01-04, 2026-01-05, 2026-01-06"
        " ... (57 in all)",
        "6.2% of the rows (5 of 80) are no_time",
        "5.0% of the rows (4 of 80) are bad_at, such as at '2026-13-03'",
    ]


def test_one_file_whose_rows_have_dates_of_their_own():
    assert list(first_look(SALES, [reconciliation(0, 10, dated=False)], [FIRST], {})) == ["events of 2026-03-02"]


def test_nothing_accepted_is_said():
    assert list(first_look(SALES, [reconciliation(0, 2, unparsable=2)], [], {}))[1:] == [
        "no event was accepted",
        "100.0% of the rows (2 of 2) are unparsable",
    ]


def test_the_page_on_first_loads_shows_what_a_wrong_format_of_dates_looks_like():
    read = [310, 402, 395, 655, 420, 388, 402, 410]
    reconciliations = [
        reconciliation(day, rows, **({"future_event": rows} if day > 1 else {})) for day, rows in enumerate(read)
    ]
    days = [date(2026, 2, 3), date(2026, 3, 3)]  # 2 and 3 March, day and month taken for each other
    page = (Path(__file__).parent.parent.parent / "docs" / "first-load.md").read_text(encoding="utf-8")
    for line in first_look(SALES, reconciliations, days, {"future_event": "at '04.03.2026 09:15'"}):
        assert f"   sales: {line}\n" in page
