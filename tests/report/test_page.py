import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from churn_spark.definitions.features import DerivedFeature
from churn_spark.definitions.modelling import Scoring
from churn_spark.definitions.sources import Calendar
from churn_spark.report.facts import COLUMNS, Facts, empty
from churn_spark.report.page import SECTIONS, page
from churn_spark.report.units import money
from tests.report.made_facts import AS_OF, bare_facts, frame, made_facts, made_metrics
from tests.report.reading import Page

FACTS = made_facts()
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)></style></svg>{{7*7}}$a_b$"


@pytest.fixture(scope="module")
def told() -> Page:
    return Page(page(FACTS))


def test_every_section_is_there_and_every_link_leads_to_one(told: Page) -> None:
    ids = told.all("id")
    assert len(ids) == len(set(ids))
    assert {"headline", *(name for name, _, _ in SECTIONS)} <= set(ids)
    links = [link for link in told.all("href") if link.startswith("#")]
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_page_needs_nothing_from_outside_and_runs_nothing(told: Page) -> None:
    tags = {tag for tag, _ in told.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert all(link.startswith("#") for link in told.all("href") + told.all("src"))
    assert not [name for _, named in told.elements for name in named if name.startswith("on")]
    assert not re.search(r"@import|https?://|url\((?!#)", told.html)


def test_every_picture_is_named_and_follows_the_colours_of_the_page(told: Page) -> None:
    pictures = [named for tag, named in told.elements if tag == "svg"]
    assert len(pictures) == 8
    assert all(named["role"] == "img" and named["aria-label"] for named in pictures)
    assert "#0102" not in told.html
    style = re.search(r"<style>(.*?)</style>", told.html, re.DOTALL)
    assert style
    assert set(re.findall(r"var\((--[a-z]+)\)", told.html)) - {"--share"} <= set(re.findall(r"(--[a-z]+):", style[1]))


def test_the_same_facts_give_the_same_page(told: Page) -> None:
    assert page(made_facts()) == told.html


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
    for name in COLUMNS:
        rows = getattr(facts, name)
        kept = {"source"} if name in ("deliveries", "history") else set()
        chosen = set() if name == "metrics" else (texts - kept) & set(rows.columns)
        frames[name] = rows.assign(**dict.fromkeys(chosen, HOSTILE))
    for name in ("metrics", "curves"):
        frames[name] = frames[name].assign(model=frames[name]["model"].replace("recency", HOSTILE))
    frames["deliveries"] = frames["deliveries"].assign(ignored_columns=[[HOSTILE], []])
    return replace(
        facts,
        **frames,
        project=replace(facts.project, name=HOSTILE, origin=HOSTILE),
        champion=replace(facts.champion, name=HOSTILE, reason=HOSTILE),
        arguments=HOSTILE,
        risk_table=HOSTILE,
    )


@pytest.mark.parametrize(
    "names",
    [
        ("riskiest", "costliest", "risks", "segments"),
        ("segments", "snapshots", "curves"),
        ("centres", "metrics", "deliveries", "limits"),
        ("reasons", "history", "profile", "cleaned"),
        ("limits", "cleaned"),
    ],
)
def test_tables_that_do_not_exist_yet_leave_the_rest_standing(names: tuple[str, ...]) -> None:
    read = Page(page(replace(FACTS, **{name: empty(name) for name in names})))
    assert {section for section, _, _ in SECTIONS} <= set(read.all("id"))


def test_a_project_without_tables_says_how_to_make_each() -> None:
    read = Page(page(bare_facts()))
    for job in ("score", "build-features", "build-labels", "train", "ingest", "profile", "build-tiles"):
        assert f"churn-spark {job} --conf conf/grocer.yaml --as-of 2017-12-01" in read.text
    assert "No model is in force on this date." in read.text


def test_the_riskiest_customers_are_told_as_scored(told: Page) -> None:
    rows = told.table("The 20 riskiest")
    assert rows[0] == ["Rank", "Customer", "Risk", "Tier", "Segment", "Expected loss, USD"]
    assert [row[1] for row in rows[1:]] == list(FACTS.riskiest["customer_id"])
    assert [row[2] for row in rows[1:]] == [f"{risk * 100:.1f} %" for risk in FACTS.riskiest["risk"]]


def test_the_largest_expected_losses_stand_beside_where_customers_have_a_value(told: Page) -> None:
    rows = told.table("The 3 largest expected losses")
    assert rows[0] == ["Customer", "Expected loss, USD", "Risk", "Tier"]
    assert rows[1:] == [
        ["1204", "4,950 | of 9,000", "55.0 %", "high"],
        ["77", "3,680 | of 4,000", "92.0 %", "high"],
        ["15", "1,820 | of 9,100", "20.0 %", "medium"],
    ]
    without = Page(page(replace(FACTS, costliest=empty("costliest"))))
    assert not [caption for caption in without.tables if "largest expected losses" in caption]


def test_money_has_the_unit_of_what_it_is_made_of_where_that_is_one() -> None:
    project = FACTS.project
    derived = DerivedFeature("pace", "amount_sum_84d / 84", ("amount_sum_84d",))
    by_pace = replace(
        project, features=replace(project.features, derived=(derived,)), scoring=Scoring(value="pace * 365")
    )
    by_count = replace(project, scoring=Scoring(value="count_84d * 12"))
    assert [money(one) for one in (project, by_pace, by_count)] == ["USD", "USD", ""]
    assert "Expected loss" in Page(page(replace(FACTS, project=by_count))).table("Tiers")[0]


def test_columns_that_say_nothing_for_anyone_are_left_out() -> None:
    rows = FACTS.riskiest.assign(segment=None, value=None, expected_loss=None)
    assert Page(page(replace(FACTS, riskiest=rows))).table("The 20 riskiest")[0] == ["Rank", "Customer", "Risk", "Tier"]


def test_headline_and_tiers_add_up_to_the_scores(told: Page) -> None:
    risks = FACTS.risks
    customers, leaving, loss = (f"{risks[name].sum():,.0f}" for name in ("customers", "risk", "expected_loss"))
    for figure in (customers, leaving, loss, "12.8 %", "0.857"):
        assert figure in told.words
    total = told.table("Tiers")[-1]
    value = f"{risks['value'].sum():,.0f}"
    assert [total[0], total[1], total[3], total[4]] == [
        "all",
        f"{customers} | 100.0 %",
        leaving,
        f"{loss} | of {value}",
    ]
    high = risks[risks["tier"] == "high"]
    assert told.table("Tiers")[1][1].startswith(f"{high['customers'].sum():,} | ")


def test_segments_sum_their_cells(told: Page) -> None:
    first = FACTS.segments[FACTS.segments["segment"] == "0"]
    headings, row, *_ = told.table("Segments (k-means)")
    assert headings[0] == "Segment"
    assert headings[-3:] == ["Recency, days", "Frequency", "Monetary, USD"]
    assert "the values at its centre: recency_56d, count_84d and amount_sum_84d." in told.text
    share = first["customers"].sum() / FACTS.segments["customers"].sum()
    assert row[:2] == ["0", f"{first['customers'].sum():,} | {share * 100:.1f} %"]
    assert row[-3:] == ["3.1", "61", "940.2"]
    corner = FACTS.segments.query("recency_quintile == 5 and frequency_quintile == 1")
    mean = corner["risk"].sum() / corner["customers"].sum()
    assert told.table("Mean risk by recency")[1][1] == f"{mean * 100:.1f} % | {corner['customers'].sum()} customers"


def test_churn_rates_are_churners_of_labelled(told: Page) -> None:
    newest = told.table("Snapshots with labels")[1]
    assert newest == ["2017-09-29 | test", "2,146", "2,096", "284", "13.5 %", "churned_in_gap 50"]


def test_models_stand_beside_baselines_and_the_naive_split(told: Page) -> None:
    rows = {row[0]: row[1:] for row in told.table("On the untouched test")[1:]}
    assert rows["random forest | in force, version 4"][0] == "0.857 | 0.842 to 0.872"
    assert rows["recency | no fitting"][0] == "0.745 | 0.732 to 0.758"
    assert rows["random forest | naive: rows split at random, do not trust"][0] == "0.899"
    assert "would have promised a ROC AUC of 0.899 instead of 0.857" in told.text


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
    read = Page(page(replace(FACTS, metrics=made_metrics(baseline))))
    assert says in read.text
    first_screen = read.text[: read.text.index("The riskiest customers Ranked")]
    assert (says in first_screen) == ("beats" not in says)


def test_each_metric_is_judged_by_itself() -> None:
    metrics = made_metrics()
    rival = (metrics["model"] == "recency") & (metrics["metric"] == "average_precision")
    read = Page(page(replace(FACTS, metrics=metrics.assign(value=metrics["value"].mask(rival, 0.43)))))
    tie = "By average precision, the model is not better than a score without fitting within its interval: 0.431"
    assert tie in read.text[: read.text.index("The riskiest customers Ranked")]
    assert "By ROC AUC, the model beats" in read.text


def test_a_random_split_that_does_not_flatter_is_not_said_to() -> None:
    metrics = made_metrics()
    naive = (metrics["scope"] == "naive") & (metrics["metric"] == "roc_auc")
    read = Page(page(replace(FACTS, metrics=metrics.assign(value=metrics["value"].mask(naive, 0.80)))))
    assert "a ROC AUC of 0.800 instead of 0.857: usually that flatters" in read.text


def test_without_an_interval_no_verdict_is_given() -> None:
    read = Page(page(replace(FACTS, metrics=made_metrics().assign(low=None, high=None))))
    assert "it cannot be told, without an interval, whether the model beats a score without fitting" in read.text


def test_the_reconciliation_is_told_and_checked(told: Page) -> None:
    assert told.table("Reconciliation")[-1] == ["all", "345", "1,471,412", "1,462,517", "4,023", "4,872", "99.4 %"]
    assert "were copies: nothing was lost." in told.text
    lost = FACTS.deliveries.assign(kept=FACTS.deliveries["kept"] - 1)
    read = Page(page(replace(FACTS, deliveries=lost)))
    assert "Rows read and rows accounted for differ in coupons, purchases." in read.text
    assert "nothing was lost" not in read.text


def test_reasons_stand_beside_their_limits(told: Page) -> None:
    assert ["purchases", "no_customer", "3,904", "0.3 %", "30 %"] in told.table("Rows not kept")
    assert ["coupons", "unparsable", "3", "0.1 %", "10 %"] in told.table("Rows not kept")
    purchases, coupons = FACTS.project.sources
    strict = replace(purchases, limits=(("duplicate", 0.05),))
    read = Page(page(replace(FACTS, project=replace(FACTS.project, sources=(strict, coupons)))))
    limits = [{row[1]: row[-1] for row in one.table("Rows not kept") if row[0] == "purchases"} for one in (told, read)]
    assert [limit["duplicate"] for limit in limits] == ["", "5 %"]


def test_missing_deliveries_are_those_the_calendar_expects(told: Page) -> None:
    assert "purchases: 1 delivery expected but not there: 2017-07-20." in told.text
    closed = Calendar(closed=(date(2017, 7, 20),))
    purchases, coupons = FACTS.project.sources
    open_days = replace(purchases, delivered=replace(purchases.delivered, expected=closed))
    read = Page(page(replace(FACTS, project=replace(FACTS.project, sources=(open_days, coupons)))))
    assert "expected but not there" not in read.text


def test_what_is_missing_at_the_beginning_of_the_calendar_is_missed_too() -> None:
    purchases, coupons = FACTS.project.sources
    early = replace(purchases.delivered, expected=Calendar(first=date(2016, 12, 30)))
    project = replace(FACTS.project, sources=(replace(purchases, delivered=early), coupons))
    read = Page(page(replace(FACTS, project=project)))
    assert "purchases: 3 deliveries expected but not there: 2016-12-30, 2016-12-31, 2017-07-20." in read.text


def test_the_profile_and_what_was_cleaned(told: Page) -> None:
    amount = next(row for row in told.table("Columns as known on 2017-11-24") if row[0] == "amount | purchases")
    assert amount[1:5] == ["1,460,415", "1,204 | 0.1 %", "5,381", "0"]
    campaign = next(row for row in told.table("Columns as known") if row[0] == "campaign | coupons")
    assert (campaign[1], campaign[-1]) == ("2,102", "18")
    cleaned = next(row for row in told.table("What was cleaned") if row[0] == "amount | purchases")
    assert cleaned[1:] == [
        "702,118",
        "1,204 | 0.2 %",
        "the median | 2",
        "40,811 | 5.8 %",
        "clipped to | -4.5 to 14.9",
        "no",
    ]


def test_windows_longer_than_the_history_are_named(told: Page) -> None:
    today = "On this date (2017-12-01) only 334 days are known, so the windows of 364 days hold less"
    training = "On the first training snapshot (2017-04-14) only 103 days are known, so the windows of 168 and 364 days"
    assert today in told.text
    assert training in told.text


def test_assumptions_and_provenance_are_stated(told: Page) -> None:
    for statement in (
        "Deliveries dated up to 2017-11-01 were loaded in bulk and are taken as known 1 day after their date.",
        "the gap is 1 December 2017 to 7 December 2017, the performance window is 8 December 2017 to 4 January 2018.",
        "Rows may arrive 2 days late and still count",
        "A day is a calendar date in America/New_York.",
        "None: the data are declared public",
        "The models never see income.",
        "2017-04-14 to 2017-09-29, 7 snapshots",
        "grocer_churn, version 4 (random forest)",
        "score-2017-12-01-5d1f0a2b9c3e",
        "9f8e7d6c5b4a3f2e",
        "FROM delta.`/data/grocer/warehouse/risk_scores` WHERE as_of_date = DATE'2017-12-01' AND tier = 'high'",
    ):
        assert statement in told.text


def test_a_replay_and_missing_time_are_warned_of() -> None:
    project = replace(FACTS.project, temporal=False)
    read = Page(page(replace(FACTS, replayed=True, project=project)))
    assert "a replay, not a forecast" in read.text
    assert "Not temporal" in read.text


def test_scores_of_another_date_are_pointed_to() -> None:
    facts = replace(
        FACTS,
        risks=empty("risks"),
        riskiest=empty("riskiest"),
        costliest=empty("costliest"),
        scored_dates=(date(2017, 11, 30),),
    )
    assert f"There are no scores for {AS_OF}. The newest scores are of 2017-11-30." in Page(page(facts)).text


def test_a_single_snapshot_without_churn_and_a_single_bucket_are_enough() -> None:
    snapshots = frame("snapshots", [(AS_OF, 10, 10, 0, "")])
    risks = frame("risks", [("low", 0, 3, 0.01, None, None)])
    read = Page(page(replace(FACTS, snapshots=snapshots, risks=risks)))
    assert read.table("Snapshots with labels")[1][4] == "0.0 %"
    assert read.table("Tiers")[1] == ["low", "3 | 100.0 %", "0.3 %", "0"]


def test_the_templates_are_part_of_the_package() -> None:
    setup = Path(__file__).parents[2] / "setup.py"
    assert '"churn_spark.report": ["templates/*"]' in setup.read_text()
