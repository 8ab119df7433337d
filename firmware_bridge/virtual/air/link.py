"""One connection through the air: connection events, missed events, silence, and what a supervision timeout does."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bumble import core, hci, ll

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from bumble.controller import Connection, Controller
    from bumble.hci import Address

__all__ = ["Conditions", "RadioLink"]

_Data: TypeAlias = "bytes | ll.ControlPdu"
_LOST = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the air is.

    The link layer of Bluetooth neither loses nor reorders what it has taken: things come late, in bursts, or the link
    dies. What a sensor cannot hand to the link layer in time it drops itself.

    Parameters
    ----------
    connection_interval_s
        Time between two connection events; everything travels at those. Core 5.4 allows 0.0075 to 4.
    missed_event_share
        Share of connection events, and of advertisements, that come to nothing; below 1.
    packets_an_event
        How many packets travel each way at one connection event.
    supervision_timeout_s
        Silence after which both ends give a connection up.
    transmit_queue
        How many packets a sensor's radio holds.

    """

    connection_interval_s: float = 0.03
    missed_event_share: float = 0.0
    packets_an_event: int = 6
    supervision_timeout_s: float = 4.0
    transmit_queue: int = 20

    def __post_init__(self) -> None:
        if not 0 <= self.missed_event_share < 1:
            raise ValueError(f"missed_event_share must be from 0 to below 1, not {self.missed_event_share:g}")
        if self.connection_interval_s <= 0:
            raise ValueError(f"connection_interval_s must be positive, not {self.connection_interval_s:g}")


@dataclass(slots=True)
class _Queued:
    data: _Data
    arrived: Callable[[], None] | None = None


class _End:
    """One of the two ends: its controller, its address, and what it has still to send."""

    def __init__(self, controller: Controller, address: Address, peer_address: Address) -> None:
        self.controller = controller
        self.address = address
        self.peer_address = peer_address
        self.queue: deque[_Queued] = deque()

    @property
    def connection(self) -> Connection | None:
        return self.controller.le_connections.get(self.peer_address)

    def receive(self, data: _Data) -> None:
        if self.connection is None:
            return
        if isinstance(data, bytes):
            self.controller.on_link_acl_data(self.peer_address, core.PhysicalTransport.LE, data)
        else:
            self.controller.on_ll_control_pdu(self.peer_address, data)

    def lose(self) -> None:
        connection = self.connection
        if connection is not None:
            self.controller.on_le_disconnected(connection, _LOST)


class RadioLink:
    """A connection between a central and a peripheral.

    Parameters
    ----------
    central, peripheral
        Controller and address of each.
    conditions
        Asked anew at each connection event, so that the air may change.
    chance
        Randomness.

    """

    def __init__(
        self,
        central: tuple[Controller, Address],
        peripheral: tuple[Controller, Address],
        conditions: Callable[[], Conditions],
        chance: random.Random,
    ) -> None:
        self._central = _End(central[0], central[1], peripheral[1])
        self._peripheral = _End(peripheral[0], peripheral[1], central[1])
        self._conditions = conditions
        self._chance = chance
        self._loop = asyncio.get_running_loop()
        self._phase_s = chance.random() * conditions().connection_interval_s
        self._last_event_s = -math.inf
        self._next_event: asyncio.TimerHandle | None = None
        self._supervision: asyncio.TimerHandle | None = None
        self._vanished = False

    @property
    def closed(self) -> bool:
        """Whether neither end is connected any longer."""
        return self._central.connection is None and self._peripheral.connection is None

    @property
    def queued(self) -> int:
        """How many packets wait in the peripheral's radio."""
        return len(self._peripheral.queue)

    def on_arrival_of_newest(self, arrived: Callable[[], None]) -> None:
        """Call `arrived` when the packet that the peripheral queued last reaches the central."""
        self._peripheral.queue[-1].arrived = arrived

    def send(self, sender: Controller, data: _Data) -> None:
        """Queue a packet for the next connection event."""
        end = self._central if sender is self._central.controller else self._peripheral
        end.queue.append(_Queued(data))
        self._schedule()

    def set_silent(self, *, silent: bool) -> None:
        """Let nothing through any longer, or let it through again, where both ends are still there."""
        if self._vanished:
            return
        if not silent:
            if self._supervision is not None:
                self._supervision.cancel()
                self._supervision = None
            self._schedule()
        elif self._supervision is None:
            self._supervision = self._loop.call_later(self._conditions().supervision_timeout_s, self._lose)

    def _schedule(self) -> None:
        waiting = self._central.queue or self._peripheral.queue
        if self._next_event is not None or self._supervision is not None or not waiting:
            return
        interval_s = self._conditions().connection_interval_s
        events = (self._loop.time() - self._phase_s) // interval_s + 1
        at_s = self._phase_s + events * interval_s
        if at_s - self._last_event_s < interval_s / 2:
            # Rounding: this is the event that is now.
            at_s += interval_s
        self._next_event = self._loop.call_at(at_s, self._event)

    def _event(self) -> None:
        self._next_event = None
        if self._supervision is not None:
            return
        self._last_event_s = self._loop.time()
        if self._chance.random() >= self._conditions().missed_event_share:
            self._carry(self._central, self._peripheral)
            self._carry(self._peripheral, self._central)
        if self.closed:
            self.end()
        self._schedule()

    def _carry(self, sender: _End, receiver: _End) -> None:
        for _ in range(min(len(sender.queue), self._conditions().packets_an_event)):
            packet = sender.queue.popleft()
            if packet.arrived is not None and receiver.connection is not None:
                packet.arrived()
            receiver.receive(packet.data)

    def _lose(self) -> None:
        self._central.lose()
        self._peripheral.lose()
        self.end()

    def vanish(self, controller: Controller) -> None:
        """Let one end forget the connection without a word, as a restart does; the other will notice the silence."""
        end = self._central if controller is self._central.controller else self._peripheral
        end.queue.clear()
        end.lose()
        self.set_silent(silent=True)
        self._vanished = True

    def end(self) -> None:
        """Forget what has not been sent."""
        self._central.queue.clear()
        self._peripheral.queue.clear()
        for timer in (self._next_event, self._supervision):
            if timer is not None:
                timer.cancel()
        self._next_event = self._supervision = None
