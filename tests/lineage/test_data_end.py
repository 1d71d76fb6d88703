"""Where the data end, and what is built, labelled and dropped beyond: nothing, with a word."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from churn_spark.definitions.errors import ConfigError, DeliveryError, NotReadyError
from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Retention
from churn_spark.definitions.rules import LabelRule
from churn_spark.definitions.sources import Calendar, Delivered, Source
from churn_spark.lineage import maturity
from churn_spark.lineage.data_end import WITHOUT_AS_OF, DataEnd, data_end, end_of, past_data
from churn_spark.lineage.entry import OK, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import snapshot_dates
from churn_spark.pipelines.backfill import log_left_out
from churn_spark.stages import late_sources
from churn_spark.stages.intake.first_load import refuse_undecided_history
from churn_spark.stages.maintain import refuse_today
from churn_spark.stages.refusals import refuse_past_data
from tests.lineage.test_maturity import AT, CRM, S, file, ledger, march, project
from tests.stages.made_warehouse import project_at, run_of
from tests.stages.test_backdating import earlier

CALLS = Source("calls", "events", "csv", "none", (), "id", Delivered())


def expecting(**changes: object) -> Source:
    return replace(CALLS, delivered=Delivered(expected=Calendar(**changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "days", "last", "until"),
    [
        pytest.param(CALLS, [1, 2, 3], 3, 11, id="each day: a week of silence is nothing unusual"),
        pytest.param(CALLS, [1, 8], 8, 23, id="each week: twice as long as usual"),
        pytest.param(CALLS, [3], 3, 11, id="a single delivery"),
        pytest.param(expecting(weekdays=(1, 2, 3, 4, 5)), [5, 6], 8, 16, id="6 March is a Friday"),
        pytest.param(expecting(closed=tuple(march(n) for n in range(4, 10))), [2, 3], 9, 17, id="closed for a while"),
    ],
)
def test_the_data_end_where_silence_lasts_longer_than_usual(source, days, last, until):
    assert end_of({source: [march(day) for day in days]}) == DataEnd(march(last), march(until))


def test_one_source_that_goes_on_is_enough_and_accepted_dates_are_no_end(tmp_path):
    assert end_of({CALLS: [march(1)], replace(CALLS, name="b"): [march(5)]}).last == march(5)
    assert end_of({CALLS: []}) is None
    made, options = project(tmp_path), ["accept-incomplete=calls@2026-03-13..2026-03-14"]
    assert data_end(made, ledger(file(12, 13), options=options)).last == march(14)
    named = ["accept-incomplete=calls@2026-03-13.csv", "accept-incomplete=calls@calls_13_3_26.csv"]
    assert data_end(made, ledger(file(12, 13), options=named)).last == march(13)


def daily(completed: int = 31) -> Ledger:
    """Calls of 4 to 12 March, one file per day."""
    return ledger(*(file(day, day + 1) for day in range(4, 13)), completed=completed)


def test_labels_wait_for_data_where_they_have_ended_and_are_removed_if_they_were_made(tmp_path):
    made = project(tmp_path)
    alive, ended = daily(completed=20), daily(completed=21)
    assert maturity.matured(made, alive, [S], march(31)) == [S]
    assert maturity.matured(made, ended, [S - timedelta(days=1), S], march(31)) == [S - timedelta(days=1)]
    for taken in (alive, ended):
        written = (Written("labels", S, 1, "x", True),)
        taken.add(Entry("labels", "start", 3, "build_labels", march(20), AT, "running", writes=written))
        taken.add(Entry("labels", "end", 4, "build_labels", march(20), AT, OK, writes=written))
    assert (maturity.premature(made, alive), maturity.premature(made, ended)) == ([], [S])


def test_nothing_is_built_far_beyond_the_end_of_the_data(tmp_path):
    made = project(tmp_path, snapshots=Snapshots(march(5), 5))
    catalog = SimpleNamespace(ledger=daily(), refresh=lambda: None)
    assert past_data(made, catalog.ledger, [march(20), march(21), march(25)]) == [march(21), march(25)]
    assert snapshot_dates(made, catalog.ledger, march(31)) == [march(5), march(10), march(15), march(20)]
    refuse_past_data(made, catalog, [march(20)])
    with pytest.raises(NotReadyError, match=r"the data end on 2026-03-12 .* after 2026-03-\d\d .*--as-of 2026-03-13"):
        refuse_past_data(made, catalog, [march(20), march(30)])


def test_maintain_does_not_drop_old_snapshots_at_a_date_that_nobody_gave(tmp_path):
    made, taken = project(tmp_path, retention=Retention(features_days=10)), daily()
    refuse_today(run_of(made, "maintain", march(31)), made, taken, march(21))
    refuse_today(run_of(made, "maintain", march(20), options=[WITHOUT_AS_OF]), made, taken, march(10))
    with pytest.raises(NotReadyError, match=r"all snapshots before 2026-03-21 would be dropped .* --as-of 2026-03-13"):
        refuse_today(run_of(made, "maintain", march(31), options=[WITHOUT_AS_OF]), made, taken, march(21))


def test_what_backfill_leaves_out_is_said(tmp_path, caplog):
    made = project(tmp_path, snapshots=Snapshots(march(1), 10), retention=Retention(features_days=15))
    catalog = SimpleNamespace(ledger=daily(), refresh=lambda: None)
    log_left_out(made, catalog.ledger, march(31))
    assert "the newest delivery of events), so nothing is built for 2026-03-21, 2026-03-31" in caplog.text
    assert "older than 2026-03-16 (retention.features_days: 15 at --as-of 2026-03-31): 2026-03-01, 2026-03-11" in (
        caplog.text
    )


OLD = {CALLS: [march(1), march(2)]}


@pytest.mark.parametrize("options", [(), (WITHOUT_AS_OF,)])
def test_a_first_load_of_old_data_asks_which_date_is_meant(tmp_path, caplog, options):
    made = project_at(tmp_path, sources=(CALLS,))
    run = run_of(made, "ingest", march(31), options=[*options, "no-history=calls"])
    if options:
        with pytest.raises(DeliveryError, match=r"--as-of was left out, which means 2026-03-31.*--as-of 2026-03-03"):
            refuse_undecided_history(run, made, earlier(False, "calls"), OLD)
        refuse_undecided_history(run, made, replace(earlier(False, "calls"), completed=march(3)), OLD)
    else:
        refuse_undecided_history(run, made, earlier(False, "calls"), OLD)
        assert "the newest events are of 2026-03-02: at --as-of 2026-03-31 nothing can be built" in caplog.text


def test_rows_dated_one_by_one_are_waited_for_before_the_end_of_the_data_is_said(tmp_path):
    made = project_at(tmp_path, sources=(CALLS,))
    run = run_of(made, "ingest", march(31), options=[WITHOUT_AS_OF, "no-history=calls"])
    refuse_undecided_history(run, made, earlier(False, "calls", "paid"), {**OLD, replace(CALLS, name="paid"): []})


def test_a_first_load_of_the_past_asks_since_when_it_is_known_of_all_sources_at_once(tmp_path, caplog):
    made = project_at(tmp_path, sources=(CALLS, CRM))
    run, known = run_of(made, "ingest", march(11)), earlier(False, "calls", "crm")
    with pytest.raises(ConfigError) as refused:
        refuse_undecided_history(run, made, known, {CALLS: [march(1), march(9)], CRM: [march(2)]})
    assert "the first load goes back to 2026-03-01" in str(refused.value)
    for text in ("set history_until: 2026-03-09", "--option no-history=calls", "--option no-history=crm"):
        assert text in str(refused.value)
    refuse_undecided_history(run, made, known, {CALLS: [march(3), march(9)], CRM: []})
    refuse_undecided_history(
        run, made, replace(known, arrivals={"calls": {"a": file(1, 2)}, "crm": {}}), {CALLS: [march(1)]}
    )
    refuse_undecided_history(run, made, replace(known, options=["no-history=calls"]), {CALLS: [march(1)]})
    until = replace(CALLS, delivered=Delivered(history_until=march(1)))
    refuse_undecided_history(run, made, known, {until: [march(1), march(2), march(9)]})
    assert "dated 2026-03-02 to 2026-03-02 lies after history_until (2026-03-01)" in caplog.text


def test_what_counts_as_known_late_is_said_with_what_mends_it(tmp_path):
    taken = ledger(file(2, 25), file(12, 25), completed=25)
    late = list(late_sources.remedies(project(tmp_path), taken, "--conf c.yaml"))
    assert late == []  # the first delivery was in time
    only = replace(CALLS, name="paid")
    made = project(tmp_path, sources=(only, CRM))
    taken = ledger(*(file(day, 25, source="paid") for day in (2, 12, 24)), completed=25)
    (line,) = late_sources.remedies(made, taken, "--conf c.yaml")
    assert "paid: what is dated 2026-03-02 to 2026-03-24 counts as known from 2026-03-25 only" in line
    assert "set sources.paid.delivered.history_until: 2026-03-24, churn-spark ingest --conf c.yaml" in line
    assert line.endswith("--option add-history=paid, then churn-spark backfill --conf c.yaml --as-of 2026-03-25")
    assert "--as-of 2026-03-25 --option" in line
    said = ledger(file(2, 25, source="paid"), options=["no-history=paid"])
    assert not list(late_sources.remedies(made, said, ""))
    assert len(list(late_sources.remedies(made, said, "", all=True))) == 1


def test_where_the_one_table_has_no_date_the_snapshots_begin_when_it_was_taken(tmp_path):
    undated = replace(CRM, delivered=Delivered(by="event"))
    rule = LabelRule("column", ("crm",), attribute="open")
    of_column = project(tmp_path, sources=(undated,), label=rule, periods=Periods(0, 0))
    taken = ledger(file(2, 25, source="crm"), completed=30)
    written = (Written("customers", march(25), 10, "x", True),)
    taken.add(Entry("b", "start", 3, "ingest", march(25), AT, "running", writes=written))
    taken.add(Entry("b", "end", 4, "ingest", march(25), AT, OK, writes=written))
    (line,) = late_sources.remedies(of_column, taken, "--conf c.yaml")
    assert line.endswith("earlier snapshots have no label: set snapshots.first: 2026-03-25")
    (line,) = late_sources.remedies(project(tmp_path, sources=(CALLS, undated)), taken, "--conf c.yaml")
    assert "set sources.crm.delivered.by and history_until" in line
    # The data of calls ended long before: nothing is built for the day that ingest has completed.
    assert line.endswith("then churn-spark backfill --conf c.yaml --as-of 2026-03-02")
