"""What monitoring reads of features, scores and labels, beside plain loops over their rows."""

import math
import random
from collections import Counter
from datetime import timedelta

import pytest

from churn_spark.definitions.modelling import Segmentation
from churn_spark.lineage.snapshot_hashes import SEGMENTATION
from churn_spark.models.risk_model import Described
from churn_spark.monitoring.performance import Promised
from churn_spark.stages.monitoring import features as watched
from churn_spark.stages.monitoring.features import signals_of_features, spread
from churn_spark.stages.monitoring.performance import signals_of_performance
from churn_spark.stages.monitoring.scores import signals_of_scores
from churn_spark.stages.monitoring.versions import Version
from churn_spark.stages.training.champions import Decision
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES, SEGMENTS, features
from tests.monitoring import oracle
from tests.stages.made_warehouse import catalog_of, every_four_weeks, project_at, run_of, write_snapshots

DAYS = every_four_weeks(6)
REPLAYED, MATURED, NEWEST, TODAY = DAYS[1], DAYS[2:4], DAYS[4], DAYS[5]
DECISION = Decision(DAYS[2], "1", 1, "logistic_regression", trained_as_of=DAYS[2])
TEST = {"roc_auc": Promised(0.7, 0.02), "base_rate": Promised(0.3, 0.01)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    rfm = Segmentation("purchases_recency", "purchases_count_28d", "purchases_amount_mean_84d")
    return project_at(tmp_path_factory.mktemp("watched"), segmentation=rfm)


@pytest.fixture(scope="module")
def catalog(spark, project):
    catalog = catalog_of(spark, project)
    write_snapshots(project, catalog, DAYS, DAYS[:4])
    _write_scores(project, catalog)
    catalog.refresh()
    return catalog


def _write_scores(project, catalog) -> None:
    """Risks that follow recency a little; segments by turns. There are none of the first date."""
    dice, scores, segments = random.Random(3), [], []
    snapshots = catalog.read(features(project.features), DAYS[1:]).select(
        "customer_id", "as_of_date", "purchases_recency"
    )
    for row in sorted(snapshots.collect()):
        risk = round(min(max(row[2] / 80 + dice.uniform(0, 0.3), 0.01), 0.99), 2)
        segment = int(row[0][1:]) % 2
        known = {
            "customer_id": row[0], "as_of_date": row[1], "segment": str(segment), "risk": risk, "raw_score": risk,
            "risk_rank": 1, "decile": 1, "tier": "low", "model_name": project.model_name, "model_version": 1,
            "replayed": row[1] == REPLAYED,
        }  # fmt: skip
        scores.append(tuple(known.get(name) for name in RISK_SCORES.names))
        segments.append((row[0], row[1], 1, 1, 1, "111", segment))
    run = run_of(project, "score", TODAY)
    with catalog.transaction(run, {RISK_SCORES: DAYS[1:], SEGMENTS: DAYS[1:]}, definitions=_made("now")) as tx:
        tx.replace(RISK_SCORES, catalog.spark.createDataFrame(scores, RISK_SCORES.schema), DAYS[1:])
        tx.replace(SEGMENTS, catalog.spark.createDataFrame(segments, SEGMENTS.schema), DAYS[1:])
    catalog.end(run)


def _made(how):
    return {SEGMENTS.name: {SEGMENTATION: how}}


def version(project, refit=DAYS[:2], tested=DAYS[1], **changes) -> Version:
    facts = {"snapshots": {"refit": [str(day) for day in refit], "test": [str(tested)]}}
    test = {"all": TEST, "segment 0": {"roc_auc": Promised(0.72, 0.03)}}
    return Version(DECISION, Described(project.features.hashes | changes, facts), test)


def by_key(signals):
    found = {(one.signal, one.subject): one for one in signals}
    assert len(found) == len(signals)
    return found


def column(catalog, project, name, days):
    rows = catalog.read(features(project.features), days).select("as_of_date", name).collect()
    return {day: [row[1] for row in rows if row[0] == day] for day in days}


def test_features_are_counted_as_plain_loops_count_them(project, catalog):
    found = by_key(signals_of_features(project, catalog, TODAY, version(project)))
    for name in ("purchases_recency", "purchases_amount_mean_84d", "purchases_count_28d"):
        values = column(catalog, project, name, [*DAYS[:2], TODAY])
        then = [value for day in DAYS[:2] for value in values[day]]
        nulls = [sum(value is None for value in each) / len(each) for each in (values[TODAY], then)]
        assert (found["null_share", name].value, found["null_share", name].reference) == pytest.approx(tuple(nulls))
        known = [value for value in then if value is not None]
        cuts = sorted({oracle.quantile(known, n / 10) for n in range(1, 10)} | {oracle.quantile(known, 0.999)})
        low = oracle.quantile(known, 0.001)
        outside = [value < low or value > cuts[-1] for value in values[TODAY] if value is not None]
        assert found["range_share", name].value == pytest.approx(sum(outside) / len(outside))
        assert found["psi", name].status == "ok"
        assert 0 <= found["psi", name].value < 0.3
    plans = column(catalog, project, "plan", [*DAYS[:2], TODAY])
    counts = [Counter(value for day in days for value in plans[day]) for days in (DAYS[:2], [TODAY])]
    shares = [[count[name] for name in ("basic", "plus")] for count in counts]
    assert found["psi", "plan"].value == pytest.approx(oracle.psi(*shares), abs=1e-9)
    assert found["null_share", "plan"].value == pytest.approx(counts[1][None] / 240)
    assert ("model", "features") not in found


def test_a_sample_of_large_populations_says_the_same(project, catalog, monkeypatch):
    whole = by_key(signals_of_features(project, catalog, TODAY, version(project)))
    monkeypatch.setattr(watched, "SAMPLE", 300)
    monkeypatch.setattr(watched, "MOST_ROWS", 150)
    some = by_key(signals_of_features(project, catalog, TODAY, version(project)))
    again = by_key(signals_of_features(project, catalog, TODAY, version(project)))
    assert some == again
    assert some.keys() == whole.keys()
    share = ("null_share", "plan")
    assert some[share].value == pytest.approx(whole[share].value, abs=0.12)
    assert some[share].value != whole[share].value


def test_without_a_model_earlier_dates_are_the_reference_and_without_these_nothing_is_said(project, catalog):
    found = by_key(signals_of_features(project, catalog, TODAY, None))
    assert found["psi", "plan"].model_version is None
    # 28 to 84 days before.
    assert f"at {DAYS[2]}, {DAYS[3]}, {DAYS[4]}" in found["psi", "plan"].text
    (alone,) = signals_of_features(project, catalog, DAYS[0], None)
    assert (alone.signal, alone.status) == ("reference", "unknown")


def test_a_feature_that_the_model_learnt_otherwise_is_named(project, catalog):
    found = by_key(signals_of_features(project, catalog, TODAY, version(project, plan="other", visits="1")))
    gone = found["model", "features"]
    assert (gone.status, gone.value) == ("act", 2)
    assert "plan, visits" in gone.text


def labelled(catalog, days, segment=None):
    """(risk, label) of scored customers with labels, by a plain join."""
    labels = {
        (row["customer_id"], row["as_of_date"]): row["label"]
        for row in catalog.read(LABELS, days).collect()
        if row["label"] is not None
    }
    return [
        (row["risk"], labels[row["customer_id"], row["as_of_date"]])
        for row in catalog.read(RISK_SCORES, days).collect()
        if (row["customer_id"], row["as_of_date"]) in labels and segment in (None, row["segment"])
    ]


def test_matured_scores_are_measured_by_snapshot_and_segment(project, catalog):
    found = by_key(signals_of_performance(project, catalog, TODAY, version(project), [DECISION]))
    parts = {"all": (MATURED, None), "segment 0": (MATURED, "0"), **{str(day): ([day], None) for day in MATURED}}
    for subject, (days, segment) in parts.items():
        rows = labelled(catalog, days, segment)
        assert found["roc_auc", subject].value == pytest.approx(oracle.auc(rows))
        assert found["calibration", subject].value == pytest.approx(sum(label for _, label in rows) / len(rows))
        assert found["calibration", subject].reference == pytest.approx(sum(risk for risk, _ in rows) / len(rows))
    # What was replayed, and what has not matured, is no subject.
    assert {subject for _, subject in found} == {*parts, "segment 1"}
    assert found["roc_auc", "segment 0"].reference == 0.72
    assert found["roc_auc", "segment 1"].status == "unknown"
    assert found["brier_score", "all"].status == "unknown"
    assert found["roc_auc", "all"].model_version == 1


def test_segments_that_were_made_otherwise_at_the_training_are_compared_with_nothing(project, catalog):
    other = version(project, tested=DAYS[0])
    found = by_key(signals_of_performance(project, catalog, TODAY, other, [DECISION]))
    assert found["roc_auc", "segment 0"].status == "unknown"
    assert "segments are made otherwise" in found["roc_auc", "segment 0"].text
    assert found["roc_auc", "all"].status != "unknown"


def test_what_the_model_has_learnt_from_does_not_measure_it(project, catalog):
    taught = version(project, refit=[DAYS[0], MATURED[0]])
    found = by_key(signals_of_performance(project, catalog, TODAY, taught, [DECISION]))
    assert {subject for name, subject in found if name == "roc_auc"} & set(map(str, MATURED)) == {str(MATURED[1])}
    (none,) = signals_of_performance(project, catalog, TODAY, version(project, refit=DAYS), [DECISION])
    assert none.status == "unknown"
    (early,) = signals_of_performance(project, catalog, DAYS[2], version(project), [DECISION])
    assert "no scores of earlier dates have labels yet" in early.text


def test_scores_are_compared_with_the_first_dates_of_their_version(project, catalog):
    found = by_key(signals_of_scores(project, catalog, TODAY, version(project), [DECISION]))
    risks = [row["risk"] for row in catalog.read(RISK_SCORES, [TODAY]).collect()]
    assert found["mean_risk", "risk"].value == pytest.approx(math.fsum(risks) / len(risks))
    assert found["score_psi", "risk"].status == "ok"
    assert "the first 3 dates that version 1 scored" in found["score_psi", "risk"].text
    other = Decision(TODAY, "2", 2, "random_forest", trained_as_of=TODAY)
    (unscored,) = signals_of_scores(project, catalog, TODAY, Version(other, version(project).described, {}), [other])
    assert unscored.status == "unknown"


def test_dates_are_spread_evenly_and_the_last_is_among_them():
    days = [TODAY + timedelta(days=n) for n in range(30)]
    few = spread(days, 4)
    assert len(few) == 4
    assert (few[0], few[-1]) == (days[0], days[-1])
    assert spread(days[:2], 4) == tuple(days[:2])
    assert spread([], 4) == ()
