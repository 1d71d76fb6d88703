"""Who is alerted about, once more: plain loops over customers, exact numbers, no Spark."""

import hashlib
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from churn_spark.definitions.actions import Alerts, Holdout, Line

HEIGHT = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True)
class Scored:
    """A customer at an as-of date; risks and scores in hundredths, silence in usual intervals."""

    customer: str
    audience: str
    tier: str
    risk: int
    raw: int
    rank: int
    silence: float | None = None


def reached(scored: list[Scored], previous: dict[str, int], rules: Alerts, model: tuple[int, int] | None) -> set[tuple]:
    """(customer, kind, threshold, observed)."""
    found = set()
    for one in scored:
        if rules.high_risk:
            line = dict(rules.high_risk.by_audience).get(one.audience, rules.high_risk.line)
            inside = [other for other in scored if other.audience == one.audience and above(other, line, scored, model)]
            if one in inside:
                threshold = {"risk": line.risk, "model": model[1] / 100 if model else None}.get(
                    line.by, min(other.risk for other in inside) / 100
                )
                found.add((one.customer, "high_risk", threshold, one.risk / 100))
        if rules.risk_jump and one.customer in previous:
            rise = dict(rules.risk_jump.by_audience).get(one.audience, rules.risk_jump.rise)
            if Fraction(one.risk - previous[one.customer], 100) >= Fraction(str(rise)):
                found.add((one.customer, "risk_jump", rise, one.risk / 100 - previous[one.customer] / 100))
        if rules.silent and one.silence is not None:
            times = dict(rules.silent.by_audience).get(one.audience, rules.silent.times)
            if one.silence >= times:
                found.add((one.customer, "silent", times, one.silence))
    return found


def above(one: Scored, line: Line, scored: list[Scored], model: tuple[int, int] | None) -> bool:
    if line.by == "tier":
        return HEIGHT[one.tier] >= HEIGHT[line.tier]
    if line.by == "risk":
        return Fraction(one.risk, 100) >= Fraction(str(line.risk))
    if line.by == "model":
        return model is not None and one.raw >= model[0]
    return sum(other.audience == one.audience and other.rank < one.rank for other in scored) < line.customers


@dataclass(frozen=True)
class Decided:
    """An alert as it was decided on."""

    customer: str
    kind: str
    day: date
    tier: str
    suppressed: str | None = None
    renewed: bool | None = None


def suppressed(alert: Decided, past: list[Decided], cooldown_days: int, holdout: Holdout | None) -> tuple:
    """(suppressed, renewed) of an alert after those of the past."""
    same = [
        one
        for one in past
        if (one.customer, one.kind) == (alert.customer, alert.kind) and 0 < (alert.day - one.day).days < cooldown_days
    ]
    began = [one for one in same if one.suppressed != "cooldown"]
    if began:
        last = max(began, key=lambda one: one.day)
        if HEIGHT[alert.tier] <= HEIGHT[last.tier]:
            return "cooldown", None
    control = holdout is not None and drawn(holdout, alert.customer) < holdout.control
    return "control" if control else None, bool(same) and not began


def drawn(holdout: Holdout, customer: str) -> float:
    text = f"{holdout.salt}|control|{customer}".encode()
    return int(hashlib.sha256(text).hexdigest()[:13], 16) / 16**13
