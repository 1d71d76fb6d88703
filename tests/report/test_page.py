import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from churn_spark.definitions.features import DerivedFeature
from churn_spark.definitions.modelling import Scoring
from churn_spark.definitions.rules import LabelRule
from churn_spark.definitions.sources import Calendar
from churn_spark.report import metrics as measures
from churn_spark.report.all_sections import SECTIONS, queries
from churn_spark.report.facts import Facts
from churn_spark.report.page import page
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.sections.assumptions import HISTORY
from churn_spark.report.sections.checks import CHECKED, CHECKS
from churn_spark.report.sections.columns import CLEANED, LIMITS, PROFILE
from churn_spark.report.sections.customers import COSTLIEST, RISKIEST
from churn_spark.report.sections.headline import HEADLINE
from churn_spark.report.sections.model import CURVES, performance
from churn_spark.report.sections.rates import SNAPSHOTS
from churn_spark.report.sections.reasons import REASONS, SHARED, why
from churn_spark.report.sections.segments import CENTRES, SEGMENTS
from churn_spark.report.sections.selection import FEATURES, selection
from churn_spark.report.sections.shape import shape
from churn_spark.report.sections.survival import SURVIVAL, staying
from churn_spark.report.shared_queries import DELIVERIES, MODEL_METRICS, RISKS
from churn_spark.report.units import money
from tests.report.made_facts import AS_OF, TEST, bare_facts, changed, frame, in_project, made_facts, made_metrics
from tests.report.reading import Page

FACTS = made_facts()
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)></style></svg>{{7*7}}$a_b$"


@pytest.fixture(scope="module")
def shown() -> Page:
    return Page(page(FACTS))


def test_every_section_is_there_and_every_link_leads_to_one(shown: Page) -> None:
    ids = shown.all("id")
    assert len(ids) == len(set(ids))
    assert {section.id for section in SECTIONS} <= set(ids)
    links = [link for link in shown.all("href") if link.startswith("#")]
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_page_needs_nothing_from_outside_and_runs_nothing(shown: Page) -> None:
    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert all(link.startswith("#") for link in shown.all("href") + shown.all("src"))
    assert not [name for _, named in shown.elements for name in named if name.startswith("on")]
    assert not re.search(r"@import|https?://|url\((?!#)", shown.html)


def test_every_picture_is_named_and_follows_the_colours_of_the_page(shown: Page) -> None:
    pictures = [named for tag, named in shown.elements if tag == "svg"]
    assert len(pictures) == 13
    assert all(named["role"] == "img" and named["aria-label"] for named in pictures)
    assert "#0102" not in shown.html
    style = re.search(r"<style>(.*?)</style>", shown.html, re.DOTALL)
    assert style
    assert set(re.findall(r"var\((--[a-z]+)\)", shown.html)) - {"--share"} <= set(re.findall(r"(--[a-z]+):", style[1]))


def test_the_same_facts_give_the_same_page(shown: Page) -> None:
    assert page(made_facts()) == shown.html


def test_nothing_from_the_data_is_read_as_html() -> None:
    read = Page(page(_hostile(made_facts())))
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "img"}
    assert not [name for _, named in read.elements for name in named if name.startswith("on")]
    assert read.html.count("</style>") == 1
    # Told as it is, nowhere evaluated: in the title, the tables, the pictures and the provenance.
    assert sum(HOSTILE in word for word in read.words) > 60


def _hostile(facts: Facts) -> Facts:
    """The same facts with every text that comes from data replaced by a hostile one."""
    texts = {"customer_id", "segment", "source", "reason", "column", "worst", "label", "excluded", "mode", "text"}
    frames = {}
    for query in queries():
        rows = facts[query]
        kept = {"source"} if query in (DELIVERIES, HISTORY) else set()
        chosen = set() if query is MODEL_METRICS else (texts - kept) & set(rows.columns)
        frames[query] = rows.assign(**dict.fromkeys(chosen, HOSTILE))
    for query in (MODEL_METRICS, CURVES):
        frames[query] = frames[query].assign(model=frames[query]["model"].replace("recency", HOSTILE))
    reasons = [[{"reason": HOSTILE, "rows": 3}], []]
    frames[DELIVERIES] = frames[DELIVERIES].assign(ignored_columns=[[HOSTILE], []], reasons=reasons)
    return replace(
        in_project(facts, replace(facts.project, name=HOSTILE, origin=HOSTILE)),
        frames=frames,
        champion=replace(facts.champion, name=HOSTILE, reason=HOSTILE),
        arguments=HOSTILE,
        risk_table=HOSTILE,
    )


