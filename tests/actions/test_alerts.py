"""Who is alerted about, beside an oracle: kinds, thresholds, audiences, and cooldowns over a sequence of dates."""

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from churn_spark.actions.alerts import ModelLine, main_reasons, reached, suppressed
from churn_spark.definitions.actions import Alerts, HighRisk, Holdout, Line, RiskJump, Silent
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.actions import alert_oracle
from tests.actions.alert_oracle import Decided, Scored
from tests.frames import rows

DAY = date(2026, 3, 1)
SCORE = {
    "customer_id": "a",
    "audience": "others",
    "tier": "low",
    "risk": 0.1,
    "raw_score": 0.1,
    "risk_rank": 1,
    "silence": 0.5,
}
PREVIOUS = {"customer_id": "a", "risk": 0.1}
MODEL = (30, 20)
AUDIENCES = ("others", "premium", "new")
LINES = st.one_of(
    st.sampled_from(["high", "medium"]).map(lambda tier: Line("tier", tier=tier)),
    st.sampled_from([0.0, 0.2, 0.29, 0.3, 1.0]).map(lambda risk: Line("risk", risk=risk)),
    st.sampled_from([1, 2, 5]).map(lambda n: Line("riskiest", customers=n)),
    st.just(Line("model")),
)
OTHER = st.sampled_from(AUDIENCES[1:])


def by_audience(values):
    return st.dictionaries(OTHER, values, max_size=2).map(lambda chosen: tuple(chosen.items()))


RISES, TIMES = st.sampled_from([0.1, 0.2, 0.7]), st.sampled_from([1.0, 2.5])
RULES = st.builds(
    Alerts,
    high_risk=st.none() | st.builds(HighRisk, LINES, by_audience(LINES)),
    risk_jump=st.none() | st.builds(RiskJump, RISES, st.just(35), by_audience(RISES)),
    silent=st.none() | st.builds(Silent, st.just("x"), TIMES, by_audience(TIMES)),
).filter(lambda rules: rules.kinds)


@st.composite
def scored(draw: st.DrawFn) -> list[Scored]:
    """Customers by rank: risks do not rise, tiers come in their order."""
    raw = sorted(draw(st.lists(st.integers(0, 99), unique=True, max_size=12)), reverse=True)
    high, medium = sorted(draw(st.tuples(st.integers(0, 12), st.integers(0, 12))))
    return [
        Scored(
            customer=f"c{(n * 7) % 13}",
            audience=draw(st.sampled_from(AUDIENCES)),
            tier="high" if n < high else "medium" if n < medium else "low",
            risk=score - score % 10,
            raw=score,
            rank=n + 1,
            silence=draw(st.sampled_from([None, 0.0, 1.0, 2.4999, 2.5, 40.0, math.nan])),
        )
        for n, score in enumerate(raw)
    ]


@given(scored(), RULES, st.data(), st.sampled_from([None, MODEL]))
@settings(max_examples=30)
def test_kinds_and_thresholds_are_those_of_the_oracle(
    spark: SparkSession, customers: list[Scored], rules: Alerts, data: st.DataObject, model: tuple[int, int] | None
) -> None:
    known = {one.customer: one.risk for one in customers}
    previous = {name: data.draw(st.sampled_from([0, max(0, known[name] - 20), 90])) for name in list(known)[::2]}
    made = [
        {"customer_id": one.customer, "audience": one.audience, "tier": one.tier, "risk": one.risk / 100,
         "raw_score": one.raw / 100, "risk_rank": one.rank, "silence": one.silence}
        for one in customers
    ]  # fmt: skip
    scores = rows(spark, SCORE, *made, {"customer_id": "nobody"}).where("customer_id <> 'nobody'")
    before = rows(
        spark, PREVIOUS, {"customer_id": "gone"}, *({"customer_id": c, "risk": r / 100} for c, r in previous.items())
    )
    line = ModelLine(model[0] / 100, model[1] / 100) if model else None
    found = reached(scores, before, rules, line).collect()
    got = sorted((row["customer_id"], row["kind"], row["threshold"], row["observed"]) for row in found)
    # NaN is no silence at all.
    plain = [
        one if one.silence is None or one.silence == one.silence else replace(one, silence=None) for one in customers
    ]
    wanted = sorted(alert_oracle.reached(plain, previous, rules, model))
    assert [each[:2] for each in got] == [each[:2] for each in wanted]
    assert [each[2:] for each in got] == [pytest.approx(each[2:]) for each in wanted]
    assert {row["previous_risk"] for row in found if row["customer_id"] not in previous} <= {None}
    assert all(
        row["previous_risk"] == previous[row["customer_id"]] / 100 for row in found if row["customer_id"] in previous
    )


