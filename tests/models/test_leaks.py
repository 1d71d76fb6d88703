"""What counts say against learning from them, on made rows whose flaw is known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from churn_spark.definitions.leaks import Leaks
from churn_spark.models.bins import BinnedCounts
from churn_spark.models.leaks import drifted, known_only, rate_jumps, refusals, single_features

DAYS = tuple(date(2026, 1, 1) + timedelta(days=28 * n) for n in range(3))
RULE = Leaks()
NOTHING = np.zeros((3, 200, 2), dtype=np.int64)


def feature(bins: list[tuple[int, int]], null: tuple[int, int] = (0, 0), test: list[float] | None = None) -> np.ndarray:
    """Stayers and churners of each bin, in both halves of the customers and in training and test alike.

    test: how many times as many rows each bin has there.
    """
    every = np.array([*bins, null])
    times = np.array([*(test or [1] * len(bins)), 1])
    training = np.stack([every, every], axis=1)
    return np.stack([training, (training * times[:, None, None]).astype(int)], axis=1)


def counts(dates: np.ndarray = NOTHING, attributes: dict | None = None, **features: np.ndarray) -> BinnedCounts:
    return BinnedCounts(features, dates, DAYS, attributes or {})


WEAK = feature([(50, 10), (40, 20), (30, 30)])
STRONG = feature([(100, 1), (15, 20), (5, 39)])
LEAK = feature([(120, 1), (0, 59)])
MARK = feature([(3, 58)], null=(117, 2))


def test_a_feature_that_decides_the_label_is_refused_with_its_figures_and_the_remedy():
    (found,) = single_features(counts(weak=WEAK, closed=LEAK), RULE)
    assert (found.check, found.subject, found.outcome, found.limit) == ("single_feature", "closed", "refused", 0.97)
    assert found.value == pytest.approx(1 - 0.5 * (1 / 60))
    assert found.text == (
        "closed alone nearly decides the label: ROC AUC 0.992, information value 10.07, the limit is 0.97"
    )
    text = refusals([found])
    assert "training.exclude: [closed]" in text
    assert "training.leaks.accept: [closed]" in text


def test_one_of_which_only_the_presence_decides_is_found_too():
    (found,) = single_features(counts(weak=WEAK, answered=MARK), replace(RULE, max_single_auc=0.95))
    assert (found.subject, found.outcome) == ("answered", "refused")
    assert "(whether it is null alone: 0.971)" in found.text


def test_an_accepted_leak_warns_and_stops_nothing():
    found = single_features(counts(weak=WEAK, closed=LEAK), replace(RULE, accept=("closed",)))
    assert [(one.subject, one.outcome) for one in found] == [("closed", "warning")]
    assert "accepted (training.leaks.accept)" in found[0].text
    assert refusals(found) == ""


def test_strong_features_warn_and_ordinary_ones_pass():
    (found,) = single_features(counts(weak=WEAK, strong=STRONG), RULE)
    assert (found.subject, found.outcome, found.limit) == ("strong", "warning", 0.9)
    (found,) = single_features(counts(weak=WEAK, strong=STRONG), replace(RULE, warn_single_auc=0.96))
    assert (found.subject, found.outcome) == ("strong", "warning")
    assert "far more than the next, weak (0.66" in found.text
    (found,) = single_features(counts(weak=WEAK, twin=WEAK), RULE)
    assert (found.subject, found.outcome) == ("twin", "passed")
    assert single_features(counts(), RULE) == []


def test_a_mark_on_half_of_the_churners_warns_though_it_does_not_part_the_others():
    reason = feature([(0, 50)], null=(900, 50))
    (found,) = single_features(counts(weak=WEAK, cancel_reason=reason), RULE)
    assert (found.subject, found.outcome, found.value) == ("cancel_reason", "warning", 1.0)
    assert "marks churners: 100 of 200 have values of it that 0 of those have who stayed" in found.text
    few, mixed = feature([(0, 19)], null=(900, 50)), feature([(2, 50)], null=(900, 50))
    leaving = feature([(0, 500)], null=(200, 50))
    for cells in (few, mixed, leaving):
        assert "marks churners" not in single_features(counts(reason=cells), RULE)[0].text


def known_at(odds: float) -> np.ndarray:
    """Two strata of activity; the known of each leave with `odds` times the odds of the others."""
    strata = []
    for rate in (0.5, 0.1):
        by_null = [(odds * rate / (1 - rate)), rate / (1 - rate)]
        strata.append([[round(900 / (1 + o)), round(900 * o / (1 + o))] for o in by_null])
    return np.array(strata)


@pytest.mark.parametrize(("odds", "warned"), [(0.25, True), (0.5, False), (1, False), (2, False), (4, True)])
def test_an_attribute_whose_presence_tells_who_leaves_at_equal_activity_warns(odds, warned):
    same = known_at(odds)
    found = known_only(
        counts(attributes={"age": same, "income": same.copy(), "plan": known_at(1)}), "recency", len(DAYS), RULE
    )
    assert [one.subject for one in found] == (["age"] if warned else [])
    if warned:
        assert found[0].value == pytest.approx(odds, rel=0.02)
        assert found[0].text.startswith("whether age, income is known tells who leaves: at equal recency ")


def test_a_few_rows_are_no_evidence():
    cells = (known_at(0.25) / 60).astype(int)
    assert known_only(counts(attributes={"age": cells}), "recency", len(DAYS), RULE) == []


def rates(*shares: float, customers: int = 2000) -> np.ndarray:
    """Snapshots of the same customers, 10 in a group, of whom a share leaves, group by group in turn."""
    cells = np.zeros((len(shares), 200, 2), dtype=np.int64)
    for n, share in enumerate(shares):
        for customer in range(customers):
            cells[n, customer % 200, int((customer * 7 + n) % 100 < 100 * share)] += 1
    return cells


def test_a_jump_of_the_base_rate_warns_and_chance_and_small_changes_do_not():
    (found,) = rate_jumps(counts(dates=rates(0.10, 0.11, 0.20)), RULE)
    assert (found.check, found.subject, found.outcome) == ("base_rate", str(DAYS[2]), "warning")
    assert f"jumps from 11.0% on {DAYS[1]} to 20.0% on {DAYS[2]}: the odds change by a factor of 2.02" in found.text
    assert rate_jumps(counts(dates=rates(0.10, 0.11, 0.20)), replace(RULE, max_rate_jump=2.5)) == []
    assert rate_jumps(counts(dates=rates(0.10, 0.05, 0.10, customers=60)), RULE) == []
    assert rate_jumps(counts(dates=rates(0.0, 0.0, 0.0)), RULE) == []


def test_drifted_features_are_named_the_worst_first_and_the_largest_where_there_are_none():
    moved = feature([(500, 100), (400, 200), (300, 300)], test=[0.1, 1, 3])
    more = feature([(500, 100), (400, 200), (300, 300)], test=[0.02, 1, 4])
    same = feature([(500, 100), (400, 200), (300, 300)])
    (found,) = drifted(counts(same=same, moved=moved, more=more), DAYS[:1], DAYS[2:], RULE)
    assert (found.check, found.subject, found.outcome) == ("feature_drift", "more", "warning")
    assert f"between training ({DAYS[0]} to {DAYS[0]}) and test ({DAYS[2]} to {DAYS[2]})" in found.text
    assert found.text.index("more (") < found.text.index("moved (")
    assert "same" not in found.text
    (found,) = drifted(counts(same=same, moved=moved), DAYS[:1], DAYS[2:], replace(RULE, max_drift=9.0))
    assert (found.subject, found.outcome) == ("moved", "passed")


def test_drift_that_chance_gives_few_rows_is_none():
    """Twenty bins of three rows each: the index is large, and so is that of chance."""
    rng = np.random.default_rng(2)
    cells = rng.multinomial(60, np.full(20, 0.05), size=(2, 2, 2)).transpose(3, 0, 1, 2)
    found = drifted(
        counts(few=np.concatenate([cells, cells[:1] * 0])), DAYS[:1], DAYS[2:], replace(RULE, max_drift=0.15)
    )
    assert [one.outcome for one in found] == ["passed"]
