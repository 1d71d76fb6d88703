"""The daily brief: what it shows, whom it leaves out, and what it needs of a mail reader."""

import re
from dataclasses import replace

import pytest

from churn_spark.report.all_sections import queries
from churn_spark.report.brief.all_sections import SECTIONS
from churn_spark.report.brief.queries import ALERTED, AT_RISK, BEFORE, MOVERS, PLANNED
from churn_spark.report.shared_queries import RISKS
from tests.report.made_brief import REASONS, brief, made_brief
from tests.report.made_facts import bare_facts, frame
from tests.report.reading import Page

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)></style>{{7*7}}"


@pytest.fixture(scope="module")
def shown() -> Page:
    return Page(brief(made_brief()))


def test_it_says_how_many_are_at_risk_what_changed_and_what_is_done(shown):
    text = re.sub(r"\s+", " ", shown.text)
    for said in ("28 new alerts", "71 more are known already"):
        first, rest = said.split(" ", 1)
        assert first in text
        assert rest in text
    assert "since 2017-11-30" in text
    assert "21" in text  # 15 + 5 treated, 1 explored
    assert "for 147" in text
    assert "2 are withheld, so that the effect can be measured" in text
    assert "For 3 above the line nothing is planned: no action suits or pays" in text
    assert "days since the last purchase: 34 against 6 typical" in text
    assert "from 31" in text
    assert "works" in text
    assert "3.1 % fewer left (0.4 % to 6.2 %)" in text
    assert "too few to say" in text
    assert "6.2 %); ranking by uplift: better than chance" in text
    assert "At 2017-12-01: 1 signal warns." in text
    assert "look at its deliveries" in text
    assert "stable" not in text


def test_a_mail_reader_can_show_it(shown):
    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"script", "link", "img", "svg", "iframe", "form"}
    style = re.search(r"<style>(.*?)</style>", shown.html, re.DOTALL)
    assert not re.search(r"var\(|flex|grid|::|@import|url\(|https?://", style[1])
    assert len(shown.html.encode()) < 100_000  # mail readers cut off longer ones
    assert made_brief().run.run_id in shown.html


def test_nothing_from_the_data_is_read_as_html():
    facts = made_brief()
    listed = frame(AT_RISK, [(HOSTILE, ["high_risk"], "high", 0.5, 1, 1.0, 1.0, [HOSTILE])])
    alerted = frame(ALERTED, [("high_risk", HOSTILE, None, 1, 1, 1.0)])
    planned = frame(PLANNED, [(HOSTILE, "treated", 1, 1.0, 1.0, HOSTILE)])
    read = Page(brief(replace(facts, frames={**facts.frames, AT_RISK: listed, ALERTED: alerted, PLANNED: planned})))
    assert not {tag for tag, _ in read.elements} & {"script", "img"}
    assert "{{7*7}}" in read.text


def test_customers_without_value_are_ranked_by_risk_and_no_money_is_shown():
    facts = made_brief()
    listed = frame(AT_RISK, [("9", ["high_risk"], "high", 0.5, 1, None, None, REASONS)])
    risks = facts[RISKS].assign(value=None, expected_loss=None)
    text = Page(brief(replace(facts, frames={**facts.frames, AT_RISK: listed, RISKS: risks}))).text
    assert "The riskiest" in text
    assert "expected loss" not in text.lower()


def test_what_is_not_there_is_said_with_the_command_that_makes_it():
    facts = bare_facts()
    nothing = {query: query.empty() for query in queries(SECTIONS)}
    text = Page(brief(replace(facts, frames=nothing))).text
    assert "churn-spark score --conf conf/grocer.yaml --as-of 2017-12-01" in text
    assert "churn-spark alert --conf conf/grocer.yaml --as-of 2017-12-01" in text
    assert "No actions are configured" in text


def test_a_day_without_news_says_so():
    facts = made_brief()
    none = {query: query.empty() for query in (ALERTED, AT_RISK, MOVERS, PLANNED)}
    text = Page(brief(replace(facts, frames={**facts.frames, **none}))).text
    assert "Nobody is above the line." in text
    assert "so nothing is done" in text
    first = Page(brief(replace(facts, frames={**facts.frames, BEFORE: BEFORE.empty()}))).text
    assert "These are the first scores" in first
