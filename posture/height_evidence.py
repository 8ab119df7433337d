"""How much the height around each second speaks for a change of posture.

Two views of it are joined: the height gained between two rests (`posture.height_change`), and the height over time, a
leaky integral that needs no rest but rebounds: who drops onto a seat seems to rise a second later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d

from posture.height_change import height_change

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["LOOK_AHEAD_S", "HeightEvidence", "height_evidence"]

LOOK_AHEAD_S = 3
"""A change of posture at second t shows in the height up to t + 3, since the height filter lags."""

GETTING_UP_M, GETTING_UP_SD_M, NO_CHANGE_SD_M = 0.35, 0.12, 0.06
"""Height gained by getting up from chairs and beds of all heights, and by no change of posture."""
LEAST_HEIGHT, MOST_HEIGHT, MOST_LIFT = -2.0, 5.0, 9.0
"""No single sight of a height decides all by itself: a movement may be too slow, or the body not at rest around it."""
MOST_FROM_LYING, MOST_FOR_SITTING_UP = 3.0, 1.0
"""The first either way, between having stood up and having sat up. Who sits up gains next to no height, as who stays:
that they did not stand up says little for it."""
CLEAR = 1.0
"""Where the rests around tell a change so clearly the height over time is not heard against it."""


class HeightEvidence(NamedTuple):
    """Log likelihood of changes at each of n seconds against none, each of shape (n,)."""

    got_up: NDArray[np.float64]
    sat_down: NDArray[np.float64]
    sat_up_from_lying: NDArray[np.float64]
    stood_up_from_lying: NDArray[np.float64]
    lay_down_from_standing: NDArray[np.float64]


def height_evidence(features: SecondFeatures) -> HeightEvidence:
    """Return what the heights say of changes of posture.

    Parameters
    ----------
    features
        n seconds without a hole.

    """
    by_norm = _ahead(features.rise_by_norm, features.fall_by_norm)
    height = _ahead(features.rise, features.fall) if features.has_gyr else by_norm
    gained, error = height_change(features)
    # From lying to standing is a longer way up than to sitting; the length of the specific force shows it best.
    rather_stood = np.clip((by_norm - 0.12) / 0.05, -MOST_FROM_LYING, MOST_FROM_LYING)
    sat_up = np.minimum(-rather_stood, MOST_FOR_SITTING_UP)
    return HeightEvidence(
        got_up=_joined((height - 0.08) / 0.03, _lifted(gained, error)),
        sat_down=_joined((-height - 0.06) / 0.025, _lifted(-gained, error)),
        sat_up_from_lying=sat_up,
        stood_up_from_lying=sat_up + 2 * rather_stood,
        lay_down_from_standing=np.clip((-height - 0.13) / 0.06, -2, 2),
    )


def _joined(over_time: NDArray[np.float64], between_rests: NDArray[np.float64]) -> NDArray[np.float64]:
    against = np.where(between_rests > CLEAR, 0.0, -4.0)
    return np.minimum(np.clip(over_time, against, 5.0) + between_rests, MOST_LIFT)


def _ahead(rise: NDArray[np.float64], fall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height furthest from zero in each second and the next `LOOK_AHEAD_S`."""
    if len(rise) == 0:
        return rise
    size = LOOK_AHEAD_S + 1
    origin = -(size // 2)
    highest = maximum_filter1d(rise, size, mode="nearest", origin=origin)
    lowest = -maximum_filter1d(-fall, size, mode="nearest", origin=origin)
    return np.where(highest >= -lowest, highest, lowest)


def _lifted(gained: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log likelihood of having got up against having stayed, for heights in m with standard errors."""
    sd_up, sd_none = np.sqrt(GETTING_UP_SD_M**2 + error**2), np.sqrt(NO_CHANGE_SD_M**2 + error**2)
    # Higher than usual is got up, too; who sinks has not risen, though they have not stayed either.
    risen = np.maximum(gained, 0.0)
    missing = np.minimum(risen - GETTING_UP_M, 0.0)
    ratio = 0.5 * ((risen / sd_none) ** 2 - (missing / sd_up) ** 2) + np.log(sd_none / sd_up)
    return np.asarray(np.clip(ratio, LEAST_HEIGHT, MOST_HEIGHT))
