"""A replayed morning as subscribers of a real broker see it."""

import json

import jsonschema
import pytest

from lumbar.messaging.schema_files import message_schema

SCHEMA_OF_TOPIC = {
    "alert": "alert",
    "event": "event",
    "posture": "posture_state",
    "bridge": "bridge_state",
    "summary": "daily_summary",
}


@pytest.fixture
def replayed(broker, listen, lumbar, recording_file, sections_file):
    listener = listen("lumbar/#")
    address = f"mqtt://{broker.host}:{broker.port}"
    code, out, err = lumbar("replay", recording_file, "--calibration", sections_file, "--broker", address)
    assert (code, err) == (0, "")
    assert "every message has been delivered" in out
    listener.catch_up("lumbar/caught-up")
    return listener


def test_one_slouch_is_one_alert_raised_and_emptied(replayed):
    raised, emptied = replayed.on("alert/slouch")
    assert json.loads(raised.payload)["content"]["text"].startswith("Time to change position")
    assert emptied.payload == b""
    (ended,) = [m for m in replayed.on("event/slouch_ended") if json.loads(m.payload)["content"]["duration_s"] > 60]
    assert json.loads(ended.payload)["content"]["duration_s"] == pytest.approx(140, abs=15)


def test_the_day_is_summed_up_and_kept_for_who_comes_later(replayed, listen):
    (summary,) = replayed.on("summary/daily/2026-01-05")
    assert json.loads(summary.payload)["content"]["summary"]["wear"]["wear_s"] > 600
    late = listen("lumbar/me/summary/#")
    late.wait_for("lumbar/me/summary/daily/2026-01-05", b"wear_s")
    assert [message.retain for message in late.messages] == [True]


def test_the_bridge_says_hello_and_goodbye(replayed):
    states = [json.loads(message.payload)["content"]["state"] for message in replayed.on("bridge/state")]
    assert states == ["online", "offline"]


def test_every_message_follows_its_schema_in_order(replayed):
    last_seq = 0
    for message in replayed.messages:
        if not message.payload:
            continue
        document = json.loads(message.payload)
        name = SCHEMA_OF_TOPIC[message.topic.split("/")[2]]
        jsonschema.Draft202012Validator(message_schema(name)).validate(document)
        if name in {"alert", "event", "daily_summary"}:
            assert document["seq"] > last_seq
            last_seq = document["seq"]
