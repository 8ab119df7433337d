"""The embedded broker answers when it is started, listens on this computer only, and frees its port."""

from __future__ import annotations

import socket

import pytest

from config.errors import MessagingError
from lumbar.messaging.embedded_broker import EmbeddedBroker


def is_open(host, port):
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def test_it_takes_a_free_port_and_frees_it_again(tools):
    with EmbeddedBroker() as broker:
        assert is_open(broker.host, broker.port)
        port = broker.port
    tools.wait_until(lambda: not is_open("127.0.0.1", port), "the port is free")


def test_it_takes_the_port_that_is_asked_for(tools):
    port = tools.free_port()
    with EmbeddedBroker(port) as broker:
        assert broker.port == port


def test_a_port_that_is_taken_is_named():
    with EmbeddedBroker() as first:
        with pytest.raises(MessagingError, match=f"127.0.0.1:{first.port}: this port is taken; stop the other broker"):
            EmbeddedBroker(first.port).start()
        assert is_open(first.host, first.port)


def test_other_computers_cannot_reach_it(embedded):
    # 127.0.0.2 stands for any other address of this computer: a broker that listens on all would answer there.
    assert is_open("127.0.0.1", embedded.port)
    assert not is_open("127.0.0.2", embedded.port)


def test_a_message_as_large_as_a_long_session_passes(embedded, wearer, make_client, tools):
    access = tools.Access(embedded.port)
    topic = f"lumbar/{wearer}/session/long"
    onlooker = tools.Subscriber(access, [topic], name=wearer)
    client = make_client(access.settings(), wearer)
    client.connect(wait_s=10)
    client.publish_session("long", 0.0, tools.SESSION | {"items": tools.SESSION["items"] * 1000})
    assert client.drain(10)
    assert len(onlooker.wait_for(topic)[0]["content"]["items"]) == 1000
    onlooker.close()
