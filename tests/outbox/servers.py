"""Servers on this machine that messages are sent to: one of web hooks that can misbehave, one of mail."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

Behaviour = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers a request, the nth of its message (from 1); the body has been read, and counted."""


@dataclass
class WebHook:
    """What a server of web hooks has received: bodies by message id, how often each came, paths asked for."""

    port: int = 0
    bodies: dict[str, dict] = field(default_factory=dict)
    times: Counter = field(default_factory=Counter)
    accepted: Counter = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"


def accept(request: BaseHTTPRequestHandler, time: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "0")
    request.end_headers()


def status(code: int, **headers: str) -> Behaviour:
    def answer(request: BaseHTTPRequestHandler, time: int) -> None:
        request.send_response(code)
        for name, value in ({"Content-Length": "0"} | headers).items():
            request.send_header(name, value)
        request.end_headers()

    return answer


def only_first(failing: Behaviour, times: int = 1) -> Behaviour:
    """Misbehave at the first tries of each message, then accept."""
    return lambda request, time: failing(request, time) if time <= times else accept(request, time)


def hang(request: BaseHTTPRequestHandler, time_: int) -> None:
    time.sleep(30)


def drip(request: BaseHTTPRequestHandler, time_: int) -> None:
    """Answer with a byte now and then, so that no single read waits for long."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(300):
        request.wfile.write(b".")
        request.wfile.flush()
        time.sleep(0.1)


def drop(request: BaseHTTPRequestHandler, time_: int) -> None:
    """Take the message and close the connection without an answer."""
    request.close_connection = True
    request.connection.close()


@contextmanager
def web_hook(behaviour: Behaviour = accept, port: int = 0) -> Iterator[WebHook]:
    """A server of web hooks for the time of the block."""
    hook = WebHook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers["Idempotency-Key"] or "none"
            with hook.lock:
                hook.paths.append(self.path)
                hook.times[key] += 1
                number = hook.times[key]
                hook.bodies[key] = json.loads(body)
            behaviour(self, number)

        do_GET = do_POST  # noqa: N815

        def send_response(self, code: int, message: str | None = None) -> None:
            if 200 <= code < 300:
                with hook.lock:
                    hook.accepted[self.headers["Idempotency-Key"]] += 1
            super().send_response(code, message)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", port), Handler) as server:
        hook.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield hook
        finally:
            server.shutdown()


@dataclass
class Mailbox:
    """The mails that a server has received, parsed as a mail client does, with their envelopes."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"mailto://example.com:{self.port}/team@example.com?smtp=127.0.0.1&from=alerts@example.com"


@contextmanager
def mail_server(answer: str = "250 OK") -> Iterator[Mailbox]:
    """A server of mail for the time of the block."""
    box = Mailbox()

    class Receiver:
        async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
            if answer.startswith("250"):
                box.mails.append(message_from_bytes(envelope.content, policy=policy.default))
                box.recipients.append(envelope.rcpt_tos)
            return answer

    controller = Controller(Receiver(), hostname="127.0.0.1", port=_free_port(), data_size_limit=2**26)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
