"""Takes samples by a sensor's own clock and hands them on, so many at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from firmware_bridge.virtual.air.motion import Motion
    from firmware_bridge.virtual.air.oscillator import Oscillator

__all__ = ["Felt", "Sampling", "SensorTime"]

_AHEAD_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Felt:
    """Samples before quantisation.

    Parameters
    ----------
    first
        Number of the first one.
    times_s
        Shape (n,): true times, by the loop's clock.
    clock_s
        Shape (n,): the same by the sensor's clock, seconds since it restarted.
    acc, gyr
        Shape (n, 3): m/s^2 and rad/s.

    """

    first: int
    times_s: NDArray[np.float64]
    clock_s: NDArray[np.float64]
    acc: NDArray[np.float64]
    gyr: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SensorTime:
    """A sensor's clock since its last restart, which begins it at 0 and leaves its crystal as warm as it was.

    Parameters
    ----------
    oscillator
        What drives it.
    switched_on_s
        When the oscillator began, by the loop's clock.
    restarted_s
        When the clock began at 0, by the loop's clock.

    """

    oscillator: Oscillator
    switched_on_s: float
    restarted_s: float

    @property
    def _before_s(self) -> float:
        return self.oscillator.reading_s(self.restarted_s - self.switched_on_s)

    def now_s(self) -> float:
        """Return what it reads."""
        now_s = asyncio.get_running_loop().time()
        return float(self.oscillator.reading_s(now_s - self.switched_on_s)) - self._before_s

    def times_s(self, clock_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true times, by the loop's clock, at which it reads `clock_s`; shape (n,) both."""
        return self.oscillator.true_s(clock_s + self._before_s) + self.switched_on_s


class Sampling:
    """Samples at a steady rate of the sensor's clock, from now on until stopped.

    Parameters
    ----------
    time
        The sensor's clock.
    motion
        What it feels, at seconds since `switched_on_s`.
    switched_on_s
        When it was switched on, by the loop's clock.
    rate_hz
        Samples a second of the sensor's clock.
    batch
        How many are handed on at a time, at the moment the last of them is taken.
    taken
        Gets them.

    """

    def __init__(
        self,
        *,
        time: SensorTime,
        motion: Motion,
        switched_on_s: float,
        rate_hz: float,
        batch: int,
        taken: Callable[[Felt], None],
    ) -> None:
        self._time = time
        self._motion = motion
        self._switched_on_s = switched_on_s
        self._rate_hz = rate_hz
        self._batch = batch
        self._taken = taken
        self._first_clock_s = time.now_s() + 1 / rate_hz
        self._handed = 0
        self._ahead = self._look_ahead(0)
        self._loop = asyncio.get_running_loop()
        self._timer = self._schedule()

    def stop(self) -> None:
        """Take no more."""
        self._timer.cancel()

    def _look_ahead(self, first: int) -> Felt:
        batches = max(1, round(_AHEAD_S * self._rate_hz / self._batch))
        clock_s = self._first_clock_s + (first + np.arange(batches * self._batch)) / self._rate_hz
        times_s = self._time.times_s(clock_s)
        acc, gyr = self._motion.at(times_s - self._switched_on_s)
        return Felt(first, times_s, clock_s, acc, gyr)

    def _rows(self) -> slice:
        start = self._handed - self._ahead.first
        return slice(start, start + self._batch)

    def _schedule(self) -> asyncio.TimerHandle:
        return self._loop.call_at(float(self._ahead.times_s[self._rows()][-1]), self._due)

    def _due(self) -> None:
        rows, ahead = self._rows(), self._ahead
        felt = Felt(self._handed, ahead.times_s[rows], ahead.clock_s[rows], ahead.acc[rows], ahead.gyr[rows])
        self._handed += self._batch
        if self._handed - ahead.first >= ahead.times_s.shape[0]:
            self._ahead = self._look_ahead(self._handed)
        self._timer = self._schedule()
        self._taken(felt)
