"""From the packets of a sensor to samples with UTC times, with an account of what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.imu import ImuChunk
from firmware_bridge.time_base.envelope import CRYSTAL, UNKNOWN, Rate
from firmware_bridge.time_base.host_clock import HostClock
from firmware_bridge.time_base.ledger import SampleLedger
from firmware_bridge.time_base.merge import AccRows, Merge
from firmware_bridge.time_base.pairing import Pairing
from firmware_bridge.time_base.sample_clock import make_time_base
from firmware_bridge.time_base.sample_ticks import Place
from firmware_bridge.time_base.utc import UtcClock, UtcTrust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Packet, SensorClock
    from firmware_bridge.time_base.placed import Placed

__all__ = ["SampleStream"]


class SampleStream:
    """Gives the samples of one sensor their times, through any number of connections and reboots.

    It does no I/O and looks at no clock: all times are arguments. Samples come out in strictly increasing time; a lost
    sample is a missing row.

    Parameters
    ----------
    clock
        The sensor's clock; None where it sends no time.
    rate_hz
        Nominal sample rate.
    monotonic_s, utc_s
        The same moment on the host's monotonic clock (best one that counts while the computer sleeps) and in UTC.
    gyroscope
        Whether the sensor sends a gyroscope. Where it does, packets with the accelerometer alone wait for it.

    Attributes
    ----------
    ledger
        Account of the samples; of the accelerometer's where the gyroscope comes in packets of its own.
    gyr_ledger
        Account of the gyroscope's samples where they come in packets of their own.

    """

    def __init__(
        self, clock: SensorClock | None, rate_hz: float, monotonic_s: float, utc_s: float, *, gyroscope: bool = True
    ) -> None:
        self._clock = clock
        self._host = None if clock is None else HostClock(CRYSTAL)
        self._acc_base = make_time_base(clock, rate_hz, self._host)
        self._gyr_base = make_time_base(clock, rate_hz, self._host)
        self._utc = UtcClock(monotonic_s, utc_s)
        self._gyroscope = gyroscope
        self._merge = Merge()
        self._pairing = Pairing() if clock is None and gyroscope else None
        self.ledger = SampleLedger()
        self.gyr_ledger = SampleLedger()

    @property
    def utc_trust(self) -> UtcTrust:
        """How far the UTC times can be trusted."""
        return self._utc.trust

    @property
    def unpaired(self) -> int:
        """Accelerometer samples left out because there is no gyroscope sample on one side of them."""
        return self._merge.unpaired + (self._pairing.unpaired if self._pairing is not None else 0)

    def crowd(self, *, crowded: bool) -> None:
        """Say whether an offline log comes over the same link, which makes all samples a little late without a loss."""
        self._acc_base.crowded = self._gyr_base.crowded = crowded

    def anchor_utc(self, monotonic_s: float, utc_s: float) -> None:
        """Say again, about once a minute, what moment it is on both clocks."""
        self._utc.anchor(monotonic_s, utc_s)

    def utc_of(self, ticks: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the UTC times of moments on the sensor's clock within its present boot.

        Parameters
        ----------
        ticks
            Shape (n,): not unwrapped, or wrapped later than the stream's; near now within half a wrap.

        Returns
        -------
        ndarray or None
            Shape (n,), seconds since the Unix epoch; None where no packet has told the sensor's time yet.

        """
        if self._clock is None or self._host is None or self._host.newest_s is None:
            return None
        wrap_s = 2.0**self._clock.ticks_bits / self._clock.tick_hz
        device_s = ticks / self._clock.tick_hz
        device_s = device_s + wrap_s * np.round((self._host.newest_s - device_s) / wrap_s)
        return self._host.past_times(device_s) + self._utc.offset_s

    def points(self) -> list[tuple[float, float]]:
        """Return what is known of the sensor's clock: times on it, and UTC, in s; nothing for a sensor without."""
        if self._host is None:
            return []
        return [(device_s, host_s + self._utc.offset_s) for device_s, host_s in self._host.points()]

    @property
    def clock_rate(self) -> Rate:
        """What is known of the rate of the sensor's clock; nothing for a sensor without."""
        return UNKNOWN if self._host is None else self._host.rate

    def recall(self, points: list[tuple[float, float]], rate: Rate) -> None:
        """Take what was known before the program was started anew; to be called before the first packet.

        Parameters
        ----------
        points
            What `points` said of the same boot of the sensor, whose samples are then placed as they would have been
            before; none where it is another.
        rate
            What `clock_rate` said of the same sensor, in any boot.

        """
        if self._clock is None or self._host is None:
            return
        wrap_s = 2.0**self._clock.ticks_bits / self._clock.tick_hz
        base_s = wrap_s * (points[-1][0] // wrap_s) if points else 0.0
        self._host.recall([(device_s - base_s, utc_s - self._utc.offset_s) for device_s, utc_s in points], rate)

    def push(self, packet: Packet, arrival_s: float) -> tuple[ImuChunk, ...]:
        """Return the samples that a packet completes.

        Parameters
        ----------
        packet
            In the order of arrival; one without samples gives nothing.
        arrival_s
            When it came, host's monotonic clock.

        Raises
        ------
        PacketError
            The sensor has a clock and the packet does not say its time.

        """
        if self._pairing is not None and (packet.acc is None) != (packet.gyr is None):
            whole = self._pairing.push(packet)
            return () if whole is None else self._give_acc(self._acc_base.push(whole, arrival_s))
        if packet.acc is None:
            return self._give_gyr(self._gyr_base.push(packet, arrival_s))
        return self._give_acc(self._acc_base.push(packet, arrival_s))

    def flush(self) -> tuple[ImuChunk, ...]:
        """Return the samples that wait for others; to be called when the connection ends."""
        chunks = (*self._give_acc(self._acc_base.flush()), *self._give_gyr(self._gyr_base.flush()))
        self._forget_unpaired()
        return chunks

    def restart(self) -> tuple[ImuChunk, ...]:
        """Say that the sensor has started anew (another boot id); returns what `flush` does."""
        chunks = (*self._give_acc(self._acc_base.restart()), *self._give_gyr(self._gyr_base.restart()))
        self._forget_unpaired()
        return chunks

    def _forget_unpaired(self) -> None:
        self._merge.flush()
        if self._pairing is not None:
            self._pairing.flush()

    def _give_acc(self, packets: tuple[Placed, ...]) -> tuple[ImuChunk, ...]:
        return tuple(chunk for placed in packets for chunk in self._one_acc(placed))

    def _one_acc(self, placed: Placed) -> tuple[ImuChunk, ...]:
        acc, gyr = placed.packet.acc, placed.packet.gyr
        if placed.place is not Place.NEXT or acc is None:
            self.ledger.enter(placed, 0.0, 0.0)
            return ()
        utc_s = self._utc.to_utc(placed.time_s, after_hole=_after_hole(placed))
        self.ledger.enter(placed, float(utc_s[0]), float(utc_s[-1]))
        if gyr is None and self._gyroscope:
            return _chunks(*self._merge.push_acc(AccRows(placed.time_s, utc_s, acc)))
        return (ImuChunk(utc_s, _float32(acc), None if gyr is None else _float32(gyr)),)

    def _give_gyr(self, packets: tuple[Placed, ...]) -> tuple[ImuChunk, ...]:
        return tuple(chunk for placed in packets for chunk in self._one_gyr(placed))

    def _one_gyr(self, placed: Placed) -> tuple[ImuChunk, ...]:
        gyr = placed.packet.gyr
        if placed.place is not Place.NEXT or gyr is None:
            self.gyr_ledger.enter(placed, 0.0, 0.0)
            return ()
        first_s, last_s = (self._utc.about(float(placed.time_s[row])) for row in (0, -1))
        self.gyr_ledger.enter(placed, first_s, last_s)
        return _chunks(*self._merge.push_gyr(placed.time_s, gyr, after_hole=_after_hole(placed)))


def _after_hole(placed: Placed) -> bool:
    return placed.restarts or placed.lost_before > 0


def _chunks(rows: AccRows, gyr: NDArray[np.float64]) -> tuple[ImuChunk, ...]:
    return (ImuChunk(rows.utc_s, _float32(rows.acc), _float32(gyr)),) if len(rows) else ()


def _float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)
