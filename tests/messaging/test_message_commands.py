"""Commands are checked, carried out and answered; a bad one gets an error reply and harms nothing."""

from __future__ import annotations

import json
import threading

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import CalibrationError
from lumbar.messaging.commands import answer
from lumbar.messaging.payloads import COMMAND_ARGUMENTS, ErrorReply, Reply
from lumbar.messaging.schema_files import message_schema


def echo(verb, arguments):
    return {"verb": verb, "arguments": arguments}


@pytest.mark.parametrize(
    ("verb", "payload", "arguments"),
    [
        ("snooze", b"", {"minutes": 30.0}),
        ("snooze", b'{"arguments": {"minutes": 5}}', {"minutes": 5.0}),
        ("resume", b"{}", {}),
        ("recalibrate", b'{"schema": "lumbar.command/1"}', {}),
        ("start_set", b'{"arguments": {"exercise": "bridge"}}', {"exercise": "bridge"}),
        ("stop_set", b"", {}),
        ("vibrate", b"", {"seconds": 1.0}),
    ],
)
def test_every_verb_is_carried_out_with_its_defaults_filled_in(verb, payload, arguments):
    reply = answer(verb, payload, echo)
    assert isinstance(reply, Reply)
    assert reply.result == {"verb": verb, "arguments": arguments}


@pytest.mark.parametrize(
    ("verb", "payload", "reason"),
    [
        ("fly", b"{}", "there is no such command; there are snooze, resume"),
        ("snooze", b"{", "EOF while parsing"),
        ("snooze", b"\xff\xfe", "Invalid JSON"),
        ("snooze", b"[]", "object"),
        ("snooze", b'{"minutes": 5}', "minutes: Extra inputs"),
        ("snooze", b'{"arguments": {"minutes": -5}}', "minutes: Input should be greater than 0"),
        ("snooze", b'{"arguments": {"minutes": NaN}}', "finite"),
        ("start_set", b"{}", "exercise: Field required"),
        ("start_set", b'{"arguments": {"exercise": "a/b"}}', "exercise: String should match"),
        ("resume", b'{"schema": "lumbar.command/2"}', "schema: Input should be"),
        ("resume", b"[" * 100_000, "recursion"),
    ],
)
def test_a_bad_command_is_answered_with_the_reason(verb, payload, reason):
    reply = answer(verb, payload, echo)
    assert isinstance(reply, ErrorReply)
    assert reason in reply.error


def test_what_the_program_cannot_do_now_is_told_to_the_sender():
    def refuse(_verb, _arguments):
        raise CalibrationError("stand still for the calibration")

    reply = answer("recalibrate", b'{"id": "7"}', refuse)
    assert reply == ErrorReply(verb="recalibrate", command_id="7", error="stand still for the calibration")


@given(verb=st.sampled_from([*COMMAND_ARGUMENTS, "x"]), payload=st.binary(max_size=200))
def test_any_bytes_get_a_reply(verb, payload):
    assert isinstance(answer(verb, payload, echo), Reply | ErrorReply)


@pytest.fixture
def commanded(broker, wearer, make_client, subscribe):
    """Send a command through the broker and wait for the reply."""
    client = make_client(broker.settings(wearer), wearer)
    onlooker = subscribe(f"lumbar/{wearer}/command/+/reply")

    def send(verb, payload):
        topic = f"lumbar/{wearer}/command/{verb}"
        known = len(onlooker.on(f"{topic}/reply"))
        onlooker.publish(topic, payload)
        return onlooker.wait_for(f"{topic}/reply", lambda got: len(got) > known)[-1]

    return client, send


def test_a_command_through_the_broker_is_carried_out_and_answered(commanded, wearer):
    client, send = commanded
    threads = []

    def handler(verb, arguments):
        threads.append(threading.current_thread().name)
        client.publish_event("snoozed", 0.0, {})
        return {"until": "2026-11-05T10:00:00+01:00", "verb": verb, **arguments}

    client.on_command(handler)
    client.connect(wait_s=10)
    reply = send("snooze", json.dumps({"id": "button-1", "arguments": {"minutes": 10}}))
    jsonschema.validate(reply, message_schema("reply"))
    assert reply["wearer"] == wearer
    assert reply["content"] == {
        "verb": "snooze",
        "command_id": "button-1",
        "result": {"until": "2026-11-05T10:00:00+01:00", "verb": "snooze", "minutes": 10},
    }
    assert threads[0].startswith("lumbar-command")


def test_bad_commands_through_the_broker_get_error_replies_and_the_next_good_one_works(commanded):
    client, send = commanded
    client.on_command(echo)
    client.connect(wait_s=10)
    for verb, payload in [("fly", "{}"), ("snooze", "{"), ("start_set", "{}")]:
        reply = send(verb, payload)
        jsonschema.validate(reply, message_schema("error_reply"))
        assert reply["content"]["verb"] == verb
    assert send("resume", "")["schema"] == "lumbar.reply/1"


def test_a_handler_that_breaks_is_logged_and_answered(commanded, caplog):
    client, send = commanded

    def broken(_verb, _arguments):
        raise ZeroDivisionError

    client.on_command(broken)
    client.connect(wait_s=10)
    reply = send("vibrate", "")
    assert "its log says why" in reply["content"]["error"]
    assert "ZeroDivisionError" in caplog.text


def test_without_anybody_to_carry_it_out_a_command_is_answered_too(commanded):
    client, send = commanded
    client.connect(wait_s=10)
    assert "takes no commands now" in send("resume", "")["content"]["error"]


def test_a_command_that_was_left_retained_is_not_carried_out(broker, wearer, make_client, subscribe):
    sender = subscribe(f"lumbar/{wearer}/command/+/reply")
    sender.publish(f"lumbar/{wearer}/command/vibrate", "{}", retain=True)
    carried_out = []
    client = make_client(broker.settings(wearer), wearer)
    client.on_command(lambda verb, _arguments: carried_out.append(verb) or {})
    client.connect(wait_s=10)
    sender.publish(f"lumbar/{wearer}/command/resume", "{}")
    sender.wait_for(f"lumbar/{wearer}/command/resume/reply")
    assert carried_out == ["resume"]
    sender.publish(f"lumbar/{wearer}/command/vibrate", "", retain=True)
