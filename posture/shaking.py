"""Movement that is not the wearer's own: a body that is shaken by its seat, in a car or on a train.

Who moves by themselves swings: a tilt of 1 deg alone moves the measured acceleration by 0.17 m/s^2, and so in 95 of 100
seconds people who lie, sit and stand swing by 2 deg or more for each m/s^2 of movement, and in 99 of 100 seconds of
walking by 1.6 deg in all (hapt; synthetic_floor likewise). A seat goes up and down, and hardly turns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from posture.windows import added, largest_around, windows, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["SWING_S", "without_shaking"]

SWING_S = 4
"""Seconds looked at together: a few periods of everything that shakes."""
OWN_SWING_DEG_PER_MS2, WALKING_SWING_DEG = 2.0, 0.9
"""Least swing of the wearer's own movement for each m/s^2 of it, and of any."""
INDIFFERENT_MS2 = 0.12
"""Movement that speaks for sitting as much as for standing."""


def without_shaking(features: SecondFeatures) -> SecondFeatures:
    """Return the seconds with `movement` and `gait` less what shakes the wearer; the same without a gyroscope.

    A second counts as the wearer's own if any `SWING_S` seconds with it in them do. The first and last `SWING_S` - 1
    rows have not seen all their evidence.

    Parameters
    ----------
    features
        n seconds, without a hole.

    """
    if not features.has_gyr or len(features) < SWING_S:
        # The low-passed gravity of an accelerometer alone does not swing.
        return features
    least_deg = np.minimum(OWN_SWING_DEG_PER_MS2 * features.movement, WALKING_SWING_DEG)
    own = within(least_deg, largest_around(_swing_deg(features), SWING_S))
    shaken = (features.movement > INDIFFERENT_MS2) & (own < 1.0)
    movement = np.where(shaken, np.maximum(own * features.movement, INDIFFERENT_MS2), features.movement)
    return replace(features, movement=movement, gait=np.where(shaken, own * features.gait, features.gait))


def _swing_deg(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the root mean square angle of up to its mean over `SWING_S` seconds, for each window."""
    total = added(windows(features.up_in_parts.astype(np.float64).mean(axis=1), SWING_S))
    square = np.einsum("ni,ni->n", total, total) / SWING_S**2
    return np.asarray(np.degrees(np.sqrt(np.maximum(1.0 - square, 0.0))))
