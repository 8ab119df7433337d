"""One connection to the broker, driven by one thread: paho-mqtt without its own thread.

paho's background thread reconnects and sends again by itself, and hides why a connection failed. Here the thread that
sends is the one that reads, so that the order of messages is ours, and each failure is a `MessagingError` of one line.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from config.errors import MessagingError

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

    from config.settings import MqttSettings

__all__ = ["Acknowledgement", "Connection", "Outgoing", "Received"]

CONNECT_TIMEOUT_S = 5.0
SHORT_S = 5.0
WINDOW = 20  # unacknowledged messages; what paho and mosquitto allow unless told otherwise
NO_RETAINED_ON_SUBSCRIBE = 2  # MQTT 5, section 3.8.3.1

NOT_AUTHORISED = {"Bad user name or password", "Not authorized"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    topic: str
    payload: str
    qos: int
    retained: bool
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message from a subscription."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The broker's word on a message sent with QoS 1; `refusal` is None when it took the message."""

    message_id: int
    refusal: str | None


class TidySocket(ssl.SSLSocket):
    """A TLS socket that closes itself when the handshake fails; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  the signature of the standard library
        """Do the handshake, or close."""
        try:
            super().do_handshake(block)
        except (OSError, ssl.CertificateError):
            self.close()
            raise


class Connection:
    """A connection to an MQTT 5 broker. Only `wake` and `interrupt` may be called from another thread.

    Parameters
    ----------
    settings
        Where the broker is and how to log in.
    client_id
        The broker knows the program by it; a second one of the same name pushes the first out.

    Raises
    ------
    MessagingError
        The password or a certificate cannot be read.

    """

    def __init__(self, settings: MqttSettings, client_id: str) -> None:
        self.place = f"{settings.host}:{settings.port}"
        self._settings = settings
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._log_in()
        self._client.connect_async(settings.host, settings.port, settings.keepalive_s, clean_start=True)
        self._interrupted = threading.Event()
        self._answer: ReasonCode | None = None
        self._answered_s = 0.0
        self._goodbye: ReasonCode | None = None
        self._window = WINDOW
        self._unacknowledged: set[int] = set()
        self._acknowledgements: list[Acknowledgement] = []
        self._received: list[Received] = []
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._wake_writer.settimeout(0)

    @property
    def has_room(self) -> bool:
        """Whether the broker takes another message of QoS 1 now."""
        return len(self._unacknowledged) < self._window

    @property
    def is_idle(self) -> bool:
        """Whether everything sent is acknowledged and written."""
        return not self._unacknowledged and not self._client.want_write()

    def open(self, will: Outgoing) -> None:
        """Connect and log in.

        Parameters
        ----------
        will
            What the broker publishes when the connection breaks.

        Raises
        ------
        MessagingError
            Nobody answers, or the broker refuses; the message says what to do.

        """
        self._answer = self._goodbye = None
        self._unacknowledged.clear()
        self._acknowledgements.clear()
        self._received.clear()
        self._client.drop_out_messages()
        self._client.will_set(will.topic, will.payload.encode(), will.qos, will.retained)
        try:
            self._client.reconnect()
        except (OSError, ssl.CertificateError) as error:
            raise MessagingError(self._why_unreachable(error)) from error
        self._await_answer()

    def send(self, message: Outgoing) -> int:
        """Publish a message and return its id for the acknowledgement (QoS 1)."""
        properties = None
        if message.expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.MessageExpiryInterval = message.expiry_s
        payload = message.payload.encode()
        info = self._client.publish(message.topic, payload, message.qos, message.retained, properties)
        if message.qos:
            self._unacknowledged.add(info.mid)
        return info.mid

    def subscribe(self, topic_filter: str) -> None:
        """Ask for the messages of a topic filter, without those retained from before."""
        options = SubscribeOptions(qos=1, retainHandling=NO_RETAINED_ON_SUBSCRIBE)
        self._client.subscribe(topic_filter, options=options)

    def step(self, timeout_s: float) -> None:
        """Wait for the network or `wake`, at most `timeout_s`, and do what is due.

        Raises
        ------
        MessagingError
            The connection is lost.

        """
        network = self._client.socket()
        if network is None:
            raise MessagingError(self._why_lost())
        with selectors.DefaultSelector() as selector:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
            selector.register(network.fileno(), events)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            # Decrypted bytes wait inside the TLS layer, where the selector does not see them.
            decrypted = isinstance(network, ssl.SSLSocket) and network.pending() > 0
            ready = {key.fd: mask for key, mask in selector.select(0.0 if decrypted else timeout_s)}
        if self._wake_reader.fileno() in ready:
            self._wake_reader.recv(4096)
        happened = ready.get(network.fileno(), 0)
        if decrypted or happened & selectors.EVENT_READ:
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        if self._client.socket() is None:
            raise MessagingError(self._why_lost())

    def take_acknowledgements(self) -> list[Acknowledgement]:
        """Return the acknowledgements that came since the last call."""
        taken, self._acknowledgements = self._acknowledgements, []
        return taken

    def take_received(self) -> list[Received]:
        """Return the messages that came since the last call."""
        taken, self._received = self._received, []
        return taken

    def interrupt(self) -> None:
        """Break off an attempt to connect, now and from now on. May be called from any thread."""
        self._interrupted.set()
        self.wake()

    def wake(self) -> None:
        """Let a waiting `step` return. May be called from any thread."""
        try:
            self._wake_writer.send(b"\0")
        except BlockingIOError:
            return  # so many wake-ups are waiting already that none more is needed

    def close(self) -> None:
        """Say goodbye, so that the broker does not publish the last will, and hang up."""
        self._client.disconnect()
        while self._client.socket() is not None and self._client.want_write():
            self._client.loop_write()
        self._hang_up()

    def dispose(self) -> None:
        """Free the sockets; the connection cannot be used any more."""
        self._hang_up()
        self._wake_reader.close()
        self._wake_writer.close()

    def _log_in(self) -> None:
        settings = self._settings
        if settings.user:
            self._client.username_pw_set(settings.user, self._password())
        if settings.ca_file:
            self._client.tls_set_context(self._tls())
        elif settings.certificate_file:
            raise MessagingError("mqtt.certificate_file needs TLS: set mqtt.ca_file too")

    def _password(self) -> str | None:
        if not self._settings.password_file:
            return None
        path = Path(self._settings.password_file).expanduser()
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise MessagingError(f"mqtt.password_file: {path} cannot be read ({error})") from error

    def _tls(self) -> ssl.SSLContext:
        authority = Path(self._settings.ca_file).expanduser()
        try:
            context = ssl.create_default_context(cafile=authority)
        except OSError as error:
            raise MessagingError(f"mqtt.ca_file: {authority} cannot be read as a certificate ({error})") from error
        context.sslsocket_class = TidySocket
        if self._settings.certificate_file:
            certificate = Path(self._settings.certificate_file).expanduser()
            key = Path(self._settings.key_file).expanduser() if self._settings.key_file else None
            try:
                context.load_cert_chain(certificate, key)
            except OSError as error:
                raise MessagingError(
                    f"mqtt.certificate_file: {certificate} or its key cannot be read ({error})"
                ) from error
        return context

    def _await_answer(self) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while self._answer is None:
            if self._interrupted.is_set():
                self._hang_up()
                raise MessagingError(f"{self.place}: the attempt to connect was broken off")
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                self._hang_up()
                raise MessagingError(
                    f"{self.place}: something answers there, but not as an MQTT 5 broker; check mqtt.port"
                )
            self.step(remaining_s)

    def _hang_up(self) -> None:
        network = self._client.socket()
        if network is not None:
            network.close()

    def _why_unreachable(self, error: Exception) -> str:
        if isinstance(error, ssl.CertificateError):
            reason = error.verify_message
            return f"{self.place}: the broker's certificate is not trusted ({reason}); check mqtt.ca_file and mqtt.host"
        if isinstance(error, ssl.SSLError):
            return (
                f"{self.place}: no TLS there ({error.reason}); check mqtt.port, mqtt.ca_file and mqtt.certificate_file"
            )
        if isinstance(error, socket.gaierror):
            return f"{self.place}: no computer is called {self._settings.host!r}; check mqtt.host"
        if isinstance(error, ConnectionRefusedError):
            return f"{self.place}: no broker answers there; start one (lumbar broker) or check mqtt.host and mqtt.port"
        if isinstance(error, TimeoutError):
            return (
                f"{self.place}: no answer within {CONNECT_TIMEOUT_S:.0f} s; check mqtt.host, mqtt.port and the network"
            )
        return f"{self.place}: cannot be reached ({error}); check mqtt.host, mqtt.port and the network"

    def _why_refused(self, reason: ReasonCode) -> str:
        if str(reason) in NOT_AUTHORISED:
            who = f"user {self._settings.user!r}" if self._settings.user else "a client without user name"
            return f"{self.place}: the broker does not let {who} in; check mqtt.user and mqtt.password_file"
        return f"{self.place}: the broker refused the connection ({reason})"

    def _why_lost(self) -> str:
        if self._answer is not None and self._answer.is_failure:
            return self._why_refused(self._answer)
        if self._answer is None and self._settings.ca_file:
            return (
                f"{self.place}: the broker hung up before the log-in; if it asks for a client certificate, "
                "set mqtt.certificate_file and mqtt.key_file"
            )
        if self._answer is None:
            return f"{self.place}: the broker hung up before the log-in; if it expects TLS, set mqtt.ca_file"
        lost = f"{self.place}: the connection to the broker is lost ({self._goodbye or 'no reason given'})"
        if time.monotonic() < self._answered_s + SHORT_S:
            # Two programs with one client id push each other out for ever; not every broker tells them why.
            return f"{lost} soon after the log-in; stop the other Lumbar if another one runs with the same wearer.id"
        return lost

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._answer = reason
        self._answered_s = time.monotonic()
        self._window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        # paho reports a goodbye of the broker's, and then the closed socket once more.
        if self._goodbye is None:
            self._goodbye = reason

    def _on_publish(
        self, _client: paho.Client, _data: object, message_id: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        if message_id in self._unacknowledged:
            self._unacknowledged.discard(message_id)
            refusal = str(reason) if reason.is_failure else None
            self._acknowledgements.append(Acknowledgement(message_id, refusal))

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._received.append(Received(message.topic, bytes(message.payload), message.retain))
