"""Outcomes beside an oracle in plain Python: whose answer it is, which one counts, and who stayed."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.actions.outcomes import NO_INTERVENTION, NOTHING_DONE, TAKEN, attached, meant, outcomes
from churn_spark.definitions.feedback import Answers
from tests.frames import rows

S = date(2026, 3, 1)
CARRY_OVER, KNOWN = 10, 14
ANSWERS = Answers("contacts", "outcome", "what", (("yes", "accepted"), ("no", "declined")))
INTERVENTION = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "audience": "others",
    "segment": T.StringType(),
    "risk": 0.5,
    "value": 10.0,
    "main_reason": T.StringType(),
    "planned_action": "coupon",
    "arm": "treated",
    "action": "coupon",
    "cost": 5.0,
    "propensity": 0.9,
}
EVENT = {
    "customer_id": "a",
    "event_date": "2026-03-02",
    "event_id": "1",
    "known_from": "2026-03-03",
    "what": "coupon",
    "outcome": "yes",
}
LABEL = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "label": 0,
    "excluded": T.StringType(),
    "matured_on": "2026-04-01",
}

CUSTOMERS = st.sampled_from("abcdefgh")
ACTIONS = st.sampled_from(["coupon", "call"])
DONE = st.dictionaries(st.tuples(CUSTOMERS, st.integers(0, 25)), st.one_of(st.none(), ACTIONS), min_size=1, max_size=40)
SAID = st.lists(
    st.tuples(
        st.sampled_from("abcdefghz"),
        st.integers(-2, 36),
        st.integers(1, 9),
        st.one_of(st.none(), ACTIONS),
        st.sampled_from(["yes", "no", "perhaps", None]),
    ),
    max_size=300,
)
LEFT = st.dictionaries(st.tuples(CUSTOMERS, st.integers(0, 25)), st.sampled_from([0, 1, None]), max_size=6)


def day(number: int) -> date:
    return S + timedelta(days=number)


def oracle(done, said):
    """The fate of every answer, and of every intervention the answers that belong to it, the newest first."""
    fates, by_intervention = {}, {key: [] for key in done}
    for number, (customer, on, late, action, value) in enumerate(said):
        if value is None:
            continue
        fitting = [
            since
            for (who, since), what in done.items()
            if who == customer and what is not None and 0 <= on - since < CARRY_OVER
            if action in (None, what) and on + late - since <= KNOWN
        ]
        if fitting:
            meaning = {"yes": "accepted", "no": "declined"}.get(value, "other")
            by_intervention[customer, max(fitting)].append((on + late, on, str(number), meaning))
            fates[str(number)] = TAKEN
        else:
            fates[str(number)] = NOTHING_DONE if customer in {who for who, _ in done} else NO_INTERVENTION
    return fates, {key: sorted(found, reverse=True) for key, found in by_intervention.items()}


@settings(max_examples=6)
@given(DONE, SAID, LEFT)
def test_every_answer_belongs_to_one_intervention_or_none(spark, done, said, left):
    interventions = rows(
        spark,
        INTERVENTION,
        *({"customer_id": who, "as_of_date": str(day(n)), "action": what} for (who, n), what in done.items()),
    )
    events = [
        {
            "customer_id": who,
            "event_date": str(day(on)),
            "known_from": str(day(on + late)),
            "event_id": str(n),
            "what": what,
            "outcome": value,
        }
        for n, (who, on, late, what, value) in enumerate(said)
    ]
    known = [
        {"customer_id": who, "as_of_date": str(day(n)), "label": label, "excluded": None if label in (0, 1) else "gone"}
        for (who, n), label in left.items()
    ]
    answers = meant(rows(spark, EVENT, *events).limit(len(events)), ANSWERS)
    fates = attached(answers, interventions, CARRY_OVER, KNOWN)
    expected_fates, by_intervention = oracle(done, said)
    assert {row.event_id: row.fate for row in fates.collect()} == expected_fates
    labels = rows(spark, LABEL, *known).limit(len(known))
    found = outcomes(interventions, fates.where(F.col("as_of_date").isNotNull()), labels).collect()
    assert len(found) == len(done)
    for row in found:
        key = (row.customer_id, (row.as_of_date - S).days)
        mine = by_intervention[key]
        newest = mine[0] if mine else (None, None, None, None)
        assert (row.answer, row.answered_on) == (newest[3], None if newest[1] is None else day(newest[1]))
        assert (row.answers, row.contradicting) == (len(mine), sum(one[3] != newest[3] for one in mine))
        label = left.get(key)
        assert row.retained == (None if label is None else 1 - label)
        assert (row.matured_on is not None) == (key in left)


def test_an_answer_without_its_action_belongs_to_the_newest_and_any_value_of_its_own_may_mean_anything(spark):
    answers = Answers("contacts", "outcome", None, (("1", "unsubscribed"),))
    events = rows(spark, EVENT, {"outcome": "1", "what": "call"}, {"outcome": "2", "event_id": "2"})
    found = attached(meant(events, answers), rows(spark, INTERVENTION), CARRY_OVER, KNOWN).collect()
    assert sorted((row.meaning, row.answered_action, row.fate) for row in found) == [
        ("other", None, TAKEN),
        ("unsubscribed", None, TAKEN),
    ]
