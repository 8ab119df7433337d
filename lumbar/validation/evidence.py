"""What the plots of the report page show beyond its figures: each recording, second by second and set by set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.case import middles
from lumbar.validation.labels import CLASS_LABELS
from posture.calibration import by_mounting
from posture.rotations import angle_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.recordings.labelled import DataSet
    from lumbar.validation.case import Case
    from lumbar.validation.scoring import Scored

__all__ = ["Evidence", "Timeline", "evidence_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """One recording, shape (n,) each: the seconds that samples cover.

    Parameters
    ----------
    second
        Seconds since the first sample.
    truth
        Index into `labels.CLASSES`; -1 where none of them is labelled, or two are.
    live, smoothed
        Index into `case.FOUND`.
    tilt_deg
        Angle of the lower back from upright standing; NaN where upright never became known.
    movement_ms2
        Standard deviation of the specific force within the second.

    """

    second: NDArray[np.int64]
    truth: NDArray[np.int64]
    live: NDArray[np.int64]
    smoothed: NDArray[np.int64]
    tilt_deg: NDArray[np.float64]
    movement_ms2: NDArray[np.float64]

    def rows(self, start: int, stop: int) -> Timeline:
        """Return the seconds [start, stop), counted from the first."""
        part = slice(start, stop)
        return Timeline(
            self.second[part],
            self.truth[part],
            self.live[part],
            self.smoothed[part],
            self.tilt_deg[part],
            self.movement_ms2[part],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One recording with its scores."""

    data_set: DataSet
    person: str
    recording: str
    timeline: Timeline
    scored: Scored


def evidence_of(case: Case, scored: Scored) -> Evidence:
    """Return what the plots need of a recording."""
    return Evidence(case.labelled.data_set, case.person, case.labelled.name, _timeline(case), scored)


def _timeline(case: Case) -> Timeline:
    seconds = case.covered_seconds()
    tilt_deg, movement_ms2 = np.full(len(seconds), np.nan), np.full(len(seconds), np.nan)
    features = case.analysis.live.features
    if features is not None:
        _, here, there = np.intersect1d(seconds, features.second, assume_unique=True, return_indices=True)
        movement_ms2[here] = features.movement[there]
        for start, stop, calibration in by_mounting(seconds[here], case.analysis.review.mountings):
            if calibration.upright is not None:
                up = features.up[there[start:stop]]
                tilt_deg[here[start:stop]] = np.degrees(angle_between(up, calibration.upright))
    first = int(seconds[0]) if len(seconds) else 0
    return Timeline(
        second=seconds - first,
        truth=case.labels.numbers(middles(seconds), CLASS_LABELS),
        live=case.live_activity(seconds),
        smoothed=case.smoothed_activity(seconds),
        tilt_deg=tilt_deg,
        movement_ms2=movement_ms2,
    )