@pytest.mark.parametrize(
    "absent",
    [
        (RISKIEST, COSTLIEST, RISKS, SEGMENTS),
        (SEGMENTS, SNAPSHOTS, CURVES),
        (CENTRES, MODEL_METRICS, DELIVERIES, LIMITS),
        (HISTORY, PROFILE, CLEANED),
        (LIMITS, CLEANED),
    ],
)
def test_tables_that_do_not_exist_yet_leave_the_rest_standing(absent: tuple[Query, ...]) -> None:
    read = Page(page(changed(FACTS, {query: query.empty() for query in absent})))
    assert {section.id for section in SECTIONS} <= set(read.all("id"))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_a_section_names_every_query_it_shows(section: Section) -> None:
    only = replace(FACTS, frames={query: FACTS[query] for query in section.queries})
    assert section.content(only)
    section.warnings(only)


def test_a_project_without_tables_says_how_to_make_each() -> None:
    read = Page(page(bare_facts()))
    for job in ("score", "build-features", "build-labels", "train", "ingest", "profile", "build-tiles"):
        assert f"churn-spark {job} --conf conf/grocer.yaml --as-of 2017-12-01" in read.text
    assert "No model is in force on this date." in read.text


def test_leaks_that_the_model_may_have_learnt_are_on_the_first_screen_and_drift_is_not() -> None:
    trained, run, version = date(2017, 11, 3), FACTS.champion.run_id, 4
    rows = [
        (trained, run, version, "known_only", "age", "warning", "whether age is known tells who leaves"),
        (trained, run, version, "feature_drift", "tenure", "warning", "features drifted"),
        (trained, run, version, "single_feature", "recency", "passed", "no feature alone nearly decides the label"),
        (trained, "another run", 3, "single_feature", "closed", "warning", "closed alone nearly decides the label"),
    ]
    shown = changed(FACTS, {CHECKS: frame(CHECKS, rows)})
    assert CHECKED.warnings(shown) == [
        "The model in force may have learnt a leak: whether age is known tells who leaves."
    ]
    texts = [row[2].text for row in CHECKED.content(shown).findings.rows]
    assert texts == [rows[1][6], rows[0][6], rows[2][6]]
    assert CHECKED.warnings(bare_facts()) == []


def test_segments_of_the_test_are_a_table_of_their_own_and_no_dates() -> None:
    assert measures.tested_on(FACTS) == TEST
    shown = performance(FACTS)
    assert [row[0].text for row in shown.by_snapshot.rows] == [str(day) for day in TEST]
    cells = [(row[0].text, row[1].text, row[1].note) for row in shown.by_segment.rows]
    assert cells == [
        ("segment 0", "0.830", "0.730 to 0.930"),
        ("segment 2", "0.790", "0.690 to 0.890"),
        ("segment 10", "0.710", "0.610 to 0.810"),
    ]
    rows = FACTS[MODEL_METRICS]
    without = changed(FACTS, {MODEL_METRICS: rows[~rows["segment"].str.startswith("segment ")]})
    assert performance(without).by_segment is None


def test_the_backtest_shows_every_candidate_by_snapshot_and_is_left_out_where_there_is_none() -> None:
    walked = performance(FACTS).backtest
    assert [(row[0].text, row[1].text, row[2].text, row[2].note) for row in walked.rows] == [
        ("random forest", "2017-06-09", "0.415", "0.365 to 0.465"),
        ("random forest", "2017-07-07", "0.435", "0.385 to 0.485"),
        ("random forest", "mean", "0.425", "0.375 to 0.475"),
        ("logistic regression", "2017-06-09", "0.411", "0.361 to 0.461"),
        ("logistic regression", "2017-07-07", "0.431", "0.381 to 0.481"),
        ("logistic regression", "mean", "0.421", "0.371 to 0.471"),
    ]
    rows = FACTS[MODEL_METRICS]
    without = performance(changed(FACTS, {MODEL_METRICS: rows[rows["scope"] != "backtest"]}))
    assert without.backtest is None
    assert "in the backtest" in " ".join(performance(FACTS).sentences)
    assert "in the backtest" not in " ".join(without.sentences)


