"""Which deliveries count as known on their own dates, as the options and the state of the project say."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.project import Run
from churn_spark.definitions.sources import Calendar, Delivered, Source
from churn_spark.events.deliveries import Delivery, InFiles, SelectedDelivery, TakenDelivery
from churn_spark.lineage.acceptance import Accepted
from churn_spark.stages.intake.backdating import (
    HistoryChoice,
    history_choice,
    refuse_wrong_history,
    with_other_history,
)
from churn_spark.stages.intake.completeness import refuse_missing_dates
from churn_spark.stages.intake.earlier_runs import EarlierRuns
from churn_spark.stages.intake.plans import Plan
from tests.stages.made_warehouse import project_at, run_of

UNTIL = date(2026, 3, 10)
VISITS = Source("visits", "events", "csv", "none", (), "id", Delivered(history_until=UNTIL))
WITHOUT = replace(VISITS, delivered=Delivered())


def run(tmp_path, *options: str) -> Run:
    return run_of(project_at(tmp_path), "ingest", date(2026, 3, 20), options=options)


def earlier(running: bool, *sources: str) -> EarlierRuns:
    return EarlierRuns(None, (), {name: {} for name in sources or ("visits",)}, {}, frozenset(), frozenset(), running)


def taken(history: bool, name: str = "a", nominal: date | None = UNTIL) -> TakenDelivery:
    return TakenDelivery(name, "f", 1, nominal, UNTIL, history, 1)


@pytest.mark.parametrize(
    ("source", "running", "first", "options", "expected"),
    [
        (VISITS, False, True, [], HistoryChoice(True)),
        (VISITS, False, False, [], HistoryChoice(True)),
        (VISITS, True, True, [], HistoryChoice(True)),
        (VISITS, True, False, [], HistoryChoice(False)),
        (WITHOUT, False, True, [], HistoryChoice(False)),
        (VISITS, True, False, ["add-history=visits"], HistoryChoice(True, True)),
        (VISITS, True, False, ["add-history=sales"], HistoryChoice(False)),
        (VISITS, False, True, ["no-history=visits"], HistoryChoice(False, False)),
    ],
)
def test_a_first_load_is_a_history_and_later_loads_only_when_asked(tmp_path, source, running, first, options, expected):
    before = {} if first else {"a": taken(True)}
    assert history_choice(source, run(tmp_path, *options), before, earlier(running)) == expected


def test_what_is_asked_holds_for_what_was_taken_else_it_stays_as_it_was():
    assert HistoryChoice(True).is_history(None)
    assert not HistoryChoice(True).is_history(taken(False))
    assert HistoryChoice(True, True).is_history(taken(False))
    assert not HistoryChoice(False, False).is_history(taken(True))


@pytest.mark.parametrize(
    ("nominal", "was", "asked", "again"),
    [
        (UNTIL, False, True, True),
        (UNTIL, True, True, False),
        (UNTIL, True, False, True),
        (date(2026, 3, 11), False, True, False),
        (None, False, True, True),
        (UNTIL, False, None, False),
    ],
)
def test_deliveries_that_are_dated_otherwise_now_are_taken_again(nominal, was, asked, again):
    delivery = Delivery("a", InFiles(()), nominal)
    chosen = with_other_history([delivery], {"a": taken(was, nominal=nominal)}, HistoryChoice(False, asked), VISITS)
    assert chosen == ([delivery] if again else [])


@pytest.mark.parametrize(
    ("until", "lag", "history", "known_from", "again"),
    [
        pytest.param(10, 1, True, [11], False, id="as it is"),
        pytest.param(10, 1, True, [20], True, id="history_until was raised"),
        pytest.param(9, 1, True, [11], True, id="history_until was lowered"),
        pytest.param(9, 1, True, [20], False, id="after history_until, and known so"),
        pytest.param(10, 3, True, [11], True, id="lag_days was raised"),
        pytest.param(10, 0, True, [11], True, id="lag_days was lowered"),
        pytest.param(10, 1, True, [11, 12], False, id="with events of the days after"),
    ],
)
def test_another_history_until_or_lag_is_found_when_it_is_asked_for(until, lag, history, known_from, again):
    source = replace(VISITS, delivered=Delivered(history_until=date(2026, 3, until), lag_days=lag))
    days = tuple(date(2026, 3, day) for day in known_from)
    before = replace(taken(history), taken_on=date(2026, 3, 20), known_from=days)
    assert (
        bool(with_other_history([Delivery("a", InFiles(()), UNTIL)], {"a": before}, HistoryChoice(True, True), source))
        == again
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["add-history=visit"], "no source 'visit'. Did you mean visits"),
        (["add-history=sales"], "sources.sales.delivered.history_until is missing"),
        (["add-history=visits", "no-history=visits"], "contradicts --option add-history=visits"),
    ],
)
def test_what_cannot_be_chosen_is_refused(tmp_path, options, message):
    sales = replace(WITHOUT, name="sales")
    with pytest.raises(ConfigError, match=message):
        refuse_wrong_history(options, project_at(tmp_path, sources=(VISITS, sales)))
    refuse_wrong_history(["restate", "no-history=sales"], project_at(tmp_path, sources=(VISITS, sales)))


@pytest.mark.parametrize("taken_before", [False, True])
def test_a_first_row_of_long_ago_asks_since_when_dates_are_expected(tmp_path, taken_before):
    def refused(first: date | None) -> str:
        delivered = Delivered(by="event", expected=Calendar(first=first))
        news, before = (
            SelectedDelivery(Delivery("a", InFiles(()), None), UNTIL, True, "f"),
            {"b": taken(True, "b")} if taken_before else {},
        )
        chosen = Plan(replace(VISITS, delivered=delivered), None, "", (news,), before, {}, Accepted())  # type: ignore[arg-type]
        with pytest.raises(DeliveryError) as stop:
            refuse_missing_dates(chosen, run(tmp_path), {"a": {date(1970, 1, 1), UNTIL}})
        return str(stop.value)

    asked = refused(None)
    assert "sources.visits.delivered.expected.first; sources.visits.starts refuses" in asked
    assert "accept-incomplete" not in asked
    assert "--option accept-incomplete=visits@2026-03-09 " in refused(date(2026, 3, 9))
