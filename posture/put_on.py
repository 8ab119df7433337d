"""How the sensor sits today, of a wearer whose profile was made on another day: walking tells, they walk as ever.

A belt put on anew sits some degrees otherwise, which is as much as a slouch. What the wearer has shown of themselves,
their angles against upright standing, stays true; only the sensor is turned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.rotations import angle_between, unit
from posture.stepping import is_walked
from posture.strap import PUT_ON_ANEW, STEADY_DEG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["put_on", "walking_up"]

AS_BEFORE_DEG = 3.0
"""Nobody walks more alike."""


def walking_up(features: SecondFeatures) -> NDArray[np.float64] | None:
    """Return up while the wearer walks, shape (3,), sensor frame; None before 20 s of steady walking are seen.

    Walking is steady as `posture.strap` has it: who carries or climbs leans otherwise than they walk.
    """
    up = features.up[is_walked(features)]
    if len(up) < PUT_ON_ANEW.walking_s:
        return None
    mean = unit(np.median(up, axis=0))
    spread_deg = np.degrees(np.percentile(angle_between(up, mean), 75))
    return mean if spread_deg <= STEADY_DEG else None


def put_on(profile: Calibration, features: SecondFeatures) -> Calibration | None:
    """Return what a profile tells of a sensor that has been put on anew; None before the wearer has walked.

    Parameters
    ----------
    profile
        What is known from another day, `walking` with it.
    features
        The seconds since it was put on, accelerometer offset taken off.

    """
    walking = walking_up(features)
    if walking is None:
        return None
    tilt_deg = np.degrees(angle_between(profile.known_walking, walking))
    # What is tilted by more sits elsewhere, and `posture.strap` tells of it.
    return profile.turned_to(walking) if AS_BEFORE_DEG < tilt_deg < PUT_ON_ANEW.limit_deg else profile