def test_a_model_tested_on_customers_held_out_has_one_snapshot_and_none_marked_as_test(shown: Page) -> None:
    assert "The snapshots marked as test" in shown.text
    only = FACTS.champion.snapshots[-1]
    tested = FACTS[MODEL_METRICS][FACTS[MODEL_METRICS]["scope"] == "test"]
    metrics = tested.assign(segment=tested["segment"].where(tested["segment"] == "all", "part"))
    one_date = replace(FACTS.project, label=LabelRule("column", ("members",), attribute="left"))
    held_out = changed(in_project(FACTS, one_date), {MODEL_METRICS: metrics})
    read = Page(page(replace(held_out, champion=replace(FACTS.champion, snapshots=(only,)))))
    assert "marked as test" not in read.text
    assert f"one snapshot, {only} " in read.text


def test_the_riskiest_customers_are_told_as_scored(shown: Page) -> None:
    rows = shown.table("The 20 riskiest")
    assert rows[0] == ["Rank", "Customer", "Risk", "Tier", "Segment", "Expected loss, USD"]
    assert [row[1] for row in rows[1:]] == list(FACTS[RISKIEST]["customer_id"])
    assert [row[2] for row in rows[1:]] == [f"{risk * 100:.1f} %" for risk in FACTS[RISKIEST]["risk"]]


def test_the_largest_expected_losses_stand_beside_where_customers_have_a_value(shown: Page) -> None:
    rows = shown.table("The 3 largest expected losses")
    assert rows[0] == ["Customer", "Expected loss, USD", "Risk", "Tier"]
    assert rows[1:] == [
        ["1204", "4,950 | of 9,000", "55.0 %", "high"],
        ["77", "3,680 | of 4,000", "92.0 %", "high"],
        ["15", "1,820 | of 9,100", "20.0 %", "medium"],
    ]
    without = Page(page(changed(FACTS, {COSTLIEST: COSTLIEST.empty()})))
    assert not [caption for caption in without.tables if "largest expected losses" in caption]


def test_money_has_the_unit_of_what_it_is_made_of_where_that_is_one() -> None:
    project = FACTS.project
    derived = DerivedFeature("pace", "amount_sum_84d / 84", ("amount_sum_84d",))
    by_pace = replace(
        project, features=replace(project.features, derived=(derived,)), scoring=Scoring(value="pace * 365")
    )
    by_count = replace(project, scoring=Scoring(value="count_84d * 12"))
    assert [money(one) for one in (project, by_pace, by_count)] == ["USD", "USD", ""]
    assert "Expected loss" in Page(page(in_project(FACTS, by_count))).table("Tiers")[0]


def test_columns_that_say_nothing_for_anyone_are_left_out() -> None:
    rows = FACTS[RISKIEST].assign(segment=None, value=None, expected_loss=None)
    assert Page(page(changed(FACTS, {RISKIEST: rows}))).table("The 20 riskiest")[0] == [
        "Rank",
        "Customer",
        "Risk",
        "Tier",
    ]


def test_headline_and_tiers_add_up_to_the_scores(shown: Page) -> None:
    risks = FACTS[RISKS]
    customers, leaving, loss = (f"{risks[name].sum():,.0f}" for name in ("customers", "risk", "expected_loss"))
    for figure in (customers, leaving, loss, "12.8 %", "0.857"):
        assert figure in shown.words
    total = shown.table("Tiers")[-1]
    value = f"{risks['value'].sum():,.0f}"
    assert [total[0], total[1], total[3], total[4]] == [
        "all",
        f"{customers} | 100.0 %",
        leaving,
        f"{loss} | of {value}",
    ]
    high = risks[risks["tier"] == "high"]
    assert shown.table("Tiers")[1][1].startswith(f"{high['customers'].sum():,} | ")


