"""How far the body rose or sank in a change of posture, from the seconds before and after, in which it was at rest.

Acceleration integrated twice drifts; but a body that is still before and after a movement had neither speed nor
acceleration at either end, and that takes out what drifts. What the accelerometer's zero and gains leave over shows at
the ends and depends on how the sensor is turned; it goes from the one to the other as the sensor turns. Getting up
lifts the lower back by 20 to 50 cm, a lean or a bow ends where it began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["LONGEST_AFTER_S", "LONGEST_BEFORE_S", "height_change"]

LONGEST_BEFORE_S, LONGEST_AFTER_S = 4, 2
"""The seconds at rest lie at most so far before and after: a slow change of posture takes 4 s."""

SPEED_OF_UNREST_S = 0.04
"""Speed in m/s of a second's mean for each m/s^2 of its movement: half a wave of 1.5 Hz, say a step."""

OFFSET_LEFT_MS2 = 0.03
"""What a sensor half-way between two directions may read wrongly (3 mg) after what it does in both has been taken off;
over L seconds from rest to rest that amounts to L^2 / 8 in the height."""

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
    for length in range(2, min(LONGEST_BEFORE_S + LONGEST_AFTER_S, n - 1) + 1):
        gained, unsure = _between(features, length)
        for before in range(max(length - LONGEST_AFTER_S, 1), min(length - 1, LONGEST_BEFORE_S) + 1):
            inside = slice(before, before + len(gained))
            better = unsure < error[inside]
            change[inside] = np.where(better, gained, change[inside])
            error[inside] = np.where(better, unsure, error[inside])
    return change, error


def _between(features: SecondFeatures, length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return height gained and its standard error between seconds so far apart, both of shape (n - length,)."""
    n = len(features) - length
    first, last = features.speed_gain[:n], features.speed_gain[length:]
    turn = features.up[length:] - features.up[:n]
    turned_square = np.einsum("ni,ni->n", turn, turn)
    height, speed = np.zeros(n), np.zeros(n)
    for later in range(1, length):
        inside = slice(later, later + n)
        along = np.einsum("ni,ni->n", features.up[inside] - features.up[:n], turn)
        left = first + (last - first) * np.clip(along / np.maximum(turned_square, 1e-12), 0.0, 1.0)
        height = height + (speed + features.height_gain[inside] - 0.5 * left)
        speed = speed + (features.speed_gain[inside] - left)
    height = height - 0.5 * (length - 1) * speed
    unrest = np.sqrt(0.5 * (features.movement[:n] ** 2 + features.movement[length:] ** 2))
    offset_left = OFFSET_LEFT_MS2 * np.sqrt(turned_square)
    return height, np.hypot(SPEED_OF_UNREST_S * length * unrest, offset_left * length**2 / 8)
