"""Drift of features: seen where it is, and no more often than configured where there is none."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.monitoring.bins import MOST_VALUES, Bins, of_numbers, of_texts
from churn_spark.monitoring.drift import Against, feature_signals
from tests.monitoring import oracle
from tests.monitoring.made_counts import THEN, TODAY, counted, counted_by_loops, drawn

SETTINGS = Monitoring()
AGAINST = Against(THEN, "at the snapshots that version 1 learnt from")
NULL = float("nan")


def found(*features, settings=SETTINGS, against=AGAINST):
    """The signals by name and feature."""
    rows = {one.bins.name: one for one in features}
    signals = feature_signals(rows, TODAY, dict.fromkeys(rows, against), settings, 1)
    return {(one.signal, one.subject): one for one in signals}


def status(*features, **changes):
    return {name: one.status for (name, _), one in found(*features, **changes).items()}


WELL = dict.fromkeys(("null_share", "range_share", "psi", "jensen_shannon"), "ok")


@given(st.lists(st.one_of(st.integers(-5, 5).map(float), st.floats(-1e300, 1e300)), min_size=1, max_size=60))
def test_bins_are_cut_at_the_quantiles_and_both_ends_are_within_the_range(values):
    bins = of_numbers("spent", np.array([*values, NULL]))
    cuts = {oracle.quantile(values, n / 10) for n in range(1, 10)}
    high, low = oracle.quantile(values, 0.999), oracle.quantile(values, 0.001)
    assert set(bins.edges[1:]) == {cut for cut in cuts if cut < high} | {high}
    assert bins.edges[0] < low
    assert math.nextafter(bins.edges[0], math.inf) == low
    assert list(bins.edges) == sorted(set(bins.edges))


def test_counting_is_that_of_plain_loops():
    values = {day: np.random.default_rng(n).normal(size=80).round(1) for n, day in enumerate((*THEN, TODAY))}
    values[TODAY][:9] = NULL
    quick = counted("spent", values)
    assert (quick.rows == counted_by_loops(quick.bins, values).rows).all()


def test_texts_have_a_bin_for_the_most_frequent_values_and_one_for_all_others():
    bins = of_texts("plan", ["b", "a", None, "b", "c", "a", "b"])
    assert bins.values == ("b", "a", "c")
    assert bins.edges == (0.5, 1.5, 2.5)
    many = of_texts("city", [f"c{n:03d}" for n in range(400)])
    assert many.values == tuple(f"c{n:03d}" for n in range(MOST_VALUES))
    assert of_texts("plan", [None]).size == 2


def test_without_drift_all_is_well_and_with_it_each_signal_says_so():
    rng = np.random.default_rng(1)
    assert status(drawn(rng, 2000)) == WELL
    shifted = found(drawn(rng, 2000, now=lambda rng, rows: rng.normal(0.5, size=rows)))
    assert shifted["psi", "spent"].status == "warn"
    assert shifted["psi", "spent"].value == pytest.approx(0.25, abs=0.08)
    assert shifted["jensen_shannon", "spent"].status == "warn"
    assert shifted["null_share", "spent"].status == "ok"
    far = status(drawn(rng, 2000, now=lambda rng, rows: rng.normal(2.0, size=rows)))
    assert far == WELL | {"psi": "act", "jensen_shannon": "act", "range_share": "act"}


def test_what_grows_with_the_calendar_does_not_ask_for_a_training_each_day():
    """Of how long customers are known each date of the reference has values that no date before it had."""
    rng = np.random.default_rng(4)

    def known(days):
        return np.where(rng.random(800) < 0.8, days, rng.uniform(0, days, 800))

    growing = {day: known(100.0 + 28 * n) for n, day in enumerate((*THEN, TODAY))}
    share = found(counted("tenure", growing))["range_share", "tenure"]
    assert share.value > 0.7
    assert share.status in ("ok", "warn")
    standing = {day: known(100.0) for day in THEN} | {TODAY: known(200.0)}
    assert found(counted("tenure", standing))["range_share", "tenure"].status == "act"


def nulls(share):
    return lambda rng, rows: np.where(rng.random(rows) < share, NULL, rng.normal(size=rows))


def test_more_nulls_are_seen_and_fewer_too_and_what_is_known_is_compared_by_itself():
    rng = np.random.default_rng(2)
    up = found(drawn(rng, 1000, now=nulls(0.15)))
    assert {key[0]: one.status for key, one in up.items()} == WELL | {"null_share": "warn"}
    assert up["null_share", "spent"].value == pytest.approx(0.15, abs=0.04)
    assert 0.05 <= up["null_share", "spent"].warn < up["null_share", "spent"].value
    down = found(drawn(rng, 1000, now=nulls(0.1), then=nulls(0.6)))["null_share", "spent"]
    assert down.status == "act"
    assert down.warn == pytest.approx(down.reference - 0.05, abs=0.03)
    gone = status(drawn(rng, 1000, now=nulls(1.0)))
    assert gone == {"null_share": "act", "range_share": "unknown", "psi": "unknown", "jensen_shannon": "unknown"}


def test_constant_all_null_and_infinite_features():
    rng = np.random.default_rng(3)

    def constant(rng, rows):
        return np.full(rows, 7.0)

    assert status(drawn(rng, 500, now=constant, then=constant)) == WELL
    moved = found(drawn(rng, 500, then=constant, now=lambda rng, rows: np.full(rows, 8.0)))
    assert moved["range_share", "spent"].status == moved["psi", "spent"].status == "act"
    null = found(drawn(rng, 500, now=nulls(1.0), then=nulls(1.0)))
    assert null["null_share", "spent"].status == "ok"
    assert null["psi", "spent"].status == "unknown"
    filled = found(drawn(rng, 500, then=nulls(1.0)))
    assert filled["null_share", "spent"].status == "act"


@pytest.mark.parametrize("rows", [0, 1, 12, SETTINGS.least_customers - 1])
def test_few_customers_are_too_few_to_say(rows):
    few = counted("spent", {**{day: np.zeros(500) for day in THEN}, TODAY: np.ones(rows)})
    assert set(status(few).values()) == {"unknown"}
    then = counted("spent", {**{day: np.zeros(rows) for day in THEN}, TODAY: np.ones(500)})
    assert set(status(then).values()) == {"unknown"}


def test_a_feature_that_is_new_since_the_reference_has_none():
    new = found(drawn(np.random.default_rng(4), 500), against=Against((), "at no date"))
    assert {one.status for one in new.values()} == {"unknown"}
    assert "no earlier date has it as it is defined now" in new["psi", "spent"].text


def test_beside_other_weekdays_a_model_is_not_called_outdated():
    rng = np.random.default_rng(6)
    tuesdays = tuple(day + timedelta(days=1) for day in THEN)
    now = rng.normal(3, size=1000)
    now[:500] = np.nan
    moved = counted("spent", {day: rng.normal(size=1000) for day in (*THEN, *tuesdays)} | {TODAY: now})
    for days in (THEN, tuesdays):
        signals = {one.signal: one for one in found(moved, against=Against(days, "then")).values()}
        alike = "act" if days == THEN else "warn"
        assert signals["psi"].status == signals["range_share"].status == alike
        assert signals["psi"].text.endswith("of other weekdays, so this is a warning") == (days == tuesdays)
        assert signals["null_share"].status == "act"


def test_what_one_date_of_the_reference_did_too_is_no_drift():
    rng = np.random.default_rng(5)
    values = {day: rng.normal(size=1000) for day in (*THEN, TODAY)}
    values[TODAY] = rng.normal(0.8, size=1000)
    assert status(counted("spent", values))["psi"] != "ok"
    values[THEN[0]] = rng.normal(0.9, size=1000)
    assert status(counted("spent", values)) == WELL


def test_new_values_of_a_category_are_seen():
    bins = Bins("plan", (0.5, 1.5), ("basic", "plus"))
    values = {day: np.repeat([1.0, 2.0], 300) for day in THEN} | {TODAY: np.repeat([0.0, 1.0, 2.0], 200)}
    signals = found(counted_by_loops(bins, values))
    assert signals["psi", "plan"].status == "act"
    assert ("range_share", "plan") not in signals


@pytest.mark.parametrize(("rows", "features"), [(60, 8), (300, 12), (3000, 4)])
@pytest.mark.parametrize("kind", ["normal", "counts", "nulls"])
def test_where_nothing_drifts_a_signal_warns_as_rarely_as_configured(rows, features, kind):
    """Over all features together; limits of 0, so that chance alone decides."""
    tight = replace(SETTINGS.psi, warn=1e-9, act=1.0)
    names = ("psi", "jensen_shannon", "null_share", "range_share")
    settings = replace(SETTINGS, false_alarms=0.05, **dict.fromkeys(names, tight))
    kinds = {
        "normal": lambda rng, rows: rng.normal(size=rows),
        "counts": lambda rng, rows: rng.poisson(1.3, rows).astype(float),
        "nulls": nulls(0.03),
    }
    rng, days = np.random.default_rng(6), 80
    warned = dict.fromkeys(names, 0)
    for _ in range(days):
        made = [drawn(rng, rows, f"f{n}", now=kinds[kind], then=kinds[kind]) for n in range(features)]
        signals = found(*made, settings=settings)
        for name in names:
            warned[name] += any(one.status in ("warn", "act") for (of, _), one in signals.items() if of == name)
    # 5 % of 80 days are 4; three standard deviations more are 10.
    assert max(warned.values()) <= 10, warned