def test_segments_sum_their_cells(shown: Page) -> None:
    first = FACTS[SEGMENTS][FACTS[SEGMENTS]["segment"] == "0"]
    headings, row, *_ = shown.table("Segments (k-means)")
    assert headings[0] == "Segment"
    assert headings[-3:] == ["Recency, days", "Frequency", "Monetary, USD"]
    assert "the values at its centre: recency_56d, count_84d and amount_sum_84d." in shown.text
    share = first["customers"].sum() / FACTS[SEGMENTS]["customers"].sum()
    assert row[:2] == ["0", f"{first['customers'].sum():,} | {share * 100:.1f} %"]
    assert row[-3:] == ["3.1", "61", "940.2"]
    corner = FACTS[SEGMENTS].query("recency_quintile == 5 and frequency_quintile == 1")
    mean = corner["risk"].sum() / corner["customers"].sum()
    assert shown.table("Mean risk by recency")[1][1] == f"{mean * 100:.1f} % | {corner['customers'].sum()} customers"


def test_churn_rates_are_churners_of_labelled(shown: Page) -> None:
    newest = shown.table("Snapshots with labels")[1]
    assert newest == ["2017-09-29 | test", "2,146", "2,096", "284", "13.5 %", "churned_in_gap 50"]


def test_models_stand_beside_baselines_and_the_naive_split(shown: Page) -> None:
    rows = {row[0]: row[1:] for row in shown.table("On the untouched test")[1:]}
    assert rows["random forest | in force, version 4"][0] == "0.857 | 0.842 to 0.872"
    assert rows["recency | no fitting"][0] == "0.745 | 0.732 to 0.758"
    assert rows["random forest | naive: rows split at random, do not trust"][0] == "0.899"
    assert "would have promised a ROC AUC of 0.899 instead of 0.857" in shown.text


@pytest.mark.parametrize(
    ("baseline", "says"),
    [
        (0.745, "By ROC AUC, the model beats the best score without fitting: 0.857"),
        (0.850, "By ROC AUC, the model is not better than a score without fitting within its interval: 0.857"),
        (0.860, "By ROC AUC, the model is not better than a score without fitting within its interval: 0.857"),
        (0.900, "By ROC AUC, the model is worse than a score without fitting: 0.857"),
    ],
)
def test_the_verdict_follows_the_interval(baseline: float, says: str) -> None:
    read = Page(page(changed(FACTS, {MODEL_METRICS: made_metrics(baseline)})))
    assert says in read.text
    first_screen = read.text[: read.text.index("The riskiest customers Ranked")]
    assert (says in first_screen) == ("beats" not in says)


def test_each_metric_is_judged_by_itself() -> None:
    metrics = made_metrics()
    rival = (metrics["model"] == "recency") & (metrics["metric"] == "average_precision")
    read = Page(page(changed(FACTS, {MODEL_METRICS: metrics.assign(value=metrics["value"].mask(rival, 0.43))})))
    tie = "By average precision, the model is not better than a score without fitting within its interval: 0.431"
    assert tie in read.text[: read.text.index("The riskiest customers Ranked")]
    assert "By ROC AUC, the model beats" in read.text


def test_a_random_split_that_does_not_flatter_is_not_said_to() -> None:
    metrics = made_metrics()
    naive = (metrics["scope"] == "naive") & (metrics["metric"] == "roc_auc")
    read = Page(page(changed(FACTS, {MODEL_METRICS: metrics.assign(value=metrics["value"].mask(naive, 0.80))})))
    assert "a ROC AUC of 0.800 instead of 0.857: usually that flatters" in read.text


