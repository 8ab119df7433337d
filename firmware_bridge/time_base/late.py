"""Times for the samples of a sensor's offline log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.imu import ImuChunk
from firmware_bridge.time_base.merge import AccRows, Merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Packet, SensorClock

__all__ = ["LateSamples"]

HOLE_SAMPLES = 2.5
MICROSECONDS = 1e6


class LateSamples:
    """Places the packets of one download of an offline log in time.

    Packets of the present boot are placed by the live stream's clock, or, where the live stream has none, by the packet
    with ticks and no samples that begins the download. Those of an earlier boot are placed by the time the sensor was
    told then. The others cannot be placed.

    Parameters
    ----------
    clock
        The log's.
    rate_hz
        Nominal rate of the samples in the log; to find holes by.
    utc_of
        UTC times of moments on the live stream's clock; None where it cannot tell.
    boot
        The sensor's present boot, where it tells one.

    Attributes
    ----------
    unplaced
        Samples left out since nobody knows when they were taken.

    """

    def __init__(
        self,
        clock: SensorClock,
        rate_hz: float,
        utc_of: Callable[[NDArray[np.float64]], NDArray[np.float64] | None],
        boot: int | None,
    ) -> None:
        self._clock = clock
        self._rate_hz = rate_hz
        self._utc_of = utc_of
        self._boot = boot
        self._anchor: tuple[int, float] | None = None
        self._merge = Merge()
        self._gyr_end_s = -np.inf
        self.unplaced = 0

    def place(self, packets: Iterable[Packet], arrival_utc_s: float) -> list[ImuChunk]:
        """Return the samples of a block that are complete, in order of time.

        Parameters
        ----------
        packets
            As the block has them.
        arrival_utc_s
            When it came.

        """
        return [chunk for packet in packets for chunk in self._one(packet, arrival_utc_s)]

    def _one(self, packet: Packet, arrival_utc_s: float) -> tuple[ImuChunk, ...]:
        values = packet.acc if packet.acc is not None else packet.gyr
        if packet.ticks is None or (values is None and "log_boot" not in packet.fields):
            return ()
        boot = packet.fields.get("log_boot", packet.fields.get("boot_id"))
        if values is None:
            self._anchor, self._boot = (packet.ticks, arrival_utc_s), boot if isinstance(boot, int) else None
            return ()
        time = self._times(packet, packet.ticks, len(values), same_boot=boot == self._boot)
        if time is None:
            self.unplaced += len(values)
            return ()
        if packet.acc is not None and packet.gyr is not None:
            return (ImuChunk(time, packet.acc.astype(np.float32), packet.gyr.astype(np.float32)),)
        return self._merged(packet, time)

    def _times(self, packet: Packet, first: int, n: int, *, same_boot: bool) -> NDArray[np.float64] | None:
        last = packet.fields.get("last_ticks", first)
        ticks = np.linspace(first, float(last) if isinstance(last, int | float) else first, n)
        if same_boot and self._anchor is not None:
            # Ticks wrap; the log is older than its download.
            age = (self._anchor[0] - ticks) % 2.0**self._clock.ticks_bits
            return np.asarray(self._anchor[1] - age / self._clock.tick_hz)
        if same_boot:
            return self._utc_of(ticks)
        utc_us = packet.fields.get("utc_us")
        if not isinstance(utc_us, int):
            return None
        return np.asarray(utc_us / MICROSECONDS + (ticks - first) / self._clock.tick_hz)

    def _merged(self, packet: Packet, time: NDArray[np.float64]) -> tuple[ImuChunk, ...]:
        if packet.acc is not None:
            rows, gyr = self._merge.push_acc(AccRows(time, time, packet.acc))
        else:
            after_hole = bool(time[0] - self._gyr_end_s > HOLE_SAMPLES / self._rate_hz)
            self._gyr_end_s = float(time[-1])
            rows, gyr = self._merge.push_gyr(time, np.asarray(packet.gyr), after_hole=after_hole)
        if len(rows) == 0:
            return ()
        return (ImuChunk(rows.utc_s, rows.acc.astype(np.float32), gyr.astype(np.float32)),)
