"""The gate's verdicts, beside plain loops over the same figures."""

import random
import statistics
from dataclasses import replace

import numpy as np
import pytest

from churn_spark.definitions.gate import Gate
from churn_spark.definitions.modelling import Training
from churn_spark.models.gate import against, against_recorded, floors, group_gap, not_compared, refusals
from churn_spark.models.measures import Measure
from tests.frames import rows

NONE = np.array([])
SETTINGS = Training((), bootstrap=200)


def measure(value: float, *replicates: float) -> Measure:
    return Measure(value, None, None, np.array(replicates))


TESTED = {
    "roc_auc": measure(0.8),
    "lift_at_decile": measure(3.0),
    "expected_calibration_error": measure(0.02),
}


@pytest.mark.parametrize(
    ("gate", "refused"),
    [
        (Gate(), []),
        (Gate(min_roc_auc=0.8, min_lift=3.0, max_calibration_error=0.02, min_positives=100), []),
        (Gate(min_roc_auc=0.81), ["roc auc 0.8 on the test is below 0.81, its floor"]),
        (Gate(min_lift=3.5), ["lift at decile 3 on the test is below 3.5, its floor"]),
        (Gate(max_calibration_error=0.01), ["expected calibration error 0.02 on the test is above 0.01, its limit"]),
        (Gate(min_positives=101), ["customers left 100 on the test is below 101, its floor"]),
    ],
)
def test_a_figure_must_reach_its_floor(gate, refused):
    found = floors(TESTED, 100, gate)
    assert refusals(found) == refused
    assert len(found) == sum(
        limit is not None for limit in (gate.min_roc_auc, gate.min_lift, gate.max_calibration_error, gate.min_positives)
    )


def test_a_calibration_error_above_its_limit_by_chance_only_warns():
    tested = TESTED | {"calibration_noise_floor": measure(0.012)}
    (found,) = floors(tested, 100, Gate(max_calibration_error=0.01))
    assert (found.outcome, found.text.split(", ")[-1]) == (
        "warning", "by no more than chance adds to right risks (0.012)"
    )  # fmt: skip
    assert [one.outcome for one in floors(tested, 100, Gate(max_calibration_error=0.007))] == ["refused"]
    assert [one.outcome for one in floors(tested, 100, Gate(min_roc_auc=0.805))] == ["refused"]


def test_a_figure_that_is_undefined_reaches_no_floor():
    undefined = TESTED | {"roc_auc": measure(float("nan")), "expected_calibration_error": measure(float("nan"))}
    assert len(refusals(floors(undefined, 100, Gate(min_roc_auc=0.5, max_calibration_error=1.0)))) == 2


def test_a_challenger_is_refused_where_it_is_worse_by_more_than_one_standard_error_of_the_difference():
    draws = [0.01, -0.02, 0.03, 0.0, -0.01, 0.02]
    champion = measure(0.40, *(0.40 + draw for draw in draws))
    # Both move together from draw to draw, so the difference is known far better than either.
    own = [0.001, -0.002, 0.002, -0.001, 0.0, 0.0]
    for value, refused in ((0.395, True), (0.39999, False), (0.41, False)):
        challenger = measure(value, *(value + draw + little for draw, little in zip(draws, own, strict=True)))
        error = statistics.stdev(
            c - d for c, d in zip(challenger.replicates.tolist(), champion.replicates.tolist(), strict=True)
        )
        finding = against(challenger, champion, 3, "on 2026-05-01")
        assert finding.value == pytest.approx(value - 0.40)
        assert finding.limit == pytest.approx(-error)
        assert (finding.outcome == "refused") == refused == (value - 0.40 < -error)
        assert f"against 0.400 of version 3 in force, on 2026-05-01: {value - 0.40:+.3f} (" in finding.text


def test_the_same_model_again_is_not_refused_and_without_replicates_the_values_decide():
    same = measure(0.4, 0.41, 0.39)
    assert against(same, same, 1, "").outcome == "passed"
    assert against(measure(0.4), measure(0.4), 1, "").outcome == "passed"
    assert against(measure(0.3999), measure(0.4), 1, "").outcome == "refused"
    assert against(measure(float("nan")), measure(0.4), 1, "").outcome == "refused"


def test_where_nothing_is_new_the_figure_of_the_former_test_is_compared():
    challenger = measure(0.40, 0.39, 0.41, 0.38, 0.42)
    error = statistics.stdev(challenger.replicates.tolist())
    assert against_recorded(challenger, 0.40 + 0.9 * error, 3).outcome == "passed"
    assert against_recorded(challenger, 0.40 + 1.1 * error, 3).outcome == "refused"


def test_that_nothing_can_be_compared_is_said_and_refuses_nothing():
    finding = not_compared(3, "the configured features do not fit the model: without loyalty")
    assert finding.outcome == "warning"
    assert finding.text == (
        "not compared with version 3 in force: the configured features do not fit the model: without loyalty"
    )


def test_the_gap_between_groups_is_that_of_their_areas_under_the_curve(spark):
    """Plan a is ordered perfectly, b at random, c is too small to say anything; null is a group of its own."""
    made = []
    for number in range(60):
        left = number % 2
        made.append({"plan": "a", "label": left, "score": 0.9 if left else 0.1})
        made.append({"plan": "b", "label": left, "score": 0.5})
        made.append({"plan": None, "label": left, "score": 0.9 if left and number < 40 else 0.1})
    made += [{"plan": "c", "label": 1, "score": 0.1}, {"plan": "c", "label": 0, "score": 0.9}]
    made = [{**row, "part": n % 200} for n, row in enumerate(made)]
    base = {"as_of_date": "2026-03-01", "part": 0, "plan": "a", "label": 0, "score": 0.5, "risk": 0.5}
    scored = rows(spark, base, *made)
    finding = group_gap(scored, "plan", 0.3, SETTINGS)
    assert finding.value == pytest.approx(0.5)
    assert finding.outcome == "refused"
    assert "ROC AUC is 0.500 for plan b and 1.000 for a: 0.500 apart (at least 0.500), more than 0.3" in finding.text
    assert group_gap(scored, "plan", 0.5, SETTINGS).outcome == "passed"
    alone = group_gap(scored.where("plan = 'a'"), "plan", 0.3, SETTINGS)
    assert (alone.outcome, alone.text) == (
        "warning", "plan: fewer than two groups have 20 rows of customers who left and who stayed"
    )  # fmt: skip


def test_a_gap_between_small_groups_that_chance_may_have_made_only_warns(spark):
    rng = random.Random(3)
    made = [
        {"plan": f"plan {n % 8}", "part": n % 200, "label": int(rng.random() < 0.3), "score": rng.random()}
        for n in range(800)
    ]
    base = {"as_of_date": "2026-03-01", "part": 0, "plan": "a", "label": 0, "score": 0.5, "risk": 0.5}
    scored = rows(spark, base, *made)
    finding = group_gap(scored, "plan", 0.1, SETTINGS)
    assert (finding.outcome, finding.value > 0.1) == ("warning", True)
    assert "which may be chance, though more than 0.1" in finding.text
    assert group_gap(scored, "plan", 0.1, replace(SETTINGS, bootstrap=0)).outcome == "refused"