def test_the_test_with_those_acted_upon_stands_beside(shown: Page) -> None:
    assert "acted upon are left out of the test" not in shown.text
    tested = (metrics := made_metrics())[(metrics["model"] == "random_forest") & (metrics["segment"] == "all")]
    plain = tested[tested["scope"] == "test"].assign(scope="plain", value=0.7, low=0.6, high=0.8)
    read = Page(page(changed(FACTS, {MODEL_METRICS: pd.concat([metrics, plain])})))
    rows = {row[0]: row[1:] for row in read.table("On the untouched test")[1:]}
    assert (
        rows["random forest | with the customers who were acted upon, each counted once"][0] == "0.700 | 0.600 to 0.800"
    )
    assert "Customers who were acted upon are left out of the test" in read.text


def test_without_an_interval_no_verdict_is_given() -> None:
    read = Page(page(changed(FACTS, {MODEL_METRICS: made_metrics().assign(low=None, high=None)})))
    assert "without an interval it is not known whether the model beats a score without fitting" in read.text


def test_the_reconciliation_is_told_and_checked(shown: Page) -> None:
    assert shown.table("Reconciliation")[-1] == [
        "all",
        "345",
        "1,471,417",
        "1,462,517",
        "4,023",
        "4,872",
        "1",
        "4",
        "99.4 %",
    ]
    assert "1 said nothing new of a customer, 4 left out by the configuration and 4,872 were copies" in shown.text
    lost = FACTS[DELIVERIES].assign(kept=FACTS[DELIVERIES]["kept"] - 1)
    read = Page(page(changed(FACTS, {DELIVERIES: lost})))
    assert "Rows read and rows accounted for differ in coupons, purchases." in read.text
    assert "nothing was lost" not in read.text


def test_reasons_stand_beside_their_limits(shown: Page) -> None:
    assert ["purchases", "no_customer", "3,904", "0.3 %", "30 %"] in shown.table("Rows not kept")
    assert [row[1] for row in shown.table("Rows not kept")[1:4]] == ["unparsable", "duplicate", "no_customer"]
    assert ["coupons", "unparsable", "3", "0.1 %", "10 %"] in shown.table("Rows not kept")
    purchases, coupons = FACTS.project.sources
    strict = replace(purchases, limits=(("duplicate", 0.05),))
    read = Page(page(in_project(FACTS, replace(FACTS.project, sources=(strict, coupons)))))
    limits = [{row[1]: row[-1] for row in one.table("Rows not kept") if row[0] == "purchases"} for one in (shown, read)]
    assert [limit["duplicate"] for limit in limits] == ["", "5 %"]


def test_missing_deliveries_are_those_the_calendar_expects(shown: Page) -> None:
    assert "purchases: 1 delivery expected but not there: 2017-07-20." in shown.text
    closed = Calendar(closed=(date(2017, 7, 20),))
    purchases, coupons = FACTS.project.sources
    open_days = replace(purchases, delivered=replace(purchases.delivered, expected=closed))
    read = Page(page(in_project(FACTS, replace(FACTS.project, sources=(open_days, coupons)))))
    assert "expected but not there" not in read.text


def test_what_is_missing_at_the_beginning_of_the_calendar_is_missed_too() -> None:
    purchases, coupons = FACTS.project.sources
    early = replace(purchases.delivered, expected=Calendar(first=date(2016, 12, 30)))
    project = replace(FACTS.project, sources=(replace(purchases, delivered=early), coupons))
    read = Page(page(in_project(FACTS, project)))
    assert "purchases: 3 deliveries expected but not there: 2016-12-30, 2016-12-31, 2017-07-20." in read.text


def test_the_profile_and_what_was_cleaned(shown: Page) -> None:
    amount = next(row for row in shown.table("Columns as known on 2017-11-24") if row[0] == "amount | purchases")
    assert amount[1:5] == ["1,460,415", "1,204 | 0.1 %", "5,381", "0"]
    campaign = next(row for row in shown.table("Columns as known") if row[0] == "campaign | coupons")
    assert (campaign[1], campaign[-1]) == ("2,102", "18")
    cleaned = next(row for row in shown.table("What was cleaned") if row[0] == "amount | purchases")
    assert cleaned[1:] == [
        "702,118",
        "1,204 | 0.2 %",
        "the median | 2",
        "40,811 | 5.8 %",
        "clipped to | -4.5 to 14.9",
        "no",
    ]


