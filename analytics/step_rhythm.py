"""The rhythm that makes peaks of the acceleration steps.

Five peaks in a row, two strides, are judged together. They are the rhythm of a walk where

* one stride (two steps) lasts about as long as the next, which holds for people who limp as well;
* the rise and fall of the trunk they amount to (acceleration x step time^2 / 4 pi^2) is that of walking or running:
  more than the millimetres of a bicycle or a car, less than the decimetres of squats and of getting up from a chair;
* the feet hit the ground: there is far more quick acceleration than in a smooth swing of that size and pace. Pedalling
  out of the saddle, squats and lunges are as regular as walking, and swing as far, but smoothly;
* from step to step the trunk gains and loses next to no speed upwards, while two peaks of a squat, one going down and
  one getting up, do; and
* the trunk leans the same way at each, the more so the slower the rhythm and the softer the feet, but swings to and fro
  with the strides, which the seat of a car does not (where a gyroscope shows it).

A clear rhythm starts a walk, and so does a steady one of those who shuffle, drag a leg or tread softly: the weaker the
rhythm, the more regular it must be, and the more of its shocks must come with its peaks, which those of a car on the
road do not. A rough rhythm, as of steps between furniture, only carries on a walk that a clear one
overlaps. The idea of judging walking by its regularity from stride to stride is Moe-Nilssen & Helbostad's
(doi 10.1016/S0021-9290(03)00233-1); the numbers are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from posture.frame import GRID_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.step_candidates import Candidates

__all__ = ["WINDOW", "Rhythm", "RhythmLimits", "Rhythms", "judge_windows"]

WINDOW = 5
"""Peaks judged together: two strides, the fewest that can be compared with each other."""


class Rhythm(IntEnum):
    """How sure five peaks in a row are steps."""

    NONE = 0
    ROUGH = 1
    CLEAR = 2


@dataclass(frozen=True, slots=True)
class RhythmLimits:
    """What five peaks must keep to.

    Parameters
    ----------
    stride_spread
        Longest less shortest of the three strides, as a share of the mean step.
    step_ratio
        Longest over shortest step.
    weakest
        Amplitude of the weakest of the three inner peaks over their median: a walk begins and ends with weak steps.
    strongest
        Amplitude of the strongest peak over that median.
    least_rise_m
        Smallest rise and fall.
    least_impact
        Smallest impact: jolt over amplitude, times (step time / 0.5 s)^2, which is 0.07 to 0.15 for smooth swings of
        any pace up to 2.2 Hz. No walking, running or climbing in harth, hapt and the synthetic sets has less than 0.16.
    least_strike
        Smallest strike at the peaks, over the shock of the whole strides.
    largest_jolt
        Jolt over the median amplitude, at the steps of walking: more shaking than swinging is a vehicle.
    drift
        Largest less smallest of the means around the five peaks, over the median amplitude.
    tilt_deg, tilt_per_impact_deg
        Largest angle between the up directions at any two of the peaks, at most `tilt_deg` and at most
        `tilt_per_impact_deg` for each unit of impact, at steps of up to 0.7 s; for slower steps both shrink with the
        square of the step time.

    """

    stride_spread: float
    step_ratio: float
    weakest: float
    strongest: float
    least_rise_m: float
    least_impact: float
    least_strike: float
    largest_jolt: float
    drift: float
    tilt_deg: float
    tilt_per_impact_deg: float


_CLEAR = RhythmLimits(
    stride_spread=0.3,
    step_ratio=2.2,
    weakest=0.2,
    strongest=2.5,
    least_rise_m=0.007,
    least_impact=0.21,
    least_strike=0.95,
    largest_jolt=0.8,
    drift=0.4,
    tilt_deg=25.0,
    tilt_per_impact_deg=70.0,
)
_STEADY = replace(_CLEAR, stride_spread=0.15, least_rise_m=0.0035, least_impact=0.16, least_strike=1.05)
_ROUGH = RhythmLimits(
    stride_spread=0.6,
    step_ratio=2.6,
    weakest=0.15,
    strongest=4.0,
    least_rise_m=0.004,
    least_impact=0.21,
    least_strike=0.0,
    largest_jolt=1.5,
    drift=0.8,
    tilt_deg=45.0,
    tilt_per_impact_deg=120.0,
)

_SLOWEST_STEP_S = 1.3
_LONGEST_STEP_S = 2.0
_SLOW_STEP_S = 0.7
_LARGEST_RISE_M = 0.11
_WALK_RISE_M_S2 = 0.06
"""Largest rise at slow steps, times step time^2: slow walkers rise less, slow squatters more.

