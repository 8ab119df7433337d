"""The thread that keeps the connection to the broker and sends what waits, for ever, in order."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.errors import MessagingError
from lumbar.messaging.connection import Connection, Outgoing, Received

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumbar.messaging.outbox import Outbox, StoredMessage

__all__ = ["Greetings", "Link", "LinkStatus"]

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 30.0  # a connection that lasted as long was a good one: the next pause is short again
REFUSED_PAUSE_S = 30.0
FAREWELL_S = 2.0
STATE_EVERY_S = 1.0  # posture/state is sent at most so often (design, section 5.3)
IDLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Greetings:
    """What is said when the connection comes, goes or breaks."""

    online: Callable[[], Outgoing]
    offline: Callable[[], Outgoing]
    discovery: Callable[[], Outgoing]


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How sending goes: `waiting` and `dropped` count messages of the outbox, `last_error` is the present trouble."""

    connected: bool
    waiting: int
    dropped: int
    last_error: str | None


class Link:
    """Keeps the connection and drains the outbox.

    Messages of the outbox are sent in the order of their numbers, some at a time, and leave it when the broker has
    acknowledged them; after a break everything unacknowledged is sent again from the oldest on. What was written before
    the present connection goes out as historical. Remembered states (`Outbox.latest`) are sent again on each
    connection, since a broker may forget when it restarts.

    Parameters
    ----------
    connection, outbox
        Used by this thread until it ends.
    greetings
        What is said when the connection comes, goes or breaks.
    topic_filters
        Subscribed on each connection.
    on_message
        Called in this thread with what these bring; must return soon.

    """

    def __init__(
        self,
        connection: Connection,
        outbox: Outbox,
        greetings: Greetings,
        topic_filters: tuple[str, ...],
        on_message: Callable[[Received], None],
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._greetings = greetings
        self._topic_filters = topic_filters
        self._on_message = on_message
        self._thread = threading.Thread(target=self._run, name="lumbar-mqtt", daemon=True)
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._connected = False
        self._last_error: str | None = None
        self._direct: deque[Outgoing] = deque()
        self._state: tuple[float, Outgoing] | None = None
        self._state_sent_s = -STATE_EVERY_S
        self._in_flight: dict[int, int] = {}
        self._cursor = 0
        self._news_after = 0
        self._hold_until_s = 0.0

    @property
    def status(self) -> LinkStatus:
        """How sending goes."""
        return LinkStatus(self._connected, self._outbox.waiting, self._outbox.dropped, self._last_error)

    def start(self) -> None:
        """Start the thread; it connects by itself."""
        self._thread.start()

    def wait_for_first_answer(self, timeout_s: float) -> str | None:
        """Wait until the broker lets us in or the first attempt fails; return the error, or None when connected."""
        with self._changed:
            self._changed.wait_for(lambda: self._connected or self._last_error is not None, timeout_s)
            if self._connected:
                return None
            return self._last_error or f"{self._connection.place}: no answer within {timeout_s:g} s"

    def notify(self) -> None:
        """Say that something new waits in the outbox."""
        self._connection.wake()

    def send_soon(self, message: Outgoing) -> None:
        """Send a message that is of no use later: dropped where there is no connection."""
        if self._connected:
            self._direct.append(message)
            self._connection.wake()

    def set_state(self, message: Outgoing) -> None:
        """Send the latest state when its time has come; an earlier one that was not sent is forgotten."""
        with self._changed:
            self._state = (time.monotonic(), message)
        self._connection.wake()

    def stop(self) -> None:
        """Say goodbye, hang up and end the thread. What waits in the outbox stays there."""
        self._stopping.set()
        self._connection.interrupt()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started_s = time.monotonic()
            try:
                self._connection.open(self._greetings.offline())
                self._serve()
            except MessagingError as error:
                self._lost(error)
            if time.monotonic() - started_s > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _lost(self, error: MessagingError) -> None:
        with self._changed:
            self._connected = False
            if str(error) != self._last_error:
                logger.warning("%s", error)
            self._last_error = str(error)
            self._changed.notify_all()
        self._direct.clear()

    def _serve(self) -> None:
        self._arrive()
        while not self._stopping.is_set():
            self._send_what_is_due()
            self._connection.step(self._patience_s())
            self._settle()
            for message in self._connection.take_received():
                self._on_message(message)
        self._depart()

    def _arrive(self) -> None:
        self._in_flight.clear()
        self._cursor = 0
        self._hold_until_s = 0.0
        self._news_after = self._outbox.last_seq
        for topic_filter in self._topic_filters:
            self._connection.subscribe(topic_filter)
        self._direct.extend([self._greetings.online(), self._greetings.discovery()])
        self._direct.extend(self._as_outgoing(stored) for stored in self._outbox.latest())
        logger.info("connected to the broker at %s", self._connection.place)
        with self._changed:
            self._connected = True
            self._last_error = None
            self._changed.notify_all()

    def _depart(self) -> None:
        self._connection.send(self._greetings.offline())
        deadline_s = time.monotonic() + FAREWELL_S
        while not self._connection.is_idle and time.monotonic() < deadline_s:
            self._connection.step(max(deadline_s - time.monotonic(), 0.0))
            self._settle()
        self._connection.close()
        with self._changed:
            self._connected = False

    def _send_what_is_due(self) -> None:
        while self._direct and self._connection.has_room:
            self._connection.send(self._direct.popleft())
        self._send_state()
        if not self._direct and time.monotonic() >= self._hold_until_s:
            self._send_from_outbox()

    def _send_state(self) -> None:
        now_s = time.monotonic()
        if self._state is None or now_s < self._state_sent_s + STATE_EVERY_S:
            return
        with self._changed:
            (set_s, state), self._state = self._state, None
        if state.expiry_s is None or now_s < set_s + state.expiry_s:
            self._connection.send(state)
            self._state_sent_s = now_s

    def _send_from_outbox(self) -> None:
        while self._connection.has_room:
            waiting = self._outbox.after(self._cursor, 1)
            if not waiting:
                return
            message_id = self._connection.send(self._as_outgoing(waiting[0]))
            self._cursor = waiting[0].seq
            self._in_flight[message_id] = self._cursor

    def _as_outgoing(self, stored: StoredMessage) -> Outgoing:
        payload = stored.payload
        if payload and stored.seq <= self._news_after:
            payload = json.dumps(json.loads(payload) | {"historical": True}, ensure_ascii=False, separators=(",", ":"))
        return Outgoing(stored.topic, payload, qos=1, retained=stored.retained)

    def _settle(self) -> None:
        taken: list[int] = []
        for acknowledgement in self._connection.take_acknowledgements():
            seq = self._in_flight.pop(acknowledgement.message_id, None)
            if acknowledgement.refusal is not None:
                self._refused(acknowledgement.refusal, seq)
            elif seq is not None:
                taken.append(seq)
        if taken:
            self._outbox.remove(taken)
            self._last_error = None

    def _refused(self, reason: str, seq: int | None) -> None:
        """Keep a message that the broker does not take: its rights may be mended, the wearer's day may not."""
        place = self._connection.place
        self._last_error = f"{place}: the broker does not take our messages ({reason}); check its access rights (ACL)"
        logger.warning("%s", self._last_error)
        if seq is not None:
            self._cursor = min(self._cursor, seq - 1)
            self._hold_until_s = time.monotonic() + REFUSED_PAUSE_S

    def _patience_s(self) -> float:
        if self._state is None:
            return IDLE_S
        return min(max(self._state_sent_s + STATE_EVERY_S - time.monotonic(), 0.0), IDLE_S)
