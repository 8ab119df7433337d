"""Home Assistant finds the wearer's device, and finds it again after it was away."""

from __future__ import annotations

import json

import pytest

from analytics.summary_model import summary_schema
from lumbar.messaging.home_assistant import SUMMARY_FIGURES, discovery_payload
from lumbar.messaging.payloads import COMMAND_ARGUMENTS, CommandMessage


@pytest.fixture
def payload():
    return json.loads(discovery_payload("anna", "0.1.0"))


def test_the_device_says_what_home_assistant_requires(payload):
    # Required by Home Assistant's schema: device with identifiers, origin with a name, components with a platform, and
    # a unique id for each.
    assert payload["device"]["identifiers"] == ["lumbar_anna"]
    assert payload["origin"]["name"] == "lumbar"
    components = payload["components"]
    assert {component["platform"] for component in components.values()} == {"sensor", "binary_sensor", "button"}
    unique_ids = [component["unique_id"] for component in components.values()]
    assert len(set(unique_ids)) == len(unique_ids)
    for component in components.values():
        assert ("command_topic" in component) == (component["platform"] == "button")
        assert ("state_topic" in component) == (component["platform"] != "button")


def test_the_device_shows_what_the_wearer_wants_to_see(payload):
    assert set(payload["components"]) == {
        "posture",
        "activity",
        "slouch_alert",
        "sitting_alert",
        "strap_moved",
        "sensor_connection",
        "battery",
        "slouch_minutes_today",
        "sitting_minutes_today",
        "steps_today",
        "snooze",
        "resume",
    }
    [availability] = payload["availability"]
    assert availability["topic"] == "lumbar/anna/bridge/state"


def test_the_buttons_send_commands_that_lumbar_takes(payload):
    for component in payload["components"].values():
        if component["platform"] == "button":
            verb = component["command_topic"].rpartition("/")[2]
            command = CommandMessage.model_validate_json(component["payload_press"])
            COMMAND_ARGUMENTS[verb].model_validate(command.arguments)


def test_the_device_is_announced_and_again_when_home_assistant_comes_back(broker, wearer, make_client, subscribe):
    topic = f"homeassistant/device/lumbar_{wearer}/config"
    home = subscribe(topic)
    client = make_client(broker.settings(wearer), wearer)
    client.connect(wait_s=10)
    [announced] = home.wait_for(topic)
    assert announced == json.loads(discovery_payload(wearer, "0.1.0"))
    home.publish("homeassistant/status", "offline")
    home.publish("homeassistant/status", "online")
    assert home.wait_for(topic, lambda got: len(got) == 2) == [announced, announced]
    late = subscribe(topic)
    assert late.wait_for(topic) == [announced]
    assert late.messages[0].retain


def test_today_s_figures_are_places_in_the_daily_summary():
    schema = summary_schema()
    for _title, place, _unit in SUMMARY_FIGURES.values():
        part = schema
        for step in place.split("."):
            part = part["properties"][step]
            part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        assert "number" in str(part) or "integer" in str(part)
