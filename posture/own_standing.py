"""How the wearer stands, where they walk leaning: over a stick, a frame or a pram, or stooped.

Sitting is told by its tilt from standing. For most people standing is as walking is, but one who walks leaning forward
by 15 deg seems to sit whenever they stand. What is taken for standing while in doubt must not teach what standing is.
Short stops within a walk can: nobody sits down and gets up again in a few seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.rotations import angle_between, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["standing_up"]

STOP_S = (2, 10)
"""A shorter one may be a slow step, in a longer one there is time to do something else."""
MOST_MOVEMENT_MS2 = 1.0
"""Who moves more than that bends, turns or sets out. Of the rest the stiller half is looked at: who has not quite
stopped still leans, and soft steps that were missed are no stop."""
AS_WALKING_S = 5.0
"""That one stands as one walks is worth so many seconds of stops."""
MOST_AS_WALKING_DEG = 5.0
"""Nobody's walking is told more exactly than that from how they happen to stop."""


def standing_up(
    features: SecondFeatures, walked: NDArray[np.bool_], walking_up: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return up while the wearer stands, shape (3,), sensor frame; None where it is not seen to differ from walking.

    Parameters
    ----------
    features
        n seconds of one mounting.
    walked
        Shape (n,): which of them are walked for sure; at least one.
    walking_up
        Shape (3,): up in those.

    """
    stops = features.where(_is_stop(features, walked))
    if len(stops) == 0:
        return None
    still_up = stops.up[stops.movement <= np.median(stops.movement)]
    standing = unit(len(stops) * unit(np.median(still_up, axis=0)) + AS_WALKING_S * walking_up)
    return standing if np.degrees(angle_between(standing, walking_up)) > MOST_AS_WALKING_DEG else None


def _is_stop(features: SecondFeatures, walked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which seconds, shape (n,), are stops within a walk."""
    second, walks = features.second, features.second[walked]
    following = np.searchsorted(walks, second)
    before, after = walks[np.maximum(following - 1, 0)], walks[np.minimum(following, len(walks) - 1)]
    is_between = (before < second) & (second < after)
    shortest_s, longest_s = STOP_S
    is_short = (after - before > shortest_s) & (after - before <= longest_s + 1)
    return np.asarray(is_between & is_short & (features.movement < MOST_MOVEMENT_MS2))
