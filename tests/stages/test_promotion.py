"""Promotion and roll-back: which version comes in force from when, what is refused, and two drivers that decide."""

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest

from churn_spark.definitions.errors import BusyError, ModelError, OtherDefinitionError
from churn_spark.definitions.project import Project
from churn_spark.lineage.entry import Written
from churn_spark.models.calibration import Calibrator
from churn_spark.models.risk_model import RiskModel
from churn_spark.stages import promotion, score
from churn_spark.stages.promotion import PROMOTE, ROLLBACK, before, given
from churn_spark.stages.score import ModelChoice
from churn_spark.stages.stage import Stage
from churn_spark.stages.training import champions
from churn_spark.stages.training.champions import Decision, deciding, decision_of, in_force, put_in_force
from churn_spark.tables.contracts.models import CHAMPIONS
from tests.faults.at_once import at_once
from tests.stages.decided import Decided
from tests.stages.made_warehouse import FEATURES, project_at, run_of

DAY = date(2026, 6, 1)


class Registered:
    """Three registered versions; the third learnt from a feature that is gone, and the files of the second differ."""

    def manifest(self, version: int) -> str:
        if version not in (1, 2, 3):
            raise ModelError(f"made_churn has no version {version}: the newest are 3, 2, 1")
        return f"sum {version}"

    def load(self, version: int, manifest: str) -> RiskModel:
        if manifest != self.manifest(version):
            raise ModelError("manifest.json is not the one that was registered")
        learnt = FEATURES.hashes | ({"loyalty": "1"} if version == 3 else {})
        facts = {"as_of": "2026-05-01", "run_id": f"train {version}"}
        return RiskModel("random_forest", None, Calibrator("none"), learnt, (), 0.5, facts)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path) -> Project:
    return project_at(tmp_path)


@pytest.fixture
def catalog(project: Project, monkeypatch: pytest.MonkeyPatch) -> Decided:
    """A warehouse in which versions 1 and 2 were trained, and 2 has scored its first date."""
    monkeypatch.setattr(promotion, "registry_of", lambda *_: Registered())
    monkeypatch.setattr(promotion, "decisions", lambda _, catalog: catalog.decisions())
    monkeypatch.setattr(score, "decisions", lambda _, catalog: catalog.decisions())
    monkeypatch.setattr(champions, "_settled", lambda catalog: None)
    monkeypatch.setattr(champions, "LOOK_AGAIN", 0.01)
    made = Decided()
    for version in (1, 2):
        trained(project, made, version)
    scored(project, made, DAY)
    return made


def trained(project: Project, catalog: Decided, version: int, as_of: date = DAY) -> None:
    run = run_of(project, "train", as_of)
    with catalog.transaction(run, {}) as tx:
        chosen = Decision(as_of, "", version, "random_forest", "the best", f"sum {version}", trained_as_of=as_of)
        put_in_force(tx, run, project, catalog, catalog.decisions(), chosen)
    ended(catalog, run)


def ended(catalog: Decided, run) -> None:
    catalog.note(run, "end", (Written("champions", None, changed=True),))


def scored(project: Project, catalog: Decided, day: date, end: bool = True) -> None:
    run = run_of(project, "score", day)
    written = (Written("risk_scores", day, 1, "x", changed=True),)
    catalog.note(run, "start", written)
    if end:
        catalog.note(run, "end", written)


def promote(project: Project, catalog: Decided, version: int, as_of: date = DAY) -> None:
    do(PROMOTE, project, catalog, as_of, given("it calls fewer in vain", "anna", version))


def rollback(project: Project, catalog: Decided, as_of: date = DAY) -> None:
    do(ROLLBACK, project, catalog, as_of, given("complaints", "bert"))


def do(stage: Stage, project: Project, catalog: Decided, as_of: date, said: list[str]) -> None:
    run = run_of(project, stage.name, as_of, options=said)
    stage.work(run, project, catalog)
    ended(catalog, run)


def versions(catalog: Decided) -> list[tuple[date, int]]:
    return [(decision.effective_from, decision.version) for decision in catalog.decisions()]


def test_a_promoted_version_scores_from_the_first_date_not_scored_yet_and_says_by_whom_and_why(project, catalog):
    promote(project, catalog, 1)
    assert versions(catalog) == [(DAY, 1), (DAY, 2), (DAY + timedelta(days=1), 1)]
    known = catalog.decisions()
    assert in_force(known, DAY).version == 2
    assert known[-1].statement == "promoted by anna: it calls fewer in vain"
    row = catalog.rows[-1]
    assert (row["decision"], row["model_name"]) == ("promoted", "made_churn")
    assert (row["decided_by"], row["manifest"], row["family"]) == ("anna", "sum 1", "random_forest")
    assert (row["trained_as_of"], row["training_run"]) == (date(2026, 5, 1), "train 1")


def test_a_roll_back_undoes_the_last_decision_and_another_one_the_decision_before(project, catalog):
    promote(project, catalog, 1)
    tomorrow = DAY + timedelta(days=1)
    rollback(project, catalog, tomorrow)
    assert versions(catalog)[-1] == (tomorrow, 2)
    assert catalog.decisions()[-1].statement == "rolled back by bert: complaints"
    rollback(project, catalog, tomorrow)
    assert versions(catalog)[-1] == (tomorrow, 1)
    with pytest.raises(ModelError, match=r"nothing to go back to: version 1 is the first one\. .*promote --version N"):
        rollback(project, catalog, tomorrow)


