"""How much the wearer turns about the vertical, standing and sitting, for what they lean to and fro.

Who stands sways about all axes, and turns about as much as they lean. A seat holds the pelvis, which then turns less:
in 20 of the 21 people of hapt each bout of standing turns more, for what it leans, than any of sitting, whatever the
tilt (84 bouts of each). But a chair may turn, and a sensor may sit so that it shows nothing of it. So each wearer must
have been seen to turn while they stood, as far as that is known without it, and less while they sat; of others it tells
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["rather_standing", "turns_standing"]

EVEN = float(np.log10(np.sqrt(0.5)))
"""Common logarithm of turning over leaning of a body that sways alike about all three axes: nobody's, in particular."""
PER_TENFOLD, MOST = 8.0, 2.0
"""Nats for each power of ten past that: standing and sitting are half of one apart, each spread by a quarter."""
QUIET_MS2, QUIET_RAD_S = 1.0, 0.1
"""Who moves more bends or reaches; who turns faster looks round, does an exercise, or turns with the chair."""
LEAST_RAD_S = 1e-4
NEARLY_EVEN, LEAST_DIFFERENCE = -0.2, 0.1
"""Of a wearer who turns while standing, in the quieter half of what is taken for it: at least so much, and so much more
than in sitting. Some of either may be the other."""
SEEN_S, SPREAD = 10, 0.3
"""Seconds of each at least; and how far off the median of a single one may be."""


def rather_standing(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the log likelihood of standing against sitting in each of n seconds, shape (n,).

    Of a wearer who is known to turn while standing.
    """
    ratio = np.clip(PER_TENFOLD * (_turning(features) - EVEN), -MOST, MOST)
    return np.where((features.movement < QUIET_MS2) & (features.turn_rad_s < QUIET_RAD_S), ratio, 0.0)


def turns_standing(features: SecondFeatures, is_standing: NDArray[np.bool_], is_sitting: NDArray[np.bool_]) -> bool:
    """Return whether a wearer is seen to turn while they stand, and less while they sit.

    The quieter half is looked at: exercises turn the trunk, too.

    Parameters
    ----------
    features
        n seconds.
    is_standing, is_sitting
        Shape (n,): what they are taken for.

    """
    if not features.has_gyr:
        return False
    calm = features.movement < QUIET_MS2
    standing, sitting = (features.where(calm & each) for each in (is_standing, is_sitting))
    if min(len(standing), len(sitting)) < SEEN_S:
        return False
    (turning, error), (seated, seated_error) = (_median(_turning(_quieter_half(each))) for each in (standing, sitting))
    surely_more = turning - seated > LEAST_DIFFERENCE + np.hypot(error, seated_error)
    return bool(surely_more and turning > NEARLY_EVEN + error)


def _median(turning: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median of some seconds, and its standard error."""
    return float(np.median(turning)), SPREAD / float(np.sqrt(len(turning)))


def _turning(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the common logarithm of turning over leaning in each second, shape (n,)."""
    return np.asarray(np.log10((features.turn_rad_s + LEAST_RAD_S) / (features.tip_rad_s + LEAST_RAD_S)))


def _quieter_half(features: SecondFeatures) -> SecondFeatures:
    rate_rad_s = np.hypot(features.turn_rad_s, features.tip_rad_s)
    return features.where(rate_rad_s <= np.median(rate_rad_s))
