"""Sends messages over all routes at once, so that none waits for another, and hands back what became of each.

A message counts as sent once every address of its route has accepted it. What was sent and not yet noted is at most one
batch: a crash repeats no more than that.
"""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from churn_spark.definitions.dispatch import Dispatch
from churn_spark.outbox.channels import Channel
from churn_spark.outbox.message import Message, Outcome

BATCH = 100
"""Messages that are sent before it is noted."""
NOTED_AFTER = 20.0
"""Seconds after which what was sent is noted though no batch is full."""
GIVEN_UP_AFTER = 3
"""Messages of a route that fail one after another before the rest waits for the next run."""


Outcomes = queue.Queue[Outcome | Exception | None]
"""What routes at work say: an outcome, a fault of their own, None at their end."""


@dataclass(slots=True)
class _Address:
    channel: Channel
    stuck: bool = False


@dataclass(slots=True)
class _Way:
    """A route at work: its addresses, its messages in order, and where outcomes go."""

    addresses: list[_Address]
    messages: Sequence[Message]
    outcomes: Outcomes
    permits: threading.Semaphore
    dispatch: Dispatch
    stopped: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Send the messages until they end, too many have failed, or nobody wants the outcomes any more."""
        failed = 0
        try:
            for message in self.messages:
                self.permits.acquire()
                if self.stopped.is_set():
                    return
                error = self._sent(message)
                self.outcomes.put(Outcome(message, error, datetime.now(UTC)))
                failed = failed + 1 if error else 0
                if failed >= GIVEN_UP_AFTER or any(address.stuck for address in self.addresses):
                    return
        except Exception as bug:
            self.outcomes.put(bug)
        finally:
            self.outcomes.put(None)

    def _sent(self, message: Message) -> str | None:
        """Try until all addresses have accepted; why not, if they have not."""
        left, wait = list(self.addresses), self.dispatch.wait_seconds
        for attempt in range(1, self.dispatch.attempts + 1):
            answers = [(address, address.channel.send(message)) for address in left]
            for address, answer in answers:
                address.stuck |= answer.stuck
            left = [address for address, answer in answers if answer.error]
            if not left:
                return None
            errors = sorted({str(answer.error) for _, answer in answers if answer.error})
            useless = not any(answer.again for _, answer in answers if answer.error)
            if useless or attempt == self.dispatch.attempts or any(address.stuck for address in left):
                break
            if self.stopped.wait(wait):
                break
            wait *= 2
        of = f"{len(left)} of {len(self.addresses)} addresses: " if len(self.addresses) > 1 else ""
        return f"{of}{'; '.join(errors)}"


def send(routes: Mapping[str, tuple[Sequence[str], Sequence[Message]]], dispatch: Dispatch) -> Iterator[list[Outcome]]:
    """What becomes of the messages, in batches; more is sent only while the outcomes before are noted or being noted.

    routes: addresses and messages by name. A route that cannot be served leaves its remaining messages untried.
    """
    outcomes: Outcomes = queue.Queue()
    permits = threading.Semaphore(BATCH)
    ways = [
        _Way([_Address(Channel(a, dispatch.answer_seconds)) for a in addresses], messages, outcomes, permits, dispatch)
        for addresses, messages in routes.values()
        if messages
    ]
    for way in ways:
        threading.Thread(target=way.work, daemon=True).start()
    at_work = len(ways)
    try:
        while at_work:
            batch, at_work = _batch(outcomes, at_work)
            if batch:
                yield batch
                permits.release(len(batch))
    finally:
        for way in ways:
            way.stopped.set()
        permits.release(len(ways))


def _batch(outcomes: Outcomes, at_work: int) -> tuple[list[Outcome], int]:
    """The next outcomes, and how many routes are still at work."""
    batch: list[Outcome] = []
    until: float | None = None
    while at_work and len(batch) < BATCH:
        try:
            outcome = outcomes.get(timeout=None if until is None else max(0.0, until - monotonic()))
        except queue.Empty:
            break
        if outcome is None:
            at_work -= 1
            continue
        if isinstance(outcome, Exception):
            raise outcome
        batch.append(outcome)
        until = until or monotonic() + NOTED_AFTER
    return batch, at_work
