"""What ingest writes: events, customers, deliveries, quarantine."""

from pyspark.sql import types as T

from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.tables.table import BOOLEAN, DATE, INT, LONG, STRING, TIMESTAMP, Column, Table

KNOWN_FROM = Column("known_from", DATE, "First as-of date that may use the row; always after event_date.", False)
CUSTOMER_ID = Column(
    "customer_id", STRING, "Pseudonym of the customer (the plain id where privacy is none).", False, person="id"
)
COUNTERPARTY = Column(
    "counterparty", STRING, "The partner's customer_id, whether or not a customer; null: none.", person="id"
)
EVENT_DATE = Column("event_date", DATE, "Day of the event in the configured zone.", False)

REASON_COUNT = T.ArrayType(T.StructType([T.StructField("reason", STRING), T.StructField("rows", LONG)]))
MADE_FROM = T.ArrayType(T.StructType([T.StructField("column", STRING), T.StructField("made_from", STRING)]))

DELIVERIES = Table(
    name="deliveries",
    comment="One delivery taken in, with its reconciliation:"
    " read = kept + quarantined + duplicate + unchanged + left_out.",
    columns=(
        Column("source", STRING, "Source of the configuration.", False),
        Column("delivery", STRING, "Name of the file or folder below the source's path, or the version.", False),
        Column("fingerprint", STRING, "SHA-256 over content (files: name and bytes of each; versions: commit).", False),
        Column("bytes", LONG, "Size at the source, bytes."),
        Column("nominal_date", DATE, "Nominal date; the latest of the rows' where it differs by row; null if none."),
        Column(
            "taken_on", DATE, "As-of date of the run that first took it, raised to the newest completed one.", False
        ),
        Column("history", BOOLEAN, "Rows with a nominal date up to history_until skip taken_on.", False),
        Column("read", LONG, "Rows read.", False),
        Column("kept", LONG, "Rows accepted.", False),
        Column("quarantined", LONG, "Rows refused, duplicates not counted.", False),
        Column("duplicate", LONG, "Rows that say the same as another one of their identity.", False),
        Column(
            "unchanged",
            LONG,
            "Rows of customers that say the same as the version before, left out of customers; null: 0, all were kept.",
        ),
        Column("removed_characters", LONG, "Control characters taken out of its texts; null: 0."),
        Column("left_out", LONG, "Rows that the source's `where` leaves out; null: 0."),
        Column("reasons", REASON_COUNT, "Rows by quarantine reason (a row can have several), sorted by reason."),
        Column(
            "known_from", T.ArrayType(DATE), "Partitions of the events (or customers) table it has rows in, sorted."
        ),
        Column("ignored_columns", T.ArrayType(STRING), "Columns of the delivery that the configuration does not know."),
        Column("accepted_incomplete", BOOLEAN, "Part of it was missing, and that was accepted.", False),
        Column("mapping", STRING, "Hash of which rows the configuration made of it; another one calls for a restate."),
        Column("columns", MADE_FROM, "Its columns with a hash of what they were made from; raw ones with their type."),
    ),
    partition="taken_on",
    key=("source", "delivery"),
    written_by=("ingest",),
)

QUARANTINE = Table(
    name="quarantine",
    comment="One refused row with every reason; one that lost to another keeps its identity and the delivery that won.",
    columns=(
        Column("source", STRING, "Source of the configuration.", False),
        Column("delivery", STRING, "Delivery the row came in.", False),
        Column("taken_on", DATE, "As the delivery's.", False),
        Column("reasons", T.ArrayType(STRING), "Reason codes, sorted.", False),
        Column(
            "row",
            STRING,
            "The row as JSON, identifiers pseudonymised; null where it does not parse.",
            person="raw",
        ),
        Column("length", INT, "Characters of a row that does not parse; null otherwise."),
        Column("row_hash", STRING, "SHA-256 of the row, keyed where privacy is pseudonym.", False, person="raw"),
        Column("copies", LONG, "How many equal rows of the delivery this row stands for.", False),
        Column("event_date", DATE, "Identity of a row that lost to another one; null otherwise."),
        Column("event_id", STRING, "Identity of a row that lost to another one; null otherwise."),
        Column("known_from", DATE, "Knowledge date of a row that lost to another one; null otherwise."),
        Column("winner", STRING, "Delivery whose row counts instead; null where it lost to none."),
    ),
    partition="taken_on",
    written_by=("ingest",),
)


def events(source: Source) -> Table:
    """The contract of `events_<source>`: accepted rows with raw values."""
    measures = tuple(
        Column(m.name, T.DecimalType(18, m.scale), f"{m.unit or 'units'}; null: no value.") for m in source.measures
    )
    categories = tuple(Column(c.name, STRING, "Category; null: no value.") for c in source.categories)
    return Table(
        name=source.events_table,
        comment=f"One accepted event of {source.name}, raw values.",
        columns=(
            CUSTOMER_ID,
            Column("event_id", STRING, "Identity within the day.", False),
            Column("event_time", TIMESTAMP, "Instant of the event (UTC).", False),
            EVENT_DATE,
            KNOWN_FROM,
            Column("delivery", STRING, "Delivery it came in.", False),
            *((COUNTERPARTY,) if source.counterparty else ()),
            *measures,
            *categories,
        ),
        partition="known_from",
        key=("event_date", "event_id"),
        written_by=("ingest",),
    )


def customers(project: Project) -> Table:
    """The contract of `customers`: versions of dated attributes, of all customer sources together."""
    attributes = {a.name: a for source in project.customer_sources for a in source.attributes}
    return Table(
        name="customers",
        comment="One version of a customer's attributes, kept where it says something new; readers take the last by"
        " known_from, nominal_date, delivery.",
        columns=(
            CUSTOMER_ID,
            Column("source", STRING, "Source of the configuration.", False),
            KNOWN_FROM,
            Column("nominal_date", DATE, "Date the version speaks of; null: undated."),
            Column("delivery", STRING, "Delivery it came in.", False),
            *(Column(a.name, _type(a.type), "Attribute; null: unknown.") for a in attributes.values()),
        ),
        partition="known_from",
        key=("customer_id", "source", "known_from", "delivery"),
        written_by=("ingest",),
    )


def _type(name: str) -> T.DataType:
    simple = {"string": STRING, "int": INT, "bigint": LONG, "double": T.DoubleType(), "date": DATE, "boolean": BOOLEAN}
    return simple[name]
