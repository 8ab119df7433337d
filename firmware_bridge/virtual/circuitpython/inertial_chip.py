"""The LSM6DS3TR-C as its registers show it, fed with a motion.

Written from the datasheet DocID030071, apart from the driver: rates and ranges are read out of the control registers,
the FIFO holds 2048 words and loses the oldest word when one comes to a full one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.units import GRAVITY_MS2

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.virtual.air.motion import Motion

__all__ = ["ChipSample", "InertialChip"]

_ADDRESS = 0x6A
_FIFO_CTRL5, _WHO_AM_I, _CTRL1_XL, _CTRL2_G, _CTRL3_C = 0x0A, 0x0F, 0x10, 0x11, 0x12
_OUT_TEMP_L, _OUT_TEMP_H = 0x20, 0x21
_FIFO_STATUS1, _FIFO_STATUS2, _FIFO_STATUS3, _FIFO_STATUS4 = 0x3A, 0x3B, 0x3C, 0x3D
_FIFO_DATA_L, _FIFO_DATA_H = 0x3E, 0x3F
_DEFAULTS = {_WHO_AM_I: 0x6A, _CTRL3_C: 0x04}
_RATES_HZ = (0.0, 12.5, 26.0, 52.0, 104.0, 208.0, 416.0, 833.0)
_ACC_MG_A_COUNT = (0.061, 0.488, 0.122, 0.244)
_GYR_MDPS_A_COUNT = (8.75, 17.5, 35.0, 70.0)
_CONTINUOUS = 0b110
_FIFO_WORDS = 2048
_PATTERN_WORDS = 6
_LIMIT = 32767


@dataclass(frozen=True, slots=True)
class ChipSample:
    """A sample as it was felt, before it was counted.

    Parameters
    ----------
    time_s
        By the loop's clock.
    acc_ms2, gyr_rad_s
        Three axes each.

    """

    time_s: float
    acc_ms2: tuple[float, ...]
    gyr_rad_s: tuple[float, ...]


class InertialChip:
    """The chip on an I2C bus.

    Parameters
    ----------
    motion
        What it feels, by seconds since `now_s` was 0.
    now_s
        The clock of the world.
    rate_error
        How much faster than its registers say it samples: 0.01 is 1 %.

    """

    def __init__(self, motion: Motion, now_s: Callable[[], float], rate_error: float = 0.0) -> None:
        self.motion = motion
        self.temperature_c = 33.0
        self.powered = False
        self.taken: list[ChipSample] = []
        """All samples since the FIFO was last switched on, also those it lost."""
        self._now_s = now_s
        self._rate_error = rate_error
        self._registers = dict(_DEFAULTS)
        self._fifo: deque[int] = deque()
        self._overrun = False
        self._pattern = 0
        self._since_s = 0.0
        self._taken_at_hz = 0.0

    def write(self, address: int, data: bytes) -> None:
        """Take a register's address and values for it and those after it."""
        self._answer_to(address)
        self._measure()
        for register, value in enumerate(data[1:], data[0]):
            self._set(register, value)

    def read(self, address: int, register: int, count: int) -> bytes:
        """Return the values of a register and those after it."""
        self._answer_to(address)
        self._measure()
        read = bytearray()
        for _ in range(count):
            read.append(self._get(register))
            register = _FIFO_DATA_L if register == _FIFO_DATA_H else register + 1
        return bytes(read)

    def _answer_to(self, address: int) -> None:
        if address != _ADDRESS or not self.powered:
            raise OSError(19, "no such device")

    def _set(self, register: int, value: int) -> None:
        if register == _CTRL3_C and value & 1:
            self._registers = dict(_DEFAULTS)
            self._begin()
            return
        self._registers[register] = value
        if register == _FIFO_CTRL5 or (register in {_CTRL1_XL, _CTRL2_G} and self._rate_hz == 0):
            self._begin()

    def _begin(self) -> None:
        """Empty the FIFO; the next sample comes a period later."""
        self._fifo.clear()
        self._overrun = False
        self._pattern = 0
        if self._registers.get(_FIFO_CTRL5, 0) & 7 == _CONTINUOUS:
            running = bool(self.taken) and self._rate_hz == self._taken_at_hz
            if not running:
                self.taken.clear()
                self._since_s = self._now_s()
            self._taken_at_hz = self._rate_hz
        elif self._rate_hz == 0:
            self.taken.clear()

    @property
    def _rate_hz(self) -> float:
        nominal = _RATES_HZ[self._registers.get(_CTRL1_XL, 0) >> 4]
        return nominal * (1 + self._rate_error)

    def _measure(self) -> None:
        """Put what was sampled since the last access into the FIFO."""
        if self._registers.get(_FIFO_CTRL5, 0) & 7 != _CONTINUOUS or self._rate_hz == 0:
            return
        due = int((self._now_s() - self._since_s) * self._rate_hz) - len(self.taken)
        if due <= 0:
            return
        times_s = self._since_s + (np.arange(due) + len(self.taken) + 1) / self._rate_hz
        acc, gyr = self.motion.at(times_s)
        acc_count_ms2 = _ACC_MG_A_COUNT[self._registers[_CTRL1_XL] >> 2 & 3] * GRAVITY_MS2 / 1000
        gyr_count_rad_s = np.deg2rad(_GYR_MDPS_A_COUNT[self._registers[_CTRL2_G] >> 2 & 3] / 1000)
        counts = np.column_stack((gyr / gyr_count_rad_s, acc / acc_count_ms2))
        counts = np.clip(np.rint(counts), -_LIMIT - 1, _LIMIT).astype(int)
        for time_s, felt_acc, felt_gyr, words in zip(times_s, acc, gyr, counts.tolist(), strict=True):
            self.taken.append(ChipSample(float(time_s), tuple(felt_acc), tuple(felt_gyr)))
            self._push(words)

    def _push(self, words: list[int]) -> None:
        self._fifo.extend(words)
        while len(self._fifo) > _FIFO_WORDS:
            self._fifo.popleft()
            self._pattern = (self._pattern + 1) % _PATTERN_WORDS
            self._overrun = True

    def _get(self, register: int) -> int:
        if register in {_FIFO_STATUS1, _FIFO_STATUS2, _FIFO_STATUS3, _FIFO_STATUS4}:
            return self._status(register)
        if register == _FIFO_DATA_L:
            return self._fifo[0] & 0xFF if self._fifo else 0
        if register == _FIFO_DATA_H:
            if not self._fifo:
                return 0
            self._pattern = (self._pattern + 1) % _PATTERN_WORDS
            self._overrun = False
            return self._fifo.popleft() >> 8 & 0xFF
        if register in {_OUT_TEMP_L, _OUT_TEMP_H}:
            counts = round((self.temperature_c - 25) * 256)
            return counts >> 8 & 0xFF if register == _OUT_TEMP_H else counts & 0xFF
        return self._registers.get(register, 0)

    def _status(self, register: int) -> int:
        words = len(self._fifo)
        if register == _FIFO_STATUS1:
            return words & 0xFF
        if register == _FIFO_STATUS2:
            return (words >> 8 & 7) | (not words) << 4 | self._overrun << 6
        return self._pattern if register == _FIFO_STATUS3 else 0
