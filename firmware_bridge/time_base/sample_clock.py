"""The times of a sensor's samples on the host's clock, and how many were lost before them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from firmware_bridge.time_base.envelope import CRYSTAL, SAMPLE_RATE
from firmware_bridge.time_base.host_clock import HostClock
from firmware_bridge.time_base.lag_watch import LagWatch, estimate_lost
from firmware_bridge.time_base.sample_ticks import Located, Place, SampleTicks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Packet, SensorClock

__all__ = ["Placed", "TimeBase", "make_time_base", "sample_count"]

LEAST_STEP = 0.1
"""Samples are never closer than this part of the sample period, whatever the clocks do."""

SILENCE_S = 0.5
"""Packets of a sensor without a clock are judged together only where they follow each other faster than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A packet and what the time base makes of it.

    Parameters
    ----------
    packet
        The packet.
    place
        What it is to those before it. Only one that is next, or begins anew after a restart, has times.
    time_s
        Shape (n,), float64: the samples' times on the host's monotonic clock, strictly increasing from packet to packet
        also across restarts. Shape (0,) where the packet is a duplicate or late.
    index
        Number of the first sample since the restart.
    lost_before
        Samples missing since the packet before; 0 after a restart, where nobody knows.
    lost_is_estimate
        Whether they were not counted but told from the time that passed.
    restarts
        Whether the sensor's clock began anew with this packet: first packet, reboot, or a clock that was set.

    """

    packet: Packet
    place: Place
    time_s: NDArray[np.float64]
    index: int = 0
    lost_before: int = 0
    lost_is_estimate: bool = False
    restarts: bool = False


def sample_count(packet: Packet) -> int:
    """Return how many samples a packet holds."""
    values = packet.gyr if packet.acc is None else packet.acc
    return 0 if values is None else int(values.shape[0])


class TimeBase:
    """Common part: strictly increasing times and restarts. `make_time_base` makes the right one for a sensor.

    Parameters
    ----------
    rate_hz
        Nominal sample rate.
    host
        The sensor's clock on the host's; shared by the streams of one sensor that send ticks of one clock.

    """

    lost_is_estimate = False

    def __init__(self, rate_hz: float, host: HostClock) -> None:
        if not rate_hz > 0:
            raise ValueError(f"the rate is {rate_hz}, expected a positive number")
        self._rate_hz = rate_hz
        self._host = host
        self._boot = -1
        self._last_s: float | None = None

    def push(self, packet: Packet, arrival_s: float) -> tuple[Placed, ...]:
        """Place a packet.

        Parameters
        ----------
        packet
            The packet, in the order of arrival. One without samples gives nothing.
        arrival_s
            When it came, host's monotonic clock.

        Returns
        -------
        tuple of Placed
            In order. For a sensor with a clock, this packet. For one without, packets that come late are held until it
            is clear whether samples are missing before them, for at most a second of arrivals.

        Raises
        ------
        PacketError
            The sensor has a clock and the packet does not say its time.

        """
        raise NotImplementedError

    def flush(self) -> tuple[Placed, ...]:
        """Place the packets that are held; to be called when the connection ends."""
        return ()

    def restart(self) -> tuple[Placed, ...]:
        """Say that the sensor started anew; returns what `flush` does."""
        held = self.flush()
        self._host.restart()
        return held

    def _give(self, packet: Packet, device_s: NDArray[np.float64], index: int, lost: int, *, restarts: bool) -> Placed:
        """Return the packet with times, after the host's clock has observed it."""
        step_s = LEAST_STEP / self._rate_hz
        if (restarts or lost) and self._last_s is not None:
            self._host.step(float(device_s[0]), self._last_s + 1 / self._rate_hz)
        time_s = self._host.times(device_s)
        if self._last_s is not None and time_s[0] < self._last_s + step_s:
            earliest_s = self._last_s + step_s * np.arange(1, len(time_s) + 1, dtype=np.float64)
            time_s = np.maximum(time_s, earliest_s)
        self._last_s = float(time_s[-1])
        return Placed(packet, Place.NEXT, time_s, index, lost, self.lost_is_estimate and lost > 0, restarts)


