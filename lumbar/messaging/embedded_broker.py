"""A broker inside Lumbar, for one wearer at home: no rights, no passwords, this computer only."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Self

from iotcore import Broker

from config.errors import MessagingError

__all__ = ["EmbeddedBroker"]

HOST = "127.0.0.1"
ATTEMPTS = 5
ANSWER_WITHIN_S = 5.0
LARGEST_MESSAGE = 1024 * 1024  # bytes; a day's summary is some 20 kB, which is already iotcore's own limit

# rumqttd's settings (https://github.com/bytebeamio/rumqtt): MQTT 5 needs its own listener, which iotcore's keyword
# arguments do not offer.
CONFIGURATION = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "lumbar"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {largest_message}
max_inflight_count = 100
"""

# MQTT 5 CONNECT: clean start, keep-alive 10 s, no properties, client id "lumbar-knock".
CONNECT = b"\x10\x19\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x0clumbar-knock"
CONNACK = 0x20
DISCONNECT = b"\xe0\x00"


class EmbeddedBroker:
    """An MQTT 5 broker in a process of its own that ends with this one. It forgets everything when it ends.

    Listens on 127.0.0.1 only. MQTT 3 clients are turned away (``mosquitto_sub`` needs ``-V 5``).

    Parameters
    ----------
    port
        TCP port; 0 takes a free one.

    Raises
    ------
    MessagingError
        The port is taken, or the broker does not start.

    """

    def __init__(self, port: int = 0) -> None:
        self._wanted_port = port
        self._broker: Broker | None = None
        self._port = port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Address it listens on."""
        return HOST

    @property
    def port(self) -> int:
        """Port it listens on, once it is started."""
        return self._port

    def start(self) -> None:
        """Start the broker; it answers when this returns."""
        attempts = 1 if self._wanted_port else ATTEMPTS
        for attempt in range(1, attempts + 1):
            self._port = self._wanted_port or _free_port()
            try:
                self._broker = _started(self._port)
            except OSError as error:
                # Between finding a free port and taking it, another program can be faster.
                if attempt == attempts:
                    raise MessagingError(
                        f"{HOST}:{self._port}: this port is taken; stop the other broker or choose another port"
                    ) from error
            except RuntimeError as error:
                if attempt == attempts:
                    raise MessagingError(f"{HOST}:{self._port}: the broker does not start ({error})") from error
            else:
                break
        if not _answers(self._port):
            self.stop()
            raise MessagingError(f"{HOST}:{self._port}: the broker has started but does not answer")

    def stop(self) -> None:
        """Stop the broker and free the port."""
        if self._broker is not None:
            self._broker.stop()
            self._broker = None


def _started(port: int) -> Broker:
    text = CONFIGURATION.format(host=HOST, port=port, largest_message=LARGEST_MESSAGE)
    with tempfile.TemporaryDirectory(prefix="lumbar-broker-") as folder:
        path = Path(folder) / "rumqttd.toml"
        path.write_text(text, encoding="utf-8")
        return Broker(config_path=str(path)).start()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_WITHIN_S) as connection:
            connection.sendall(CONNECT)
            first = connection.recv(1)
            connection.sendall(DISCONNECT)
    except OSError:
        return False
    return first == bytes([CONNACK])
