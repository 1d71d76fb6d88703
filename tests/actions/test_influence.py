"""Which labels actions may have changed, beside loops; and the bias that is seen without it, and not with it."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from churn_spark.actions.influence import influence
from tests.frames import rows

S = date(2026, 3, 1)
INTERVENTION = {"customer_id": "a", "as_of_date": "2026-03-01", "action": "coupon", "propensity": 0.9}
SPAN = {"as_of_date": "2026-03-01", "first": "2026-03-01", "end": "2026-03-02"}
CUSTOMERS = st.sampled_from("abcdef")
DONE = st.dictionaries(
    st.tuples(CUSTOMERS, st.integers(0, 30)),
    st.sampled_from([("coupon", 0.85), (None, 0.1), (None, 0.95)]),
    max_size=40,
)
SPANS = st.dictionaries(st.integers(0, 30), st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8)


def day(number: int) -> str:
    return str(S + timedelta(days=number))


def oracle(done, spans):
    found = {}
    for date_, (before, after) in spans.items():
        for customer in "abcdef":
            mine = [
                what for (who, on), what in done.items() if who == customer and date_ - before <= on < date_ + after
            ]
            if mine:
                treated = any(action for action, _ in mine)
                found[customer, day(date_)] = (treated, min(propensity for _, propensity in mine))
    return found


@settings(max_examples=8)
@given(DONE, SPANS)
def test_a_label_is_influenced_by_the_days_of_its_span(spark, done, spans):
    interventions = rows(
        spark,
        INTERVENTION,
        *(
            {"customer_id": who, "as_of_date": day(on), "action": action, "propensity": propensity}
            for (who, on), (action, propensity) in done.items()
        ),
    ).limit(len(done))
    dates = rows(
        spark,
        SPAN,
        *(
            {"as_of_date": day(n), "first": day(n - before), "end": day(n + after)}
            for n, (before, after) in spans.items()
        ),
    )
    found = influence(dates, interventions).collect()
    assert {(row.customer_id, str(row.as_of_date)): (row.treated, row.share) for row in found} == oracle(done, spans)


CONTROL, EXPLORE, EFFECT = 0.1, 0.05, 0.6


@pytest.fixture(scope="module")
def acted_upon(spark):
    """Customers with a number that tells their risk; those likely to leave got an action, and most of them stayed."""
    rng = np.random.default_rng(18)
    x = rng.normal(size=40_000)
    risk = 1 / (1 + np.exp(1.5 - 1.2 * x))
    above, planned = risk > 0.25, risk > 0.4
    control, explores = rng.random(len(x)) < CONTROL, rng.random(len(x)) < EXPLORE
    treated = ~control & (planned | (above & explores))
    left = rng.random(len(x)) < risk * np.where(treated, 1 - EFFECT, 1)
    share = np.where(planned, CONTROL, 1 - (1 - CONTROL) * EXPLORE)
    known = [
        (str(n), S, "coupon" if treated[n] else None, float(1 - share[n] if treated[n] else share[n]))
        for n in np.nonzero(above)[0]
    ]
    interventions = spark.createDataFrame(
        known, "customer_id string, as_of_date date, action string, propensity double"
    )
    found = influence(rows(spark, SPAN), interventions).toPandas().set_index("customer_id")
    influenced = found.reindex(list(map(str, range(len(x)))))
    weight = np.where(influenced["treated"].eq(True), 0.0, 1 / influenced["share"].fillna(1.0))
    return x, risk, left, weight, planned


def test_without_it_risks_of_those_acted_upon_come_out_too_low_and_with_it_right(acted_upon):
    x, risk, left, weight, planned = acted_upon
    plain = LogisticRegression().fit(x[:, None], left)
    weighed = LogisticRegression().fit(x[:, None], left, sample_weight=weight)
    predicted = {
        name: model.predict_proba(x[planned][:, None])[:, 1].mean()
        for name, model in (("plain", plain), ("ours", weighed))
    }
    truth = risk[planned].mean()
    assert predicted["plain"] < 0.65 * truth
    assert predicted["ours"] == pytest.approx(truth, rel=0.05)


def test_without_it_a_right_model_looks_wrong_and_with_it_calibrated(acted_upon):
    """The base rate of a test, by all labels, by those left, and by those left with their weights."""
    _, risk, left, weight, _ = acted_upon
    kept = weight > 0
    assert left.mean() < 0.8 * risk.mean()
    assert left[kept].mean() < 0.75 * risk.mean()
    assert np.average(left, weights=weight) == pytest.approx(risk.mean(), rel=0.04)
    assert weight.sum() == pytest.approx(len(left), rel=0.02)
