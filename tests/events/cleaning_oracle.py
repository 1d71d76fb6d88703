"""What cleaning means, written from its description as loops over events."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

from churn_spark.definitions.columns import Cleaning

Event = dict[str, Any]


def cleaned(events: list[Event], limits: dict[date, dict[str, Any]], how: Cleaning, lookback: int) -> dict[str, Event]:
    """The kept events by id, each with `amount`, `missing`, `outlier` and `uncleaned`."""
    kept = [dict(event) for event in sorted(events, key=_order) if how.missing != "drop" or event["amount"] is not None]
    for event in kept:
        learnt = [limits[day] for day in sorted(limits) if day <= event["known_from"]]
        event["limits"] = learnt[-1] if learnt and how.learns else None
        event["missing"] = int(event["amount"] is None)
        event["uncleaned"] = int(how.learns and not learnt)
        event["outlier"], event["amount"] = _outlier(event, how)
    filled = [_filled(event, kept, how, lookback) for event in kept]
    for event, amount in zip(kept, filled, strict=True):
        event["amount"] = amount
    if how.smooth:
        smoothed = [_smoothed(event, kept, how.smooth) for event in kept]
        for event, amount in zip(kept, smoothed, strict=True):
            event["amount"] = amount
    return {event["id"]: event for event in kept}


def cents(value: Decimal | float) -> Decimal:
    """Rounded half up to cents; a double by its shortest text."""
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _order(event: Event) -> tuple[Any, ...]:
    return event["time"], event["id"]


def _outlier(event: Event, how: Cleaning) -> tuple[int, Decimal | None]:
    amount, limits = event["amount"], event["limits"]
    if how.outliers == "keep" or amount is None or limits is None:
        return 0, amount
    lower, upper = limits["lower"], limits["upper"]
    if lower <= float(amount) <= upper:
        return 0, amount
    nearer = cents(lower if float(amount) < lower else upper)
    return 1, {"clip": nearer, "null": None, "flag": amount}[how.outliers]


def _filled(event: Event, events: list[Event], how: Cleaning, lookback: int) -> Decimal | None:
    if not event["missing"]:
        return event["amount"]
    if how.missing == "constant":
        return cents(how.constant)
    if how.missing in ("mean", "median", "mode"):
        learnt = event["limits"] and event["limits"][how.missing]
        return None if learnt is None else cents(learnt)
    own = [other for other in events if other["customer"] == event["customer"] and other["amount"] is not None]
    same_date = [other for other in own if other["known_from"] == event["known_from"]]
    if how.missing == "last_known":
        first = event["known_from"] - timedelta(days=lookback)
        known = [other for other in own if first < other["known_from"] < event["known_from"]]
        known += [other for other in same_date if _order(other) < _order(event)]
        return max(known, key=_order)["amount"] if known else None
    if how.missing == "interpolate":
        return _between(event, same_date)
    return None


def _between(event: Event, neighbours: list[Event]) -> Decimal | None:
    left = max((other for other in neighbours if _order(other) < _order(event)), key=_order, default=None)
    right = min((other for other in neighbours if _order(other) > _order(event)), key=_order, default=None)
    if left is None or right is None:
        return None
    span = right["time"] - left["time"]
    share = (event["time"] - left["time"]) / span if span else 0.0
    return cents(float(left["amount"]) + (float(right["amount"]) - float(left["amount"])) * share)


def _smoothed(event: Event, events: list[Event], width: int) -> Decimal | None:
    if event["amount"] is None:
        return None
    before = [
        other
        for other in events
        if (other["customer"], other["known_from"]) == (event["customer"], event["known_from"])
        and _order(other) <= _order(event)
    ]
    return cents(median(other["amount"] for other in before[-width:] if other["amount"] is not None))
