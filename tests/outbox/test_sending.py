import logging
import threading
import time
from dataclasses import replace

import pytest

from churn_spark.definitions.dispatch import Dispatch
from churn_spark.outbox import sending
from churn_spark.outbox.message import Outcome
from churn_spark.outbox.sending import send
from tests.outbox.made_messages import single_messages
from tests.outbox.servers import accept, drip, drop, hang, only_first, status, web_hook

QUICK = Dispatch((), attempts=3, wait_seconds=0.01, answer_seconds=1.0)
NOBODY = "json://127.0.0.1:1/hook"


def sent(*routes, dispatch=QUICK) -> list[Outcome]:
    ways = {str(number): route for number, route in enumerate(routes)}
    return [outcome for batch in send(ways, dispatch) for outcome in batch]


def errors(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.error for outcome in outcomes]


def test_each_message_arrives_once_with_its_id_and_its_text():
    messages = single_messages(250)
    with web_hook() as hook:
        outcomes = sent(([hook.address], messages))
    assert errors(outcomes) == [None] * 250
    assert hook.times == dict.fromkeys([message.message_id for message in messages], 1)
    assert {(b["title"], b["message"]) for b in hook.bodies.values()} == {(m.subject, m.body) for m in messages}


@pytest.mark.parametrize(
    ("behaviour", "tries", "error"),
    [
        (status(500), 3, "the server answered 500"),
        (status(404), 1, "the server answered 404"),
        (status(429), 3, "the server answered 429"),
        (hang, 2, "no connection, or no answer within 1 s"),
        (drop, 2, "no connection, or no answer within 1 s"),
        (drip, 1, "no end of the answer within 2 s"),
    ],
)
def test_what_a_server_does_wrong_is_said_without_its_address(behaviour, tries, error, logged, capfd):
    dispatch = replace(QUICK, attempts=tries if behaviour in (hang, drop) else 3)
    with web_hook(behaviour) as hook:
        address = hook.address.replace("//", "//name:secret@").replace("/hook", "/token")
        outcomes = sent(([address], single_messages(1)), dispatch=dispatch)
    assert errors(outcomes) == [error]
    assert sum(hook.times.values()) == tries
    said = str(logged) + "".join(capfd.readouterr())
    assert not [part for part in ("secret", "token", str(hook.port)) if part in said]


@pytest.fixture
def logged():
    """What reaches the root logger, where notebooks and schedulers listen: caplog hears more than they do."""
    heard, root = [], logging.getLogger()
    handler = logging.Handler()
    handler.emit = lambda record: heard.append((record.name, record.getMessage()))
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(before)
    root.removeHandler(handler)


def test_what_passes_by_itself_is_tried_again_with_the_same_id():
    messages = single_messages(5)
    with web_hook(only_first(status(503), times=2)) as hook:
        assert errors(sent(([hook.address], messages))) == [None] * 5
    assert hook.times == dict.fromkeys([message.message_id for message in messages], 3)
    assert hook.accepted == dict.fromkeys([message.message_id for message in messages], 1)


def test_a_redirect_is_not_followed_even_if_the_address_asks_for_it():
    with web_hook() as other, web_hook(status(307, Location=f"http://127.0.0.1:{other.port}/taken")) as hook:
        outcomes = sent(([f"{hook.address}?redirect=yes"], single_messages(1)))
    assert errors(outcomes) == ["the server answered 307 (it sends on to another address, which is not followed)"]
    assert other.paths == []


@pytest.mark.parametrize("option", ["optional=yes", "retry=5", "emojis=yes", "overflow=split"])
def test_no_option_of_an_address_turns_a_failure_into_a_success(option):
    with web_hook(status(500)) as hook:
        assert errors(sent(([f"{hook.address}?{option}"], single_messages(1)))) == ["the server answered 500"]
    assert sum(hook.times.values()) == 3


def test_a_failing_route_holds_up_no_other():
    began, arrived = time.monotonic(), []

    def note(request, number):
        arrived.append(time.monotonic() - began)
        accept(request, number)

    with web_hook(hang) as bad, web_hook(note) as good:
        outcomes = sent(([bad.address], single_messages(1)), ([good.address], single_messages(50)))
    assert sorted(map(str, errors(outcomes))) == ["None"] * 50 + ["no connection, or no answer within 1 s"]
    assert max(arrived) < 3.0  # three tries of the other route take that long


def test_a_route_that_fails_again_and_again_leaves_the_rest_for_the_next_run():
    with web_hook(status(500)) as hook:
        outcomes = sent(([hook.address], single_messages(20)))
    assert errors(outcomes) == ["the server answered 500"] * sending.GIVEN_UP_AFTER
    assert len(hook.times) == sending.GIVEN_UP_AFTER


def test_single_refusals_do_not_stop_a_route():
    refused = {message.message_id for message in single_messages(20)[::3]}

    def refuse(request, number):
        (status(400) if request.headers["Idempotency-Key"] in refused else accept)(request, number)

    with web_hook(refuse) as hook:
        outcomes = sent(([hook.address], single_messages(20)))
    assert {outcome.message.message_id for outcome in outcomes if outcome.error} == refused
    assert len(outcomes) == 20


def test_an_address_that_has_accepted_is_not_tried_again_within_the_run():
    (message,) = single_messages(1)
    with web_hook() as good, web_hook(only_first(status(500))) as slow:
        assert errors(
            sent(
                (
                    [
                        good.address,
                        slow.address,
                    ],
                    [message],
                )
            )
        ) == [None]
        assert (good.times[message.message_id], slow.times[message.message_id]) == (1, 2)
        assert errors(sent(([good.address, NOBODY], [message]))) == [
            "1 of 2 addresses: no connection, or no answer within 1 s"
        ]


def test_no_more_is_sent_than_one_batch_before_it_is_noted():
    messages = single_messages(3 * sending.BATCH)
    with web_hook() as hook:
        batches, noted = send({"a": ([hook.address], messages)}, QUICK), 0
        for batch in batches:
            time.sleep(0.3)  # the sender has time to run ahead
            noted += len(batch)
            assert sum(hook.times.values()) <= noted
        assert noted == len(messages)


def test_whoever_stops_listening_stops_the_sending():
    with web_hook() as hook:
        batches = send({"a": ([hook.address], single_messages(1000))}, QUICK)
        next(batches)
        batches.close()
        time.sleep(0.3)
        assert sum(hook.times.values()) <= sending.BATCH + 1


def test_a_fault_of_a_channel_of_apprise_is_a_failure_and_a_fault_of_ours_is_raised(monkeypatch):
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.send", fail)
    assert errors(sent(([NOBODY], single_messages(1)))) == ["the channel failed with ZeroDivisionError"]
    monkeypatch.setattr("churn_spark.outbox.sending.Channel.send", fail)
    with pytest.raises(ZeroDivisionError):
        sent(([NOBODY], single_messages(1)))
    assert not [thread for thread in threading.enumerate() if "work" in thread.name]


def fail(*_, **__):
    raise ZeroDivisionError
