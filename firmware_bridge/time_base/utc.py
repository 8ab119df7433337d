"""From the host's monotonic clock to UTC: corrections of the computer's clock do not tear samples apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SLEW", "STEP_S", "UtcClock", "UtcTrust"]

SLEW = 500e-6
"""The most by which a small correction stretches or shrinks time, as a fraction (that of adjtime)."""

STEP_S = 1.0
"""A correction greater than this is a clock that was set, or a computer that slept; it waits for a hole."""

LEAST_STEP_S = 1e-6
"""Times are recorded in microseconds, so this is the least two samples can differ by."""


@dataclass(frozen=True, slots=True)
class UtcTrust:
    """How far the times that are given out lie from what the computer's clock says now.

    Parameters
    ----------
    correction_s
        What is still to be added to the times; positive where they are behind.
    waits_for_hole
        Whether it is too large to be slewed and so waits for the next hole in the samples.
    anchored_at_s
        When the computer's clock was last looked at, host's monotonic clock.

    """

    correction_s: float
    waits_for_hole: bool
    anchored_at_s: float


class UtcClock:
    """Maps the host's monotonic clock to UTC, slewed where the two drift, stepped only at holes.

    Parameters
    ----------
    monotonic_s, utc_s
        The same moment on both clocks; UTC in seconds since the Unix epoch.

    """

    def __init__(self, monotonic_s: float, utc_s: float) -> None:
        self._offset_s = self._target_s = utc_s - monotonic_s
        self._at_s: float | None = None
        self._anchored_at_s = monotonic_s
        self._last_utc_s = -np.inf

    def anchor(self, monotonic_s: float, utc_s: float) -> None:
        """Look at both clocks again, about once a minute."""
        self._target_s = utc_s - monotonic_s
        self._anchored_at_s = monotonic_s

    @property
    def trust(self) -> UtcTrust:
        """How far the times can be trusted."""
        correction_s = self._target_s - self._offset_s
        return UtcTrust(correction_s, abs(correction_s) > STEP_S, self._anchored_at_s)

    @property
    def offset_s(self) -> float:
        """Return what is added to the monotonic clock now."""
        return self._offset_s

    def about(self, monotonic_s: float) -> float:
        """Return the UTC time of a moment near the last sample, without slewing."""
        return monotonic_s + self._offset_s

    def to_utc(self, monotonic_s: NDArray[np.float64], *, after_hole: bool) -> NDArray[np.float64]:
        """Return the UTC times of consecutive samples; shape (n,) both.

        Parameters
        ----------
        monotonic_s
            Times on the host's monotonic clock, strictly increasing, also from call to call.
        after_hole
            Whether samples are missing before these, so that the clock may be set.

        """
        if len(monotonic_s) == 0:
            return np.empty(0)
        if after_hole:
            self._step(float(monotonic_s[0]))
        begin_s = float(monotonic_s[0]) if self._at_s is None else self._at_s
        left_s = self._target_s - self._offset_s
        slewed_s = np.zeros(len(monotonic_s))
        if 0 < abs(left_s) <= STEP_S:
            slewed_s = np.copysign(np.minimum(SLEW * (monotonic_s - begin_s), abs(left_s)), left_s)
        utc_s: NDArray[np.float64] = monotonic_s + (self._offset_s + slewed_s)
        self._offset_s += float(slewed_s[-1])
        self._at_s = float(monotonic_s[-1])
        self._last_utc_s = float(utc_s[-1])
        return utc_s

    def _step(self, first_s: float) -> None:
        """Set the clock, unless time would go back; then wait for a longer hole."""
        if first_s + self._target_s > self._last_utc_s + LEAST_STEP_S:
            self._offset_s = self._target_s
