"""What the arms of the loop benchmark run, week by week, seen without a warehouse."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import loop_arms
from benchmarks.loop_company import AFTER, Company
from benchmarks.loop_decisions import first_of_each
from churn_spark.definitions.errors import ModelError
from churn_spark.monitoring.performance import RECALIBRATE, TRAIN
from tests.stages.made_warehouse import project_at

WEEKS = tuple(AFTER + timedelta(days=7 * n) for n in range(-1, 9))
"""One before the change, nine after it."""


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Walks an arm and gives what it ran, as stage and week after the change. at_act: advice by week; fails: stages."""

    def walk(arm, at_act=None, fails=(), refused=()):
        done: list[tuple[str, int]] = []

        def run(stage, project, catalog, day, *_, dates=()):
            done.extend((stage.name, (each - AFTER).days // 7) for each in dates or [day])
            if stage.name in fails:
                raise ModelError("not today")

        def week(day):
            return (day - AFTER).days // 7

        advice = at_act or {}
        monkeypatch.setattr(loop_arms, "run_stage", run)
        monkeypatch.setattr(loop_arms, "challenger_wanted", lambda _, __, day: advice.get(week(day)))
        signals = {n: [{"status": "act", "advice": said}] for n, said in advice.items()}
        monkeypatch.setattr(loop_arms, "seen", lambda _, days: signals.get(week(days[0]), []))
        challenger = [SimpleNamespace(version=7, trained_as_of=AFTER + timedelta(days=7 * n)) for n in refused]
        monkeypatch.setattr(loop_arms, "challengers", lambda *_: challenger)
        monkeypatch.setattr(loop_arms, "decisions", lambda *_: [])
        monkeypatch.setattr(loop_arms, "newest", lambda _: SimpleNamespace(version=6))
        catalog = SimpleNamespace(refresh=lambda: None)
        arm(Company(Path(tmp_path), project_at(tmp_path), catalog, WEEKS))
        return done

    return walk


def test_without_retraining_weeks_are_scored_only(ran):
    assert ran(loop_arms.never) == [("score", n) for n in range(9)]


def test_every_four_weeks_a_model_is_trained_and_put_in_force_whatever_the_gate_says(ran):
    found = ran(loop_arms.monthly, refused=[7])
    assert [one for one in found if one[0] != "score"] == [("train", 3), ("train", 7), ("promote", 7)]
    assert found.index(("score", 3)) < found.index(("train", 3)) < found.index(("score", 4))
    assert [one for one in found if one[0] == "score"] == [("score", n) for n in range(9)]


def test_ours_scores_and_monitors_each_week_and_trains_where_monitoring_asks_for_it(ran):
    found = ran(loop_arms.by_drift, at_act={2: TRAIN, 6: RECALIBRATE}, fails=["train"])
    assert [one for one in found if one[0] == "train"] == [("train", 2), ("train", 6)]
    assert found[:4] == [("score", 0), ("monitor", 0), ("score", 1), ("monitor", 1)]
    assert found[-2:] == [("score", 8), ("monitor", 8)]  # goes on though trainings failed


def test_who_follows_the_advice_recalibrates_and_trains_where_that_fails_or_is_not_advised(ran):
    advice = {2: TRAIN, 6: RECALIBRATE}

    def decided(**options):
        found = ran(loop_arms.by_advice, at_act=advice, **options)
        return [one for one in found if one[0] in ("train", "recalibrate")]

    assert decided() == [("train", 2), ("recalibrate", 6)]
    assert decided(fails=["recalibrate"]) == [("train", 2), ("recalibrate", 6), ("train", 6)]


def test_of_each_signal_the_first_time_at_each_status_is_kept():
    signals = [
        {"day": "2025-10-09", "signal": "psi", "status": "warn", "subject": "a"},
        {"day": "2025-10-16", "signal": "psi", "status": "warn", "subject": "b"},
        {"day": "2025-10-16", "signal": "psi", "status": "act", "subject": "a"},
    ]
    assert first_of_each(signals) == [signals[0], signals[2]]
