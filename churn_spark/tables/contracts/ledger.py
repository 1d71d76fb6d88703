"""The table of the ledger: what every run read and wrote."""

from pyspark.sql import types as T

from churn_spark.tables.table import BOOLEAN, DATE, DOUBLE, LONG, STRING, Column, Table

_PARTITION = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("partition", DATE),
        T.StructField("rows", LONG),
        T.StructField("fingerprint", STRING),
        T.StructField("changed", BOOLEAN),
        T.StructField("version", LONG),
    ]
)
_READ = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("first", DATE),
        T.StructField("end", DATE),
        T.StructField("revision", LONG),
    ]
)
_DEFINITION = T.StructType(
    [T.StructField("table", STRING), T.StructField("column", STRING), T.StructField("hash", STRING)]
)
_LACKING = T.StructType(
    [
        T.StructField("table", STRING),
        T.StructField("partition", DATE),
        T.StructField("columns", T.ArrayType(STRING)),
    ]
)
_STATE = T.StructType(
    [T.StructField("table", STRING), T.StructField("partition", DATE), T.StructField("state", STRING)]
)
_ARRIVAL = T.StructType(
    [
        T.StructField("source", STRING),
        T.StructField("delivery", STRING),
        T.StructField("incomplete", BOOLEAN),
        T.StructField("by_row", BOOLEAN),
        T.StructField("nominal_dates", T.ArrayType(DATE)),
        T.StructField("known_from", T.ArrayType(DATE)),
    ]
)

RUNS = Table(
    name="runs",
    comment="The ledger: a start row before the first write of a run, an end row when it is over; off local disks also"
    " leases, which keep two runs of one job apart.",
    columns=(
        Column("run_id", STRING, "Unique id of the run.", False),
        Column(
            "event", STRING, "start, end, lost (the end is taken back, commits of the run are gone) or lease.", False
        ),
        Column("revision", LONG, "Rises with every row of the ledger; orders runs.", False),
        Column("job", STRING, "Stage.", False),
        Column("as_of_date", DATE, "As-of date of the run.", False),
        Column("at", T.TimestampType(), "When the row was written (UTC).", False),
        Column(
            "status",
            STRING,
            "running, ok, nothing_to_do, failed (nothing changed) or broken (something did); leases: held or released.",
            False,
        ),
        Column("error", STRING, "Name and message of the error; null otherwise."),
        Column(
            "writes",
            T.ArrayType(_PARTITION),
            "Start: what will be replaced; end: what was, with fingerprints (or removed).",
        ),
        Column("reads", T.ArrayType(_READ), "Partitions read (first <= partition < end) and their newest revision."),
        Column(
            "subjects",
            T.ArrayType(STRING),
            "Deliveries taken, as source/delivery; of a lease: the jobs that its run holds.",
        ),
        Column("definitions", T.ArrayType(_DEFINITION), "Definition hash of each column written."),
        Column("seconds", DOUBLE, "Duration; null in a start row."),
        Column("code_version", STRING, "Version of the package.", False),
        Column("settings_hash", STRING, "Hash of the resolved settings.", False),
        Column(
            "options", T.ArrayType(STRING), "Options that changed what was done (accept-incomplete=SOURCE@DATE ...)."
        ),
        Column(
            "lacking", T.ArrayType(_LACKING), "Columns that are null in a partition, as rows behind it lack an input."
        ),
        Column("states", T.ArrayType(_STATE), "What a partition rests on besides: when labels matured, or an outage."),
        Column(
            "arrivals",
            T.ArrayType(_ARRIVAL),
            "End of ingest: each delivery taken, its nominal dates, and since when rows of each are known.",
        ),
        Column("expires_at", T.TimestampType(), "When a lease runs out unless it is renewed (UTC); null otherwise."),
    ),
    key=("revision",),
    written_by=("every job",),
)
