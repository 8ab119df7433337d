"""What the virtual sensors feel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from config.units import GRAVITY_MS2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.virtual.wearer import SimulatedWearer

__all__ = ["CodedMotion", "Motion", "PlayedMotion"]

_BLOCK_S = 60.0
_KEPT_S = 5.0


class Motion(Protocol):
    """A motion that can be asked for at any time, later and later."""

    def at(self, times_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what a sensor feels.

        Parameters
        ----------
        times_s
            Shape (n,): true seconds since the sensor was switched on, rising.

        Returns
        -------
        Specific force in m/s^2 and angular rate in rad/s, shape (n, 3) each.

        """
        ...


class CodedMotion:
    """No motion of a body, but one in which each millisecond is told from all others of the same hour.

    Axes x and y of both carry sawtooths whose periods have no common divisor; z of the acceleration carries gravity.
    The steps are 0.01 m/s^2 and 0.002 rad/s, above a count of all sensors here.
    """

    def at(self, times_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what a sensor feels; see `Motion`."""
        milliseconds = np.rint(times_s * 1000).astype(np.int64)
        acc = np.empty((times_s.shape[0], 3))
        gyr = np.empty_like(acc)
        acc[:, 0] = (milliseconds % 997 - 498) * 0.01
        acc[:, 1] = (milliseconds // 7 % 991 - 495) * 0.01
        acc[:, 2] = GRAVITY_MS2
        gyr[:, 0] = (milliseconds % 983 - 491) * 0.002
        gyr[:, 1] = (milliseconds // 11 % 977 - 488) * 0.002
        gyr[:, 2] = (milliseconds // 1000 % 971 - 485) * 0.002
        return acc, gyr


class PlayedMotion:
    """The recording of a simulated wearer, straight between its samples; at its end the wearer stays as he is.

    Parameters
    ----------
    wearer
        Best with `SensorModel.ideal()`, since the virtual sensor has a clock and a quantisation of its own.

    """

    def __init__(self, wearer: SimulatedWearer) -> None:
        self._wearer = wearer
        self._rewind()

    def at(self, times_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what a sensor feels; see `Motion`. Going back more than 5 s begins the recording anew."""
        if times_s[0] < self._window_s[0]:
            self._rewind()
        while times_s[-1] > self._window_s[-1] and self._advance():
            self._forget_before(times_s[0] - _KEPT_S)
        return _between(times_s, self._window_s, self._acc), _between(times_s, self._window_s, self._gyr)

    def _rewind(self) -> None:
        self._chunks: Iterator[ImuChunk] = self._wearer.chunks(_BLOCK_S)
        self._window_s = np.empty(0)
        self._acc = np.empty((0, 3))
        self._gyr = np.empty((0, 3))
        if not self._advance():
            raise ValueError("the wearer's script has no samples")

    def _advance(self) -> bool:
        for chunk in self._chunks:
            if chunk.time.size:
                gyr = np.zeros_like(chunk.acc) if chunk.gyr is None else chunk.gyr
                self._window_s = np.concatenate((self._window_s, chunk.time - self._wearer.start))
                self._acc = np.concatenate((self._acc, chunk.acc))
                self._gyr = np.concatenate((self._gyr, gyr))
                return True
        return False

    def _forget_before(self, time_s: float) -> None:
        first = max(int(np.searchsorted(self._window_s, time_s)) - 1, 0)
        self._window_s, self._acc, self._gyr = self._window_s[first:], self._acc[first:], self._gyr[first:]


def _between(
    times_s: NDArray[np.float64], known_s: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.column_stack([np.interp(times_s, known_s, values[:, axis]) for axis in range(3)])
