"""The log of a run: lines of text for people, or JSON lines for machines."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

_STARTED = time.monotonic()


def configure(log_format: str = "text") -> None:
    """Send the suite's log to stderr as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    root = logging.getLogger("churn_spark")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
    # Py4J writes a traceback to the root logger for every interrupt; `fail` logs one line instead.
    logging.getLogger().addFilter(_no_interrupt)


def fail(name: str, message: str) -> None:
    """Log what failed, in the configured format."""
    logging.getLogger("churn_spark.error").error("%s: %s", name, message)


def _no_interrupt(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("KeyboardInterrupt while")


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stage = record.name.removeprefix("churn_spark.")
        return f"{time.monotonic() - _STARTED:7.1f} s  {stage:<14}  {record.getMessage()}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        stage = record.name.removeprefix("churn_spark.")
        return json.dumps({"at": at, "level": record.levelname, "stage": stage, "message": record.getMessage()})
