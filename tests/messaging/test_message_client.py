"""The contract of the message client, held on both brokers."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import subprocess
import sys

import jsonschema
import pytest

from config.errors import MessagingError
from lumbar.messaging.schema_files import message_schema

NINE_O_CLOCK = dt.datetime(2026, 11, 5, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=1))).timestamp()


def check(schema, payload):
    jsonschema.validate(payload, message_schema(schema), format_checker=jsonschema.FormatChecker())


@pytest.fixture
def client(broker, wearer, make_client):
    made = make_client(broker.settings(wearer), wearer)
    made.connect(wait_s=10)
    return made


def test_an_event_arrives_as_its_schema_says(client, wearer, subscribe):
    onlooker = subscribe(f"lumbar/{wearer}/#")
    client.set_wear_ratio(0.75)
    client.publish_event("slouch_ended", NINE_O_CLOCK, {"duration_s": 75.5})
    assert client.drain(10)
    [event] = onlooker.wait_for(f"lumbar/{wearer}/event/slouch_ended")
    check("event", event)
    assert event["schema"] == "lumbar.event/1"
    assert event["wearer"] == wearer
    assert event["time"] == "2026-11-05T09:00:00+01:00"
    assert event["content"] == {"kind": "slouch_ended", "duration_s": 75.5}
    assert event["wear_ratio"] == 0.75
    assert event["historical"] is False
    assert event["version"] == "0.1.0"


def test_events_keep_their_order_and_their_numbers_rise(client, wearer, subscribe):
    onlooker = subscribe(f"lumbar/{wearer}/event/#")
    for number in range(200):
        client.publish_event("bend", NINE_O_CLOCK + number, {"number": number})
    assert client.drain(20)
    onlooker.wait_for(f"lumbar/{wearer}/event/bend", lambda got: len(got) == 200)
    events = onlooker.events()
    assert [event["content"]["number"] for event in events] == list(range(200))
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))


def test_an_alert_stays_while_it_lasts_and_is_emptied_when_resolved(client, wearer, subscribe):
    topic = f"lumbar/{wearer}/alert/slouch"
    client.raise_alert("slouch", NINE_O_CLOCK, {"angle_deg": 14.0})
    assert client.drain(10)
    assert client.active_alerts == {"slouch"}
    late = subscribe(topic)
    [alert] = late.wait_for(topic)
    check("alert", alert)
    assert late.messages[0].retain
    client.resolve_alert("slouch")
    assert client.drain(10)
    late.wait_for(topic, lambda got: got == [alert, None])
    assert client.active_alerts == frozenset()
    client.publish_event("slouch_ended", NINE_O_CLOCK, {})
    later = subscribe(topic, f"lumbar/{wearer}/bridge/state")
    later.wait_for(f"lumbar/{wearer}/bridge/state")
    assert later.on(topic) == []


def test_the_sensor_state_the_session_and_the_summary_follow_their_schemas(client, wearer, subscribe, tools):
    onlooker = subscribe(f"lumbar/{wearer}/#")
    client.publish_sensor_state("connected", NINE_O_CLOCK, battery_percent=80, signal_dbm=-60)
    client.publish_session("morning-1", NINE_O_CLOCK, tools.SESSION)
    client.publish_summary(dt.date(2026, 11, 5), NINE_O_CLOCK, {"walking": {"steps": 4000}})
    assert client.drain(10)
    [sensor] = onlooker.wait_for(f"lumbar/{wearer}/sensor/state")
    check("sensor_state", sensor)
    assert sensor["content"] == {"state": "connected", "battery_percent": 80, "signal_dbm": -60}
    [session] = onlooker.wait_for(f"lumbar/{wearer}/session/morning-1")
    check("session", session)
    [summary] = onlooker.wait_for(f"lumbar/{wearer}/summary/daily/2026-11-05")
    check("daily_summary", summary)
    assert summary["content"] == {"date": "2026-11-05", "summary": {"walking": {"steps": 4000}}}
    late = subscribe(f"lumbar/{wearer}/summary/daily/+")
    assert late.wait_for(f"lumbar/{wearer}/summary/daily/2026-11-05") == [summary]


def test_a_posture_is_sent_when_it_changes_the_latest_at_most_once_a_second(client, wearer, subscribe, tools):
    topic = f"lumbar/{wearer}/posture/state"
    onlooker = subscribe(topic)
    for angle_deg in range(50):
        client.publish_posture(
            NINE_O_CLOCK + angle_deg, "sitting", "upright", angle_deg=float(angle_deg), since_s=NINE_O_CLOCK
        )
    states = onlooker.wait_for(topic, lambda got: got and got[-1]["content"]["angle_deg"] == 49.0)
    check("posture_state", states[-1])
    for _ in range(20):
        client.publish_posture(NINE_O_CLOCK + 60, "sitting", "upright", angle_deg=49.0, since_s=NINE_O_CLOCK)
    client.publish_posture(
        NINE_O_CLOCK + 61,
        "standing",
        "unknown",
        angle_deg=None,
        since_s=NINE_O_CLOCK + 61,
        judged_by={"source": "not_enough_seen", "seen_min": 12.0, "needed_min": 30.0},
    )
    later = onlooker.wait_for(topic, lambda got: got[-1]["content"]["activity"] == "standing")
    check("posture_state", later[-1])
    assert later[-1]["content"]["judged_by"]["seen_min"] == 12.0
    assert len(later) == len(states) + 1
    arrivals_s = [message.timestamp for message in onlooker.messages]
    assert all(after_s - before_s > 0.9 for before_s, after_s in itertools.pairwise(arrivals_s))
    assert onlooker.messages[-1].properties.MessageExpiryInterval <= 120
    late = subscribe(topic)
    tools.wait_until(lambda: late.on(topic) == later[-1:], "the posture is retained")


def test_the_bridge_is_online_while_the_program_runs_and_offline_after(client, wearer, subscribe):
    topic = f"lumbar/{wearer}/bridge/state"
    onlooker = subscribe(topic)
    [online] = onlooker.wait_for(topic)
    check("bridge_state", online)
    assert online["content"] == {"state": "online", "waiting": 0, "dropped": 0}
    client.close()
    states = onlooker.wait_for(topic, lambda got: len(got) == 2)
    check("bridge_state", states[-1])
    assert [state["content"]["state"] for state in states] == ["online", "offline"]


PROGRAM = """
import datetime, json, sys, time
from pathlib import Path
from config.settings import MqttSettings
from lumbar.messaging.client import MessageClient
settings, wearer, outbox = json.loads(sys.argv[1])
client = MessageClient(MqttSettings(**settings), wearer, Path(outbox), "0.1.0", time_zone=datetime.UTC)
client.connect()
for number in range(int(sys.argv[2])):
    client.publish_event("bend", 1.0 * number, {"number": number})
    print(number, flush=True)
    time.sleep(0.002)
