"""The shipped JSON Schemas are those of the models, and topics and identifiers keep their form."""

from __future__ import annotations

import json
import typing
import uuid

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import MessagingError
from lumbar.messaging import payloads, schema_files
from lumbar.messaging.identifiers import uuid7
from lumbar.messaging.topics import Channel, command_filter, topic_of
from posture.events import Activity, PostureState


def test_the_shipped_schemas_are_those_of_the_models(tmp_path):
    written = payloads.write_schemas(tmp_path)
    assert sorted(path.stem for path in written) == schema_files.message_schema_names()
    shipped = schema_files.message_schema
    for path in written:
        jsonschema.Draft202012Validator.check_schema(shipped(path.stem))
        assert json.loads(path.read_text(encoding="utf-8")) == shipped(path.stem), (
            "regenerate: from lumbar.messaging.payloads import write_schemas; "
            'write_schemas(Path("lumbar/messaging/schemas"))'
        )


def test_a_schema_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(MessagingError, match="no message schema is called 'alarm'; there are alert, bridge_state"):
        schema_files.message_schema("alarm")


def test_the_posture_state_knows_every_activity_and_posture():
    fields = payloads.PostureState.model_fields
    assert set(typing.get_args(fields["activity"].annotation)) == set(Activity)
    assert set(typing.get_args(fields["posture"].annotation)) == {*PostureState, "unknown"}


@pytest.mark.parametrize(
    ("channel", "name", "topic", "retained", "qos"),
    [
        (Channel.BRIDGE_STATE, None, "lumbar/anna/bridge/state", True, 1),
        (Channel.SENSOR_STATE, None, "lumbar/anna/sensor/state", True, 1),
        (Channel.POSTURE_STATE, None, "lumbar/anna/posture/state", True, 0),
        (Channel.HOLD_STATE, None, "lumbar/anna/hold/state", False, 0),
        (Channel.ALERT, "slouch", "lumbar/anna/alert/slouch", True, 1),
        (Channel.EVENT, "bend", "lumbar/anna/event/bend", False, 1),
        (Channel.SESSION, "s1", "lumbar/anna/session/s1", False, 1),
        (Channel.DAILY_SUMMARY, "2026-11-05", "lumbar/anna/summary/daily/2026-11-05", True, 1),
        (Channel.COMMAND, "snooze", "lumbar/anna/command/snooze", False, 1),
        (Channel.REPLY, "snooze", "lumbar/anna/command/snooze/reply", False, 1),
        (Channel.DISCOVERY, None, "homeassistant/device/lumbar_anna/config", True, 1),
    ],
)
def test_topics_are_those_of_the_design(channel, name, topic, retained, qos):
    assert topic_of(channel, "anna", name) == topic
    assert (channel.value.retained, channel.value.qos) == (retained, qos)


def test_commands_are_subscribed_without_their_replies():
    assert command_filter("anna") == "lumbar/anna/command/+"


@pytest.mark.parametrize(
    ("channel", "wearer", "name"),
    [
        (Channel.EVENT, "anna", None),
        (Channel.BRIDGE_STATE, "anna", "bend"),
        (Channel.EVENT, "an/na", "bend"),
        (Channel.EVENT, "anna", "+"),
        (Channel.EVENT, "anna", ""),
        (Channel.EVENT, "#", "bend"),
    ],
)
def test_a_part_that_is_no_level_of_a_topic_is_turned_away(channel, wearer, name):
    with pytest.raises(ValueError, match=r"name|topic"):
        topic_of(channel, wearer, name)


def test_identifiers_are_uuids_of_version_7_and_sort_by_time():
    made = [uuid7() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert {identifier.variant for identifier in made} == {uuid.RFC_4122}
    assert len(set(made)) == len(made)
    steps = [identifier.int >> 64 for identifier in made]
    assert steps == sorted(steps)


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            st.lists,
            max_leaves=5,
        ),
    )
)
def test_whatever_an_event_holds_comes_back_the_same(content):
    content.pop("kind", None)
    message = payloads.EventMessage.model_validate(
        {
            "id": uuid7(),
            "wearer": "anna",
            "time": "2026-11-05T09:00:00+01:00",
            "seq": 1,
            "version": "0.1.0",
            "content": {**content, "kind": "bend"},
        }
    )
    text = payloads.as_json(message)
    assert payloads.EventMessage.model_validate_json(text) == message
    jsonschema.validate(json.loads(text), schema_files.message_schema("event"))
