"""The body is never quite still: slow sway, breathing and small jolts, reproducible at any point of a week.

Postural sway has no rhythm of its own; its spectrum falls with frequency (Collins & De Luca 1993,
doi:10.1007/BF00229788). It is built from octaves of smooth random curves. The random numbers come from a counter-based
generator keyed by the block of time (Salmon 2011, doi:10.1145/2063384.2063405), so no block needs the ones before it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from firmware_bridge.virtual.randomness import Stream, random_stream
from firmware_bridge.virtual.spline import basis, windows
from firmware_bridge.virtual.tracks import Channel, Course

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from firmware_bridge.virtual.tracks import Track

__all__ = ["KNOTS_PER_BLOCK", "Sway", "SwayCourse"]

KNOTS_PER_BLOCK = 500
_KNOT_S = 0.12
# Spacing of each octave's knots in finest knots, and its share of sway (falls with frequency) and of jolts (does not).
_SPACINGS = (1, 5, 25, 125)
_SWAY_SHARES = np.array([0.06, 0.4, 0.8, 1.0])
_JOLT_SHARES = np.array([0.8, 1.0, 0.0, 0.0])
# Variance that interpolation by a cubic B-spline leaves of unit random coefficients: the mean sum of squared weights.
_SPLINE_VARIANCE = 151 / 315
# Jolts are the second derivative of a wander of the body, so that it never drifts away; mean sum of squared weights.
_JOLT_VARIANCE = 8 / 3
_RESTLESS_SPREAD = 0.33
_CHANNELS = 7
_PITCH_OF_BREATH = (1.0, 0.2, 0.1)


class SwayCourse(NamedTuple):
    """Sway of the three angles (rad) and jolts along forward, left, up (m/s^2); last axis of shape 3."""

    angles: Course
    jolts: NDArray[np.float64]


class Sway:
    """Sway and jolts as cubic splines, a block of `KNOTS_PER_BLOCK` knots at a time.

    Parameters
    ----------
    tracks
        How much the body sways, breathes and jolts over time.
    seed
        Of the random numbers.
    rate_hz
        Sampling rate; knots lie a whole number of samples apart.
    breathing_hz
        Breaths per second.

    """

    def __init__(self, tracks: Mapping[Channel, Track], seed: int, rate_hz: float, breathing_hz: float) -> None:
        self._tracks = tracks
        self._seed = seed
        self.samples_per_knot = max(1, round(_KNOT_S * rate_hz))
        self.knot_s = self.samples_per_knot / rate_hz
        self._breathing_hz = breathing_hz
        self._draws = lru_cache(maxsize=4)(self._draw)
        part = np.arange(self.samples_per_knot) / self.samples_per_knot
        self._grid_bases = [basis(part, derivative).T for derivative in range(3)]

    def block(self, number: int) -> SwayCourse:
        """Return the course at all samples of a block: arrays of shape (n, 3)."""
        around = windows(self._coefficients(number))

        def course(first: int, derivative: int) -> NDArray[np.float64]:
            values = around[:, first : first + 3] @ self._grid_bases[derivative]
            return values.transpose(0, 2, 1).reshape(-1, 3) / self.knot_s**derivative

        return SwayCourse(Course(course(0, 0), course(0, 1), course(0, 2)), course(3, 2))

    def at(self, number: int, times_s: NDArray[np.float64]) -> SwayCourse:
        """Return the course at any `times_s`, shape (n,), within a block: arrays of shape (n, 3)."""
        place = times_s / self.knot_s - number * KNOTS_PER_BLOCK
        knot = np.clip(place.astype(np.int64), 0, KNOTS_PER_BLOCK - 1)
        around = windows(self._coefficients(number))[knot]

        def course(first: int, derivative: int) -> NDArray[np.float64]:
            weights = basis(place - knot, derivative)[:, None, :]
            values: NDArray[np.float64] = (around[:, first : first + 3] * weights).sum(axis=2)
            return values / self.knot_s**derivative

        return SwayCourse(Course(course(0, 0), course(0, 1), course(0, 2)), course(3, 2))

    def _coefficients(self, number: int) -> NDArray[np.float64]:
        octaves = self._octaves(number)
        sway = np.tensordot(_SWAY_SHARES / np.linalg.norm(_SWAY_SHARES), octaves[:, :, 0:3], axes=1)
        wander = np.tensordot(_wander_weights() * self.knot_s**2, octaves[:, :, 3:6], axes=1)
        restless = np.exp(_RESTLESS_SPREAD * (octaves[3, :, 6:] + octaves[2, :, 6:]))
        knots = number * KNOTS_PER_BLOCK - 1 + np.arange(KNOTS_PER_BLOCK + 3)
        times_s = np.asarray(knots * self.knot_s, dtype=np.float64)
        sway = sway * np.reshape(self._tracks[Channel.SWAY].at(times_s).value, (-1, 1))
        sway += self._breath(times_s)[:, None] * _PITCH_OF_BREATH
        wander = wander * restless * np.reshape(self._tracks[Channel.UNREST].at(times_s).value, (-1, 1))
        return np.concatenate([sway, wander], axis=1)

    def _breath(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        # The rate wanders by about a tenth within a minute, as it does at rest.
        phase = 2 * np.pi * self._breathing_hz * times_s + 1.2 * np.sin(2 * np.pi * times_s / 43.0)
        return np.asarray(self._tracks[Channel.BREATH].at(times_s).value * np.sin(phase))

    def _octaves(self, number: int) -> NDArray[np.float64]:
        """Return unit-variance curves at the knots, shape (octave, knot, channel)."""
        knots = np.arange(KNOTS_PER_BLOCK + 3)
        octaves = np.empty((len(_SPACINGS), knots.shape[0], _CHANNELS))
        pairs = zip(self._draws(number), self._draws(number + 1), strict=True)
        for octave, (spacing, (here, after)) in enumerate(zip(_SPACINGS, pairs, strict=True)):
            draws = np.concatenate([here, after])
            if spacing == 1:
                # The last curve of all is interpolated between these knots, which takes its share of the variance.
                octaves[octave] = draws[: knots.shape[0]]
                continue
            around = windows(draws)[knots // spacing]
            weights = basis(knots % spacing / spacing)
            octaves[octave] = (around * weights[:, None, :]).sum(axis=2) / np.sqrt(_SPLINE_VARIANCE)
        return octaves

    def _draw(self, number: int) -> tuple[NDArray[np.float64], ...]:
        generator = random_stream(self._seed, Stream.SWAY, number)
        return tuple(generator.standard_normal((KNOTS_PER_BLOCK // spacing, _CHANNELS)) for spacing in _SPACINGS)


def _wander_weights() -> NDArray[np.float64]:
    """Return how far each octave of the body's wander goes, so that its second derivative has the shares of jolts."""
    interpolated = np.array([1.0, *[np.sqrt(_SPLINE_VARIANCE)] * (len(_SPACINGS) - 1)])
    shares = _JOLT_SHARES / np.linalg.norm(_JOLT_SHARES)
    return np.asarray(shares * np.array(_SPACINGS) ** 2 * interpolated / np.sqrt(_JOLT_VARIANCE))
