"""Accelerometer and gyroscope that come in packets of their own become samples of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WAIT_S", "AccRows", "GyrRows", "Merge"]

WAIT_S = 3.0
"""A sample of one sensor waits for its neighbours of the other for at most so long, in the time of the samples."""


@dataclass(frozen=True, slots=True, eq=False)
class AccRows:
    """Accelerometer samples.

    Parameters
    ----------
    host_s
        Shape (n,): times on the clock that both sensors are on.
    utc_s
        Shape (n,): the same, as they are to be given out.
    acc
        Shape (n, 3), m/s^2.

    """

    host_s: NDArray[np.float64]
    utc_s: NDArray[np.float64]
    acc: NDArray[np.float64]

    @classmethod
    def none(cls) -> AccRows:
        """Return no samples."""
        return cls(np.empty(0), np.empty(0), np.empty((0, 3)))

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.host_s)

    def rows(self, keep: slice | NDArray[np.bool_]) -> AccRows:
        """Return some of them."""
        return AccRows(self.host_s[keep], self.utc_s[keep], self.acc[keep])

    def followed_by(self, other: AccRows) -> AccRows:
        """Return these and then the others."""
        return AccRows(
            np.concatenate([self.host_s, other.host_s]),
            np.concatenate([self.utc_s, other.utc_s]),
            np.concatenate([self.acc, other.acc]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class GyrRows:
    """Gyroscope samples.

    Parameters
    ----------
    host_s
        Shape (n,): times.
    gyr
        Shape (n, 3), rad/s.
    stretch
        Shape (n,): the number of the stretch without loss that the sample is of.

    """

    host_s: NDArray[np.float64]
    gyr: NDArray[np.float64]
    stretch: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.host_s)

    def since(self, start: int) -> GyrRows:
        """Return all from the row `start` on."""
        return GyrRows(self.host_s[start:], self.gyr[start:], self.stretch[start:])


class Merge:
    """Interpolates the gyroscope at the times of the accelerometer's samples, never across a hole.

    An accelerometer sample without gyroscope samples of one stretch on both sides is left out, and counted.

    Attributes
    ----------
    unpaired
        How many were left out.

    """

    def __init__(self) -> None:
        self.unpaired = 0
        self._acc = AccRows.none()
        self._gyr = GyrRows(np.empty(0), np.empty((0, 3)), np.empty(0, dtype=np.int64))
        self._stretch = 0
        self._given_until_s = -np.inf

    def push_acc(self, rows: AccRows) -> tuple[AccRows, NDArray[np.float64]]:
        """Take in accelerometer samples; returns those that are complete, with their rates, shape (n, 3) in rad/s."""
        self._acc = self._acc.followed_by(rows)
        return self._take()

    def push_gyr(
        self, host_s: NDArray[np.float64], gyr: NDArray[np.float64], *, after_hole: bool
    ) -> tuple[AccRows, NDArray[np.float64]]:
        """Take in gyroscope samples; returns what `push_acc` does.

        Parameters
        ----------
        host_s, gyr
            Times (n,) and rates (n, 3).
        after_hole
            Whether samples are missing before these.

        """
        self._stretch += after_hole
        self._gyr = GyrRows(
            np.concatenate([self._gyr.host_s, host_s]),
            np.concatenate([self._gyr.gyr, gyr]),
            np.concatenate([self._gyr.stretch, np.full(len(host_s), self._stretch, dtype=np.int64)]),
        )
        return self._take()

    def flush(self) -> None:
        """Give up what waits."""
        self.unpaired += len(self._acc)
        self._acc = AccRows.none()

    def _take(self) -> tuple[AccRows, NDArray[np.float64]]:
        newest_acc_s = self._acc.host_s[-1] if len(self._acc) else -np.inf
        newest_gyr_s = self._gyr.host_s[-1] if len(self._gyr) else -np.inf
        decided_s = max(newest_gyr_s, newest_acc_s - WAIT_S)
        n = int(np.searchsorted(self._acc.host_s, decided_s, side="right"))
        ready, self._acc = self._acc.rows(slice(n)), self._acc.rows(slice(n, None))
        paired, gyr = self._interpolate(ready.host_s)
        self.unpaired += n - int(paired.sum())
        if n:
            self._given_until_s = float(ready.host_s[-1])
        # Accelerometer samples to come are later than those given; the gyroscope may be far ahead of them.
        self._forget(self._acc.host_s[0] if len(self._acc) else self._given_until_s, newest_gyr_s)
        return ready.rows(paired), gyr[paired]

    def _interpolate(self, at_s: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return where there is a rate, shape (n,), and the rates, shape (n, 3)."""
        knots = self._gyr
        if len(at_s) == 0 or len(knots) == 0:
            return np.zeros(len(at_s), dtype=np.bool_), np.zeros((len(at_s), 3))
        right = np.searchsorted(knots.host_s, at_s, side="left")
        inside = right < len(knots)
        right = np.minimum(right, len(knots) - 1)
        same = inside & (knots.host_s[right] == at_s)
        left = np.where(same, right, np.maximum(right - 1, 0))
        paired = same | (inside & (left < right) & (knots.stretch[left] == knots.stretch[right]))
        width_s = np.where(paired & ~same, knots.host_s[right] - knots.host_s[left], 1.0)
        weight = np.where(same, 0.0, (at_s - knots.host_s[left]) / width_s)[:, None]
        return paired, knots.gyr[left] * (1 - weight) + knots.gyr[right] * weight

    def _forget(self, needed_s: float, newest_s: float) -> None:
        """Forget gyroscope samples that no accelerometer sample to come can need."""
        start = int(np.searchsorted(self._gyr.host_s, max(needed_s, newest_s - WAIT_S), side="left")) - 1
        if start > 0:
            self._gyr = self._gyr.since(start)
