"""When labels mature and what makes them outages, from the ledger alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Calendar, Delivered, Source
from churn_spark.lineage import maturity
from churn_spark.lineage.acceptance import accepted
from churn_spark.lineage.arrivals import Arrival
from churn_spark.lineage.entry import LOST, OK, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.intake.acceptance import as_options, refuse_wrong_acceptance
from tests.stages.made_warehouse import project_at

AT = datetime(2026, 4, 1, tzinfo=UTC)
S = date(2026, 3, 10)
"""The as-of date: gap 1, performance window 11 to 13 March, lateness 1, so its labels mature on the 15th."""
BY_NAME, BY_ROW = Delivered(), Delivered(by="event")
CRM = Source("crm", "customers", "csv", "none", (), "id", BY_NAME, attributes=(Attribute("open", "open", "boolean"),))


def march(day: int) -> date:
    return date(2026, 3, day)


def project(tmp_path, delivered: Delivered = BY_NAME, **changes: object) -> Project:
    source = Source("calls", "events", "csv", "none", (), "id", delivered)
    given = {"sources": (source, CRM), "label": LabelRule("inactivity", ("calls",)), "periods": Periods(1, 3, 1)}
    return project_at(tmp_path, **given | changes)


def ledger(*arrivals: Arrival, options: Iterable[str] = (), completed: int = 31) -> Ledger:
    """Ingest has completed a day of March, and taken some deliveries; the first ones lie well before."""
    earlier = (Arrival(name, "first", {march(1): march(2)}) for name in ("calls", "crm"))
    return Ledger(
        [
            Entry("a", "start", 1, "ingest", march(2), AT, "running", writes=(Written("deliveries", march(2)),),
                  subjects=tuple(f"{a.source}/{a.delivery}" for a in arrivals)),
            Entry("a", "end", 2, "ingest", march(completed), AT, OK, writes=(Written("deliveries", march(2), 1, "x"),),
                  options=tuple(options), arrivals=(*earlier, *arrivals)),
        ]
    )  # fmt: skip


def file(day: int, known: int | None, name: str = "file", source: str = "calls", incomplete: bool = False) -> Arrival:
    return Arrival(source, f"{name} of {day}", {march(day): known and march(known)}, incomplete)


@pytest.mark.parametrize(
    ("day", "known", "expected"),
    [
        pytest.param(11, 15, 15, id="in time"),
        pytest.param(11, 16, 16, id="a day late, first day of the window"),
        pytest.param(13, 20, 20, id="last day of the window"),
        pytest.param(10, 20, 15, id="in the gap, where nobody looks"),
        pytest.param(14, 20, 15, id="after the window"),
        pytest.param(12, None, 15, id="without a row that was kept"),
    ],
)
def test_labels_wait_for_the_deliveries_of_their_window(tmp_path, day, known, expected):
    assert maturity.matured_on(project(tmp_path), ledger(file(day, known)), S) == march(expected)


def test_of_several_files_of_a_day_the_last_counts(tmp_path):
    assert maturity.matured_on(project(tmp_path), ledger(file(12, 13), file(12, 18, "more")), S) == march(18)


def rows(known: int, *days: int, incomplete: bool = False) -> Arrival:
    """A delivery whose rows are dated one by one, all known from one day."""
    dates = {march(day): march(known) for day in days}
    return Arrival("calls", f"rows of {days}", dates, incomplete, by_row=True)


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        pytest.param(
            [rows(13, 11, 12), rows(20, 19), rows(21, 5, 12, 20)], 15, id="an old row that came late by itself"
        ),
        pytest.param([rows(12, 11, 12), rows(20, 12, 13)], 20, id="a first row of the day came in time, the rest late"),
        pytest.param([rows(12, 11), rows(25, 5, 11, 12, 13)], 25, id="a dump of several days came late"),
        pytest.param([rows(14, 11, 12, 13)], 15, id="in time"),
    ],
)
def test_rows_dated_one_by_one_make_a_delivery_of_the_days_since_the_one_before(tmp_path, arrivals, expected):
    assert maturity.matured_on(project(tmp_path, BY_ROW), ledger(*arrivals), S) == march(expected)


def test_a_single_row_neither_fills_an_accepted_date_nor_makes_an_outage(tmp_path):
    made, options = project(tmp_path, BY_ROW), ["accept-incomplete=calls@2026-03-12"]
    straggler = [rows(12, 11), rows(14, 13), rows(21, 12, 20)]
    assert maturity.outage(made, ledger(*straggler, options=options), S) == {"calls": [march(12)]}
    cut = [rows(12, 11), rows(14, 13), rows(21, 12, 20, incomplete=True)]
    assert maturity.outage(made, ledger(*cut), S) == {}


def test_days_on_which_nothing_is_expected_are_no_holes_though_they_were_accepted(tmp_path):
    made = project(tmp_path, Delivered(expected=Calendar(weekdays=(1, 2, 3, 4, 5))), periods=Periods(1, 6, 1))
    options = ["accept-incomplete=calls@2026-03-13..2026-03-16"]  # from a Friday to a Monday
    assert maturity.outage(made, ledger(options=options), S) == {"calls": [march(13), march(16)]}
    assert maturity.outage(made, ledger(file(13, 21), file(16, 21), options=options), S) == {}


def test_a_file_accepted_by_its_name_and_a_version_that_is_passed_over_are_outages(tmp_path):
    options = ["accept-incomplete=calls@2026-03-12_b.csv"]
    assert maturity.outage(project(tmp_path), ledger(options=options), S) == {"calls": [march(12)]}
    passed = Arrival("calls", "7", {march(12): None}, incomplete=True, by_row=True)
    assert maturity.outage(project(tmp_path, BY_ROW), ledger(passed), S) == {"calls": [march(12)]}


def test_a_warehouse_of_before_deliveries_were_noted_has_no_outage_though_it_has_no_notes(tmp_path):
    taken = ledger()
    written = (Written("events_calls", date(2026, 1, 5), 10, "x", True),)
    taken.add(Entry("old", "start", 5, "ingest", march(1), AT, "running", writes=written))
    taken.add(Entry("old", "end", 6, "ingest", march(1), AT, OK, writes=written))
    assert maturity.outage(project(tmp_path), taken, date(2026, 2, 20)) == {}


def test_each_rule_waits_for_the_days_it_looks_at(tmp_path):
    decline = LabelRule("decline", ("calls",), measure="minutes", base_days=5)
    event = LabelRule("event", ("calls",))
    for rule, day, waits in ((decline, 5, True), (decline, 4, False), (decline, 10, False), (event, 10, True)):
        found = maturity.matured_on(project(tmp_path, label=rule), ledger(file(day, 20)), S)
        assert found == march(20 if waits else 15), (rule.rule, day)


@pytest.mark.parametrize("completed", [3, 10, 31])
def test_a_label_that_is_a_column_has_no_window_that_could_end_with_the_data(tmp_path, completed):
    of_column = {"label": LabelRule("column", ("crm",), attribute="open"), "periods": Periods(0, 0)}
    dated = ledger(file(1, 2, source="crm"), completed=completed)
    for sources in ((CRM,), (Source("calls", "events", "csv", "none", (), "id", BY_NAME), CRM)):
        made = project(tmp_path, sources=sources, **of_column)
        assert maturity.matured(made, dated, [march(3)], march(31)) == [march(3)]
    written = (Written("labels", march(3), 10, "x"),)
    dated.add(Entry("b", "start", 3, "build_labels", march(3), AT, "running", writes=written))
    dated.add(Entry("b", "end", 4, "build_labels", march(3), AT, OK, writes=written))
    assert maturity.premature(made, dated) == []
    assert maturity.last_labelled(made, dated) == date.max


def test_a_population_by_contract_waits_for_its_customers_too(tmp_path):
    late = ledger(file(12, 20, source="crm"))
    assert maturity.matured_on(project(tmp_path), late, S) == march(15)
    by_contract = project(tmp_path, population=Population("contract", expression="open"))
    assert maturity.matured_on(by_contract, late, S) == march(20)


def test_labels_mature_only_as_far_as_ingest_has_come(tmp_path):
    made = project(tmp_path)
    assert maturity.matured(made, ledger(file(13, 14), completed=14), [S], march(31)) == []
    assert maturity.matured(made, ledger(file(13, 14), completed=15), [S], march(31)) == [S]
    assert maturity.matured(made, ledger(file(12, 20), completed=31), [S], march(19)) == []
    assert maturity.matured(made, Ledger(), [S], march(31)) == []


@pytest.mark.parametrize(
    ("option", "outage"),
    [
        ("calls@2026-03-12", True),
        ("calls@2026-03-13..2026-03-20", True),
        ("calls@2026-03-10", False),
        ("calls@2026-03-14", False),
        ("crm@2026-03-12", False),
    ],
)
def test_a_date_accepted_as_missing_makes_an_outage_until_it_is_delivered(tmp_path, option, outage):
    options = [f"accept-incomplete={option}"]
    found = maturity.outage(project(tmp_path), ledger(options=options), S)
    assert bool(found) == outage
    delivered = [file(day, 21) for day in (12, 13)]
    assert maturity.outage(project(tmp_path), ledger(*delivered, options=options), S) == {}


def test_a_delivery_accepted_as_incomplete_makes_an_outage_until_it_comes_whole(tmp_path):
    made, cut = project(tmp_path), file(12, 13, incomplete=True)
    taken = ledger(cut)
    assert maturity.outage(made, taken, S) == {"calls": [march(12)]}
    taken.add(Entry("b", "end", 3, "ingest", march(31), AT, OK, arrivals=(replace(cut, incomplete=False),)))
    assert maturity.outage(made, taken, S) == {}


def test_silence_before_the_first_delivery_of_a_source_says_nothing(tmp_path):
    made = project(tmp_path)
    assert maturity.outage(made, ledger(), march(1)) == {}
    assert maturity.outage(made, ledger(), date(2026, 2, 27)) == {"calls": [date(2026, 2, 28)]}
    assert maturity.outage(replace(made, label=LabelRule("event", ("calls",))), ledger(), date(2026, 2, 27)) == {}


def test_what_a_table_lost_was_never_delivered(tmp_path):
    taken = ledger(file(12, 20))
    taken.add(Entry("a", LOST, 3, "ingest", march(2), AT, "running", writes=(Written("deliveries", march(2)),),
                    subjects=("calls/file of 12",)))  # fmt: skip
    assert maturity.matured_on(project(tmp_path), taken, S) == march(15)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("call@2026-03-11", "no source 'call'. Did you mean calls"),
        ("calls@2026-03-11..2030-01-01", "2030-01-01 is not due before 2030-01-02"),
        ("calls@2026-03-11..2026-03-09", "ends on 2026-03-09, before it begins on 2026-03-11"),
        ("calls@2026-02-30", "not a date of the calendar"),
        ("calls@2026-5-31", "'2026-5-31' is not a date; write YYYY-MM-DD"),
        ("calls@31.05.2026", "is not a date; write YYYY-MM-DD"),
        ("calls@17..12", "FIRST..LAST in order"),
        ("calls@1..900000000", "at most 10,000 versions"),
        ("calls@march", "has no date by"),
    ],
)
def test_what_cannot_be_accepted_is_refused(tmp_path, option, message):
    with pytest.raises(ConfigError, match=message):
        refuse_wrong_acceptance([f"accept-incomplete={option}"], project(tmp_path), march(20))


def test_a_message_names_the_options_that_accept_what_is_missing():
    text = as_options("calls", [march(3), march(4), march(7)])
    assert text == "--option accept-incomplete=calls@2026-03-03..2026-03-04 --option accept-incomplete=calls@2026-03-07"
    options = [part for part in text.split() if part != "--option"]
    assert accepted(options, "calls").dates == {march(3), march(4), march(7)}
    assert accepted(["accept-incomplete=calls@part_7"], "calls").covers("part_7", None)
