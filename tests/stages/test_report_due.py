"""When the report of a date need not be written again."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from churn_spark.definitions.project import Project
from churn_spark.lineage.entry import OK, Entry, Written, read_of
from churn_spark.lineage.ledger import Ledger
from churn_spark.pipelines.daily import daily
from churn_spark.runtime.run import begun
from churn_spark.stages import all_stages
from churn_spark.stages.report import REPORT, reads, up_to_date
from tests.report.made_facts import AS_OF, MATURED, made_project, made_run

NEXT, TRAINED = AS_OF + timedelta(days=1), date(2017, 11, 3)
RUN = replace(made_run(), run_id="report-now")
WRITTEN: dict[str, tuple[date | None, ...]] = {
    "deliveries": (AS_OF,), "first_seen": (AS_OF,), "labels": MATURED, "champions": (None,),
    "model_metrics": (TRAINED,), "model_curves": (TRAINED,), "model_checks": (TRAINED,), "risk_scores": (AS_OF,),
}  # fmt: skip


def entry(revision: int, job: str, day: date = AS_OF, **changes: Any) -> Entry:
    at = datetime(2017, 12, 1, tzinfo=UTC)
    ended = Entry(f"{job}-{revision}", "end", revision, job, day, at, OK)
    return replace(ended, **{"code_version": RUN.code_version, "settings_hash": RUN.settings_hash} | changes)


def write(revision: int, table: str, *days: date | None, **changes: Any) -> Entry:
    """A run that wrote other rows to some partitions of a table."""
    written = tuple(Written(table, day, 1, str(revision), True, revision) for day in days)
    return entry(revision, "job", writes=written, **changes)


@pytest.fixture
def project(tmp_path) -> Project:
    """A project with the report that the last run of `reported` wrote."""
    (tmp_path / "report.html").write_text("<dd><code>report-10</code></dd>")
    return replace(made_project(), report_path=str(tmp_path / "report.html"))


def reported(project: Project, *since: Entry, **changes: Any) -> SimpleNamespace:
    """A catalog whose tables were written, then reported, then changed."""
    tables = [write(number, table, *days) for number, (table, days) in enumerate(WRITTEN.items(), start=2)]
    ledger = Ledger([entry(1, "ingest"), *tables])
    seen = tuple(read_of(table, dates, ledger.revision) for table, dates in reads(project, ledger, AS_OF))
    for later in (entry(10, "report", reads=seen, **changes), *since):
        ledger.add(later)
    return SimpleNamespace(ledger=ledger, spark=None)


def test_a_report_stays_as_it_is_where_nothing_that_it_reads_changed(project):
    assert up_to_date(RUN, project, reported(project))
    assert up_to_date(RUN, project, reported(project, entry(11, "ingest", NEXT), entry(12, "daily")))


@pytest.mark.parametrize(
    ("since", "due"),
    [
        pytest.param(write(11, "risk_scores", AS_OF), True, id="other scores"),
        pytest.param(write(11, "risk_scores", NEXT), False, id="scores of another date"),
        pytest.param(write(11, "labels", MATURED[0]), True, id="other labels"),
        pytest.param(write(11, "labels", MATURED[-1] + timedelta(days=28)), False, id="labels not matured by then"),
        pytest.param(write(11, "deliveries", AS_OF), True, id="a delivery"),
        pytest.param(write(11, "deliveries", NEXT), False, id="a delivery of another date"),
        pytest.param(write(11, "champions", None), True, id="a champion"),
        pytest.param(write(11, "model_metrics", TRAINED), True, id="another training"),
        pytest.param(write(11, "data_profile", AS_OF), True, id="the first profile"),
        pytest.param(write(11, "data_profile", NEXT), False, id="a profile of another date"),
        pytest.param(write(11, "tiles_purchases", date(2017, 11, 30)), True, id="the first tiles"),
        pytest.param(write(11, "risk_scores", AS_OF, event="start"), True, id="scores half-written"),
        pytest.param(
            entry(11, "score", writes=(Written("risk_scores", AS_OF, 1, "8", False, 11),)), False, id="the same scores"
        ),
    ],
)
def test_what_changed_since_decides_whether_a_report_is_due(project, since, due):
    assert up_to_date(RUN, project, reported(project, since)) is not due


@pytest.mark.parametrize(
    "run",
    [replace(RUN, as_of=NEXT), replace(RUN, settings_hash="other"), replace(RUN, code_version="0.2.0")],
    ids=["date", "settings", "code"],
)
def test_a_report_of_another_date_other_settings_or_other_code_is_due(project, run):
    assert not up_to_date(run, project, reported(project))


def test_the_last_report_counts_and_only_if_it_was_written(project):
    assert not up_to_date(RUN, project, reported(project, entry(11, "report", NEXT)))
    assert not up_to_date(RUN, project, reported(project, status="failed"))
    assert not up_to_date(RUN, project, SimpleNamespace(ledger=Ledger(), spark=None))


@pytest.mark.parametrize("text", [None, "", "<dd><code>report-of-another-project</code></dd>"])
def test_a_report_is_due_where_its_file_is_gone_or_another_one(project, tmp_path, text):
    file = tmp_path / "report.html"
    file.unlink() if text is None else file.write_text(text)
    assert not up_to_date(RUN, project, reported(project))


def test_daily_writes_a_report_only_where_it_is_due(project, tmp_path, monkeypatch, caplog):
    ran = []
    monkeypatch.setattr(all_stages, "STAGES", (REPORT,))
    monkeypatch.setattr("churn_spark.pipelines.daily.run_stage", lambda stage, *given: ran.append(stage.name))
    now = begun("report", project, AS_OF)
    catalog = reported(project, settings_hash=now.settings_hash, code_version=now.code_version)
    catalog.jobs, catalog.refresh = SimpleNamespace(lock=lambda run: nullcontext()), lambda: None
    caplog.set_level("INFO", logger="churn_spark")
    daily(project, catalog, AS_OF)
    assert (ran, caplog.messages) == ([], ["report of 2017-12-01 is done for these inputs: skipped"])
    (tmp_path / "report.html").unlink()
    daily(project, catalog, AS_OF)
    assert ran == ["report"]
