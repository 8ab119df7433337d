"""What the rest of Lumbar publishes with: `MessageClient`."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, Self

from config.errors import MessagingError
from lumbar.messaging.commands import CommandHandler, answer
from lumbar.messaging.connection import Connection, Outgoing, Received
from lumbar.messaging.exercise_payloads import HoldState
from lumbar.messaging.home_assistant import discovery_payload
from lumbar.messaging.identifiers import uuid7
from lumbar.messaging.link import Greetings, Link, LinkStatus
from lumbar.messaging.outbox import Outbox
from lumbar.messaging.payloads import (
    MESSAGE_OF_CHANNEL,
    MESSAGE_OF_EVENT,
    BridgeStateMessage,
    ErrorReply,
    ErrorReplyMessage,
    HoldStateMessage,
    PostureState,
    PostureStateMessage,
    Reply,
    ReplyMessage,
    as_json,
)
from lumbar.messaging.topics import HOME_ASSISTANT_STATUS, POSTURE_EXPIRY_S, Channel, command_filter, topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from pydantic import JsonValue

    from config.settings import MqttSettings

__all__ = ["CONNECT_S", "MessageClient"]

logger = logging.getLogger(__name__)

POSTURE_REPEAT_S = POSTURE_EXPIRY_S / 2
CONNECT_S = 10.0
"""For so long a command that cannot do without a broker waits for its first answer."""


class MessageClient:
    """Publishes what is noticed, and takes commands.

    Events, alerts, sensor states, sessions and summaries are on the disk when the method returns, and reach the broker
    at least once and in order, now or after the next outage; doubles bear the same ``id``. Posture states are sent
    when there is a connection, at most one a second, the latest only. A background thread connects for ever.

    All methods may be called from any thread. Those that publish raise `ValueError` for content that does not fit its
    schema, and `MessagingError` when the outbox cannot be written.

    Parameters
    ----------
    settings
        Where the broker is and how to log in.
    wearer_id
        Part of every topic.
    outbox_path
        The SQLite file of the outbox; for one program at a time.
    version
        Version of Lumbar, for the envelope.
    time_zone
        In which times are written.

    Raises
    ------
    MessagingError
        The outbox, the password or a certificate cannot be read.

    """

    def __init__(
        self, settings: MqttSettings, wearer_id: str, outbox_path: Path, version: str, *, time_zone: tzinfo
    ) -> None:
        self._wearer = wearer_id
        self._version = version
        self._time_zone = time_zone
        self._wear_ratio: float | None = None
        self._handler: CommandHandler | None = None
        self._handlers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lumbar-command")
        self._posture_lock = threading.Lock()
        self._posture: PostureState | None = None
        self._posture_due_s = 0.0
        self._closed = False
        self._connection = Connection(settings, f"lumbar-{wearer_id}")
        try:
            self._outbox = Outbox(outbox_path, settings.outbox_limit)
        except MessagingError:
            self._connection.dispose()
            raise
        self._link = Link(
            self._connection,
            self._outbox,
            Greetings(
                online=lambda: self._bridge_state("online"),
                offline=lambda: self._bridge_state("offline"),
                discovery=self._discovery,
            ),
            (command_filter(wearer_id), HOME_ASSISTANT_STATUS),
            self._receive,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def status(self) -> LinkStatus:
        """Whether there is a connection, how many messages wait, how many were dropped, and the present trouble."""
        return self._link.status

    @property
    def active_alerts(self) -> frozenset[str]:
        """The kinds of the alerts that were raised and not resolved, also by an earlier run of the program."""
        prefix = topic_of(Channel.ALERT, self._wearer, "kind").removesuffix("kind")
        return frozenset(topic.removeprefix(prefix) for topic in self._outbox.remembered() if topic.startswith(prefix))

    def set_wear_ratio(self, wear_ratio: float | None) -> None:
        """Say in which share of the day so far the sensor was worn, for the messages that follow; None: not known."""
        self._wear_ratio = wear_ratio

    def connect(self, wait_s: float | None = None) -> None:
        """Start connecting, in the background and for ever.

        Parameters
        ----------
        wait_s
            Wait as long for the broker's first answer; None does not wait.

        Raises
        ------
        MessagingError
            Where asked to wait: the first attempt failed. The client is closed then.

        """
        self._link.start()
        if wait_s is not None:
            error = self._link.wait_for_first_answer(wait_s)
            if error is not None:
                self.close()
                raise MessagingError(error)

    def close(self) -> None:
        """Say that Lumbar goes offline, and hang up. What waits stays in the outbox for the next time."""
        if self._closed:
            return
        self._closed = True
        self._link.stop()
        self._handlers.shutdown(wait=True, cancel_futures=True)
        self._connection.dispose()
        self._outbox.close()

    def drain(self, timeout_s: float) -> bool:
        """Wait until the broker has everything; return whether that came true in time."""
        return self._outbox.wait_until_empty(timeout_s)

    def publish_event(self, kind: str, time_s: float, content: Mapping[str, JsonValue]) -> None:
        """Publish something that has happened; `time_s` is in seconds since the Unix epoch, as everywhere here."""
        self._publish(Channel.EVENT, kind, time_s, {**content, "kind": kind})

    def raise_alert(self, kind: str, time_s: float, content: Mapping[str, JsonValue]) -> None:
        """Publish an alert that stays until it is resolved."""
        topic = topic_of(Channel.ALERT, self._wearer, kind)
        self._publish(Channel.ALERT, kind, time_s, {**content, "kind": kind}, slot=topic)

    def resolve_alert(self, kind: str) -> None:
        """Empty the topic of an alert. An empty message has no time; an event beside it tells when."""
        topic = topic_of(Channel.ALERT, self._wearer, kind)
        self._outbox.add(topic, lambda _seq: "", retained=True, slot=topic)
        self._link.notify()

    def publish_sensor_state(
        self,
        state: Literal["connected", "lost", "charging"],
        time_s: float,
        *,
        battery_percent: float | None = None,
        signal_dbm: float | None = None,
    ) -> None:
        """Publish the state of the sensor; None is not known."""
        content = {"state": state, "battery_percent": battery_percent, "signal_dbm": signal_dbm}
        self._publish(Channel.SENSOR_STATE, None, time_s, content, slot="sensor/state")

    def publish_session(self, session: str, time_s: float, content: Mapping[str, JsonValue]) -> None:
        """Publish a finished exercise session under its id."""
        self._publish(Channel.SESSION, session, time_s, {**content, "session": session})

    def publish_summary(
        self, day: date, time_s: float, document: Mapping[str, JsonValue], *, historical: bool = False
    ) -> None:
        """Publish the summary of a local day; `historical` where samples that came late have changed it."""
        content = {"date": day, "summary": dict(document)}
        self._publish(
            Channel.DAILY_SUMMARY,
            day.isoformat(),
            time_s,
            content,
            slot=None if historical else "summary/daily",
            historical=historical,
        )

    def publish_posture(
        self,
        time_s: float,
        activity: str,
        posture: str,
        *,
        angle_deg: float | None,
        since_s: float,
        judged_by: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Publish what the wearer does now.

        Call it as often as you like: it is sent when it changes, and now and then so that it does not expire.

        Parameters
        ----------
        time_s
            Now.
        activity, posture
            As in the schema; ``unknown`` where not known.
        angle_deg
            Past the wearer's own upright sitting; None where not known.
        since_s
            When this posture began.
        judged_by
            What slouching is judged by, or why it is not, as in the schema.

        """
        rounded_deg = None if angle_deg is None else round(angle_deg, 1)
        content = PostureState.model_validate(
            {
                "activity": activity,
                "posture": posture,
                "angle_deg": rounded_deg,
                "since": self._moment(since_s),
                "judged_by": judged_by,
            }
        )
        with self._posture_lock:
            now_s = time.monotonic()
            if content == self._posture and now_s < self._posture_due_s:
                return
            self._posture, self._posture_due_s = content, now_s + POSTURE_REPEAT_S
            message = PostureStateMessage(**self._envelope(self._outbox.next_seq(), time_s), content=content)
            self._link.set_state(self._outgoing(Channel.POSTURE_STATE, None, as_json(message)))

    def publish_hold(self, time_s: float, *, exercise: str, held_s: float, asked_s: float | None) -> None:
        """Publish how long a repetition is held by now; of no use later, so it is lost where there is no connection."""
        content = HoldState(exercise=exercise, held_s=round(held_s, 1), asked_s=asked_s)
        message = HoldStateMessage(**self._envelope(self._outbox.next_seq(), time_s), content=content)
        self._link.send_soon(self._outgoing(Channel.HOLD_STATE, None, as_json(message)))

    def on_command(self, handler: CommandHandler) -> None:
        """Have commands carried out by `handler`, in a thread of its own, one after the other."""
        self._handler = handler

    def _publish(
        self,
        channel: Channel,
        name: str | None,
        time_s: float,
        content: Mapping[str, Any],
        slot: str | None = None,
        *,
        historical: bool = False,
    ) -> None:
        model = MESSAGE_OF_CHANNEL[channel]
        if channel is Channel.EVENT:
            model = MESSAGE_OF_EVENT.get(str(name), model)

        def payload(seq: int) -> str:
            envelope = self._envelope(seq, time_s) | {"historical": historical}
            return as_json(model.model_validate(envelope | {"content": content}))

        topic = topic_of(channel, self._wearer, name)
        self._outbox.add(topic, payload, retained=channel.value.retained, slot=slot)
        self._link.notify()

    def _envelope(self, seq: int, time_s: float) -> dict[str, Any]:
        return {
            "id": uuid7(),
            "wearer": self._wearer,
            "time": self._moment(time_s),
            "seq": seq,
            "wear_ratio": self._wear_ratio,
            "version": self._version,
        }

    def _moment(self, time_s: float) -> datetime:
        return datetime.fromtimestamp(round(time_s, 3), self._time_zone)

    def _outgoing(self, channel: Channel, name: str | None, payload: str) -> Outgoing:
        rule = channel.value
        return Outgoing(topic_of(channel, self._wearer, name), payload, rule.qos, rule.retained, rule.expiry_s)

    def _bridge_state(self, state: Literal["online", "offline"]) -> Outgoing:
        content = {"state": state, "waiting": self._outbox.waiting, "dropped": self._outbox.dropped}
        envelope = self._envelope(self._outbox.next_seq(), time.time())
        message = BridgeStateMessage.model_validate({**envelope, "content": content})
        return self._outgoing(Channel.BRIDGE_STATE, None, as_json(message))

    def _discovery(self) -> Outgoing:
        return self._outgoing(Channel.DISCOVERY, None, discovery_payload(self._wearer, self._version))

    def _receive(self, message: Received) -> None:
        if message.topic == HOME_ASSISTANT_STATUS:
            if message.payload == b"online":
                self._link.send_soon(self._discovery())
        elif not message.retained:
            # A retained command would be carried out again on every connection.
            handler = self._handler or _nobody_home
            verb = message.topic.rpartition("/")[2]
            self._handlers.submit(answer, verb, message.payload, handler).add_done_callback(
                lambda future: self._reply(message.topic, verb, future)
            )

    def _reply(self, topic: str, verb: str, future: Future[Reply | ErrorReply]) -> None:
        if future.cancelled():
            return
        failure = future.exception()
        if failure is None:
            content = future.result()
        else:
            logger.error("the command %r failed", verb, exc_info=failure)
            content = ErrorReply(verb=verb, command_id=None, error="Lumbar failed to carry it out; its log says why")
        model = ReplyMessage if isinstance(content, Reply) else ErrorReplyMessage
        envelope = self._envelope(self._outbox.next_seq(), time.time())
        reply = model.model_validate({**envelope, "content": content})
        rule = Channel.REPLY.value
        self._link.send_soon(Outgoing(f"{topic}/reply", as_json(reply), rule.qos, rule.retained))


def _nobody_home(verb: str, arguments: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    del arguments
    raise MessagingError(f"this Lumbar takes no commands now, so {verb} was not carried out")