About three times that of an inverted pendulum (Zijlstra & Hof, Gait & Posture 6 (1997) 249-262): rise = step length^2 /
(8 x 0.9 m), where step length = 0.39 m s / step time at the usual walk ratio of 0.0065 m per step/min, so rise =
0.021 m s^2 / step time^2. Climbing stairs slowly needs the room.
"""
_LEAST_SWING_DEG = 0.6
"""Of 9,000 steps of hapt, mobgap and the synthetic sets 199 of 200 have more than 1.06 deg each."""
_IMPACT_STEP_S = 0.5
_RUNNING_STEP_S = 0.45
_RUNNING_JOLT = 1.5
"""Jolt over amplitude at quicker steps, as those of runners."""


@dataclass(frozen=True, slots=True, eq=False)
class Rhythms:
    """What is found of every five peaks in a row.

    Parameters
    ----------
    kind
        Shape (n,): the `Rhythm`.
    step
        Shape (n,): mean step, in grid rows.
    amplitude, strike
        Shape (n,): median amplitude and strike of the three inner peaks, m/s^2.

    """

    kind: NDArray[np.int64]
    step: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    strike: NDArray[np.float64]


def judge_windows(peaks: Candidates) -> Rhythms:
    """Return the rhythm of every five peaks in a row.

    Parameters
    ----------
    peaks
        n peaks in order of time.

    Returns
    -------
    n - 4 rhythms: the k-th is about the peaks k to k + 4; none for fewer than 5 peaks.

    """
    if len(peaks) < WINDOW:
        return Rhythms(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0))
    features = _features(peaks)
    clear, rough = features.within(_CLEAR) | features.within(_STEADY), features.within(_ROUGH)
    kind = np.where(features.possible(), np.where(clear, Rhythm.CLEAR, np.where(rough, Rhythm.ROUGH, Rhythm.NONE)), 0)
    return Rhythms(kind, features.mean_step * GRID_HZ, features.median, _inner_median(peaks.strike))


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """One value for every five peaks in a row; times in s, amplitudes in m/s^2, tilt as a cosine, rise in m."""

    mean_step: NDArray[np.float64]
    longest_step: NDArray[np.float64]
    stride_spread: NDArray[np.float64]
    step_ratio: NDArray[np.float64]
    median: NDArray[np.float64]
    weakest: NDArray[np.float64]
    strongest: NDArray[np.float64]
    jolt: NDArray[np.float64]
    tilt: NDArray[np.float64]
    rise: NDArray[np.float64]
    impact: NDArray[np.float64]
    drift: NDArray[np.float64]
    shock: NDArray[np.float64]
    strike: NDArray[np.float64]
    swing_deg: NDArray[np.float64]

    def possible(self) -> NDArray[np.bool_]:
        """Return where rhythm, rise and swing are those of a person on foot."""
        possible = (self.mean_step <= _SLOWEST_STEP_S) & (self.longest_step <= _LONGEST_STEP_S)
        possible &= self.rise <= np.minimum(_LARGEST_RISE_M, _WALK_RISE_M_S2 / self.mean_step**2)
        possible &= self.swing_deg >= _LEAST_SWING_DEG
        return possible

    def within(self, limits: RhythmLimits) -> NDArray[np.bool_]:
        """Return where all limits are kept."""
        slow = np.minimum(1.0, _SLOW_STEP_S / self.mean_step) ** 2
        tilt_deg = np.minimum(limits.tilt_deg, limits.tilt_per_impact_deg * self.impact) * slow
        within: NDArray[np.bool_] = self.tilt >= np.cos(np.radians(tilt_deg))
        within &= self.stride_spread <= limits.stride_spread
        within &= self.step_ratio <= limits.step_ratio
        within &= self.weakest >= limits.weakest * self.median
        within &= self.strongest <= limits.strongest * self.median
        within &= self.rise >= limits.least_rise_m
        within &= self.impact >= limits.least_impact
        within &= self.strike >= limits.least_strike * self.shock
        within &= self.drift <= limits.drift * self.median
        largest_jolt = np.where(self.mean_step < _RUNNING_STEP_S, _RUNNING_JOLT, limits.largest_jolt)
        within &= self.jolt <= largest_jolt * self.median
        return within


def _features(peaks: Candidates) -> _Features:
    steps = np.diff(peaks.index) / GRID_HZ
    first, second, third, fourth = (steps[place : len(steps) - 3 + place] for place in range(WINDOW - 1))
    shortest = np.minimum(np.minimum(first, second), np.minimum(third, fourth))
    longest = np.maximum(np.maximum(first, second), np.maximum(third, fourth))
    strides = first + second, second + third, third + fourth
    spread = np.maximum(np.maximum(*strides[:2]), strides[2]) - np.minimum(np.minimum(*strides[:2]), strides[2])
    mean_step = (peaks.index[WINDOW - 1 :] - peaks.index[: 1 - WINDOW]) / (GRID_HZ * (WINDOW - 1))
    start, before, middle, after, end = _in_fives(peaks.amplitude)
    median = _inner_median(peaks.amplitude)
    means = _in_fives(peaks.mean)
    jolt = _root_mean_square(peaks.jolt)
    return _Features(
        mean_step=mean_step,
        longest_step=longest,
        stride_spread=spread / mean_step,
        step_ratio=longest / shortest,
        median=median,
        weakest=np.minimum(np.minimum(before, after), middle),
        strongest=np.maximum(np.maximum(np.maximum(before, after), middle), np.maximum(start, end)),
        jolt=jolt,
        tilt=_largest_tilt(peaks.up),
        rise=median * mean_step**2 / (4 * math.pi**2),
        impact=jolt / median * (mean_step / _IMPACT_STEP_S) ** 2,
        drift=np.maximum.reduce(means) - np.minimum.reduce(means),
        shock=_root_mean_square(peaks.shock),
        strike=_root_mean_square(peaks.strike),
        swing_deg=_root_mean_square(peaks.swing_deg),
    )


def _root_mean_square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of every five values in a row."""
    first, second, third, fourth, fifth = (value * value for value in _in_fives(values))
    return np.sqrt((first + second + third + fourth + fifth) / WINDOW)


def _inner_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the second, third and fourth of every five values in a row."""
    _, before, middle, after, _ = _in_fives(values)
    return np.maximum(np.minimum(before, after), np.minimum(np.maximum(before, after), middle))


def _in_fives(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the first, second ... fifth value of every five in a row."""
    count = len(values) - WINDOW + 1
    return [values[place : place + count] for place in range(WINDOW)]


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
