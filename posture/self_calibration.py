"""Calibration without a guided procedure: from walking, and from how the wearer sits down and gets up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_opening

from posture.accelerometer_offset import learn_offset
from posture.activity import SITTING, STANDING
from posture.calibration import Calibration, CalibrationSource
from posture.decoder import smooth_activity
from posture.rotations import unit
from posture.shaking import SWING_S, without_shaking
from posture.stage import Stage
from posture.stepping import STEPPING_S, stepping_gait
from posture.windows import HOUR_S, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures, SecondsLog

__all__ = ["WALKING_GAIT_MS2", "SelfCalibration", "SelfCalibrationState", "learn_calibration"]

WALKING_GAIT_MS2 = (0.9, 6.0)
SLOW_WALKING_GAIT_MS2 = (0.4, 6.0)
STEADY_S = 7
LEARN_EVERY_S = 60
"""At most so often, once something has been learnt."""
LOOK_EVERY_S = 10
"""For the first walking, so often in the first minutes."""
AROUND_S = max(STEPPING_S, SWING_S) - 1
MINIMUM_WALKING_S = 8
MINIMUM_SITTING_S = 20
MINIMUM_STANDING_S = 6
STANDING_STILL_MS2 = 0.5
WALKING_WORTH_S = 30
"""Standing counts as much as walking, as the wearer's upright, once it has been seen for so long."""


@dataclass(slots=True)
class SelfCalibrationState:
    """What has been learnt, and after how many seconds it is learnt again."""

    calibration: Calibration
    learn_at: int = LOOK_EVERY_S


class SelfCalibration(Stage[SelfCalibrationState]):
    """Learn the calibration while the wearer lives: often until they have walked, ever more rarely as it settles."""

    def __init__(self, acc_offset_ms2: NDArray[np.float64] | None = None) -> None:
        nothing = Calibration(CalibrationSource.NONE, acc_offset_ms2=acc_offset_ms2)
        super().__init__(SelfCalibrationState(nothing))
        self._is_offset_told = acc_offset_ms2 is not None

    @property
    def calibration(self) -> Calibration:
        """Return what has been learnt so far."""
        return self._state.calibration

    def push(self, seen: SecondsLog) -> None:
        """Look at all seconds so far; learn once enough new ones have come.

        Where the accelerometer's offset was not told, it is learnt, too, walked or not: rid the seconds of it, then,
        before the next push.
        Cut the seconds at `next_cut`, else what is learnt depends on how they were cut.
        """
        state = self._state
        n_seen = len(seen)
        if n_seen >= state.learn_at:
            state.calibration = self._learnt(seen)
            settled = state.calibration.source is CalibrationSource.WALKING
            sought_s = min(max(LOOK_EVERY_S, n_seen // LOOK_EVERY_S), LEARN_EVERY_S)
            state.learn_at += max(LEARN_EVERY_S, n_seen // 2) if settled else sought_s

    def _learnt(self, seen: SecondsLog) -> Calibration:
        known = self._state.calibration.acc_offset_ms2
        calibration = learn_calibration(seen.joined(), known)
        if self._is_offset_told:
            return calibration
        offset = learn_offset(seen.joined(), known)
        if offset is None or offset is known:
            return calibration
        more = offset if known is None else offset - known
        return learn_calibration(seen.joined().without_offset(more), offset)

    def next_cut(self, seen: SecondsLog) -> int:
        """Return after how many more seconds than those seen the calibration is learnt again."""
        return self._state.learn_at - len(seen)


def learn_calibration(features: SecondFeatures, acc_offset_ms2: NDArray[np.float64] | None = None) -> Calibration:
    """Return what the seconds tell of the mounting; source NONE where there is too little walking in them.

    Up is the wearer's mean gravity direction while walking (Vaha-Ypya et al. 2018); forward is the direction towards
    which sitting rolls the pelvis backward, seen once the wearer has sat for 20 s; standing is how the wearer stands.

    Parameters
    ----------
    features
        Seconds of one mounting, accelerometer offset taken off.
    acc_offset_ms2
        The offset that was taken off, to be told on.

    """
    upright = _walking_up(features)
    if upright is None:
        return Calibration(CalibrationSource.NONE, acc_offset_ms2=acc_offset_ms2)
    first = Calibration(CalibrationSource.WALKING, upright, acc_offset_ms2=acc_offset_ms2)
    state = smooth_activity(features, first)
    forward = _sitting_back(features.up[state == SITTING], upright)
    standing = _standing_up(features.up[(state == STANDING) & (features.movement < STANDING_STILL_MS2)], upright)
    return Calibration(
        CalibrationSource.WALKING, upright, forward=forward, standing=standing, acc_offset_ms2=acc_offset_ms2
    )


def _walking_up(features: SecondFeatures) -> NDArray[np.float64] | None:
    gait = _own_gait(features)
    for slowest, fastest in (WALKING_GAIT_MS2, SLOW_WALKING_GAIT_MS2):
        walking = (gait > slowest) & (gait < fastest)
        steady = binary_opening(walking, np.ones(STEADY_S, dtype=np.bool_))
        if steady.sum() >= MINIMUM_WALKING_S:
            return unit(np.median(features.up[steady], axis=0))
    return None


def _own_gait(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the gait of each second as far as it is that of steps, shape (n,); by the hour, to save memory."""
    gait = np.empty(len(features))
    for piece in pieces(len(features), HOUR_S, AROUND_S, AROUND_S):
        block = features.rows(piece.first, piece.last)
        # Across a hole both look at seconds that are no neighbours: three on each side, of eight and more that count.
        own = np.minimum(stepping_gait(block), without_shaking(block).gait)
        gait[piece.start : piece.stop] = own[piece.start - piece.first : piece.stop - piece.first]
    return gait


def _sitting_back(up: NDArray[np.float64], upright: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the direction to which up leans in sitting: tilted backward, the body's front faces up."""
    if len(up) < MINIMUM_SITTING_S:
        return None
    across = (up - (up @ upright)[:, np.newaxis] * upright).mean(axis=0)
    return unit(across)


def _standing_up(up: NDArray[np.float64], upright: NDArray[np.float64]) -> NDArray[np.float64]:
    n = len(up)
    if n < MINIMUM_STANDING_S:
        return upright
    return unit(WALKING_WORTH_S * upright + n * np.median(up, axis=0))
