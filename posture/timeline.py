"""The wearer's posture second by second: activity and angles, as the trackers read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, pairwise
from operator import is_not
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from posture.activity import STATES, WALKING
from posture.calibration import by_mounting
from posture.events import Activity
from posture.rotations import flexion, inclination, lateral_bend
from posture.windows import HOUR_S, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from posture.calibration import Calibration, Mounting
    from posture.seconds import SecondFeatures

__all__ = [
    "ActivityStretch",
    "PostureSecond",
    "PostureSeconds",
    "posture_over_mountings",
    "posture_seconds",
    "unknown_seconds",
]

RUNNING_GAIT_MS2 = 6.0
"""Vertical rms above which the body leaves the ground: walkers in HARTH stay below 5.3, its runners above 7.7."""


class PostureSecond(NamedTuple):
    """One second; angles are NaN where the mounting is unknown."""

    second: int
    activity: Activity
    flexion_deg: float
    lateral_deg: float
    inclination_deg: float


class ActivityStretch(NamedTuple):
    """Consecutive seconds of one activity, in seconds since the Unix epoch."""

    activity: Activity
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class PostureSeconds:
    """Posture of n seconds in order of time; seconds without samples are missing.

    Parameters
    ----------
    second
        Shape (n,), int64: seconds since the Unix epoch.
    activity
        What the body did, one for each second.
    flexion_deg, lateral_deg, inclination_deg
        Shape (n,): angles of the lower back from upright; NaN where the mounting is unknown.

    """

    second: NDArray[np.int64]
    activity: tuple[Activity, ...]
    flexion_deg: NDArray[np.float64]
    lateral_deg: NDArray[np.float64]
    inclination_deg: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.activity)

    def __iter__(self) -> Iterator[PostureSecond]:
        """Yield the seconds one by one."""
        return map(
            PostureSecond._make,
            zip(
                self.second.tolist(),
                self.activity,
                self.flexion_deg.tolist(),
                self.lateral_deg.tolist(),
                self.inclination_deg.tolist(),
                strict=True,
            ),
        )

    def stretches(self) -> list[ActivityStretch]:
        """Return the stretches of one activity without a hole, in order of time."""
        if len(self) == 0:
            return []
        is_other = np.fromiter(map(is_not, self.activity[1:], self.activity), dtype=np.bool_, count=len(self) - 1)
        cuts = np.flatnonzero(is_other | (np.diff(self.second) != 1)) + 1
        edges = [0, *cuts.tolist(), len(self)]
        return [
            ActivityStretch(self.activity[start], int(self.second[start]), int(self.second[stop - 1]) + 1)
            for start, stop in pairwise(edges)
        ]

    def rows(self, start: int, stop: int) -> PostureSeconds:
        """Return the seconds [start, stop)."""
        part = slice(start, stop)
        return PostureSeconds(
            self.second[part],
            self.activity[part],
            self.flexion_deg[part],
            self.lateral_deg[part],
            self.inclination_deg[part],
        )

    def marked_unknown(self, where: NDArray[np.bool_]) -> PostureSeconds:
        """Return the seconds with the activity unknown where told, shape (n,)."""
        activity = [
            Activity.UNKNOWN if hidden else known for known, hidden in zip(self.activity, where.tolist(), strict=True)
        ]
        return replace(self, activity=tuple(activity))


def posture_seconds(features: SecondFeatures, state: NDArray[np.int64], calibration: Calibration) -> PostureSeconds:
    """Return posture from decoded states, shape (n,), as indices into `posture.activity.STATES`."""
    running = (state == WALKING) & (features.gait > RUNNING_GAIT_MS2)
    activity = tuple(
        Activity.RUNNING if runs else STATES[index]
        for index, runs in zip(state.tolist(), running.tolist(), strict=True)
    )
    return PostureSeconds(features.second, activity, *_angles_deg(features, calibration))


def posture_over_mountings(
    features: SecondFeatures, state: NDArray[np.int64], mountings: Sequence[Mounting]
) -> PostureSeconds:
    """Return what `posture_seconds` does, of a sensor that has not always sat alike."""
    parts = [
        posture_seconds(features.rows(start, stop), state[start:stop], calibration)
        for start, stop, calibration in by_mounting(features.second, mountings)
    ]
    if len(parts) == 1:
        return parts[0]
    return PostureSeconds(
        features.second,
        tuple(chain.from_iterable(part.activity for part in parts)),
        np.concatenate([part.flexion_deg for part in parts]),
        np.concatenate([part.lateral_deg for part in parts]),
        np.concatenate([part.inclination_deg for part in parts]),
    )


def unknown_seconds(features: SecondFeatures) -> PostureSeconds:
    """Return posture for seconds before anything is known of the mounting."""
    unknown = np.full(len(features), np.nan)
    return PostureSeconds(features.second, (Activity.UNKNOWN,) * len(features), unknown, unknown, unknown)


def _angles_deg(features: SecondFeatures, calibration: Calibration) -> list[NDArray[np.float64]]:
    """Return flexion, lateral bend and inclination, shape (n,) each; by the hour, to save memory."""
    angles_deg = [np.full(len(features), np.nan) for _ in range(3)]
    for piece in pieces(len(features), HOUR_S, 0, 0):
        rows = slice(piece.start, piece.stop)
        body = calibration.up_in_body(features.up[rows])
        if body is not None:
            for angle_deg, angle in zip(angles_deg, (flexion, lateral_bend, inclination), strict=True):
                angle_deg[rows] = np.degrees(angle(body))
    return angles_deg
