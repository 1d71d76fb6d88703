"""What a training compares its model with, and how it ends: in force, or registered as a challenger."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from churn_spark.definitions.errors import ConfigError, ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.lineage.entry import OK, Entry, Written
from churn_spark.models.calibration import Calibrator
from churn_spark.models.measures import Measure
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.split import Split
from churn_spark.stages.training import champions, gating, outcome
from churn_spark.stages.training.champions import Decision, put_in_force
from churn_spark.stages.training.outcome import decide, newest, refuse_first
from churn_spark.tables.contracts.models import MODEL_METRICS
from tests.stages.decided import Decided
from tests.stages.made_warehouse import FEATURES, every_four_weeks, project_at, run_of

DAYS = every_four_weeks(6)
TODAY = date(2026, 6, 1)
PASSED = Finding("champion", "version 1", "passed", "not worse")
REFUSED = Finding("champion", "version 1", "refused", "average precision 0.3 against 0.4")


def measure(value: float) -> Measure:
    return Measure(value, None, None, np.array([value, value]))


WINNER = SimpleNamespace(
    measures={"all": {}, str(DAYS[4]): {}, str(DAYS[5]): {}},
    test={"average_precision": measure(0.4), "base_rate": measure(0.2), "roc_auc": measure(0.8)},
    tuned=SimpleNamespace(family="random_forest"),
)
CHAMPION = Decision(DAYS[3], "1", 1, "random_forest", "the best", "sum", DAYS[3], "train 1", training_run="train 1")


def model(*refitted_on: date, features: dict[str, str] = FEATURES.hashes) -> RiskModel:
    facts = {"snapshots": {"refit": [str(day) for day in refitted_on]}}
    return RiskModel("random_forest", None, Calibrator("none"), features, (), 0.5, facts)  # type: ignore[arg-type]


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Compare WINNER, tested on the last two snapshots, with a champion; the days on which it was scored."""
    compared = []
    monkeypatch.setattr(gating, "_challenger", lambda project, catalog, data, winner, days: measure(0.4))
    monkeypatch.setattr(
        gating, "_champion", lambda project, catalog, model, days: compared.append(days) or measure(0.5)
    )
    project, catalog = project_at(tmp_path), Decided()
    for n, day in enumerate(DAYS):
        written = (Written("features", day, 1, "x", changed=True),)
        defined = {"features": FEATURES.hashes}
        for event, revision, status in (("start", 2 * n + 1, "running"), ("end", 2 * n + 2, OK)):
            at = run_of(project, "build_features", day).started_at
            entry = Entry(
                f"{day}", event, revision, "build_features", day, at, status, writes=written, definitions=defined
            )
            catalog.ledger.add(entry)

    def of(champion: RiskModel | ModelError, temporal: bool = True) -> tuple[Finding, list]:
        def load(version: int, manifest: str) -> RiskModel:
            if isinstance(champion, ModelError | ConfigError):
                raise champion
            return champion

        data = SimpleNamespace(split=Split(tuple(DAYS[:3]), tuple(DAYS[4:]), tuple(DAYS), temporal))
        found = gating._beside(project, catalog, SimpleNamespace(load=load), data, WINNER, CHAMPION)
        return found, compared

    return of


@pytest.mark.parametrize(("after", "new"), [(27, False), (28, True)])
def test_a_snapshot_is_new_once_all_that_the_model_learnt_had_matured(beside, tmp_path, after, new):
    """Before, the model knows a part of the performance window of the snapshot that it is compared on."""
    learnt = DAYS[5] - timedelta(days=after)
    assert bool(gating.new_to(project_at(tmp_path), model(DAYS[0], learnt), [DAYS[5]])) == new


def test_a_recalibration_does_not_hide_snapshots_from_the_gate(tmp_path):
    moved = model(*DAYS[:3])
    moved.facts["snapshots"]["level"] = [str(DAYS[4])]
    assert gating.new_to(project_at(tmp_path), moved, DAYS[4:]) == tuple(DAYS[4:])


def test_only_snapshots_that_the_model_in_force_has_not_learnt_from_are_compared(beside):
    found, compared = beside(model(*DAYS[:3]))
    assert compared == [(DAYS[4], DAYS[5])]
    assert found.outcome == "refused"
    found, compared = beside(model(*DAYS[:5]))
    assert compared[1:] == [(DAYS[5],)]
    assert f"in force, on {DAYS[5]}: -0.100" in found.text


@pytest.mark.parametrize(
    ("days", "rate", "precision", "outcome", "text"),
    [
        (
            DAYS[4:],
            0.2,
            0.4,
            "passed",
            "against 0.400 that version 1 in force had in its own training on the same test",
        ),
        (DAYS[4:], 0.2, 0.5, "refused", "against 0.500 that version 1 in force had in its own training"),
        (DAYS[4:], 0.3, 0.5, "warning", "its own training had another test"),
        (DAYS[3:5], 0.2, 0.5, "warning", "its own training had another test"),
        ([], None, None, "warning", "its own training had another test"),
    ],
)
def test_where_none_is_new_its_own_test_is_compared_if_it_was_the_same(
    beside, monkeypatch, days, rate, precision, outcome, text
):
    parts = {"all", *map(str, days)}
    monkeypatch.setattr(gating, "_recorded", lambda catalog, champion: (parts, rate, precision))
    found, compared = beside(model(*DAYS))
    assert (found.outcome, compared) == (outcome, [])
    assert text in found.text


