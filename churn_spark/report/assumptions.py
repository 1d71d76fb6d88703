"""What the figures rest on, stated: what a reader must believe to believe them."""

from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import observation_window
from churn_spark.report.facts import Facts
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


def assumptions(facts: Facts) -> tuple[Assumption, ...]:
    """Everything assumed, from definitions to data."""
    return (*_definitions(facts), *_history(facts), *_windows(facts), *_model(facts), *_privacy(facts))


def _definitions(facts: Facts) -> list[Assumption]:
    project, s = facts.project, facts.run.as_of
    periods = project.periods
    gap = f"the gap is {span(periods.gap_window(s))}, " if periods.gap else ""
    late = (
        f"Rows may arrive {in_days(periods.lateness)} late and still count"
        if periods.lateness
        else "Rows that arrive later than usual do not count"
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
    found = []
    for source in facts.project.sources:
        until, lag = source.delivered.history_until, in_days(source.delivered.lag_days)
        if until:
            found.append(
                Assumption(
                    f"History of {source.name}",
                    f"Deliveries dated up to {until} were loaded in bulk and are taken as known {lag} after their date."
                    " If they really came later, or were corrected since, past figures look better than they were.",
                )
            )
    return found


def _windows(facts: Facts) -> list[Assumption]:
    """Windows that reach back before a source's first data, today and at the first snapshot of the training."""
    found = []
    began = dict(zip(facts.history["source"], facts.history["first_seen"], strict=True))
    for source in facts.project.event_sources:
        first = source.starts or began.get(source.name)
        windows = sorted({f.window for f in facts.project.features.of(source.name) if f.window})
        if first is None or missing(first) or not windows:
            continue
        moments = {"this date": facts.run.as_of}
        if facts.champion and facts.champion.snapshots:
            moments["the first training snapshot"] = facts.champion.snapshots[0]
        for moment, s in moments.items():
            short = [window for window in windows if observation_window(s, window).first < first]
            if short:
                found.append(Assumption(f"Windows of {source.name}", _too_long(short, first, s, moment)))
    return found


def _too_long(windows: list[int], first: date, s: date, moment: str) -> str:
    named = joined(f"{window:,}" for window in windows)
    known = (s - first).days
    have = f"only {in_days(known)} are known" if known > 0 else "no day is known"
    return (
        f"The data begin on {first}. On {moment} ({s}) {have}, so the windows of {named} days hold less than they say"
        " and are lower than they will be later."
    )


def _model(facts: Facts) -> list[Assumption]:
    project, found = facts.project, []
    scoring = project.scoring
    if scoring.value:
        found.append(Assumption("Value", f"A customer is worth {scoring.value} a year; expected loss is risk × value."))
    else:
        found.append(Assumption("Value", "No value expression is configured, so nothing is told in money."))
    if project.training.exclude:
        found.append(Assumption("Features left out", f"The models never see {joined(project.training.exclude)}."))
    found.append(
        Assumption(
            "Tiers",
            f"Ranks are by the score before calibration: the first {percent(scoring.high_share, 0)} are high, the next"
            f" {percent(scoring.medium_share, 0)} medium, whatever their risk.",
        )
    )
    if not project.temporal:
        found.append(Assumption("Not temporal", "The data have one date: figures come from folds by customer only."))
    if facts.replayed:
        found.append(Assumption("Replayed", "The scores were made by a model that was not in force on this date."))
    return found


def _privacy(facts: Facts) -> list[Assumption]:
    if facts.project.privacy.mode == "none":
        return [
            Assumption("Privacy", "None: the data are declared public, customers appear under their plain identifiers.")
        ]
    text = (
        f"Customers appear under pseudonyms (HMAC-SHA-256, key {facts.project.privacy.key_id}); whoever holds the key"
    )
    return [Assumption("Privacy", f"{text} can tell who they are.")]
