"""What the figures rest on, stated: what a reader must believe to believe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.definitions.periods import observation_window
from churn_spark.report import metrics
from churn_spark.report.facts import Facts
from churn_spark.report.query import Query
from churn_spark.report.risk_sums import replayed
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import MODEL_METRICS, RISKS
from churn_spark.report.words import (
    capital,
    churn_means,
    in_days,
    joined,
    long_day,
    missing,
    percent,
    span,
    watched_means,
)


@dataclass(frozen=True, slots=True)
class Assumption:
    """One statement with what it is about."""

    about: str
    text: str


def _history_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    return tables["first_seen"].groupBy("source").agg(F.min("first_seen").alias("first_seen"))


HISTORY = Query("history", ("source", "first_seen"), lambda available: {"first_seen": available.known}, _history_rows)
"""The first day of each source that was known at the as-of date."""


def assumptions(facts: Facts) -> tuple[Assumption, ...]:
    """Everything assumed, from definitions to data."""
    return (*_definitions(facts), *_history(facts), *_windows(facts), *_model(facts), *_privacy(facts))


def _definitions(facts: Facts) -> list[Assumption]:
    project, s = facts.project, facts.as_of
    periods = project.periods
    if not project.temporal:
        return [
            Assumption("Who is watched", f"{capital(watched_means(project))}."),
            Assumption("Churn", f"{capital(churn_means(project))}."),
        ]
    gap = f"the gap is {span(periods.gap_window(s))}, " if periods.gap else ""
    late = (
        f"Rows still count if they are known within {in_days(periods.lateness)} from the morning after their day"
        if periods.lateness
        else "Rows count only if they are known by the morning after their day"
    )
    return [
        Assumption("Who is watched", f"{capital(watched_means(project))}."),
        Assumption("Churn", f"{capital(churn_means(project))}."),
        Assumption(
            "Periods",
            f"Nothing of {long_day(s)} itself is known; {gap}the performance window is"
            f" {span(periods.performance_window(s))}. {late}, so the truth about this date is known on"
            f" {long_day(periods.matured_on(s))}.",
        ),
        Assumption("Days", f"A day is a calendar date in {project.zone}."),
    ]


def _history(facts: Facts) -> list[Assumption]:
    assumed = []
    for source in facts.project.sources:
        until, lag = source.delivered.history_until, in_days(source.delivered.lag_days)
        if until:
            assumed.append(
                Assumption(
                    f"History of {source.name}",
                    f"Deliveries dated up to {until} were loaded in bulk and are taken as known {lag} after their date."
                    " If they really came later, or were corrected since, past figures look better than they were.",
                )
            )
    return assumed


def _windows(facts: Facts) -> list[Assumption]:
    """Windows that reach back before a source's first data, today and at the first snapshot of the training."""
    assumed = []
    began = dict(zip(facts[HISTORY]["source"], facts[HISTORY]["first_seen"], strict=True))
    for source in facts.project.event_sources:
        first = source.starts or began.get(source.name)
        windows = sorted({f.window for f in facts.project.features.of_source(source.name) if f.window})
        if first is None or missing(first) or not windows:
            continue
        moments = {"this date": facts.as_of}
        if snapshots := metrics.learnt_from(facts):
            moments["the first training snapshot"] = snapshots[0]
        for moment, s in moments.items():
            short = [window for window in windows if observation_window(s, window).first < first]
            if short:
                assumed.append(Assumption(f"Windows of {source.name}", _too_long(short, first, s, moment)))
    return assumed


def _too_long(windows: list[int], first: date, s: date, moment: str) -> str:
    named = joined(f"{window:,}" for window in windows)
    known = (s - first).days
    have = f"only {in_days(known)} are known" if known > 0 else "no day is known"
    return (
        f"The data begin on {first}. On {moment} ({s}) {have}, so the windows of {named} days hold less than they say"
        " and are lower than they will be later."
    )


def _model(facts: Facts) -> list[Assumption]:
    project, scoring = facts.project, facts.project.scoring
    value = "No value expression is configured, so no figure is in money."
    if scoring.value:
        value = f"A customer is worth {scoring.value} a year; expected loss is risk × value."
    if project.expected_value:
        value = _expected_value(project.expected_value)
    tiers = (
        f"Ranks are by the score before calibration: the first {percent(scoring.high_share, 0)} are high, the next"
        f" {percent(scoring.medium_share, 0)} medium, whatever their risk."
    )
    left_out = f"The models never see {joined(project.training.exclude)}." if project.training.exclude else ""
    one_date = "" if project.temporal else "The data have one date: figures come from customers held out of it."
    replay = "The scores were made by a model that was not in force on this date." if replayed(facts) else ""
    assumed = {
        "Value": value,
        "Features left out": left_out,
        "Tiers": tiers,
        "Not temporal": one_date,
        "Replayed": replay,
    }
    return [Assumption(about, text) for about, text in assumed.items() if text]


def _expected_value(rule: ExpectedValue) -> str:
    return (
        f"A customer is worth the {rule.measure} of {rule.source} expected in the next {in_days(rule.horizon_days)}, by"
        " BG/NBD (how often customers come, and whether they still do) and gamma-gamma (how much they spend at a time),"
        f" from the last {in_days(rule.history_days)}. The parameters are among the checks of the training. Nothing is"
        " discounted, and no costs are deducted; expected loss is risk × value."
    )


def _privacy(facts: Facts) -> list[Assumption]:
    if facts.project.privacy.mode == "none":
        return [
            Assumption("Privacy", "None: the data are declared public, customers appear under their plain identifiers.")
        ]
    text = (
        f"Customers appear under pseudonyms (HMAC-SHA-256, key {facts.project.privacy.key_id}); whoever holds the key"
    )
    return [Assumption("Privacy", f"{text} can tell who they are.")]


ASSUMPTIONS = Section(
    "assumptions",
    "Assumptions",
    assumptions,
    """
<dl class="statements">
{% for assumption in content %}
  <div><dt>{{ assumption.about }}</dt><dd>{{ assumption.text }}</dd></div>
{% endfor %}
</dl>
""",
    (HISTORY, RISKS, MODEL_METRICS),
)