class TickedTimeBase(TimeBase):
    """For sensors that send ticks: loss is counted exactly.

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

    def push(self, packet: Packet, arrival_s: float) -> tuple[Placed, ...]:
        """Place a packet; see `TimeBase.push`."""
        n = sample_count(packet)
        if n == 0:
            return ()
        if packet.ticks is None:
            raise PacketError("a packet with samples does not say their time; is this the right driver for the sensor?")
        return (self._place(packet, packet.ticks, n, arrival_s),)

    def _place(self, packet: Packet, ticks: int, n: int, arrival_s: float) -> Placed:
        restarts = self._boot != self._host.boot
        if restarts:
            self._ticks.begin()
        located = self._ticks.locate(ticks, packet.counter, n, arrival_s)
        if located.place in {Place.DUPLICATE, Place.LATE}:
            return Placed(packet, located.place, np.empty(0))
        if located.place is Place.RESTART or self._was_set(located, n, arrival_s):
            restarts = True
            self._host.restart()
            self._ticks.begin()
            located = self._ticks.locate(ticks, packet.counter, n, arrival_s)
        lost = 0 if restarts else located.index - self._ticks.next_index
        self._ticks.accept(located, n, arrival_s)
        self._boot = self._host.boot
        # As the packet has it: smoothed ticks that lie late would make the link look faster than it is.
        self._host.observe(self._told_end_s(located, n), arrival_s)
        return self._give(packet, self._device_s(located, n), located.index, lost, restarts=restarts)

    def _was_set(self, located: Located, n: int, arrival_s: float) -> bool:
        return self._host.was_set(self._told_end_s(located, n), arrival_s)

    def _told_end_s(self, located: Located, n: int) -> float:
        """Return the sensor's own time of the last sample."""
        return (located.told_ticks + located.period_ticks * (n - 1)) / self._tick_hz

    def _device_s(self, located: Located, n: int) -> NDArray[np.float64]:
        ticks = located.first_ticks + located.period_ticks * np.arange(n, dtype=np.float64)
        device_s: NDArray[np.float64] = ticks / self._tick_hz
        return device_s


class CountedTimeBase(TimeBase):
    """For sensors that send no time: the sample rate is the clock, and loss is told from packets that stay late.

    Parameters
    ----------
    rate_hz, host
        As in `TimeBase`. The true rate may be 5 % off; it is found from the arrivals.

    """

    lost_is_estimate = True

    def __init__(self, rate_hz: float, host: HostClock) -> None:
        super().__init__(rate_hz, host)
        self._watch = LagWatch()
        self._next_index = 0
        self._held: deque[tuple[Packet, int, float]] = deque()
        self._held_samples = 0
        self._after_break = False

    def push(self, packet: Packet, arrival_s: float) -> tuple[Placed, ...]:
        """Place a packet; see `TimeBase.push`."""
        n = sample_count(packet)
        if n == 0:
            return ()
        last_s = (self._next_index + self._held_samples + n - 1) / self._rate_hz
        if self._boot != self._host.boot or self._host.was_set(last_s, arrival_s):
            return (*self.flush(), self._begin(packet, n, arrival_s))
        placed = self._release_before_silence(arrival_s)
        last_s = (self._next_index + self._held_samples + n - 1) / self._rate_hz
        self._held.append((packet, n, arrival_s))
        self._held_samples += n
        lag_s = self._host.lag_s(last_s, arrival_s)
        batch_s = n / self._rate_hz
        lost_s = self._watch.judge(lag_s, arrival_s, batch_s, self._host.spread_s, settled=self._host.settled)
        if lost_s is None:
            return placed
        return (*placed, *self._release(self._lost(lost_s, n)))

    def flush(self) -> tuple[Placed, ...]:
        """Place the packets that are held: as merely late, since a link that is about to end makes them so.

        Unless the link was new; then what is late follows a loss.
        """
        placed = self._release_held(long=self._after_break)
        self._after_break = True
        return placed

    def _begin(self, packet: Packet, n: int, arrival_s: float) -> Placed:
        if self._host.started:
            self._host.restart()
        self._boot = self._host.boot
        self._next_index = 0
        return self._accept(packet, n, arrival_s, 0, restarts=True)

    def _release_before_silence(self, arrival_s: float) -> tuple[Placed, ...]:
        """Place the packets before a silence, so that what follows it is judged by itself."""
        if not self._held or arrival_s - self._held[-1][2] < SILENCE_S:
            return ()
        return self._release_held(long=self._after_break or self._held[-1][2] - self._held[0][2] >= SILENCE_S)

    def _release_held(self, *, long: bool) -> tuple[Placed, ...]:
        """Place what is held: after a loss of as much as it is late, where it has been late for `long`."""
        if not self._held:
            self._watch.clear()
            return ()
        lost_s = self._watch.least_lag_s if long else 0.0
        self._watch.clear()
        return self._release(self._lost(lost_s, self._held[0][1]))

    def _lost(self, lost_s: float, batch: int) -> int:
        return estimate_lost(lost_s / (1 + self._host.rate_error), self._rate_hz, batch)

    def _release(self, lost: int) -> tuple[Placed, ...]:
        self._next_index += lost
        self._after_break = False
        placed = []
        while self._held:
            packet, n, arrival_s = self._held.popleft()
            placed.append(self._accept(packet, n, arrival_s, lost, restarts=False))
            lost = 0
        self._held_samples = 0
        return tuple(placed)

    def _accept(self, packet: Packet, n: int, arrival_s: float, lost: int, *, restarts: bool) -> Placed:
        index = self._next_index
        self._next_index += n
        device_s = (index + np.arange(n)) / self._rate_hz
        self._host.observe(float(device_s[-1]), arrival_s)
        return self._give(packet, device_s, index, lost, restarts=restarts)


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
