"""docs/reading-scores.md: it names the columns, metrics and pictures that there are."""

from churn_spark.report.metrics import METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.docs.pages import ROOT, page, table

PAGE = page("docs/reading-scores.md")


def test_it_explains_every_column_of_risk_scores_and_no_other():
    named = [row["column"].strip("`") for row in table(PAGE, "column", "how to read it")]
    assert named == list(RISK_SCORES.names)


def test_it_explains_every_metric_and_no_other():
    assert {row["metric"].strip("`") for row in table(PAGE, "metric", "says", "worth nothing at")} == set(METRICS)


def test_the_report_draws_the_pictures_that_it_explains():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "churn_spark" / "report").rglob("*.py"))
    for row in table(PAGE, "picture", "where", "good", "bad"):
        assert f'"{row["picture"]}"' in code, row["picture"]
        assert f'"{row["where"]}"' in code, row["where"]
