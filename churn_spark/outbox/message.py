"""A message: who it is about, what it says, and the key by which a receiver knows it again."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime

SUBJECT_LENGTH = 200
"""Most characters of a subject: mail servers break longer lines, chats cut them."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. note: what the text says where the channel carries files; without: where it does not."""

    name: str
    content: bytes
    note: str
    without: str


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over a route. customer_id None: it is about several; rows: how many a digest is about. markup: whether
    the body is HTML.
    """

    message_id: str
    route: str
    as_of_date: date
    customer_id: str | None
    subject: str
    body: str
    rows: int | None = None
    attachment: Attachment | None = None
    markup: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. error: why it failed, without addresses; None: all addresses have accepted it."""

    message: Message
    error: str | None
    at: datetime


def message_id(route: str, day: date, *about: str) -> str:
    """32 hex digits: the same for the same route, date and subject matter, whatever the text says.

    about: the customer and the kind of alert or action of a single message; nothing for a digest.
    """
    canonical = json.dumps([route, day.isoformat(), *about], ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def in_one_line(text: str) -> str:
    """The text without line breaks and control characters, at most as long as a subject may be."""
    line = " ".join(without_controls(text).split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 3]}..."


def without_controls(text: str) -> str:
    """The text with a blank for each character that cannot be printed, other than line breaks.

    Marks that join the parts of an emoji or the letters of a script stay; those that turn the direction of reading,
    by which a text can look like another one, do not.
    """
    return "".join(c if c == "\n" or c.isprintable() or c in JOINERS else " " for c in text)


JOINERS = "\u200c\u200d"
