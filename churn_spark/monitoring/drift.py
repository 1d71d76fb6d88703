"""Whether features are distributed as at the reference dates: nulls, range, and the whole distribution.

A limit counts only beyond what chance and the dates of the reference explain: each is raised to what samples of one
distribution exceed with the chance that is configured (over all features together), and to how far one date of the
reference lies from the others (seasons that the model has seen are no drift). Of a business that rests on Sundays
every Monday looks unlike every Wednesday: beside dates of other weekdays what asks for a training warns at most.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from churn_spark.definitions.monitoring import Limits, Monitoring
from churn_spark.monitoring.bins import Bins, Counted
from churn_spark.monitoring.counting import Counts
from churn_spark.monitoring.divergence import (
    jensen_shannon,
    jensen_shannon_by_chance,
    pooled,
    psi,
    psi_by_chance,
)
from churn_spark.monitoring.signal import MODEL, Signal, status_of, unknown

SIGNALS = ("null_share", "range_share", "psi", "jensen_shannon")
OUTSIDE = 0.001
"""Share of the reference below its range, and above it."""
SEE = "see what changed in the deliveries behind it"
TRAIN = f"{SEE}; if customers do behave differently, train a new model"

Index = Callable[[Counts, Counts], float]
ByChance = Callable[[int, float, float, float], float]


@dataclass(frozen=True, slots=True)
class Against:
    """What today is compared with: dates of the reference whose rows mean the same, and what they are, in words."""

    days: tuple[date, ...]
    called: str

    def has_weekday_of(self, day: date) -> bool:
        """Whether one of the dates is of the weekday of another."""
        return any(one.weekday() == day.weekday() for one in self.days)


def feature_signals(
    counted: Mapping[str, Counted],
    today: date,
    against: Mapping[str, Against],
    settings: Monitoring,
    version: int | None,
) -> list[Signal]:
    """Four signals of every feature. against: by feature, without days where it is new since the reference."""
    signals: list[Signal] = []
    for name, rows in counted.items():
        found = Compared.of(name, rows, today, against[name], settings.false_alarms / max(len(counted), 1))
        each = found.signals(settings, version)
        signals += each if against[name].has_weekday_of(today) else map(_warned, each)
    return signals


def _warned(signal: Signal) -> Signal:
    """The signal with a warning in place of `act`, if it is one that asks for a training."""
    if signal.status != "act" or signal.signal not in MODEL:
        return signal
    text = f"{signal.text}; the dates it is compared with are of other weekdays, so this is a warning"
    return replace(signal, status="warn", text=text)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Counts by bin of one feature today and at each date of the reference; chance: that it warns by chance."""

    name: str
    bins: Bins
    now: Counts
    then: Counts
    called: str
    chance: float

    @classmethod
    def of(cls, name: str, rows: Counted, today: date, against: Against, chance: float) -> "Compared":
        then = rows.rows[[rows.days.index(day) for day in against.days]]
        return cls(name, rows.bins, rows.of([today]), then, against.called, chance)

    def signals(self, settings: Monitoring, version: int | None) -> Iterator[Signal]:
        """Null share, range share, PSI and Jensen-Shannon distance."""
        if why := self._too_few(settings.least_customers):
            yield from (unknown(signal, self.name, why, version) for signal in SIGNALS)
            return
        nulls = np.zeros(self.bins.size, dtype=bool)
        nulls[-1] = True
        yield self._share("null_share", "null", nulls, None, settings.null_share, 0.0, version, SEE)
        known = ~nulls
        if self.bins.range:
            outside = np.zeros(self.bins.size, dtype=bool)
            outside[[0, -2]] = True
            what = "outside of the reference's range (its 0.1 % to 99.9 %)"
            yield self._share("range_share", what, outside, known, settings.range_share, self._grown(), version, TRAIN)
        for signal, index, by_chance, limits in (
            ("psi", psi, psi_by_chance, settings.psi),
            ("jensen_shannon", jensen_shannon, jensen_shannon_by_chance, settings.jensen_shannon),
        ):
            yield self._distance(signal, index, by_chance, limits, settings.least_customers, version)

    def _too_few(self, least: int) -> str | None:
        if not len(self.then):
            return f"{self.name} has no reference: no earlier date has it as it is defined now"
        if (rows := self.now.sum()) < least:
            return f"{rows} customers are too few to say (monitoring.least_customers: {least})"
        if (rows := self.then.sum() // len(self.then)) < least:
            return f"{rows} customers a date of the reference are too few to say (monitoring.least_customers: {least})"
        return None

    def _share(
        self,
        signal: str,
        what: str,
        part: np.ndarray,
        whole: np.ndarray | None,
        limits: Limits,
        grown: float,
        version: int | None,
        advice: str,
    ) -> Signal:
        """The share of rows in some bins, of those in others, beside that of the reference. grown: what is usual."""
        whole = np.ones_like(part) if whole is None else whole
        (x, n), (y, m) = ((int(c[part].sum()), int(c[whole].sum())) for c in (self.now, self.then.sum(axis=0)))
        if not n or not m:
            where = "today" if not n else "at the reference dates"
            return unknown(signal, self.name, f"{self.name} is null everywhere {where}", version)
        value, reference = x / n, y / m
        each = [date_rows[part].sum() / max(date_rows[whole].sum(), 1) for date_rows in self.then]
        usual = max(grown, *(abs(one - reference) for one in each))
        sign = 1 if value >= reference else -1
        chance = share_by_chance(n, reference, m / len(self.then), self.chance, rising=sign > 0)
        apart = (max(limits.warn, usual, chance), max(limits.act, usual * limits.act / limits.warn, chance))
        warn, act = (min(max(reference + sign * each, 0.0), 1.0) for each in apart)
        status = status_of(value, warn, act, rising=sign > 0)
        text = f"{value:.2%} of the values of {self.name} are {what}, {reference:.2%} {self.called}"
        return Signal(
            signal, self.name, status, text, value, reference, warn, act, advice if status != "ok" else None, version
        )

    def _grown(self) -> float:
        """The largest share of a date of the reference that lay outside of the range of the dates before it.

        Of what grows with the calendar, as how long customers are known, each date has values that none had before.
        """
        dates, largest = self.then[:, :-1], 0.0
        for place in range(1, len(dates)):
            before, now = dates[:place].sum(axis=0), dates[place]
            if not before.sum() or not now.sum():
                continue
            reached = np.cumsum(before) / before.sum()
            low, high = np.searchsorted(reached, OUTSIDE, side="right"), np.searchsorted(reached, 1 - OUTSIDE)
            largest = max(largest, (now[:low].sum() + now[high + 1 :].sum()) / now.sum())
        return float(largest)

    def _distance(
        self, signal: str, index: Index, by_chance: ByChance, limits: Limits, least: int, version: int | None
    ) -> Signal:
        now, then = self.now[:-1], self.then[:, :-1]
        if min(now.sum(), then.sum() // len(then)) < least:
            text = f"{self.name} is known of too few customers to say (monitoring.least_customers: {least})"
            return unknown(signal, self.name, text, version)
        value, floor = distance(now, then.sum(axis=0), len(then), index, by_chance, self.chance)
        warn = max(limits.warn, floor, self._usual(then, index, by_chance))
        act = warn * limits.act / limits.warn
        if signal == "jensen_shannon":
            warn, act = min(warn, 1.0), min(act, 1.0)
        status = status_of(value, warn, act)
        name = {"psi": "stability index (PSI)", "jensen_shannon": "Jensen-Shannon distance"}[signal]
        how = "distributed otherwise than" if status != "ok" else "distributed as"
        text = f"{self.name} is {how} {self.called}: {name} {value:.3f}, limit {act if status == 'act' else warn:.3f}"
        return Signal(
            signal, self.name, status, text, value, 0.0, warn, act, TRAIN if status != "ok" else None, version
        )

    def _usual(self, then: Counts, index: Index, by_chance: ByChance) -> float:
        """How far the date of the reference that is most unlike the others lies from them."""
        if len(then) < 3:
            return 0.0
        total = then.sum(axis=0)
        apart = [distance(one, total - one, len(then) - 1, index, by_chance, 0.5)[0] for one in then if one.sum()]
        return max(apart, default=0.0)


def distance(
    now: Counts, then: Counts, dates: int, index: Index, by_chance: ByChance, chance: float
) -> tuple[float, float]:
    """An index of today's counts against those of some dates together, and what chance makes of it.

    The customers of several dates are mostly the same, so these count as many rows as one date has.
    """
    n, m = float(then.sum()) / dates, float(now.sum())
    expected, compared = pooled(then, now, min(n, m))
    return index(expected, compared), by_chance(len(expected), n, m, chance)


def share_by_chance(n: int, reference: float, m: float, chance: float, rising: bool) -> float:
    """How far a share of n rows may lie above (or below) the reference's by chance, which is known from m rows only.

    By the predictive distribution: beta-binomial with Jeffreys' prior.
    """
    from scipy.stats import betabinom

    drawn = betabinom(n, reference * m + 0.5, (1 - reference) * m + 0.5)
    beyond = drawn.isf(chance / 2) if rising else drawn.ppf(chance / 2)
    return math.fabs(float(beyond) / n - reference)
