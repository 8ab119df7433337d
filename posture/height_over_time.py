"""The height over time, from vertical acceleration, and what an accelerometer's offset adds to it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import bilinear_zpk, sosfilt, sosfilt_zi, zpk2sos

from config.units import GRAVITY_MS2
from posture.accelerometer_offset import EXPECTED_OFFSET_MS2
from posture.frame import GRID_HZ
from posture.windows import HOUR_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["height_added", "height_from_start", "lift_added", "rise_filter", "trust_at_start"]

RISE_CORNER_HZ = 0.08
START_FORGOTTEN_S = 40
UNREST = 0.11
"""Mean vertical acceleration of a second for each m/s^2 of its movement, root mean square over the people of hapt."""


def rise_filter(rate_hz: int = GRID_HZ) -> NDArray[np.float64]:
    """Return the second-order sections that turn vertical acceleration into height.

    A leaky double integrator, s / (s + w)^3 with 1 / w = 2 s: over a transition of 1-3 s it shows most of the change of
    height, while an accelerometer offset, which a plain double integral turns into metres, dies away.
    """
    corner = 2 * np.pi * RISE_CORNER_HZ
    return np.asarray(zpk2sos(*bilinear_zpk([0.0], [-corner] * 3, 1.0, fs=rate_hz)))


@cache
def height_from_start() -> NDArray[np.float64]:
    """Return the height in m, row by row, that a vertical acceleration of 1 m/s^2 from the first row on shows.

    Nobody rises so: it is the accelerometer's error, which dies away within 20 s only. An offset of 0.3 m/s^2, as is
    usual, would let one seem to get up or sit down at the beginning and after each hole.
    """
    return np.asarray(sosfilt(rise_filter(), np.ones(START_FORGOTTEN_S * GRID_HZ)))


def trust_at_start(movement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of the mean vertical acceleration of seconds, both of shape (n,), is an offset (0 to 1).

    The rest, the more the body moves in m/s^2, is its own.
    """
    return np.asarray(EXPECTED_OFFSET_MS2**2 / (EXPECTED_OFFSET_MS2**2 + (UNREST * movement) ** 2))


def lift_added(up: NDArray[np.floating], offset_ms2: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return the vertical acceleration in m/s^2, shape (...), that an offset, shape (3,), adds at rest.

    Parameters
    ----------
    up
        Shape (..., 3): unit vectors up as such an accelerometer has them.
    offset_ms2
        No longer than gravity.

    """
    along = up @ offset_ms2.astype(up.dtype)
    return np.asarray(along + np.sqrt(GRAVITY_MS2**2 + along**2 - float(offset_ms2 @ offset_ms2)) - GRAVITY_MS2)


def height_added(
    second: NDArray[np.int64], lift_ms2: NDArray[np.floating], movement: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what vertical acceleration that a sensor only seems to have adds to the height over time.

    Parameters
    ----------
    second
        Shape (n,): the seconds; after a hole the height begins anew.
    lift_ms2
        Shape (n, parts): the acceleration in equal parts of each second, in m/s^2.
    movement
        Shape (n,): standard deviation of the specific force within each second, in m/s^2.

    Returns
    -------
    The height in m, shape (n,).

    """
    sos = rise_filter(lift_ms2.shape[1])
    trust = trust_at_start(movement)
    height = np.empty(len(second))
    edges = np.unique([0, *(np.flatnonzero(np.diff(second) != 1) + 1), len(second)]).tolist()
    for start, stop in pairwise(edges):
        begin = trust[start] * lift_ms2[start].mean() * sosfilt_zi(sos)
        for first in range(start, stop, HOUR_S):  # a week at once would take 50 MB
            hour = slice(first, min(first + HOUR_S, stop))
            added, begin = sosfilt(sos, lift_ms2[hour].ravel(), zi=begin)
            height[hour] = added.reshape(-1, lift_ms2.shape[1]).mean(axis=1)
    return height
