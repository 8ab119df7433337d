"""What a time base makes of packets: samples with times, and how many were lost before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.time_base.sample_ticks import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Packet
    from firmware_bridge.time_base.host_clock import HostClock

__all__ = ["Placed", "TimeBase", "sample_count"]

LEAST_STEP = 0.1
"""Samples are never closer than this part of the sample period, whatever the clocks do."""


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

    Attributes
    ----------
    crowded
        Whether the samples share the link with something that delays them for long, such as an offline log: what is
        a little late then follows no loss.

    """

    lost_is_estimate = False

    def __init__(self, rate_hz: float, host: HostClock) -> None:
        if not rate_hz > 0:
            raise ValueError(f"the rate is {rate_hz}, expected a positive number")
        self._rate_hz = rate_hz
        self._host = host
        self._boot = -1
        self._last_s: float | None = None
        self.crowded = False

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
            In order. For a sensor with a clock, this packet; the first ones of a start are held until it is clear
            whether they were late. For one without, packets that come late are held until it is clear whether samples
            are missing before them, for at most a second of arrivals.

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
        if restarts or lost:
            earliest_s = -np.inf if self._last_s is None else self._last_s + 1 / self._rate_hz
            self._host.step(float(device_s[0]), earliest_s)
        return self._give_at(packet, self._host.times(device_s), index, lost, restarts=restarts)

    def _give_at(self, packet: Packet, time_s: NDArray[np.float64], index: int, lost: int, *, restarts: bool) -> Placed:
        """Return the packet with these times, or later ones where they would not increase."""
        step_s = LEAST_STEP / self._rate_hz
        if self._last_s is not None and time_s[0] < self._last_s + step_s:
            time_s = np.maximum(time_s, self._last_s + step_s * np.arange(1, len(time_s) + 1, dtype=np.float64))
        self._last_s = float(time_s[-1])
        return Placed(packet, Place.NEXT, time_s, index, lost, self.lost_is_estimate and lost > 0, restarts)
