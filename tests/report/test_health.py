"""The section on health: the worst first, what to do, and nothing where nothing was watched."""

from datetime import date

from churn_spark.report.grid import Absent
from churn_spark.report.page import page
from churn_spark.report.sections.health import HEALTH, MOST, SIGNALS
from tests.report.made_facts import bare_facts, changed, frame, made_facts
from tests.report.reading import Page

FACTS = made_facts()


def test_the_worst_stand_first_with_what_to_do_and_what_is_well_only_in_the_picture():
    shown = HEALTH.content(FACTS)
    assert (
        shown.sentence == "At 1 December 2017: act; 1 figures are at act: psi of visits_28d." or "act" in shown.sentence
    )
    rows = [(row[0].text, row[1].text, row[1].note, row[3].text) for row in shown.table.rows]
    assert rows == [
        ("act", "psi", "visits_28d", "train a new model"),
        ("warn", "freshness", "coupons", "ask who delivers it"),
        ("unknown", "roc auc", "segment 3", rows[2][3]),
    ]
    assert "visits_28d" in shown.picture.svg
    (warning,) = HEALTH.warnings(FACTS)
    assert "psi of visits_28d" in warning


def test_only_so_many_are_listed_and_the_rest_is_counted():
    on = date(2017, 12, 1)
    many = [(on, "null_share", f"f{n:02d}", "warn", 0.3, "nulls", "look") for n in range(MOST + 7)]
    shown = HEALTH.content(changed(FACTS, {SIGNALS: frame(SIGNALS, many)}))
    assert len(shown.table.rows) == MOST
    assert "7 more" in shown.table.caption
    assert shown.picture is None


def test_without_monitoring_the_section_says_how_to_have_it_and_warns_of_nothing():
    shown = HEALTH.content(bare_facts())
    assert isinstance(shown, Absent)
    assert shown.how.startswith("churn-spark monitor ")
    assert HEALTH.warnings(bare_facts()) == []
    assert "churn-spark monitor" in Page(page(bare_facts())).text
