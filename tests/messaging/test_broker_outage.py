"""The broker dies, stalls or forgets in the middle of the day: nothing is lost, doubled (by id) or out of order."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest

from lumbar.messaging.embedded_broker import EmbeddedBroker

COUNT = 400


@pytest.fixture
def own_mosquitto(make_mosquitto, wearer):
    """A mosquitto of this test's own, to be killed."""
    return make_mosquitto([wearer])


@pytest.fixture
def onlooker(own_mosquitto, wearer, tools):
    """See everything the broker sends; its session is on the broker's disk before anything happens."""
    access = own_mosquitto.access(tools.observer)
    subscriber = tools.Subscriber(access, [f"lumbar/{wearer}/#"], name=wearer, acknowledge=False)
    own_mosquitto.save()
    yield subscriber
    subscriber.close()


@contextlib.contextmanager
def a_day(client, count, every_s):
    """Publish events in the background, one every now and then."""

    def publish():
        for number in range(count):
            client.publish_event("bend", 1.0 * number, {"number": number})
            time.sleep(every_s)

    thread = threading.Thread(target=publish)
    thread.start()
    yield thread
    thread.join()


def assert_whole(onlooker, wearer, count):
    onlooker.wait_for(f"lumbar/{wearer}/event/bend", lambda _: len(onlooker.events()) >= count)
    events = onlooker.events()
    assert [event["content"]["number"] for event in events] == list(range(count))
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))


def test_a_broker_that_is_killed_twice_a_day_costs_nothing(own_mosquitto, onlooker, wearer, make_client, tools):
    client = make_client(own_mosquitto.access(wearer).settings(), wearer)
    client.connect(wait_s=10)
    with a_day(client, COUNT, every_s=0.005):
        for seen in (COUNT // 4, COUNT // 2):
            tools.wait_until(lambda seen=seen: len(onlooker.events()) >= seen, "some events arrive")
            own_mosquitto.kill()
            tools.wait_until(lambda: not client.status.connected, "the client notices")
            own_mosquitto.start()
    assert client.drain(30)
    assert client.status.dropped == 0
    assert_whole(onlooker, wearer, COUNT)
    historical = [event["historical"] for event in onlooker.events()]
    assert any(historical)
    assert not historical[0]


def test_a_broker_that_stalls_is_noticed_and_costs_nothing(own_mosquitto, onlooker, wearer, make_client, tools):
    client = make_client(own_mosquitto.access(wearer).settings(keepalive_s=1), wearer)
    client.connect(wait_s=10)
    with a_day(client, 50, every_s=0.002):
        own_mosquitto.send(signal.SIGSTOP)
        tools.wait_until(lambda: not client.status.connected, "the client notices")
        own_mosquitto.send(signal.SIGCONT)
    assert client.drain(30)
    assert_whole(onlooker, wearer, 50)


def test_a_broker_that_comes_up_late_gets_the_whole_day(own_mosquitto, onlooker, wearer, make_client, tools):
    own_mosquitto.stop()
    client = make_client(own_mosquitto.access(wearer).settings(), wearer)
    client.connect()
    for number in range(30):
        client.publish_event("bend", 1.0 * number, {"number": number})
    client.raise_alert("slouch", 30.0, {})
    client.resolve_alert("slouch")
    tools.wait_until(lambda: client.status.last_error, "the first attempt fails")
    assert not client.drain(0)
    own_mosquitto.start()
    assert client.drain(30)
    assert_whole(onlooker, wearer, 30)
    assert all(event["historical"] for event in onlooker.events())
    [alert, emptied] = onlooker.wait_for(f"lumbar/{wearer}/alert/slouch", lambda got: len(got) == 2)
    assert alert["historical"]
    assert emptied is None


def test_a_broker_that_forgets_is_told_the_present_states_again(wearer, make_client, tools):
    port = tools.free_port()
    access = tools.Access(port)
    with EmbeddedBroker(port):
        client = make_client(access.settings(), wearer)
        client.connect(wait_s=10)
        client.publish_sensor_state("connected", 0.0, battery_percent=50)
        client.raise_alert("slouch", 1.0, {})
        client.raise_alert("sitting", 2.0, {})
        client.resolve_alert("sitting")
        assert client.drain(10)
    tools.wait_until(lambda: not client.status.connected, "the client notices")
    with EmbeddedBroker(port):
        tools.wait_until(lambda: client.status.connected, "the client comes back")
        late = tools.Subscriber(access, [f"lumbar/{wearer}/#"], name=wearer)
        [alert] = late.wait_for(f"lumbar/{wearer}/alert/slouch")
        [sensor] = late.wait_for(f"lumbar/{wearer}/sensor/state")
        [bridge] = late.wait_for(f"lumbar/{wearer}/bridge/state")
        assert alert["historical"]
        assert sensor["content"]["state"] == "connected"
        assert bridge["content"]["state"] == "online"
        assert late.on(f"lumbar/{wearer}/alert/sitting") == []
        late.close()
        client.close()
