"""docs/time.md: every table comes out as the functions of the jobs compute it."""

from datetime import UTC, date, datetime, timedelta

from pyspark.sql import functions as F

from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.periods import Days, Periods, grid, known_from_needed, observation_window
from churn_spark.definitions.rules import LabelRule
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.knowledge import with_knowledge
from churn_spark.labels.rules import inactivity
from churn_spark.lineage import maturity
from churn_spark.lineage.arrivals import Arrival
from churn_spark.lineage.data_end import end_of
from churn_spark.lineage.entry import OK, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.models.split import Step, split
from churn_spark.stages.training.champions import Decision, in_force
from tests.docs.pages import page, table
from tests.stages.made_warehouse import project_at

PAGE = page("docs/time.md")
PERIODS = Periods(gap=7, performance=28, lateness=2)
S = date(2026, 3, 1)
CALLS = Source("calls", "events", "csv", "none", (), "id", Delivered())
AT = datetime(2026, 9, 1, tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_known_from(spark):
    examples = table(
        PAGE, "what happened", "event date", "nominal date", "lag_days", "taken as of", "history", "known from"
    )
    computed = []
    for lag, history in sorted({(row["lag_days"], row["history"]) for row in examples}):
        rows = [row for row in examples if (row["lag_days"], row["history"]) == (lag, history)]
        made = spark.createDataFrame(
            [
                (row["what happened"], day(row["event date"]), day(row["nominal date"]), day(row["taken as of"]))
                for row in rows
            ],
            "what string, event_date date, _nominal date, _taken_on date",
        ).withColumn("_history", F.lit(history == "yes"))
        delivered = Delivered(lag_days=int(lag), history_until=date(2025, 12, 31) if history == "yes" else None)
        computed.append(with_knowledge(made, delivered, None, F.col("event_date")).select("what", "known_from"))
    together = computed[0]
    for frame in computed[1:]:
        together = together.unionByName(frame)
    assert {row["what"]: row["known_from"] for row in together.collect()} == {
        row["what happened"]: day(row["known from"]) for row in examples
    }


def test_what_a_window_of_seven_days_sees():
    for row in table(PAGE, "event date", "known from", "as of", "in the 7 days", "why"):
        s, known = day(row["as of"]), day(row["known from"])
        seen = day(row["event date"]) in observation_window(s, 7) and known <= s
        assert seen == (row["in the 7 days"] == "yes"), row
        assert not seen or known in known_from_needed(s, 7), row
    assert known_from_needed(S, 7).first == observation_window(S, 7).first + timedelta(days=1)


def test_windows_of_labels_and_their_maturity():
    for row in table(PAGE, "as of", "gap", "performance window", "matures on"):
        s = day(row["as of"])
        assert row["gap"] == span(PERIODS.gap_window(s))
        assert row["performance window"] == span(PERIODS.performance_window(s))
        assert day(row["matures on"]) == PERIODS.matured_on(s)


def span(days: Days) -> str:
    *_, last = days
    return f"{days.first} to {last}"


def test_the_days_on_the_edges_of_a_label(spark):
    examples = table(PAGE, "only event on", "known from", "label", "why")
    customers = [str(n) for n, _ in enumerate(examples)]
    snapshots = spark.createDataFrame(
        [(customer, S, PERIODS.matured_on(S)) for customer in customers],
        "customer_id string, as_of_date date, matured_on date",
    )
    events = spark.createDataFrame(
        [(c, day(row["only event on"]), day(row["known from"])) for c, row in zip(customers, examples, strict=True)],
        "customer_id string, event_date date, known_from date",
    )
    labels = {row["customer_id"]: row["label"] for row in inactivity(snapshots, events, PERIODS, 90).collect()}
    assert labels == {c: int(row["label"]) for c, row in zip(customers, examples, strict=True)}


def test_a_late_delivery_moves_the_maturity(tmp_path):
    for row in table(PAGE, "delivery for", "known from", "labels mature on"):
        arrival = Arrival("calls", "late", {day(row["delivery for"]): day(row["known from"])})
        assert maturity.matured_on(project(tmp_path), ledger(arrival), S) == day(row["labels mature on"]), row


def test_an_accepted_hole_is_an_outage(tmp_path):
    for row in table(PAGE, "missing", "as of", "outage"):
        accepted = ledger(options=[f"accept-incomplete=calls@{row['missing']}"])
        assert bool(maturity.outage(project(tmp_path), accepted, day(row["as of"]))) == (row["outage"] == "yes"), row


def project(tmp_path):
    rule = LabelRule("inactivity", ("calls",))
    return project_at(tmp_path, sources=(CALLS,), label=rule, periods=PERIODS)


def ledger(*arrivals: Arrival, options: list[str] | None = None) -> Ledger:
    """Ingest has taken some deliveries, the first of them long before, and has come to September."""
    first = Arrival("calls", "first", {date(2026, 1, 1): date(2026, 1, 2)})
    written = (Written("deliveries", date(2026, 1, 2), 1, "x"),)
    options = tuple(options or ())
    start = Entry("a", "start", 1, "ingest", AT.date(), AT, "running", writes=written)
    end = Entry(
        "a", "end", 2, "ingest", AT.date(), AT, OK, writes=written, options=options, arrivals=(first, *arrivals)
    )
    return Ledger([start, end])


def test_where_the_data_end():
    for row in table(PAGE, "newest deliveries", "the data end on", "last as-of date that is built"):
        end = end_of({CALLS: [day(text) for text in row["newest deliveries"].split(", ")]})
        assert (end.last, end.until) == (day(row["the data end on"]), day(row["last as-of date that is built"]))


def test_what_teaches_what_is_purged_and_what_tests():
    examples = table(PAGE, "snapshot", "matured on", "part")
    as_of, first = date(2026, 9, 1), day(examples[0]["snapshot"])
    assert [day(row["snapshot"]) for row in examples] == list(grid(first, 28, as_of))
    snapshots = {s: PERIODS.matured_on(s) for s in grid(first, 28, as_of)}
    parts = split(snapshots, PERIODS, as_of, test_snapshots=2, grid=Snapshots(first, 28))
    names = dict.fromkeys(snapshots, "not matured")
    names |= dict.fromkeys(parts.train, "teaches") | dict.fromkeys(parts.purged, "purged")
    names |= dict.fromkeys(parts.test, "tests")
    assert [(day(row["matured on"]), row["part"]) for row in examples] == [(snapshots[s], names[s]) for s in snapshots]


def test_what_the_backtest_of_the_example_learns_from():
    as_of, first = date(2026, 9, 1), date(2026, 3, 1)
    snapshots = {s: PERIODS.matured_on(s) for s in grid(first, 28, as_of)}
    parts = split(snapshots, PERIODS, as_of, 2, Snapshots(first, 28), backtest_snapshots=2)
    written = table(PAGE, "ranked", "learnt from")
    assert parts.backtest == tuple(Step((day(row["learnt from"]),), day(row["ranked"])) for row in written)


def test_which_version_scores_a_date():
    known = sorted(
        Decision(day(row["effective from"]), f"event {row['version']}", int(row["version"]))
        for row in table(PAGE, "version", "effective from")
    )
    for row in table(PAGE, "scored as of", "version"):
        champion = in_force(known, day(row["scored as of"]))
        assert row["version"] == (str(champion.version) if champion else "none"), row