@pytest.mark.parametrize(
    ("version", "as_of", "error", "message"),
    [
        (2, DAY, ModelError, f"version 2 is in force already, from {DAY} on"),
        (9, DAY, ModelError, "made_churn has no version 9: the newest are 3, 2, 1"),
        (3, DAY, OtherDefinitionError, "version 3 could not score: the configured features .*without loyalty"),
        (1, DAY - timedelta(days=1), ModelError, f"version .* was trained at {DAY}; a decision at .* has older data"),
    ],
)  # fmt: skip
def test_what_cannot_score_or_comes_too_late_is_refused_by_name(project, catalog, version, as_of, error, message):
    known = versions(catalog)
    with pytest.raises(error, match=message):
        promote(project, catalog, version, as_of)
    assert versions(catalog) == known


def test_a_version_whose_files_are_not_those_that_became_champion_is_refused(project, catalog, monkeypatch):
    monkeypatch.setattr(Registered, "manifest", lambda self, version: "another sum")
    with pytest.raises(ModelError, match="is not the one that was registered"):
        promote(project, catalog, 1)


def test_a_date_that_is_being_scored_keeps_its_model(project, catalog):
    scored(project, catalog, DAY + timedelta(days=1), end=False)
    promote(project, catalog, 1)
    assert versions(catalog)[-1] == (DAY + timedelta(days=2), 1)


def test_a_scoring_that_a_promotion_has_overtaken_is_to_be_repeated(project, catalog):
    decided, tomorrow = catalog.ledger.newest(CHAMPIONS.name), DAY + timedelta(days=1)
    choices = {day: ModelChoice(2, "sum 2", replayed=False) for day in (DAY, tomorrow)}
    score._refuse_other_champion(project, catalog, choices, None, decided)
    promote(project, catalog, 1)
    score._refuse_other_champion(project, catalog, {DAY: choices[DAY]}, None, decided)
    with pytest.raises(BusyError, match=f"the champion of {tomorrow} changed while it was scored: run the same"):
        score._refuse_other_champion(project, catalog, choices, None, decided)
    replayed = {tomorrow: ModelChoice(2, "sum 2", replayed=True)}
    score._refuse_other_champion(project, catalog, replayed, 2, decided)


def test_two_drivers_that_decide_at_once_do_so_one_after_the_other(project, catalog):
    """A training and a roll-back: each sees what the other has decided, in whichever order they come."""
    tomorrow = DAY + timedelta(days=1)

    def train() -> None:
        run = run_of(project, "train", tomorrow)
        with deciding(run, catalog):
            time.sleep(0.05)
            trained(project, catalog, 3, tomorrow)

    def back() -> None:
        rollback(project, catalog, tomorrow)

    assert at_once(train, back) == [None, None]
    assert versions(catalog)[2:] in ([(tomorrow, 3), (tomorrow, 2)], [(tomorrow, 1), (tomorrow, 3)])


def test_whoever_waits_too_long_for_another_decision_gives_up_by_name(project, catalog, monkeypatch):
    monkeypatch.setattr(champions, "PATIENCE", 0.05)
    with deciding(run_of(project, "train", DAY), catalog), pytest.raises(BusyError, match="champions"):
        promote(project, catalog, 1)
    promote(project, catalog, 1)


def test_the_decision_of_a_killed_promotion_does_not_count_and_the_next_one_does(project, catalog):
    killed = run_of(project, "promote", DAY, options=given("it was asked for", "anna", 1))
    PROMOTE.work(killed, project, catalog)  # and its end row is never written
    assert len(catalog.rows) == 3
    assert versions(catalog) == [(DAY, 1), (DAY, 2)]
    promote(project, catalog, 1)
    assert versions(catalog)[-1] == (DAY + timedelta(days=1), 1)


def test_rows_written_before_a_decision_had_a_kind_are_those_of_trainings():
    old = dict.fromkeys(CHAMPIONS.names) | {"effective_from": DAY, "event_id": "1", "model_version": 1}
    decided = decision_of(old | {"as_of_date": DAY - timedelta(days=1), "run_id": "train 1", "reason": "the best"})
    assert (decided.kind, decided.statement) == ("trained", "the best")
    assert (decided.trained_as_of, decided.training_run) == (DAY - timedelta(days=1), "train 1")
    assert decision_of(old).trained_as_of == DAY


def test_the_version_before_the_one_in_force():
    def last(*made: tuple[int, str]) -> int:
        known = [Decision(DAY, f"{n}", version, kind=kind) for n, (version, kind) in enumerate(made)]
        return before(known, known[-1])

    one, two, three = ((version, "trained") for version in (1, 2, 3))
    assert last(one, two) == 1
    assert last(one, two, three) == 2
    assert last(one, two, three, (2, "rolled back")) == 1
    assert last(one, two, (1, "promoted")) == 2
    assert last(one, two, (1, "rolled back"), three) == 1
    assert last(one, two, two) == 1
    with pytest.raises(ModelError, match="nothing to go back to: no version was ever in force"):
        before([], None)


def test_a_decision_needs_a_reason():
    with pytest.raises(ValueError, match="a reason is needed"):
        given("  ", "anna", 3)


def test_decisions_of_one_date_are_ordered_as_they_were_made():
    made = [Decision(DAY, f"{DAY}-{number:08d}-run", number) for number in (1, 7)]
    assert champions._next(made) == 8
    assert champions._next([]) == 1
    assert champions._next([replace(made[0], event_id="hand made")]) == 1