def test_windows_longer_than_the_history_are_named(shown: Page) -> None:
    today = "On this date (2017-12-01) only 334 days are known, so the windows of 364 days hold less"
    training = "On the first training snapshot (2017-04-14) only 103 days are known, so the windows of 168 and 364 days"
    assert today in shown.text
    assert training in shown.text


def test_assumptions_and_provenance_are_stated(shown: Page) -> None:
    for statement in (
        "Deliveries dated up to 2017-11-01 were loaded in bulk and are taken as known 1 day after their date.",
        "the gap is 1 December 2017 to 7 December 2017, the performance window is 8 December 2017 to 4 January 2018.",
        "Rows still count if they are known within 2 days from the morning after their day",
        "A day is a calendar date in America/New_York.",
        "None: the data are declared public",
        "The models never see income.",
        "2017-04-14 to 2017-09-29, 7 snapshots",
        "grocer_churn, version 4 (random forest)",
        "score-2017-12-01-5d1f0a2b9c3e",
        "9f8e7d6c5b4a3f2e",
        "FROM delta.`/data/grocer/warehouse/risk_scores` WHERE as_of_date = DATE'2017-12-01' AND tier = 'high'",
    ):
        assert statement in shown.text


def test_a_replay_and_missing_time_are_warned_of() -> None:
    project = replace(FACTS.project, label=LabelRule("column", ("members",), attribute="left"))
    replayed = changed(in_project(FACTS, project), {RISKS: FACTS[RISKS].assign(replayed=True)})
    read = Page(page(replayed))
    assert "a replay, not a forecast" in read.text
    assert "Not temporal" in read.text


def test_a_model_no_better_than_chance_and_one_risk_for_all_are_warned_of_first() -> None:
    assert not any("chance" in text or "same risk" in text for text in HEADLINE.warnings(FACTS))
    worthless = FACTS[MODEL_METRICS].copy()
    auc = (worthless["metric"] == "roc_auc") & (worthless["model"] == "random_forest") & (worthless["scope"] == "test")
    worthless.loc[auc, ["value", "low", "high"]] = (0.447, 0.38, 0.52)
    alike = FACTS[RISKS].assign(risk=FACTS[RISKS]["customers"] * 0.128)
    first, second, *_ = HEADLINE.warnings(changed(FACTS, {MODEL_METRICS: worthless, RISKS: alike}))
    assert first.startswith("The model is no better than chance on the test: ROC AUC 0.447, 95 % interval from 0.380")
    assert second.startswith("Every customer has the same risk, the base rate")


def test_scores_of_another_date_are_pointed_to() -> None:
    dates = replace(FACTS.available, dates=lambda table: (date(2017, 11, 30),))
    none = {query: query.empty() for query in (RISKS, RISKIEST, COSTLIEST)}
    facts = changed(replace(FACTS, available=dates), none)
    assert f"There are no scores for {AS_OF}. The newest scores are of 2017-11-30." in Page(page(facts)).text


def test_a_single_snapshot_without_churn_and_a_single_bucket_are_enough() -> None:
    snapshots = frame(SNAPSHOTS, [(AS_OF, 10, 10, 0, "")])
    risks = frame(RISKS, [("low", 0, 3, 0.01, None, None, 4, False)])
    read = Page(page(changed(FACTS, {SNAPSHOTS: snapshots, RISKS: risks})))
    assert read.table("Snapshots with labels")[1][4] == "0.0 %"
    assert read.table("Tiers")[1] == ["low", "3 | 100.0 %", "0.3 %", "0"]


def test_customers_still_there_are_shown_by_tier(shown: Page) -> None:
    assert shown.table("Still there after") == [
        ["Tier", "28 days", "56 days", "Expected days"],
        ["high", "52.0 %", "31.0 %", "27.5"],
        ["medium", "80.0 %", "66.0 %", "41.2"],
        ["low", "97.0 %", "94.0 %", "54.6"],
    ]
    assert "A customer leaves on the first day of a silence of 28 days" in shown.text


def test_scores_without_survival_say_how_to_have_it() -> None:
    absent = staying(changed(FACTS, {SURVIVAL: SURVIVAL.empty()}))
    assert "With training.survival in the configuration" in absent.why


