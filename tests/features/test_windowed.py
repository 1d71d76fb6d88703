"""Windows in NumPy against loops over tiles: any tiles, dates and windows, without Spark."""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.features import partials
from churn_spark.features.axis import cut
from churn_spark.features.partials import AGE, EVENTS, MOMENT, WORD, Windowed, of_measure
from churn_spark.features.ranges import Rows
from churn_spark.features.wide import Wide
from churn_spark.features.windowed import Batch, made

S = date(2026, 3, 12)
PLAIN = (EVENTS, AGE, MOMENT, *(of_measure("amount", kind) for kind in ("n", "sum", "sumsq", "min", "max")))
HALF_LIVES = (0.5, 21.5)

AMOUNTS = st.one_of(st.none(), st.integers(-500, 500), st.integers(-(10**17), 10**17))
TILES = st.lists(
    st.tuples(
        st.integers(0, 5),  # customer
        st.integers(0, 150),  # days before S
        st.sampled_from([1, 1, 1, 2, 3, 9, 40]),  # known after
        st.integers(1, 4),  # events
        AMOUNTS,
    ),
    min_size=1,
    max_size=40,
)
DATES = st.sets(st.integers(0, 70), min_size=1, max_size=6).map(lambda ages: [S - timedelta(days=age) for age in ages])
WINDOWS = st.sets(st.sampled_from([1, 7, 14, 30, 63, 64, 65, 130]), min_size=1, max_size=4)


def wanted(windows):
    """Every kind of partial over every window."""
    listed = [Windowed(partial, window) for partial in PLAIN for window in windows]
    listed += [Windowed(partials.decayed(half_life), window) for half_life in HALF_LIVES for window in windows]
    listed += [Windowed(partials.of_week(week), n) for n in windows for week in partials.weeks(n)]
    longest = max(windows)
    return listed + [Windowed(partials.word(n), longest) for n in range(partials.words(longest))]


def batch(tiles, axis):
    """Tiles as Spark would hand them over, one row a tile; and those within reach of a date, by customer."""
    rows = []
    for customer, age, after, events, amount in tiles:
        day, known = S.toordinal() - age, S.toordinal() - age + after
        first = bisect_left(axis.dates, known)
        if first == len(axis.dates) or not axis.dates[first] - axis.offsets[-1] <= day:
            continue
        rows.append((customer, bisect_right(axis.edges, day) - 1, first, day, known, events, amount))
    rows.sort(key=lambda row: row[:3])
    numbers = {customer: n for n, customer in enumerate(dict.fromkeys(row[0] for row in rows))}
    place = [np.array(column, np.int64) for column in zip(*((numbers[r[0]], r[1], r[2]) for r in rows), strict=True)]
    return Batch(axis, Rows(*place), *values(rows, axis)), list(numbers), rows


def values(rows, axis):
    """What is carried, from tiles of one event or several of one amount each."""
    nothing = np.iinfo(np.int64)
    ages = [axis.dates[-1] - row[3] for row in rows]
    left = [axis.edges[row[1] + 1] - row[3] for row in rows]
    amounts = [row[6] for row in rows]
    squares = [(amount or 0) ** 2 for amount in amounts]
    carried = {
        "events": [row[5] for row in rows],
        "age": ages,
        "moment": [row[5] * age for row, age in zip(rows, ages, strict=True)],
        "amount_n": [int(amount is not None) for amount in amounts],
        "amount_sum": [amount or 0 for amount in amounts],
        "amount_min": [nothing.max if amount is None else amount for amount in amounts],
        "amount_max": [nothing.min if amount is None else amount for amount in amounts],
    }
    integers = {name: np.array(listed, np.int64) for name, listed in carried.items()}
    bits = np.array([1 << (age - 1) % WORD for age in ages], np.uint64).view(np.int64)
    decayed = {
        partials.decayed(h).name: np.array([r[5] * 0.5 ** (days / h) for r, days in zip(rows, left, strict=True)])
        for h in HALF_LIVES
    }
    high, low = (np.array(words, np.uint64) for words in zip(*(divmod(n, 2**64) for n in squares), strict=True))
    return {**integers, **decayed, "days": bits}, {"amount_sumsq": Wide(high, low)}


def slow(windowed, rows, s):
    """The column of one customer and date, from all its tiles."""
    seen = [(s - row[3], row[5], row[6]) for row in rows if row[4] <= s and s - windowed.window <= row[3] < s]
    ages, amounts = [age for age, _, _ in seen], [amount for _, _, amount in seen if amount is not None]
    partial = windowed.partial
    if partial.kind == "week":
        return sum(events for age, events, _ in seen if 7 * (partial.number - 1) < age <= 7 * partial.number)
    if partial.kind == "decayed":
        return sum(events * 0.5 ** (age / partial.number) for age, events, _ in seen)
    if partial.kind == "days":
        bits = {age - 1 - WORD * partial.number for age in ages}
        return int(np.uint64(sum(1 << int(bit) for bit in bits if 0 <= bit < WORD)).astype(np.int64))
    mean = Fraction(sum(amounts), max(1, len(amounts)))
    return {
        "events": lambda: sum(events for _, events, _ in seen),
        "moment": lambda: sum(events * age for age, events, _ in seen),
        "age": lambda: min(ages, default=None),
        "amount_n": lambda: len(amounts),
        "amount_sum": lambda: sum(amounts),
        "amount_sumsq": lambda: float(sum((amount - mean) ** 2 for amount in amounts)),
        "amount_min": lambda: min(amounts, default=None),
        "amount_max": lambda: max(amounts, default=None),
    }[partial.name]()


@settings(max_examples=200)
@given(TILES, DATES, WINDOWS)
def test_every_window_holds_what_loops_over_tiles_find(tiles, dates, windows):
    listed = wanted(windows)
    axis = cut(dates, listed)
    given_to, customers, rows = batch([*tiles, (9, max((S - day).days for day in dates) + 1, 1, 1, 5)], axis)
    found, columns = given_to.windows(listed)
    snapshots = [(customers[c], axis.dates[d]) for c, d in zip(found.customer, found.date, strict=True)]
    of = {customer: [row for row in rows if row[0] == customer] for customer in customers}
    seen = {
        (customer, s)
        for customer, theirs in of.items()
        for s in axis.dates
        if any(row[4] <= s and s - max(windows) <= row[3] < s for row in theirs)
    }
    assert set(snapshots) == seen
    assert len(snapshots) == len(seen)
    for windowed in listed:
        right = [slow(windowed, of[customer], s) for customer, s in snapshots]
        if windowed.partial.kind in ("decayed", "squares"):
            assert list(columns[made(windowed)]) == pytest.approx(right, rel=1e-9, abs=1e-9), windowed
        else:
            assert columns[made(windowed)].tolist() == right, windowed
