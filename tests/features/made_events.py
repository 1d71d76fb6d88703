"""Events made by Hypothesis for many customers at once, and the engine's features of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from churn_spark.definitions.columns import Category, Measure
from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.definitions.sources import Delivered, Source

ZONE = ZoneInfo("America/New_York")
S = date(2026, 3, 12)
"""Four days after the clocks went forward in the zone: windows hold a day of 23 hours."""
WINDOWS = (1, 14, 70)

SOURCE = Source(
    name="purchases",
    kind="events",
    format="csv",
    path="",
    schema=(),
    customer_id="customer",
    delivered=Delivered(),
    measures=(Measure("amount", "amount", 2), Measure("points", "points", 0)),
    categories=(
        Category("shop", "shop", values=("A", "B-1"), measures=("amount",), distinct=True),
        Category("basket", "basket", distinct=True, approximate=True),
    ),
)
EVENTS = (
    "customer_id string, event_id string, event_time timestamp, event_date date, known_from date, delivery string,"
    " amount decimal(18,2), points decimal(18,0), shop string, basket string"
)


def features() -> tuple[Feature, ...]:
    """Every operation over every window, but those of partners."""
    each = []
    for op in (op for op in OPS.values() if op.over not in PARTNERED):
        for window in WINDOWS if op.windowed else (None,):
            each += _of(Feature("", "purchases", op.name, window=window))
    return tuple(each)


def _of(feature: Feature) -> list[Feature]:
    op = OPS[feature.op]
    variants: list[dict[str, object]] = [{}]
    if op.name == "share":
        variants = [{"column": "shop", "value": v, "measure": m} for v in ("A", "B-1") for m in (None, "amount")]
    elif op.name == "distinct":
        variants = [{"column": "shop"}, {"column": "basket"}]
    elif op.over == "measure":
        variants = [{"column": "amount"}, {"column": "points"}]
    elif op.name == "ewm":
        variants = [{"half_life": 7.0}, {"half_life": 21.5}]
    elif op.name.startswith("weekly_") and (feature.window or 0) % 7:
        variants = []
    elif op.name == "weekly_lag":
        variants = [{"lag": week} for week in range(1, (feature.window or 0) // 7 + 1)]
    named = (replace(feature, **variant) for variant in variants)  # type: ignore[arg-type]
    return [
        replace(f, name="_".join(map(str, (f.op, f.column, f.value, f.measure, f.half_life, f.lag, f.window))))
        for f in named
    ]


def _instant(day: date, minute: int) -> datetime:
    """The instant of a minute of a local day, so that the last hours of it lie on the next day in UTC."""
    return (datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(minutes=minute)).astimezone(UTC)


# Ages at the edges of the windows and of the machine words of the set of active days, besides any age.
EDGES = sorted({edge + near for edge in (*WINDOWS, 64, 0) for near in (-1, 0, 1)})
AGES = st.one_of(st.sampled_from(EDGES), st.integers(-2, 155))
AMOUNTS = st.one_of(st.none(), st.integers(-500, 500), st.sampled_from([0, 10**11, -(10**11)]))


@st.composite
def event(draw: st.DrawFn) -> dict[str, object]:
    """One event around `S`: on time or late, in a gap of its source's values or not."""
    day = S - timedelta(days=draw(AGES))
    late = draw(st.sampled_from([0, 0, 0, 1, 2, 6, 30]))
    cents, points = draw(AMOUNTS), draw(AMOUNTS)
    return {
        "time": _instant(day, draw(st.sampled_from([0, 1, 720, 1200, 1439]))),
        "date": day,
        "known_from": day + timedelta(days=1 + late),
        "amount": None if cents is None else Decimal(cents).scaleb(-2),
        "points": None if points is None else Decimal(points),
        "shop": draw(st.sampled_from([None, "A", "B-1", "C"])),
        "basket": draw(st.sampled_from([None, *"vwxyz"])),
    }


CUSTOMERS = st.lists(st.lists(event(), max_size=12), min_size=30, max_size=30)


def identified(customers: list[list[dict[str, object]]]) -> list[dict[str, object]]:
    """All events with their customer and an id of their own; ids do not follow time."""
    return [
        {**one, "customer": f"c{number:02}", "id": f"{(position * 7) % 13:02}-{number}"}
        for number, events in enumerate(customers)
        for position, one in enumerate(events)
    ]


def rows(events: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """Rows of `EVENTS`."""
    names = ("customer", "id", "time", "date", "known_from")
    values = ("amount", "points", "shop", "basket")
    return [(*(one[n] for n in names), "d", *(one[n] for n in values)) for one in events]
