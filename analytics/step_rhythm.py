"""The rhythm that makes peaks of the vertical acceleration steps.

Five peaks in a row are judged together. They are the rhythm of a walk where

* one stride (two steps) lasts about as long as the next, which holds for people who limp as well;
* the rise and fall of the trunk they amount to (acceleration x step time^2 / 4 pi^2) is that of walking or running:
  more than the millimetres of a bicycle or a car, less than the decimetres of squats and of getting up from a chair;
* the peaks are of similar strength; and
* the trunk leans the same way at each, the more so the slower the rhythm: slow and swinging is an exercise.

A clear rhythm starts a walk; a rough one, as of steps between furniture, only carries on a walk that a clear one
overlaps. The idea of judging walking by its regularity from stride to stride is Moe-Nilssen & Helbostad's
(doi 10.1016/S0021-9290(03)00233-1); the numbers are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from posture.frame import GRID_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.step_candidates import Candidates

__all__ = ["WINDOW", "Rhythm", "RhythmLimits", "judge_windows"]

WINDOW = 5
"""Peaks judged together: two strides, the fewest that can be compared with each other."""


class Rhythm(IntEnum):
    """How sure five peaks in a row are steps."""

    NONE = 0
    ROUGH = 1
    CLEAR = 2


@dataclass(frozen=True, slots=True)
class RhythmLimits:
    """What five peaks must keep to; times are shares of their mean step time.

    Parameters
    ----------
    stride_spread
        Longest less shortest of the three strides.
    step_spread
        Longest less shortest of the four steps.
    step_ratio
        Longest over shortest step.
    weakest, strongest
        Amplitude of the weakest and the strongest peak over the median one.
    tilt_deg
        Largest angle between the up directions at any two of the peaks, at steps of up to 0.7 s; for slower steps it
        shrinks with the square of the step time.

    """

    stride_spread: float
    step_spread: float
    step_ratio: float
    weakest: float
    strongest: float
    tilt_deg: float


_CLEAR = RhythmLimits(0.25, math.inf, 2.2, 0.3, 3.0, 20.0)
_EXACT = RhythmLimits(0.15, 0.2, 2.2, 0.0, math.inf, 20.0)
"""Steps this even start a walk even where first and last are much weaker than the others, as from chair to table."""
_ROUGH = RhythmLimits(0.6, math.inf, 2.6, 0.2, 4.0, 45.0)

_EXACT_STRONGEST_MS2 = 1.0
_SLOWEST_STEP_S = 1.3
_LONGEST_STEP_S = 2.0
_SLOW_STEP_S = 0.7
_LEAST_RISE_M = 0.004
_LARGEST_RISE_M = 0.11
_BRISK_STEP_S = 0.5
_WALK_RISE_M_S2 = 0.06
"""Largest rise at slow steps, times step time^2: slow walkers rise less, slow squatters more.

About three times that of an inverted pendulum (Zijlstra & Hof, Gait & Posture 6 (1997) 249-262): rise = step length^2 /
(8 x 0.9 m), where step length = 0.39 m s / step time at the usual walk ratio of 0.0065 m per step/min, so rise =
0.021 m s^2 / step time^2. Climbing stairs needs most of the room.
"""


def judge_windows(peaks: Candidates) -> NDArray[np.int64]:
    """Return the `Rhythm` of every five peaks in a row.

    Parameters
    ----------
    peaks
        n peaks in order of time.

    Returns
    -------
    Shape (n - 4,): entry k is about the peaks k to k + 4; empty for fewer than 5 peaks.

    """
    if len(peaks) < WINDOW:
        return np.empty(0, dtype=np.int64)
    steps = np.diff(peaks.index) / GRID_HZ
    step = np.lib.stride_tricks.sliding_window_view(steps, WINDOW - 1)
    stride = np.lib.stride_tricks.sliding_window_view(steps[:-1] + steps[1:], WINDOW - 2)
    amplitude = np.sort(np.lib.stride_tricks.sliding_window_view(peaks.amplitude, WINDOW), axis=1)
    mean_step = (peaks.index[WINDOW - 1 :] - peaks.index[: 1 - WINDOW]) / (GRID_HZ * (WINDOW - 1))
    features = _Features(
        mean_step=mean_step,
        stride_spread=(stride.max(axis=1) - stride.min(axis=1)) / mean_step,
        step_spread=(step.max(axis=1) - step.min(axis=1)) / mean_step,
        step_ratio=step.max(axis=1) / step.min(axis=1),
        median=amplitude[:, WINDOW // 2],
        weakest=amplitude[:, 0],
        strongest=amplitude[:, -1],
        tilt=_largest_tilt(peaks.up),
    )
    possible = features.possible() & (step.max(axis=1) <= _LONGEST_STEP_S)
    clear = features.within(_CLEAR) | (features.within(_EXACT) & (features.strongest >= _EXACT_STRONGEST_MS2))
    rhythm = np.where(clear, Rhythm.CLEAR, np.where(features.within(_ROUGH), Rhythm.ROUGH, Rhythm.NONE))
    return np.where(possible, rhythm, Rhythm.NONE)


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """One value for every five peaks in a row; times in s, amplitudes in m/s^2, tilt as a cosine."""

    mean_step: NDArray[np.float64]
    stride_spread: NDArray[np.float64]
    step_spread: NDArray[np.float64]
    step_ratio: NDArray[np.float64]
    median: NDArray[np.float64]
    weakest: NDArray[np.float64]
    strongest: NDArray[np.float64]
    tilt: NDArray[np.float64]

    def possible(self) -> NDArray[np.bool_]:
        """Return where rhythm and rise are those of a person on foot."""
        rise_per_ms2 = self.mean_step**2 / (4 * math.pi**2)
        rise = self.median * rise_per_ms2
        # The quicker the steps the more flight they take: running rises 40 to 100 mm, a pedalling trunk 2 to 6 mm.
        least = _LEAST_RISE_M * np.maximum(1.0, _BRISK_STEP_S / self.mean_step) ** 3
        largest = np.minimum(_LARGEST_RISE_M, _WALK_RISE_M_S2 / self.mean_step**2)
        possible = (self.mean_step <= _SLOWEST_STEP_S) & (rise >= least) & (rise <= largest)
        return possible & (self.strongest * rise_per_ms2 <= _LARGEST_RISE_M)

    def within(self, limits: RhythmLimits) -> NDArray[np.bool_]:
        """Return where all limits are kept."""
        slow = np.minimum(1.0, _SLOW_STEP_S / self.mean_step) ** 2
        within = self.tilt >= np.cos(np.radians(limits.tilt_deg * slow))
        within &= self.stride_spread <= limits.stride_spread
        within &= self.step_spread <= limits.step_spread
        within &= self.step_ratio <= limits.step_ratio
        within &= self.weakest >= limits.weakest * self.median
        within &= self.strongest <= limits.strongest * self.median
        return within


def _largest_tilt(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of the largest angle between the up directions of any two of five peaks."""
    count = len(up) - WINDOW + 1
    smallest = np.ones(count)
    for apart in range(1, WINDOW):
        x, y, z = (up[apart:, axis] * up[:-apart, axis] for axis in range(3))
        cosine = x + y + z
        for first in range(WINDOW - apart):
            np.minimum(smallest, cosine[first : first + count], out=smallest)
    return smallest
