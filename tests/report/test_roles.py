"""Which of the models measured on a test were fitted, and which are scores without fitting."""

from dataclasses import replace

from churn_spark.report.metrics import baselines, models
from churn_spark.report.shared_queries import MODEL_METRICS
from tests.report.made_facts import made_facts

FACTS = made_facts()


def with_metrics(change):
    return replace(FACTS, frames={**FACTS.frames, MODEL_METRICS: change(FACTS[MODEL_METRICS])})


def test_a_family_made_up_anywhere_is_no_baseline():
    facts = with_metrics(lambda rows: rows.replace({"model": {"logistic_regression": "mean_of_both"}}))
    assert models(facts) == ["random_forest", "mean_of_both", "ewm_active_days", "recency"]
    assert baselines(facts) == ["ewm_active_days", "recency"]


def test_in_rows_without_a_role_baselines_are_known_by_their_name():
    facts = with_metrics(lambda rows: rows.assign(role=None).replace({"model": {"recency": "recency alone"}}))
    assert baselines(facts) == ["recency alone"]