time.sleep(60)
"""


def start_program(settings, wearer, outbox, count):
    arguments = json.dumps([settings.model_dump(), wearer, str(outbox)])
    return subprocess.Popen([sys.executable, "-c", PROGRAM, arguments, str(count)], stdout=subprocess.PIPE, text=True)


def test_when_the_program_is_killed_the_broker_says_offline(broker, wearer, subscribe, tmp_path):
    topic = f"lumbar/{wearer}/bridge/state"
    onlooker = subscribe(topic)
    program = start_program(broker.settings(wearer), wearer, tmp_path / "killed.db", 1)
    with program:
        onlooker.wait_for(topic)
        program.kill()
    states = onlooker.wait_for(topic, lambda got: len(got) == 2)
    assert [state["content"]["state"] for state in states] == ["online", "offline"]
    late = subscribe(topic)
    assert late.wait_for(topic)[0]["content"]["state"] == "offline"


@pytest.mark.parametrize("killed_after", [0, 3, 60])
def test_when_the_program_is_killed_nothing_it_noticed_is_lost(
    broker, wearer, subscribe, make_client, tmp_path, killed_after
):
    onlooker = subscribe(f"lumbar/{wearer}/event/#")
    program = start_program(broker.settings(wearer), wearer, tmp_path / "outbox.db", 1000)
    noticed = []
    with program:
        for line in program.stdout:
            noticed.append(int(line))
            if len(noticed) > killed_after:
                os.kill(program.pid, signal.SIGKILL)
                break
        noticed += [int(line) for line in program.stdout if line.endswith("\n")]
    client = make_client(broker.settings(wearer), wearer)
    client.connect(wait_s=10)
    client.publish_event("bend", NINE_O_CLOCK, {"number": -1})
    assert client.drain(10)
    onlooker.wait_for(f"lumbar/{wearer}/event/bend", lambda got: got and got[-1]["content"]["number"] == -1)
    events = onlooker.events()
    numbers = [event["content"]["number"] for event in events]
    # The event being written while the program died may be there or not; everything before it is, and once.
    assert numbers[:-1] == list(range(len(numbers) - 1))
    assert len(numbers) - 1 >= len(noticed)
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))


def test_what_waited_is_historical_and_what_comes_after_is_not(broker, wearer, subscribe, make_client):
    onlooker = subscribe(f"lumbar/{wearer}/event/#")
    client = make_client(broker.settings(wearer), wearer)
    client.publish_event("bend", NINE_O_CLOCK, {"number": 1})
    client.connect(wait_s=10)
    assert client.drain(10)
    client.publish_event("bend", NINE_O_CLOCK + 1, {"number": 2})
    events = onlooker.wait_for(f"lumbar/{wearer}/event/bend", lambda got: len(got) == 2)
    assert [event["historical"] for event in events] == [True, False]
    assert client.drain(10)


def test_a_full_outbox_drops_the_oldest_events_and_says_how_many(broker, wearer, subscribe, make_client):
    onlooker = subscribe(f"lumbar/{wearer}/#")
    client = make_client(broker.settings(wearer, outbox_limit=10), wearer)
    client.raise_alert("sitting", NINE_O_CLOCK, {})
    for number in range(25):
        client.publish_event("bend", NINE_O_CLOCK + number, {"number": number})
    assert (client.status.waiting, client.status.dropped) == (10, 16)
    client.connect(wait_s=10)
    assert client.drain(10)
    onlooker.wait_for(f"lumbar/{wearer}/event/bend", lambda got: len(got) == 9)
    assert [event["content"]["number"] for event in onlooker.events()] == list(range(16, 25))
    assert len(onlooker.wait_for(f"lumbar/{wearer}/alert/sitting")) == 1
    [online] = onlooker.wait_for(f"lumbar/{wearer}/bridge/state")
    assert online["content"] == {"state": "online", "waiting": 10, "dropped": 16}


def test_content_that_does_not_fit_the_schema_is_turned_away_and_costs_nothing(client):
    with pytest.raises(ValueError, match="state"):
        client.publish_sensor_state("asleep", NINE_O_CLOCK)
    with pytest.raises(ValueError, match="topic"):
        client.publish_event("bend/deep", NINE_O_CLOCK, {})
    with pytest.raises(ValueError, match="number"):
        client.publish_event("bend", NINE_O_CLOCK, {"peak_deg": float("nan")})
    assert client.status.waiting == 0
    assert client.drain(0)


def test_a_closed_client_says_so_and_can_be_closed_again(client):
    client.close()
    client.close()
    with pytest.raises(MessagingError, match="closed"):
        client.publish_event("bend", NINE_O_CLOCK, {})
    with pytest.raises(MessagingError, match="closed"):
        client.publish_posture(NINE_O_CLOCK, "sitting", "upright", angle_deg=1.0, since_s=NINE_O_CLOCK)
