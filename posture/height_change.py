"""How far the body rose or sank in a change of posture, from the seconds before and after, in which it was at rest.

Acceleration integrated twice drifts; but a body that is still before and after a movement had no speed at either end,
and that takes out what drifts. Getting up lifts the lower back by 20 to 50 cm, a lean or a bow ends where it began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["LONGEST_AFTER_S", "LONGEST_BEFORE_S", "height_change"]

LONGEST_BEFORE_S, LONGEST_AFTER_S = 4, 2
"""The seconds at rest lie at most so far before and after: a slow change of posture takes 4 s."""

SPEED_OF_UNREST_S = 0.05
"""Speed in m/s of a second's mean for each m/s^2 of its movement: half a wave of 1.5 Hz, say a step."""

OFFSET_LEFT_MS2 = 0.1
"""What may be left of the accelerometer's zero (10 mg). Its vertical part changes where the sensor is turned; a step of
b in the acceleration, half-way between two rests L apart, is b * L^2 / 8 in the height."""

NEVER_AT_REST_M = 9.0


def height_change(features: SecondFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the height gained around each second in m, and its standard error in m, both of shape (n,).

    Of all pairs of seconds around it the stillest are taken for those at rest (speed zero on the whole); the height is
    that gained between them. The error is large where there are none, as at the ends.

    Parameters
    ----------
    features
        n consecutive seconds without a hole.

    """
    n = len(features)
    change, error = np.zeros(n), np.full(n, NEVER_AT_REST_M)
    between = dict(enumerate(_between(features, LONGEST_BEFORE_S + LONGEST_AFTER_S), start=2))
    for before in range(1, LONGEST_BEFORE_S + 1):
        for after in range(1, LONGEST_AFTER_S + 1):
            if n <= before + after:
                continue
            gained, unsure = between[before + after]
            inside = slice(before, n - after)
            better = unsure < error[inside]
            change[inside] = np.where(better, gained, change[inside])
            error[inside] = np.where(better, unsure, error[inside])
    return change, error


def _between(features: SecondFeatures, longest: int) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield height gained and its standard error between seconds 2, 3 ... apart, both of shape (n - length,)."""
    first, square = features.height_gain, features.movement**2
    height, speed = np.zeros(len(features)), features.speed_gain
    for length in range(2, min(longest, len(features) - 1) + 1):
        n = len(features) - length
        height = height[:n] + (speed[:n] + features.height_gain[length - 1 : length - 1 + n])
        speed = speed[:n] + features.speed_gain[length - 1 : length - 1 + n]
        last = speed + features.height_gain[length:]
        gained = height - 0.5 * (length - 1) * (first[:n] + last)
        unrest = np.sqrt(0.5 * (square[:n] + square[length:]))
        turn = features.up[length:] - features.up[:n]
        turned = np.sqrt(np.einsum("ni,ni->n", turn, turn))
        yield gained, np.hypot(SPEED_OF_UNREST_S * length * unrest, OFFSET_LEFT_MS2 * turned * length**2 / 8)
