"""Short jolts: heel strikes, reaching the seat, being put on a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Impacts"]

_REACH_PERIODS = 1.3
_LONGEST_REACH_S = 0.3


class Impacts:
    """All jolts of a script, each a damped swing that leaves no speed behind (Ricker 1953, doi:10.1190/1.1437843).

    Parameters
    ----------
    jolts
        Arrays of shape (n, 5): time in s, quickness in Hz (5 or more), and the peak accelerations forward, left and up
        in m/s^2.

    """

    def __init__(self, jolts: Sequence[NDArray[np.float64]]) -> None:
        joined = np.concatenate([np.empty((0, 5)), *jolts])
        self._jolts = joined[np.argsort(joined[:, 0], kind="stable")]

    def add_to(self, acceleration: NDArray[np.float64], times_s: NDArray[np.float64]) -> None:
        """Add the jolts to `acceleration`, shape (n, 3), at `times_s`, shape (n,), rising."""
        window = (times_s[0] - _LONGEST_REACH_S, times_s[-1] + _LONGEST_REACH_S)
        begin, end = np.searchsorted(self._jolts[:, 0], window)
        for time_s, hz, *pushes_ms2 in self._jolts[begin:end].tolist():
            reach_s = _REACH_PERIODS / hz
            first, last = np.searchsorted(times_s, (time_s - reach_s, time_s + reach_s))
            square = (np.pi * hz * (times_s[first:last] - time_s)) ** 2
            shape = (1 - 2 * square) * np.exp(-square)
            acceleration[first:last] += shape[:, None] * pushes_ms2
