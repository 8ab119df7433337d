"""Tilt: the estimated direction of gravity against the true one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumbar.analysis import frames_of
from lumbar.validation.labels import is_within
from lumbar.validation.report import TiltScores
from lumbar.validation.report_parts import Worst
from posture.frame import GRID_HZ
from posture.rotations import angle_between, unit, up_from_quaternion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lumbar.validation.case import Case, Named
    from posture.frame import PostureFrame

__all__ = ["SquareSum", "TiltErrors", "measure_tilt", "report_tilt"]

MOVEMENT = "movement"
MOVING_RAD_S = 0.2
LONGEST_TRUTH_STEP_S = 0.1
"""Truth is not interpolated over longer holes."""


@dataclass(frozen=True, slots=True)
class SquareSum:
    """Sum of squared errors in deg^2 of n grid rows, over the seconds they last."""

    total: float = 0.0
    n: int = 0

    def __add__(self, other: SquareSum) -> SquareSum:
        """Return both together."""
        return SquareSum(self.total + other.total, self.n + other.n)

    @property
    def rms_deg(self) -> float | None:
        """Root mean square; None without rows."""
        return float(np.sqrt(self.total / self.n)) if self.n else None


@dataclass(frozen=True, slots=True)
class TiltErrors:
    """Errors of one recording while still and while moving."""

    still: SquareSum
    moving: SquareSum


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """True up in the sensor frame, shape (n, 3), at times, shape (n,)."""

    time: NDArray[np.float64]
    up: NDArray[np.float64]

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return up at the times, shape (m, 3), in between linearly; NaN where the truth was lost."""
        after = np.clip(np.searchsorted(self.time, times), 1, len(self.time) - 1)
        step_s = self.time[after] - self.time[after - 1]
        share = ((times - self.time[after - 1]) / step_s)[:, np.newaxis]
        known = (share >= 0) & (share <= 1) & (step_s <= LONGEST_TRUTH_STEP_S)[:, np.newaxis]
        up = self.up[after - 1] + share * (self.up[after] - self.up[after - 1])
        return np.where(known, unit(up), np.nan)


def measure_tilt(case: Case) -> TiltErrors | None:
    """Return the tilt errors of a recording on the 50 Hz grid; None where the true orientation is not known.

    Moving is what the set labels so, where it does; elsewhere the seconds in which the angular rate is above 0.2 rad/s
    (root mean square; without a gyroscope that of the true orientation is not looked at, and all counts as moving).

    Raises
    ------
    RecordingError
        The true orientation cannot be read.

    """
    quaternions = case.labelled.read_quaternions()
    if quaternions is None or len(quaternions[0]) <= 1:
        return None
    time, quat = quaternions
    truth = _Truth(time, up_from_quaternion(unit(quat)))
    known = case.analysis.live.calibration
    frames = frames_of(case.recording, known.acc_offset_ms2, known.gyr_bias_rad_s)
    rows = [_errors(frame, truth) for frame in frames]
    time, error_deg, rate = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    is_known = np.isfinite(error_deg)
    if not is_known.any():
        return None
    moving = _moving(case, time, rate)
    return TiltErrors(_square_sum(error_deg[is_known & ~moving]), _square_sum(error_deg[is_known & moving]))


def _errors(frame: PostureFrame, truth: _Truth) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return time, error in degrees, and angular rate in rad/s of each row."""
    time, gyr = frame.segment.time, frame.segment.gyr
    rate = np.full(len(frame), np.inf) if gyr is None else np.sqrt(np.einsum("ni,ni->n", gyr, gyr))
    return time, np.degrees(angle_between(frame.up, truth.at(time))), rate


def _moving(case: Case, time: NDArray[np.float64], rate: NDArray[np.float64]) -> NDArray[np.bool_]:
    if MOVEMENT in case.set_labels:
        return is_within(time, case.labels.of(MOVEMENT))
    second = np.floor(time).astype(np.int64)
    _, place, count = np.unique(second, return_inverse=True, return_counts=True)
    mean_square = np.bincount(place, rate * rate) / count
    return np.asarray(mean_square[place] > MOVING_RAD_S**2)


def _square_sum(error_deg: NDArray[np.float64]) -> SquareSum:
    return SquareSum(float(error_deg @ error_deg), len(error_deg))


def report_tilt(scores: Sequence[Named[TiltErrors]]) -> TiltScores | None:
    """Return the errors of several recordings together."""
    still = sum((each.score.still for each in scores), start=SquareSum())
    moving = sum((each.score.moving for each in scores), start=SquareSum())
    rms_deg = (still + moving).rms_deg
    if rms_deg is None:
        return None
    return TiltScores(
        recordings_n=len(scores),
        rms_deg=rms_deg,
        still_deg=still.rms_deg,
        moving_deg=moving.rms_deg,
        still_s=still.n / GRID_HZ,
        moving_s=moving.n / GRID_HZ,
        worst_still=_worst((each.recording, each.score.still) for each in scores),
        worst_moving=_worst((each.recording, each.score.moving) for each in scores),
    )


def _worst(errors: Iterable[tuple[str, SquareSum]]) -> Worst | None:
    known = [(rms_deg, name) for name, error in errors if (rms_deg := error.rms_deg) is not None]
    if not known:
        return None
    rms_deg, name = max(known)
    return Worst(name=name, value=rms_deg)
