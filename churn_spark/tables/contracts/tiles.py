"""Tiles: mergeable partial aggregates of one customer's events of one day, known from one date; contacts likewise."""

from pyspark.sql import types as T

from churn_spark.definitions.columns import SQUARE_BITS, Category, Measure, value_column
from churn_spark.definitions.sources import Source
from churn_spark.tables.contracts.intake import CUSTOMER_ID, EVENT_DATE, KNOWN_FROM
from churn_spark.tables.table import BINARY, DATE, LONG, STRING, Column, Table

FIRST_SEEN = Table(
    name="first_seen",
    comment="First event date of a customer in a source, one row each time an earlier one was learnt; the minimum up to"
    " s counts.",
    columns=(
        CUSTOMER_ID,
        Column("source", STRING, "Source of the configuration.", False),
        Column("first_seen", DATE, "Earliest event date of all known by then.", False),
        KNOWN_FROM,
    ),
    partition="known_from",
    key=("customer_id", "source", "known_from"),
    written_by=("build_tiles",),
)

UNCLEANED = Column(
    "uncleaned", LONG, "Events left as they were: known before the cleaning limits of a column were learnt.", False
)


def tiles(source: Source) -> Table:
    """The contract of `tiles_<source>`; sums are 64-bit integers at the measure's scale."""
    return Table(
        name=source.tiles_table,
        comment=f"Partial aggregates of {source.name}: one customer, event date and knowledge date; cleaned.",
        columns=(
            CUSTOMER_ID,
            EVENT_DATE,
            KNOWN_FROM,
            Column("events", LONG, "Number of events.", False),
            *(column for measure in source.measures for column in _measure(measure)),
            *(column for category in source.categories for column in _category(category, source)),
            *((UNCLEANED,) if source.learns else ()),
        ),
        partition="known_from",
        key=("customer_id", "event_date", "known_from"),
        written_by=("build_tiles",),
    )


def contacts(source: Source) -> Table:
    """The contract of `contacts_<source>`, for sources with a counterparty."""
    return Table(
        name=source.contacts_table,
        comment=f"Contacts of {source.name}: whom one customer was in touch with on a day, known from one date.",
        columns=(
            CUSTOMER_ID,
            Column("counterparty", STRING, "The partner's customer_id; never the customer's own.", False, person="id"),
            EVENT_DATE,
            KNOWN_FROM,
            Column("events", LONG, "Number of events.", False),
        ),
        partition="known_from",
        key=("customer_id", "counterparty", "event_date", "known_from"),
        written_by=("build_tiles",),
    )


def _measure(measure: Measure) -> tuple[Column, ...]:
    unit = f"{measure.unit or 'units'} x 10^{measure.scale}"
    point = T.StructType([T.StructField("time", LONG), T.StructField("id", STRING), T.StructField("value", LONG)])
    name = measure.name
    points = (
        Column(f"{name}_first", point, f"Earliest value by time (microseconds) then id, {unit}; null without a value."),
        Column(f"{name}_last", point, f"Latest value by time then id, {unit}; null without a value."),
    )
    return (
        Column(f"{name}_n", LONG, "Events with a value.", False),
        Column(f"{name}_sum", LONG, f"Sum, {unit}.", False),
        Column(f"{name}_sumsq_high", LONG, f"Sum of squares, ({unit})^2: high * 2^{SQUARE_BITS} + low.", False),
        Column(f"{name}_sumsq_low", LONG, "Its low part.", False),
        Column(f"{name}_min", LONG, f"Smallest, {unit}; null without a value."),
        Column(f"{name}_max", LONG, f"Largest, {unit}; null without a value."),
        *(points if measure.points else ()),
        Column(f"{name}_missing", LONG, "Events whose value was missing before cleaning.", False),
        Column(
            f"{name}_outlier",
            LONG,
            "Events whose value lay outside the Tukey fences before cleaning; 0 where outliers are kept.",
            False,
        ),
    )


def _category(category: Category, source: Source) -> tuple[Column, ...]:
    counts = [Column(value_column(category.name, v), LONG, f"Events with {v!r}.", False) for v in category.values]
    sums = [
        Column(value_column(category.name, v, m), LONG, f"Sum of {m} over events with {v!r}, scaled.", False)
        for m in category.measures
        for v in category.values
    ]
    known: list[Column] = []
    if category.distinct and category.approximate:
        known = [Column(f"{category.name}_sketch", BINARY, "HLL sketch of the values; null without one.")]
    elif category.distinct:
        known = [Column(f"{category.name}_values", T.ArrayType(STRING), "Different values, sorted.", False)]
    return (*counts, *sums, *known)
