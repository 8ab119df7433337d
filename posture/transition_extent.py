"""When a change of posture begins and ends: where the trunk begins to swing, and where it has come to rest.

Zijlstra et al., "Sit-stand and stand-sit transitions in older adults and patients with Parkinson's disease: event
detection based on motion sensors versus force plates", J Neuroeng Rehabil 9:75 (2012): for a sensor at L2-L4, standing
up begins with the forward rotation of the trunk and ends with the backward one, a little after what force plates say.
Here any rotation counts, so that no mounting need be known, and people may lie down over the side.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from posture.frame import N_AXES
from posture.rotations import angle_between, unit
from posture.seconds import PARTS_OF_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from posture.events import Transition
    from posture.seconds import SecondFeatures

__all__ = ["REST_DEG_S", "timed", "turning"]

REACH_S = 5
"""No change of posture is sought farther off; the longest one labelled in any set takes 9 s."""
NEAR_S = 2.0
"""How far the swing may be from where the activities meet, which is known to the second."""
PART_S = 1.0 / PARTS_OF_SECOND
SMOOTHED_PARTS = 3
"""A mean over 0.6 s leaves the swing, and takes a seventh of the sway of steps at two a second."""
REST_DEG_S, REST_SHARE = 8.0, 0.15
"""The trunk rests below this speed, and below this share of the fastest of the swing."""
PAUSE_PARTS = 3
"""Forward and backward swing are one movement: at the turn the trunk stands still for no longer than 0.6 s."""


def timed(changes: Sequence[Transition], features: SecondFeatures) -> list[Transition]:
    """Return changes of posture with their durations and true middles; as they were where no swing can be told.

    Parameters
    ----------
    changes
        In order of time, each with the time at which the activities meet.
    features
        The seconds around them, or all of the recording.

    """
    if not features.has_gyr:
        # The low-passed gravity of an accelerometer alone comes a second late, and blurred.
        return list(changes)
    times = [change.time for change in changes]
    # A swing belongs to one change: none is taken from beyond half the way to the next. Without changes one part is
    # left over.
    half_way = pairwise([-np.inf, *((one + other) / 2 for one, other in pairwise(times)), np.inf])
    return [_timed(change, part, features) for change, part in zip(changes, half_way, strict=False)]


def _timed(change: Transition, part: tuple[float, float], features: SecondFeatures) -> Transition:
    """Return a change of posture with what is seen of it within its own part of time."""
    first, last = part
    times, speed_deg_s = turning(change.time, features)
    near = (np.abs(times - change.time) <= NEAR_S) & (times >= first) & (times <= last)
    extent = _extent(times, speed_deg_s, near) if near.any() else None
    if extent is None or extent[0] < first or extent[1] > last:
        return change
    start, end = extent
    return replace(change, time=(start + end) / 2, duration_s=end - start)


def turning(time: float, features: SecondFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times, shape (n,), and how fast the trunk turns then in deg/s, without a hole around the time."""
    first, last = np.searchsorted(features.second, [time - REACH_S, time + REACH_S])
    second = features.second[first:last]
    holes = np.flatnonzero(np.diff(second) != 1) + 1
    start = max((int(hole) for hole in holes if second[hole] <= time), default=0)
    stop = min((int(hole) for hole in holes if second[hole] > time), default=len(second))
    up = features.up_in_parts[first + start : first + stop].reshape(-1, N_AXES).astype(np.float64)
    if len(up) <= SMOOTHED_PARTS:
        return np.empty(0), np.empty(0)
    smooth = unit(np.lib.stride_tricks.sliding_window_view(up, SMOOTHED_PARTS, axis=0).mean(axis=2))
    speed_deg_s = np.degrees(angle_between(smooth[1:], smooth[:-1])) * PARTS_OF_SECOND
    begin = float(second[start]) + PART_S * (SMOOTHED_PARTS + 1) / 2
    return np.asarray(begin + PART_S * np.arange(len(speed_deg_s))), speed_deg_s


def _extent(
    times: NDArray[np.float64], speed_deg_s: NDArray[np.float64], near: NDArray[np.bool_]
) -> tuple[float, float] | None:
    """Return start and end of the fastest of the swings that are near; None where it is not seen from rest to rest."""
    fastest = int(np.argmax(np.where(near, speed_deg_s, -1.0)))
    at_rest = max(REST_DEG_S, REST_SHARE * float(speed_deg_s[fastest]))
    moving = np.flatnonzero(speed_deg_s > at_rest)
    swings = np.split(moving, np.flatnonzero(np.diff(moving) > PAUSE_PARTS) + 1)
    for swing in swings:
        if len(swing) and swing[0] <= fastest <= swing[-1]:
            first, last = int(swing[0]), int(swing[-1])
            if first < PAUSE_PARTS or last + PAUSE_PARTS >= len(times):
                return None
            return _crossing(times, speed_deg_s, first - 1, at_rest), _crossing(times, speed_deg_s, last, at_rest)
    return None


def _crossing(times: NDArray[np.float64], values: NDArray[np.float64], before: int, level: float) -> float:
    """Return when a level is crossed between two neighbours, the first of which is told."""
    share = (level - values[before]) / (values[before + 1] - values[before])
    return float(times[before] + share * PART_S)