def test_the_templates_are_part_of_the_package() -> None:
    setup = Path(__file__).parents[2] / "setup.py"
    assert '"churn_spark.report": ["templates/*"]' in setup.read_text()


def test_the_riskiest_are_listed_with_what_raises_their_risk() -> None:
    content = why(FACTS)
    first = content.riskiest.rows[0]
    assert [cell.text for cell in first] == [
        "1001", "89.0\u00a0%", "purchases in 28 days: 0 against 8 typical",
        "amount of purchases in 84 days: 41 USD against 402 typical", "–",
    ]  # fmt: skip
    assert [cell.note for cell in first[2:]] == ["+21.0\u00a0points", "+8.0\u00a0points", ""]
    assert len(content.riskiest.rows) == 10
    assert len(content.sentences) == 1


def test_reasons_of_tier_high_are_counted_by_what_they_are_about() -> None:
    high = FACTS[RISKS].loc[FACTS[RISKS]["tier"] == "high", "customers"].sum()
    rows = [[cell.text for cell in row] for row in why(FACTS).shared.rows]
    assert [row[0] for row in rows] == ["purchases", "amount of purchases"]
    assert rows[0][1:] == [f"{round(100 * 81 / high)}\u00a0%", f"{100 * 8.3 / 81:+.1f}\u00a0points"]


def test_log_odds_are_shown_as_odds_and_an_approximation_says_so() -> None:
    approximate = FACTS[REASONS].assign(reason_unit="log_odds", reasons_exact=False)
    content = why(changed(FACTS, {REASONS: approximate}))
    assert content.riskiest.rows[0][2].note == "odds × 1.2"
    assert "approximation" in content.sentences[1]


def test_the_tree_is_drawn_and_read_as_rules_from_the_riskiest_leaf() -> None:
    content = shape(FACTS)
    assert [[cell.text for cell in row] for row in content.rules.rows] == [
        ["recency_56d > 21", "33.0\u00a0%", "200"],
        ["recency_56d ≤ 21, plan = basic", "13.0\u00a0%", "300"],
        ["recency_56d ≤ 21, not plan = basic", "5.0\u00a0%", "500"],
    ]
    assert [picture.title for picture in content.pictures] == [
        "How the score depends on what weighs most", "The decision tree",
    ]  # fmt: skip
    assert content.pictures[1].caption.endswith("This model is not in force, but was also tried.")


def test_a_training_that_kept_nothing_of_its_model_says_so() -> None:
    points = FACTS[CURVES]
    without = points[~points["curve"].isin(("tree", "dependence_in_probability"))]
    assert "explains no scores" in shape(changed(FACTS, {CURVES: without})).why


def test_scores_without_reasons_say_so() -> None:
    absent = why(changed(FACTS, {REASONS: REASONS.empty(), SHARED: SHARED.empty()}))
    assert "scoring.reasons is 0" in absent.why


def test_the_model_section_says_which_features_are_used_and_why_others_are_not(shown: Page) -> None:
    content = selection(FACTS)
    assert content.sentence == "The model reads 10 features; 2 are not used."
    assert [[cell.text for cell in row] for row in content.dropped.rows] == [
        ["income", "unusable", "excluded by the configuration", "–", "–"],
        [
            "amount_sum_56d", "correlation",
            "correlates with amount_sum_28d (0.981, at most 0.95), which is more associated with the label",
            "0.210", "33\N{NO-BREAK SPACE}%",
        ],
    ]  # fmt: skip
    assert content.sentence in shown.html
    assert "Quality by the number of features" in shown.html


def test_without_a_selection_the_features_are_listed_without_a_curve_and_older_trainings_leave_none() -> None:
    metrics = FACTS[MODEL_METRICS]
    plain = changed(FACTS, {MODEL_METRICS: metrics[metrics["scope"] != "selection"]})
    assert selection(plain).picture is None
    assert selection(plain).dropped is not None
    older = changed(plain, {FEATURES: FEATURES.empty()})
    assert selection(older) is None
    assert "features; " not in page(older)
