"""What has left the house: the events of each message."""

from churn_spark.tables.contracts.snapshots import AS_OF_DATE
from churn_spark.tables.table import INT, LONG, STRING, TIMESTAMP, Column, Table

QUEUED, SENT, FAILED, ACKNOWLEDGED, CLOSED = "queued", "sent", "failed", "acknowledged", "closed"
OVER = (SENT, ACKNOWLEDGED, CLOSED)
"""The states from which on a message is not sent again."""

ALERT_EVENTS = Table(
    name="alert_events",
    comment="What became of each message and each file for the CRM: queued, then sent or failed. Rows are only added.",
    columns=(
        Column("event_id", STRING, "32 hexadecimal digits of SHA-256 over message, status and run.", False),
        AS_OF_DATE,
        Column(
            "message_id",
            STRING,
            "The message, also in it: 32 hexadecimal digits of SHA-256 over route, as-of date, customer and kind or"
            " action (a digest: route and date). The same however often it is sent.",
            False,
        ),
        Column(
            "route",
            STRING,
            "Name of the route in `dispatch.routes`; `interventions.export`: the file for the CRM.",
            False,
        ),
        Column("customer_id", STRING, "Whom the message is about; null for a digest or a file.", person="id"),
        Column("subject", STRING, "Subject of the message; name of the file.", False),
        Column(
            "status",
            STRING,
            "queued, sent (all addresses of the route have accepted it; the file is written), failed (to be tried"
            " again), acknowledged (somebody has seen it) or closed.",
            False,
        ),
        Column("attempt", INT, "Runs that have tried to send it by then; 0: none.", False),
        Column("at", TIMESTAMP, "When it happened (UTC).", False),
        Column("rows", LONG, "How many alerts or interventions a digest or file is about; null for a single message."),
        Column("error", STRING, "Why it failed, without addresses; null otherwise."),
        Column("run_id", STRING, "The run that noted it.", False),
    ),
    partition="as_of_date",
    key=("event_id", "as_of_date"),
    written_by=("dispatch",),
)
