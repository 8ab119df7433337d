"""The clock of a virtual sensor: wrong by a constant and by a slow wander."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Oscillator"]

_PPM = 1e-6
_ITERATIONS = 6
"""Each brings the inverse nearer by the factor of the wander, 1e-3 at most."""


@dataclass(frozen=True, slots=True)
class Oscillator:
    """A clock.

    Parameters
    ----------
    ppm
        How much too fast it is, on average, in millionths. Crystals: up to 40; the resistor-capacitor clock of a
        WitMotion: 7000.
    wander_ppm
        How much faster and slower it gets, up to 1000.
    wander_period_s
        Time in which it does so, as temperature comes and goes.

    """

    ppm: float = 0.0
    wander_ppm: float = 0.0
    wander_period_s: float = 1800.0

    @property
    def _swing_s(self) -> float:
        return self.wander_ppm * _PPM * self.wander_period_s / (2 * math.pi)

    @overload
    def reading_s(self, true_s: float) -> float: ...
    @overload
    def reading_s(self, true_s: NDArray[np.float64]) -> NDArray[np.float64]: ...
    def reading_s(self, true_s: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        """Return what the clock reads, true seconds after it was started."""
        return true_s * (1 + self.ppm * _PPM) + self._swing_s * np.sin(2 * np.pi / self.wander_period_s * true_s)

    def true_s(self, reading_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true seconds since the start at which the clock reads this; shape (n,)."""
        true_s = reading_s / (1 + self.ppm * _PPM)
        if self.wander_ppm:
            for _ in range(_ITERATIONS):
                true_s = true_s + (reading_s - self.reading_s(true_s)) / (1 + self.ppm * _PPM)
        return true_s
