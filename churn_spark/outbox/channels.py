"""Channels: one message to one address by Apprise, which answers with True or False and says why in its log.

What Apprise logs can hold addresses and passwords: it goes nowhere, and a reason is made of the status alone.
"""

import contextvars
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from apprise.attachment.memory import AttachMemory

from churn_spark.outbox.message import Attachment, Message

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that says which message it is, where the channel has headers: webhooks and mail."""
_STATUS = re.compile(r"\berror=(\d{3})\b")
_LOG = logging.getLogger("apprise")
_heard: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("heard", default=None)
PASSING = (408, 425, 429)
"""Refusals that may be over a moment later; of the others from 400 to 499 the second try gets the same answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try. error: why it failed, in words without addresses; None: it was accepted.

    again: whether another try within the run can help. stuck: the channel is still at work and must not be used again.
    """

    error: str | None = None
    again: bool = True
    stuck: bool = False


class Channel:
    """One address. answer_seconds: how long it waits for a connection, and for each answer."""

    def __init__(self, address: str, answer_seconds: float) -> None:
        """ValueError for an address that no channel understands."""
        plugin = _plugin(address)
        if plugin is None:
            raise ValueError("not an address that Apprise understands")
        plugin.redirects = False  # whatever the address says: the message is for this server
        plugin.socket_connect_timeout = plugin.socket_read_timeout = answer_seconds
        self._plugin = plugin
        self._answer_seconds = answer_seconds

    def send(self, message: Message) -> Answer:
        """Try once. A server that answers a little at a time, without end, is given up on as well."""
        plugin, answers = self._plugin, list[Answer]()
        if isinstance(headers := getattr(plugin, "headers", None), dict):
            headers[IDEMPOTENCY_KEY] = message.message_id
        trying = threading.Thread(target=lambda: answers.append(self._tried(message)), daemon=True)
        trying.start()
        # Connecting and answering take their time each, and mail is throttled to one in some seconds.
        trying.join(2 * self._answer_seconds + plugin.request_rate_per_sec)
        return (
            answers[0] if answers else Answer(f"no end of the answer within {2 * self._answer_seconds:g} s", stuck=True)
        )

    def _tried(self, message: Message) -> Answer:
        with _listening() as heard:
            try:
                accepted = self._plugin.notify(**_content(message, self._plugin.attachment_support))
            except Exception as error:  # a channel of Apprise with a fault of its own
                return Answer(f"the channel failed with {type(error).__name__}")
        return Answer() if accepted else _refused(heard, self._answer_seconds)


def understood(address: str) -> bool:
    """Whether a channel understands an address."""
    return _plugin(address) is not None


def _plugin(address: str) -> NotifyBase | None:
    asset = AppriseAsset(http_redirects=False, interpret_emojis=False, async_mode=False, storage_mode="memory")
    with _listening():
        return Apprise.instantiate(address, asset=asset)


def _content(message: Message, takes_files: bool) -> dict[str, object]:
    """What Apprise is given: plain text, which it escapes for channels that take HTML or Markdown; or a page as HTML,
    which it turns into text for those that take that only.
    """
    form = NotifyFormat.HTML if message.markup else NotifyFormat.TEXT
    content: dict[str, object] = {"title": message.subject, "body": message.body, "body_format": form}
    if file := message.attachment:
        note = file.note if takes_files else file.without
        content["body"] = f"{message.body}\n\n{note}"
        if takes_files:
            content["attach"] = _file(file)
    return content


def _file(file: Attachment) -> AttachMemory:
    return AttachMemory(content=file.content, name=file.name, mimetype="text/csv")


def _refused(heard: list[str], answer_seconds: float) -> Answer:
    codes = [int(code) for line in heard for code in _STATUS.findall(line)]
    if codes:
        code = codes[-1]
        moved = " (it sends on to another address, which is not followed)" if 300 <= code < 400 else ""
        return Answer(f"the server answered {code}{moved}", again=not 300 <= code < 500 or code in PASSING)
    if any("onnection" in line for line in heard):
        return Answer(f"no connection, or no answer within {answer_seconds:g} s")
    return Answer("the channel refused it")


class _Ear(logging.Handler):
    """Keeps what Apprise says in the thread that listens."""

    def emit(self, record: logging.LogRecord) -> None:
        heard = _heard.get()
        if heard is not None:
            heard.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def _of_others(record: logging.LogRecord) -> bool:
    """Whether a record is not about a message: at level DEBUG, paths are logged that can be passwords."""
    return _heard.get() is None


_LOG.addHandler(_Ear(logging.WARNING))
_LOG.propagate = False
logging.getLogger("urllib3.connectionpool").addFilter(_of_others)
