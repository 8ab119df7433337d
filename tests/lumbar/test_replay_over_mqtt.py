"""A replayed morning as subscribers of a real broker see it."""

import json
import threading

import jsonschema
import paho.mqtt.client as mqtt
import pytest

from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.messaging.schema_files import message_schema

SCHEMA_OF_TOPIC = {
    "alert": "alert",
    "event": "event",
    "posture": "posture_state",
    "bridge": "bridge_state",
    "summary": "daily_summary",
}


class Listener:
    """Collect every message below a topic, in order."""

    def __init__(self, broker, topic):
        self.messages = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = lambda _client, _data, message: self.messages.append(message)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)
        self._client.subscribe(topic, qos=1)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker():
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def replayed(broker, lumbar, recording_file, sections_file):
    listener = Listener(broker, "lumbar/#")
    address = f"mqtt://{broker.host}:{broker.port}"
    code, out, err = lumbar("replay", recording_file, "--calibration", sections_file, "--broker", address)
    assert (code, err) == (0, "")
    assert "every message has been delivered" in out
    listener.close()
    return listener.messages


def on(messages, topic):
    return [message for message in messages if message.topic == f"lumbar/me/{topic}"]


def test_one_slouch_is_one_alert_raised_and_emptied(replayed):
    raised, emptied = on(replayed, "alert/slouch")
    assert json.loads(raised.payload)["content"]["text"].startswith("Time to change position")
    assert emptied.payload == b""
    (ended,) = [m for m in on(replayed, "event/slouch_ended") if json.loads(m.payload)["content"]["duration_s"] > 60]
    assert json.loads(ended.payload)["content"]["duration_s"] == pytest.approx(140, abs=15)


def test_the_day_is_summed_up_and_kept_for_who_comes_later(replayed, broker):
    (summary,) = on(replayed, "summary/daily/2026-01-05")
    assert json.loads(summary.payload)["content"]["summary"]["wear"]["wear_s"] > 600
    late = Listener(broker, "lumbar/me/summary/#")
    late.close()
    assert [message.retain for message in late.messages] == [True]


def test_the_bridge_says_hello_and_goodbye(replayed):
    states = [json.loads(message.payload)["content"]["state"] for message in on(replayed, "bridge/state")]
    assert states == ["online", "offline"]


def test_every_message_follows_its_schema_in_order(replayed):
    last_seq = 0
    for message in replayed:
        if not message.payload:
            continue
        document = json.loads(message.payload)
        name = SCHEMA_OF_TOPIC[message.topic.split("/")[2]]
        jsonschema.Draft202012Validator(message_schema(name)).validate(document)
        if name in {"alert", "event", "daily_summary"}:
            assert document["seq"] > last_seq
            last_seq = document["seq"]
