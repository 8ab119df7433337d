"""Samples of the inertial sensor in the counts of the profile, numbered, timed, and summed up second by second."""

import struct

from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.firmware.fifo_clock import FifoClock
from firmware_bridge.firmware.lsm6ds3 import READ_AT_MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from firmware_bridge.firmware.lsm6ds3 import Lsm6ds3
    from firmware_bridge.firmware.wear import Second

__all__ = ["Motion"]

_LARGEST = 32767
_RAW_LARGEST = 32767
_ACC_NUMBER, _ACC_OF = 15616, 15625
"""0.061 mg a count at 2 g, twice that at twice the range (datasheet DocID030071, table 3), over 2 g / 32768."""
_GYR_NUMBER, _GYR_OF = 3584, 3125
"""70 mdeg/s a count at 2000 deg/s, half that at half the range (as above), over 2000 deg/s / 32768."""


class Motion:
    """The running inertial sensor.

    Parameters
    ----------
    imu
        The chip.
    second
        Sums up a second of samples.
    now_ticks
        The clock, 1/32768 s.

    """

    def __init__(self, imu: "Lsm6ds3", second: "Second", now_ticks: "Callable[[], int]") -> None:
        self._imu = imu
        self._now_ticks = now_ticks
        self.second = second
        self.range_g = codec.DEFAULT_RANGE_G
        self.range_dps = codec.DEFAULT_RANGE_DPS
        self.rate_hz = 0
        self.number = 0
        self.lost = False
        self.clipped = False
        self.overflowed = False
        self._bias = [0, 0, 0]
        self._newest = -1
        self._clock = FifoClock(1)

    def start(self, rate_hz: int) -> None:
        """Sample; the first sample has number 0."""
        self.rate_hz = rate_hz
        self.number = 0
        self._newest = -1
        self.lost = self.clipped = False
        self._clock = FifoClock(rate_hz)
        self.second.clear(rate_hz, codec.FULL_SCALE_COUNTS // self.range_g)
        self._imu.start(rate_hz, self.range_g, self.range_dps)

    def stop(self) -> None:
        """Power the sensor down."""
        self.rate_hz = 0
        self._imu.stop()

    def waiting(self) -> int:
        """Return how many samples can be read; where the FIFO ran over, what it held is lost, and counted."""
        before = self._now_ticks()
        count = self._imu.waiting()
        after = self._now_ticks()
        if self._imu.overflowed:
            self._imu.restart()
            self.number = self._newest + 1 + self._clock.samples_until(self._now_ticks())
            self.lost = self.overflowed = True
            self.second.clear(self.rate_hz, codec.FULL_SCALE_COUNTS // self.range_g)
            return 0
        self._newest = self.number + count - 1
        if self._newest >= 0:
            self._clock.observe(self._newest, before, after)
        return count

    def ticks_of(self, number: int) -> int:
        """Return when a sample was taken."""
        return self._clock.ticks_of(number)

    def read_into(self, buffer: bytearray, at: int, count: int) -> None:
        """Put samples that wait into a buffer, in the bytes of the profile; sets `clipped` where one is."""
        while count > 0:
            part = min(count, READ_AT_MOST)
            self._imu.read(part)
            words = self._imu.words
            for first in range(0, part * 6, 6):
                self._put(buffer, at, words, first)
                at += codec.SAMPLE_BYTES
            count -= part

    def _put(self, buffer: bytearray, at: int, words: "array[int]", first: int) -> None:
        second = self.second
        for each in range(first, first + 6):
            if not -_RAW_LARGEST <= words[each] < _RAW_LARGEST:
                self.clipped = second.clipped = True
        ax = (words[first + 3] * _ACC_NUMBER + _ACC_OF // 2) // _ACC_OF
        ay = (words[first + 4] * _ACC_NUMBER + _ACC_OF // 2) // _ACC_OF
        az = (words[first + 5] * _ACC_NUMBER + _ACC_OF // 2) // _ACC_OF
        gx = self._rate(words[first], 0)
        gy = self._rate(words[first + 1], 1)
        gz = self._rate(words[first + 2], 2)
        struct.pack_into("<6h", buffer, at, ax, ay, az, gx, gy, gz)
        self.number += 1
        second.add(ax, ay, az, gx, gy, gz)

    def _rate(self, word: int, axis: int) -> int:
        counts = (word * _GYR_NUMBER + _GYR_OF // 2) // _GYR_OF - self._bias[axis]
        if -_LARGEST <= counts <= _LARGEST:
            return counts
        self.clipped = self.second.clipped = True
        return _LARGEST if counts > 0 else -_LARGEST

    def add_bias(self, gx: int, gy: int, gz: int) -> None:
        """Take what the gyroscope reads at rest off all samples to come, on top of what is taken off now."""
        self._bias = [self._bias[0] + gx, self._bias[1] + gy, self._bias[2] + gz]
