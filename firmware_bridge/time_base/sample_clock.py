"""The times of a sensor's samples on the host's clock, and how many were lost before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from firmware_bridge.time_base.envelope import CRYSTAL, SAMPLE_RATE
from firmware_bridge.time_base.host_clock import HostClock
from firmware_bridge.time_base.placed import Placed, TimeBase, sample_count
from firmware_bridge.time_base.sample_counts import CountedTimeBase
from firmware_bridge.time_base.sample_ticks import Located, Place, SampleTicks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Packet, SensorClock

__all__ = ["TickedTimeBase", "make_time_base"]


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A packet that waits: times on the sensor's clock, times as far as is known, and the rest as in `Placed`."""

    packet: Packet
    device_s: NDArray[np.float64]
    about_s: NDArray[np.float64]
    index: int
    lost_before: int
    restarts: bool


class TickedTimeBase(TimeBase):
    """For sensors that send ticks: loss is counted exactly.

    After a start the packets are held for `HOLD_S`: each may have waited for a connection event, and only the least
    late one tells the times of all.

    Parameters
    ----------
    clock
        The sensor's clock.
    rate_hz, host
        As in `TimeBase`.

    """

    def __init__(self, clock: SensorClock, rate_hz: float, host: HostClock) -> None:
        super().__init__(rate_hz, host)
        self._tick_hz = clock.tick_hz
        self._ticks = SampleTicks(clock, rate_hz)
        self._held: list[_Held | Placed] = []

    def push(self, packet: Packet, arrival_s: float) -> tuple[Placed, ...]:
        """Place a packet; see `TimeBase.push`."""
        n = sample_count(packet)
        if n == 0:
            return ()
        if packet.ticks is None:
            raise PacketError("a packet with samples does not say their time; is this the right driver for the sensor?")
        return self._place(packet, packet.ticks, n, arrival_s)

    def flush(self) -> tuple[Placed, ...]:
        """Place the packets that are held: nothing will tell their times better."""
        held, self._held = self._held, []
        return tuple(one if isinstance(one, Placed) else self._place_held(one) for one in held)

    def _place_held(self, held: _Held) -> Placed:
        if self._boot == self._host.boot:
            return self._give(held.packet, held.device_s, held.index, held.lost_before, restarts=held.restarts)
        # The other stream of the sensor has seen it start anew: the host's clock is not that of this packet any more.
        return self._give_at(held.packet, held.about_s, held.index, held.lost_before, restarts=held.restarts)

    def _place(self, packet: Packet, ticks: int, n: int, arrival_s: float) -> tuple[Placed, ...]:
        placed: tuple[Placed, ...] = ()
        restarts = self._boot != self._host.boot
        if restarts:
            placed = self.flush()
            self._ticks.begin()
        located = self._ticks.locate(ticks, packet.counter, n, arrival_s)
        if located.place in {Place.DUPLICATE, Place.LATE}:
            self._held.append(Placed(packet, located.place, np.empty(0)))
            return placed if self._host.fresh else (*placed, *self.flush())
        if located.place is Place.RESTART or self._was_set(located, n, arrival_s):
            restarts = True
            placed = (*placed, *self.restart())
            self._ticks.begin()
            located = self._ticks.locate(ticks, packet.counter, n, arrival_s)
        lost = 0 if restarts else located.index - self._ticks.next_index
        self._ticks.accept(located, n, arrival_s)
        self._boot = self._host.boot
        # As the packet has it: smoothed ticks that lie late would make the link look faster than it is.
        self._host.observe(self._told_end_s(located, n), arrival_s)
        device_s = self._device_s(located, n)
        if not self._host.fresh:
            return (*placed, *self.flush(), self._give(packet, device_s, located.index, lost, restarts=restarts))
        about_s = self._host.times(device_s)
        self._held.append(_Held(packet, device_s, about_s, located.index, lost, restarts))
        return placed

    def _was_set(self, located: Located, n: int, arrival_s: float) -> bool:
        return self._host.was_set(self._told_end_s(located, n), arrival_s)

    def _told_end_s(self, located: Located, n: int) -> float:
        """Return the sensor's own time of the last sample."""
        return (located.told_ticks + located.period_ticks * (n - 1)) / self._tick_hz

    def _device_s(self, located: Located, n: int) -> NDArray[np.float64]:
        ticks = located.first_ticks + located.period_ticks * np.arange(n, dtype=np.float64)
        device_s: NDArray[np.float64] = ticks / self._tick_hz
        return device_s


def make_time_base(clock: SensorClock | None, rate_hz: float, host: HostClock | None = None) -> TimeBase:
    """Return the time base for one stream of samples of a sensor.

    Parameters
    ----------
    clock
        The sensor's clock; None where it sends no time.
    rate_hz
        Nominal sample rate.
    host
        The sensor's clock on the host's, to be shared by streams with ticks of one clock; a new one where None.

    Raises
    ------
    ValueError
        The rate is not positive.

    """
    if clock is None:
        return CountedTimeBase(rate_hz, host or HostClock(SAMPLE_RATE))
    return TickedTimeBase(clock, rate_hz, host or HostClock(CRYSTAL))
