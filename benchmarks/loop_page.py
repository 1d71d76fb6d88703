"""What the page of the loop benchmark says of retraining: arms, signals, decisions. Nothing is typed in but words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from benchmarks.loop_weeks import LEVEL, OVER, WITHIN, level

Kept = Mapping[str, Any]

TITLES = {
    "never": "no retraining",
    "monthly": "every four weeks, no gate",
    "drift": "ours: where `monitor` says act, with the gate",
    "advice": "ours, recalibrated where `monitor` advises it",
    "reference": "knows the new regime",
    "ceiling": "true hazard",
}
PLACES = {"roc_auc": 3, "average_precision": 3, "lift_at_decile": 2, "expected_calibration_error": 4}
HORIZON = timedelta(days=14)
RETRAINING = """## When the regime changes

A telecom of {customers:,} customers (all who ever join; about {active:,.0f} are active), looked at once a week, horizon
14 days, one family of models (logistic regression). On {change} a rival comes (the [change of
regime](../docs/simulation.md#why-a-customer-leaves)): {before:.1%} of the customers left within a horizon before,
{after:.1%} after it. All arms share the history, the first model and the watch before the change, and walk
{weeks} weeks after it. Labels are those that came true.

![ROC AUC and level of the risks by week](loop.svg)

Means over the weeks after the change, with 95 % intervals by bootstrap over customers (the calibration error has none:
resampling adds to it).
"""
ARMS = (
    *("arm", "trainings", "in force", "recalibrations", "ROC AUC", "average precision", "lift at 10 %"),
    *("calibration error", "left / expected", "ROC AUC back", "level back"),
)
REFERENCE = """
- *{reference}*: a model that learnt from all weeks after the change, those to come included, by halves of the
  customers. *{ceiling}*: the hazard that the simulation draws from; nobody ranks better, and the rest is chance.
- Trainings of models, and how many went in force; left / expected: customers who left by the sum of their risks.
- Back: the first week, counted from the change, from which on ROC AUC over {over} weeks lies at most {within} below
  that of *{reference}*, and the first from which on left / expected over {over} weeks lies within a factor of {level};
  0: it was not lost, –: not back by the end.
"""
SEEN = ("week", "status", "signal", "of", "what")
DECIDED = ("week", "what", "asked for by", "outcome", "in figures")


def of_retraining(kept: Kept) -> Iterator[str]:
    """The arms side by side, what monitoring saw, and every decision."""
    arms, first = kept["arms"], kept["first_week"]
    weeks = arms["never"]["weeks"]
    old, new = ([week for week in weeks if (week["day"] < first) == before] for before in (True, False))
    untouched = [week for week in old if _day(week["day"]) + HORIZON <= _day(kept["change"])]
    yield RETRAINING.format(
        customers=kept["customers"],
        active=sum(week["rows"] for week in old) / len(old),
        change=kept["change"],
        before=_rate(untouched),
        after=_rate(new),
        weeks=len(new),
    )
    rows = [_arm(name, arm, first) for name, arm in arms.items()]
    yield from table(ARMS, [*rows, *(_other(name, kept[name]) for name in ("reference", "ceiling"))])
    titles = {name: TITLES[name] for name in ("reference", "ceiling")}
    yield REFERENCE.format(**titles, over=OVER, within=WITHIN, level=LEVEL)
    yield from _verdicts(arms, kept["reference"])
    yield from _seen(kept)
    for name in ("drift", "advice", "monthly"):
        yield f"\n### Decisions: {TITLES[name]}\n"
        yield from table(DECIDED, [_decision(event, first) for event in arms[name]["events"]])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table in Markdown."""
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)


def figure(measure: Sequence[float | None], places: int, sign: bool = False) -> str:
    """A value with its interval, where it has one."""
    plus = "+" if sign else ""
    value, low, high = (None if end is None else f"{end:{plus},.{places}f}" for end in measure)
    return f"{value}" if low is None else f"{value} ({low} to {high})"


def _arm(name: str, arm: Kept, first: str) -> list[str]:
    after = [week for week in arm["weeks"] if week["day"] >= first]
    back = ["–" if week is None else str(week) for week in (arm["auc_back"], arm["level_back"])]
    counts = [_trained(arm), _in_force(arm, "trained"), _in_force(arm, "recalibrated")]
    return [TITLES[name], *map(str, counts), *_means(arm["means"]), f"{level(after):.2f}", *back]


def _other(name: str, other: Kept) -> list[str]:
    return [f"*{TITLES[name]}*", "–", "–", "–", *_means(other["means"]), "–", "–", "–"]


def _means(means: Kept) -> list[str]:
    biased = {"expected_calibration_error"}
    return [figure(means[m] if m not in biased else [means[m][0], None, None], n) for m, n in PLACES.items()]


def _trained(arm: Kept) -> int:
    return sum(event["kind"] == "trained" for event in arm["events"])


def _in_force(arm: Kept, kind: str) -> int:
    """Decisions of a kind that put a version in force."""
    won = ("passed", "in force", "in force without the gate")
    return sum(event["kind"] == kind and event["outcome"] in won for event in arm["events"])


def _verdicts(arms: Kept, reference: Kept) -> Iterator[str]:
    """Ours beside the others, in words that follow from the figures."""
    lost = reference["means"]["roc_auc"][0] - arms["never"]["means"]["roc_auc"][0]
    yield (
        "- What there was to regain in ranks: the ROC AUC of the model that knows the new regime less that of the model"
        f" that is never trained again is {lost:+.3f}."
    )
    for name in ("never", "monthly", "advice"):
        gap, low, high = arms[name]["gaps"]["roc_auc"]
        error = arms[name]["gaps"]["expected_calibration_error"][0]
        verdict = "better than" if low > 0 else "worse than" if high < 0 else "not distinguishable from"
        yield (
            f"- By ROC AUC, *{TITLES['drift']}* is {verdict} *{TITLES[name]}*: {gap:+.3f} ({low:+.3f} to {high:+.3f});"
            f" its calibration error is {abs(error):.4f} {'lower' if error < 0 else 'higher'},"
            f" with {_trained(arms['drift'])} trainings against {_trained(arms[name])}."
        )


def _seen(kept: Kept) -> Iterator[str]:
    before, first = kept["before"], kept["first_week"]
    acting = sum(signal["status"] == "act" for signal in before)
    yield (
        f"\n### What was seen\n\nBefore the change {acting} kinds of signals of the model came to act and"
        f" {len(before) - acting} to warn. After it, of each kind of signal the first time at each status in the arm"
        " *ours*; week 0 is the first whose horizon lies in the new regime:\n"
    )
    signals = kept["arms"]["drift"]["signals"]
    columns = ("status", "signal", "subject", "text")
    yield from table(SEEN, [[_week(one["day"], first), *(one[name] for name in columns)] for one in signals])


def _decision(event: Kept, first: str) -> list[object]:
    outcome = f"{event['outcome']}, version {event['version']}" if event.get("version") else event["outcome"]
    return [_week(event["day"], first), event["kind"], event["why"], outcome, event["text"] or "–"]


def _rate(weeks: Sequence[Kept]) -> float:
    return float(sum(week["left"] for week in weeks) / sum(week["rows"] for week in weeks))


def _week(day: str, first: str) -> int:
    return (_day(day) - _day(first)).days // 7


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