ALERT = {"customer_id": "a", "as_of_date": "2026-03-01", "kind": "silent", "tier": "low", "suppressed": "x"}
HOLDOUT = Holdout(control=0.4)
DAYS = [DAY + timedelta(days=n) for n in (0, 1, 6, 7, 8, 14, 15, 30)]
CUSTOMERS = [f"c{n}" for n in range(6)]


@given(
    st.lists(st.dictionaries(st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(["silent", "high_risk"])),
                             st.sampled_from(["low", "medium", "high"])), min_size=4, max_size=len(DAYS)),
    st.sampled_from([1, 2, 7, 8]),
    st.sampled_from([None, HOLDOUT]),
)  # fmt: skip
@settings(max_examples=12)
def test_cooldowns_over_dates_are_those_of_the_oracle(
    spark: SparkSession, drawn: list[dict], days: int, holdout
) -> None:
    """Each date builds on what was decided on the dates before, as in the stage."""
    past: list[Decided] = []
    for day, above in zip(DAYS, drawn, strict=False):
        new = [Decided(customer, kind, day, tier) for (customer, kind), tier in above.items()]
        wanted = {(one.customer, one.kind): alert_oracle.suppressed(one, past, days, holdout) for one in new}
        alerts = _frame(spark, new).drop("suppressed")
        recent = _frame(spark, past).where((_days_before(day) > 0) & (_days_before(day) < days))
        found = {
            (row["customer_id"], row["kind"]): (row["suppressed"], row["renewed"])
            for row in suppressed(alerts, recent, holdout).collect()
        }
        assert found == wanted
        past += [replace(one, suppressed=found[one.customer, one.kind][0]) for one in new]


def _frame(spark: SparkSession, alerts: list[Decided]):
    made = [
        {"customer_id": one.customer, "as_of_date": one.day, "kind": one.kind, "tier": one.tier,
         "suppressed": one.suppressed}
        for one in alerts
    ]  # fmt: skip
    return rows(spark, ALERT, *made, {"customer_id": "nobody"}).where("customer_id <> 'nobody'")


def _days_before(day: date):
    return F.datediff(F.lit(day), "as_of_date")


def test_a_rise_counts_as_people_write_it(spark: SparkSession) -> None:
    rules = Alerts(risk_jump=RiskJump(0.2))
    made = [{"customer_id": f"c{n}", "risk": (n + 20) / 100} for n in range(60)]
    before = [{"customer_id": f"c{n}", "risk": n / 100} for n in range(60)]
    assert reached(rows(spark, SCORE, *made), rows(spark, PREVIOUS, *before), rules, None).count() == 60


def test_reasons_are_those_that_raise_the_risk(spark: SparkSession) -> None:
    named = [
        ("a", 0.3, "first"),
        ("b", -0.2, "lowers"),
        ("c", 0.1, "second"),
        ("d", 0.05, "third"),
        ("other", 0.9, "rest"),
    ]
    codes = [{"feature": f, "contribution": c, "text": t, "value": None, "typical": None} for f, c, t in named]
    scores = rows(spark, RISK_SCORES.schema, {"reason_codes": codes}, {"reason_codes": []}, {})
    for most, texts in ((2, ["first", "second"]), (9, ["first", "second", "third"]), (0, [])):
        assert [row[0] for row in scores.select(main_reasons(most)).collect()] == [texts, [], None]
