"""Who runs on which made events, who must agree with whom, and the comparisons with their targets."""

from dataclasses import dataclass

from benchmarks.made_events import Made

GROWTH = 5
"""How many times as many events the measured size has as the small one."""

DAILY = ("increment", "weekly", "writes_only")
RUNS = (
    *((name, "dense") for name in ("one_date", "naive", "dates_12", "dates_24", "naive_loop", "own_loop", "exploded")),
    *((name, "dense") for name in ("full", *DAILY, "duckdb", "polars")),
    *((name, "sparse") for name in ("one_date", "naive", *DAILY)),
    *((name, "heavy") for name in ("one_date", "dates_12", "full")),
    ("one_date", "small"),
)
"""Contestant and made events, in the order of one repetition."""

ALIKE = {
    ("one_date", "dense"): ("naive", "full", *DAILY, "duckdb", "polars", "dates_12"),
    ("dates_12", "dense"): ("dates_24", "naive_loop", "own_loop", "exploded"),
    ("one_date", "sparse"): ("naive", *DAILY),
    ("one_date", "heavy"): ("dates_12", "full"),
}
"""Whose rows are compared with those of a contestant, on the as-of dates of the latter."""
BY_ORACLE = (("dates_12", "dense"), ("one_date", "sparse"))

NAMES = {
    "one_date": "ours from tiles, one as-of date",
    "naive": "Spark, a groupBy a window, joined",
    "dates_12": "ours from tiles, 12 snapshots",
    "dates_24": "ours from tiles, 24 snapshots",
    "naive_loop": "a loop of that Spark plan over 12 snapshots",
    "own_loop": "a loop of ours over 12 snapshots, one date at a time",
    "exploded": "Spark, events exploded by 12 snapshots",
    "full": "all tiles and features from events, features written",
    "increment": "daily increment: the day's tiles and the features, both written",
    "weekly": "daily increment over weekly tiles of closed weeks",
    "writes_only": "daily increment with its features given: only its writes",
    "duckdb": "DuckDB, one SQL from events, one as-of date",
    "polars": "Polars, one lazy query from events, one as-of date",
}
DENSITIES = {"dense": 5.5, "sparse": 1.4, "heavy": 5.5, "small": 5.5}


@dataclass(frozen=True)
class Comparison:
    """CPU of `upper` divided by that of `lower` (contestant, made events), and the target.

    growth: as an exponent of the number of events. full_run: the target is meant for 100 M events.
    """

    name: str
    upper: tuple[str, str]
    lower: tuple[str, str]
    at_least: float | None = None
    at_most: float | None = None
    growth: bool = False
    full_run: bool = False

    @property
    def target(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"{bound} at 100 M" if self.full_run else bound

    def met(self, ratio: float) -> bool:
        """Whether the target is met; True without one."""
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


ONE, SPARSE, YEAR = ("one_date", "dense"), ("one_date", "sparse"), ("dates_12", "dense")
COMPARISONS = (
    Comparison("naive plan / ours, one as-of date, 5.5 events an active day", ("naive", "dense"), ONE, 5),
    Comparison("the same at 1.4 events an active day", ("naive", "sparse"), SPARSE, 1.5),
    Comparison("a loop of the naive plan over 12 snapshots / ours", ("naive_loop", "dense"), YEAR, 12),
    Comparison("a loop of ours over 12 snapshots / ours", ("own_loop", "dense"), YEAR),
    Comparison("exploding by 12 snapshots / ours", ("exploded", "dense"), YEAR, 6),
    Comparison("ours with 24 snapshots / with 12", ("dates_24", "dense"), YEAR, None, 1.4),
    Comparison(
        "full recomputation from events / daily increment, with writes",
        ("full", "dense"),
        ("increment", "dense"),
        4,
        full_run=True,
    ),
    Comparison("ours from tiles / DuckDB, one as-of date", ONE, ("duckdb", "dense"), None, 0.8, full_run=True),
    Comparison("ours from tiles / Polars, one as-of date", ONE, ("polars", "dense")),
    Comparison(
        f"growth of CPU over {GROWTH} times the events, exponent", ONE, ("one_date", "small"), None, 1.05, True, True
    ),
    Comparison(
        "one customer with 5 % of all events / none such: one as-of date", ("one_date", "heavy"), ONE, None, 1.2
    ),
    Comparison("the same: 12 snapshots", ("dates_12", "heavy"), YEAR, None, 1.2),
    Comparison("the same: tiles and features from events", ("full", "heavy"), ("full", "dense"), None, 1.2),
)
CHEAPER = tuple(
    Comparison(f"daily increment / {form}, {a_day} events an active day", ("increment", events), (other, events), least)
    for other, form, least in (
        ("weekly", "over weekly tiles of closed weeks", 2),
        ("writes_only", "its writes alone, which every form has", None),
    )
    for events, a_day in (("dense", 5.5), ("sparse", 1.4))
)
"""Cheaper forms of the daily job, adopted only where they make the whole of it twice as fast, and what bounds them."""


def made(name: str, events: int) -> Made:
    """The made events of a name."""
    return Made(events // (GROWTH if name == "small" else 1), DENSITIES[name], heavy=0.05 if name == "heavy" else 0.0)