@pytest.mark.parametrize(
    ("champion", "why"),
    [
        (model(*DAYS[:3], features=FEATURES.hashes | {"loyalty": "1"}), "without loyalty"),
        (model(*DAYS[:3], features=FEATURES.hashes | {"plan": "plan-0"}), "of another definition: plan"),
        (ModelError("files of the model in x were altered"), "files of the model in x were altered"),
        (ConfigError("xgboost is not installed here"), "xgboost is not installed here"),
    ],
)  # fmt: skip
def test_a_model_in_force_that_can_no_longer_score_is_a_finding_and_no_traceback(beside, champion, why):
    found, compared = beside(champion)
    assert (found.check, found.outcome, compared) == ("champion", "warning", [])
    assert found.text.startswith("not compared with version 1 in force: ")
    assert why in found.text


@pytest.fixture
def catalog(monkeypatch, tmp_path) -> Decided:
    monkeypatch.setattr(outcome, "decisions", lambda _, catalog: catalog.decisions())
    monkeypatch.setattr(champions, "_settled", lambda catalog: None)

    def records(run, compared, version, role):
        row = {"role": role, "model_version": version}
        return [tuple(row.get(name) for name in MODEL_METRICS.names)], []

    monkeypatch.setattr(outcome, "records", records)
    return Decided()


def train(catalog: Decided, project, version: int, findings: list[Finding], champion: Decision | None) -> None:
    run = run_of(project, "train", TODAY)
    compared = SimpleNamespace(winner=WINNER, reason="the best", weaknesses=())
    data = SimpleNamespace(features={}, left_out={}, selected=None)
    decide(run, project, catalog, data, compared, findings, champion, lambda tags: (version, f"sum {version}"))
    catalog.note(run, "end", (Written("champions", None, changed=True),))


def test_what_the_gate_refuses_is_registered_as_a_challenger_and_stays_out_of_force(catalog, tmp_path, caplog):
    project = project_at(tmp_path)
    train(catalog, project, 1, [], None)
    standing = newest(catalog.decisions())
    train(catalog, project, 2, [PASSED, REFUSED], standing)
    assert catalog.decisions() == [standing]
    checks = [(row["outcome"], row["model_version"], row["text"]) for row in catalog.written["model_checks"]]
    assert checks == [("passed", 2, "not worse"), ("refused", 2, "average precision 0.3 against 0.4")]
    assert [(row["role"], row["model_version"]) for row in catalog.written["model_metrics"]] == [("challenger", 2)]
    assert "version 2 is registered as a challenger, and version 1 stays in force: average precision" in caplog.text
    assert "churn-spark promote --conf conf/made.yaml --version 2 --reason WHY" in caplog.text
    train(catalog, project, 3, [PASSED], standing)
    assert [decision.version for decision in catalog.decisions()] == [1, 3]


def test_a_model_that_was_compared_with_another_than_is_in_force_now_stays_out(catalog, tmp_path):
    project = project_at(tmp_path)
    for version in (1, 2):
        train(catalog, project, version, [], newest(catalog.decisions()))
    compared_with = newest(catalog.decisions())
    promoted = run_of(project, "promote", TODAY)
    with catalog.transaction(promoted, {}) as tx:
        chosen = Decision(TODAY, "", 1, kind="promoted", by="anna", reason="x", manifest="sum 1", family="x")
        put_in_force(tx, promoted, project, catalog, catalog.decisions(), chosen)
    catalog.note(promoted, "end")
    train(catalog, project, 3, [PASSED], compared_with)
    assert [decision.version for decision in catalog.decisions()] == [1, 2, 1]
    (finding,) = (row for row in catalog.written["model_checks"] if row["outcome"] == "refused")
    assert finding["text"] == "version 1 was promoted while this training ran, and it was not compared with that"


def test_a_first_model_below_a_floor_ends_the_training_and_one_beside_another_does_not():
    floor = Finding("floor", "roc_auc", "refused", "roc auc 0.6 on the test is below 0.7, its floor")
    with pytest.raises(ModelError, match=r"below 0.7, its floor; no model is in force.*training\.gate"):
        refuse_first([PASSED, floor], None)
    refuse_first([PASSED, floor], CHAMPION)
    refuse_first([PASSED], None)


def test_the_newest_decision_is_the_one_to_beat_also_before_it_is_in_force():
    later = Decision(TODAY + timedelta(days=9), "2", 2)
    assert newest([later, CHAMPION]) == later
    assert newest([]) is None
