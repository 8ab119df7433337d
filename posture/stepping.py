"""How much of the rise and fall of the trunk may be that of steps.

Walking is made of steps, one every 0.35 to 1.2 s, by a trunk that stays upright. Squats, lunges and getting up from a
chair over and over shake the lower back as much in the band of steps, but most of their rise and fall is slower, since
the trunk goes up and down by decimetres, and it tilts to and fro. Both show in the seconds alone, at any mounting and
with or without a gyroscope.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from posture.seconds import seconds_with_step
from posture.windows import added, largest_around, windows, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["STEPPING_S", "is_walked", "stepping_gait"]

WALKED_GAIT_MS2 = (0.2, 6.0)
"""Slowed down to 1.6 times the time and half the force, people of hapt have 0.23 to 0.64 (mean); runners have more."""
STEPPING_S = 4
"""Seconds looked at together: two strides of slow walkers, two repetitions of a quick exercise."""
MOST_SLOW_SHARE = 0.25
"""Slow part of the vertical acceleration (see `_slow`), as a share of what is in the band of steps.

Of the seconds walked, on the level and on stairs, in hapt, harth and the synthetic sets 0.997 have less than 0.23; of
those of squats, lunges and getting up (mocap_uiprmd) 0.99 have more than 0.3.
"""
LIMP_MS2 = 0.2
"""Slow part that a limp may have: a trunk that rises by 8 cm more on one leg, in strides of 2.4 s."""
MOST_SWING_DEG = 12.0
"""Largest angle between the up directions of any two of the seconds: 0.99 of those walked have less than 9."""


def stepping_gait(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the `gait` of each second, shape (n,) in m/s^2, as far as it may be that of steps.

    A second belongs to walking if any `STEPPING_S` seconds with it in them do, so that walking may begin right after
    getting up and end with sitting down. The first and last `STEPPING_S` - 1 rows have not seen all their evidence.

    Parameters
    ----------
    features
        n seconds.

    """
    if len(features) < STEPPING_S:
        return features.gait
    gait = np.sqrt(added(windows(features.gait * features.gait, STEPPING_S)) / STEPPING_S)
    share = within(_slow(features), np.maximum(MOST_SLOW_SHARE * gait, LIMP_MS2))
    share *= within(_swing_deg(features.up), MOST_SWING_DEG)
    return features.gait * largest_around(share, STEPPING_S)


def is_walked(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return which seconds, shape (n,), are walked for sure: with a step, and shaken as by steps; knows the future."""
    slowest, fastest = WALKED_GAIT_MS2
    shaken = (features.gait > slowest) & (features.gait < fastest)
    return np.asarray(shaken & np.isin(features.second, seconds_with_step(features)))


def _slow(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the standard deviation of the vertical acceleration's means over a second, for each window, in m/s^2.

    The means are those of the seconds and those from half-second to half-second. They leave nothing of a rhythm of 60
    or 120 to the minute and little of any other rhythm of steps, but most of one of 30 to the minute.
    """
    # What the first half of a second gains over its mean, from a straight line through the second.
    gained = 3 * (features.height_gain - features.speed_gain / 2)
    between = ((features.speed_gain - gained)[:-1] + (features.speed_gain + gained)[1:]) / 2
    means = [*windows(features.speed_gain, STEPPING_S), *windows(between, STEPPING_S - 1)]
    middle = added(means) / len(means)
    return np.asarray(np.sqrt(added([(mean - middle) ** 2 for mean in means]) / len(means)))


def _swing_deg(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest angle between the up directions of any two seconds, for each window."""
    x, y, z = (windows(axis, STEPPING_S) for axis in up.T)
    cosines = [
        x[one] * x[other] + y[one] * y[other] + z[one] * z[other] for one, other in combinations(range(STEPPING_S), 2)
    ]
    return np.asarray(np.degrees(np.arccos(np.clip(np.minimum.reduce(cosines), -1.0, 1.0))))
