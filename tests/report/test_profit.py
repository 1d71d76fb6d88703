from dataclasses import replace

import pytest

from churn_spark.definitions.economics import Economics
from churn_spark.report.grid import Absent
from churn_spark.report.page import page
from churn_spark.report.sections.model import CURVES
from churn_spark.report.sections.profit import profit
from churn_spark.report.shared_queries import MODEL_METRICS
from tests.report.made_facts import bare_facts, changed, frame, in_project, made_facts
from tests.report.reading import Page

ECONOMICS = Economics("amount_sum_84d * 365 / 84", 1, 10, 0.3, 0.1)
TEST = {
    "contacted": (0.12, 0.11, 0.13),
    "precision": (0.41, 0.36, 0.46),
    "profit": (1.5804, 1.2, 2.0),
    "expected_maximum_profit": (1.7, 1.3, 2.1),
}


def facts(threshold=0.2, test=TEST, economics=ECONOMICS):
    """A model whose threshold was chosen by profit; threshold None: no contact pays."""
    at = (threshold, *((threshold - 0.05, threshold + 0.07) if threshold else (None, None)))
    of_champion = (4, "random_forest", "champion")
    rows = [(*of_champion, "fold", "all", name, *at) for name in ("threshold_by_profit", "threshold_risk")]
    rows += [(*of_champion, "test", "all", name, *values) for name, values in test.items()]
    rows += [(None, "recency", "baseline", "test", "all", "expected_maximum_profit", 0.9, 0.5, 1.3)]
    curve = [("random_forest", "profit", n, n / 100, 0.2 * n - 0.006 * n * n, None, None) for n in range(101)]
    made = made_facts()
    project = replace(made.project, training=replace(made.project.training, economics=economics))
    frames = {
        MODEL_METRICS: frame(MODEL_METRICS, [*made[MODEL_METRICS].itertuples(index=False), *rows]),
        CURVES: frame(CURVES, [*made[CURVES].itertuples(index=False), *curve]),
    }
    return in_project(changed(made, frames), project)


def test_it_says_from_which_risk_on_contacting_pays_and_how_much():
    shown = profit(facts())
    assert shown.sentences[0] == (
        "Contacting pays from a risk of 20.0\u00a0% on (95\u00a0% interval 15.0\u00a0% to 27.0\u00a0%): there the folds"
        " earned most."
    )
    assert shown.sentences[1] == (
        "On the untouched test that is 12.0\u00a0% of the customers, of whom 41.0\u00a0% left. Contacting them would"
        " have brought 1,580 USD (95\u00a0% interval 1,200 to 2,000) on each date for every 1,000 customers watched."
    )
    assert "30\u00a0%, give or take 10\u00a0% of the leavers contacted take it" in shown.sentences[2]
    assert [row[0].text for row in shown.models.rows][:2] == ["random forest", "logistic regression"]
    assert [cell.text for cell in shown.models.rows[0]][1:] == ["12.0\u00a0%", "41.0\u00a0%", "–", "1.58", "1.70"]
    assert shown.models.headings[4][0] == "Profit, USD"


def test_with_one_value_for_all_it_says_what_the_sums_alone_would_say():
    known = profit(facts(economics=Economics("200", 1, 10, 0.3)))
    assert "By that alone, contacting would pay from a risk of 16.4 % on." in known.sentences[-1]


def test_the_page_draws_the_curve_of_profit():
    shown = Page(page(facts()))
    assert [named["aria-label"] for tag, named in shown.elements if tag == "svg"].count(
        "Profit of contacting on the untouched test"
    ) == 1


@pytest.mark.parametrize(("threshold", "test", "says"), [
    (None, {"contacted": (0.0, 0.0, 0.0), "profit": (0.0, 0.0, 0.0)}, "no contact paid"),
    (0.2, {**TEST, "profit": (-0.5, None, None)}, "would have cost more than it brought: -500 USD on each date"),
    (0.2, {}, "Contacting pays from a risk of 20.0\u00a0% on"),
])  # fmt: skip
def test_a_campaign_that_does_not_pay_is_said_not_to(threshold, test, says):
    known = facts(threshold, test)
    assert says in " ".join(profit(known).sentences)
    page(known)


def test_without_economics_it_says_that_the_threshold_knows_no_money():
    shown = profit(made_facts())
    assert isinstance(shown, Absent)
    assert "best F1" in shown.why
    assert isinstance(profit(bare_facts()), Absent)
    assert "has no economics any more" in profit(facts(economics=None)).sentences[-1]
