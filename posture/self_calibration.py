"""Calibration without a guided procedure, or after it no longer holds: from walking, and from how the wearer sits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from posture.accelerometer_offset import learn_offset
from posture.activity import SITTING, STANDING
from posture.calibration import Calibration, CalibrationSource
from posture.decoder import smooth_activity
from posture.own_rising import tipped_forward
from posture.own_standing import standing_up
from posture.own_turning import turns_standing
from posture.put_on import put_on
from posture.rotations import angle_between, unit
from posture.stage import Stage
from posture.stepping import is_walked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures
    from posture.seconds_log import SecondsLog

__all__ = ["SelfCalibration", "SelfCalibrationState", "learn_calibration", "turning_seen", "with_turning"]

LEARN_EVERY_S = 60
"""At most so often, once something has been learnt."""
LOOK_EVERY_S = 10
"""For the first walking, so often in the first minutes."""
NEVER_AGAIN = 10**15
MINIMUM_WALKING_S = 5
MINIMUM_SITTING_S = 20
FAR_BACK_DEG, FAR_BACK_WORTH = 40.0, 0.05
"""Some recline further, but before forward is known who stands and bows as far is easily taken for one who does."""

LEAST_BACK_DEG = 4.0
"""Who sits within so much of how they stand shows no direction but that of the error of either."""
AGAINST_COSINE = float(np.cos(np.radians(120.0)))
"""Of sitting against rising: people of hapt lean back when they sit within 63 deg of where rising has forward."""


@dataclass(slots=True)
class SelfCalibrationState:
    """All that a `SelfCalibration` remembers.

    Parameters
    ----------
    calibration
        What is known.
    learn_at
        After how many seconds seen it is learnt again, and the accelerometer's offset with it.
    since
        First second of the mounting; None before the strap has moved.
    again_at
        After how many seconds seen the mounting alone is learnt again; `NEVER_AGAIN` before the strap has moved.
    turning_at
        After how many seconds seen it is learnt again how the wearer turns, of one who has shown the mounting.
    profile
        What a profile of another day tells that knows how the wearer walks; None where there is none.
    put_on_at
        After how many seconds seen it is looked again how the sensor was put on today; `NEVER_AGAIN` without such a
        profile, and once the strap has moved.

    """

    calibration: Calibration
    learn_at: int = LOOK_EVERY_S
    since: int | None = None
    again_at: int = NEVER_AGAIN
    turning_at: int = NEVER_AGAIN
    profile: Calibration | None = None
    put_on_at: int = NEVER_AGAIN


class SelfCalibration(Stage[SelfCalibrationState]):
    """Learn the calibration while the wearer lives: often until they have walked, ever more rarely as it settles.

    What the wearer has shown holds until the strap moves; from then on it is learnt, too. How they turn nobody shows,
    and how the sensor was put on today no profile tells.

    Parameters
    ----------
    acc_offset_ms2
        Shape (3,): the accelerometer's offset; None where it is learnt with the rest.
    shown
        What the wearer has shown; None where it is learnt.

    """

    def __init__(self, acc_offset_ms2: NDArray[np.float64] | None = None, shown: Calibration | None = None) -> None:
        super().__init__(SelfCalibrationState(Calibration(CalibrationSource.NONE, acc_offset_ms2=acc_offset_ms2)))
        self._is_offset_told = acc_offset_ms2 is not None
        if shown is not None:
            self.show(shown)

    @property
    def calibration(self) -> Calibration:
        """Return what is known so far."""
        return self._state.calibration

    def show(self, calibration: Calibration, n_seen: int = 0) -> None:
        """Take what the wearer has shown in the seconds so far: until the strap moves the mounting is not learnt."""
        of_other_day = calibration.source is CalibrationSource.PROFILE and calibration.walking is not None
        self._state = SelfCalibrationState(
            calibration,
            learn_at=NEVER_AGAIN,
            turning_at=n_seen + LEARN_EVERY_S,
            profile=calibration if of_other_day else None,
            put_on_at=n_seen + LOOK_EVERY_S if of_other_day else NEVER_AGAIN,
        )

    def move(self, calibration: Calibration, since: int, seen: SecondsLog) -> None:
        """Forget the mounting: from this second on the sensor sits otherwise, and so much is known of it."""
        state = self._state
        state.calibration, state.since, state.put_on_at = calibration, since, NEVER_AGAIN
        soon = len(seen) + LEARN_EVERY_S
        state.again_at, state.turning_at = (NEVER_AGAIN, soon) if calibration.is_shown else (soon, NEVER_AGAIN)

    def push(self, seen: SecondsLog) -> None:
        """Look at all seconds so far; learn once enough new ones have come.

        Where the accelerometer's offset was not told, it is learnt, too, walked or not: rid the seconds of it, then,
        before the next push.
        Cut the seconds at `next_cut`, else what is learnt depends on how they were cut.
        """
        state, n_seen = self._state, len(seen)
        if n_seen >= min(state.learn_at, state.again_at):
            self._learn_mounting(seen)
        if n_seen >= state.put_on_at:
            self._put_on(seen)
        if n_seen >= state.turning_at:
            of_mounting = self.of_mounting(seen.joined())
            state.calibration = with_turning(state.calibration, of_mounting)
            state.turning_at = n_seen + max(LEARN_EVERY_S, len(of_mounting) // 2)

    def _put_on(self, seen: SecondsLog) -> None:
        state, n_seen = self._state, len(seen)
        today = None if state.profile is None else put_on(state.profile, seen.joined())
        state.put_on_at = n_seen + (LOOK_EVERY_S if today is None else max(LEARN_EVERY_S, n_seen // 2))
        if today is not None and not today.is_mounted_as(state.calibration):
            state.calibration = replace(today, turns_standing=state.calibration.turns_standing)

    def _learn_mounting(self, seen: SecondsLog) -> None:
        state, n_seen = self._state, len(seen)
        is_due = n_seen >= state.learn_at
        state.calibration = self._learnt(seen) if is_due else self._mounting_learnt(seen.joined())
        settled = state.calibration.source is CalibrationSource.WALKING
        sought_s = min(max(LOOK_EVERY_S, n_seen // LOOK_EVERY_S), LEARN_EVERY_S)
        if is_due:
            state.learn_at += max(LEARN_EVERY_S, n_seen // 2) if settled else sought_s
        if state.again_at != NEVER_AGAIN:
            state.again_at = n_seen + max(LEARN_EVERY_S, len(self.of_mounting(seen.joined())) // 2)

    def _learnt(self, seen: SecondsLog) -> Calibration:
        known = self._state.calibration.acc_offset_ms2
        calibration = self._mounting_learnt(seen.joined())
        if self._is_offset_told:
            return calibration
        offset = learn_offset(seen.joined(), known)
        if offset is None or offset is known:
            return calibration
        more = offset if known is None else offset - known
        return replace(self._mounting_learnt(seen.joined().without_offset(more)), acc_offset_ms2=offset)

    def _mounting_learnt(self, seen: SecondFeatures) -> Calibration:
        known = self._state.calibration
        learnt = learn_calibration(self.of_mounting(seen), known.acc_offset_ms2)
        return learnt if self._state.since is None else learnt.added_to(known)

    def of_mounting(self, seen: SecondFeatures) -> SecondFeatures:
        """Return those of the seconds in which the sensor has sat as it does now."""
        since = self._state.since
        return seen if since is None else seen.rows(int(np.searchsorted(seen.second, since)), len(seen))

    def next_cut(self, seen: SecondsLog) -> int:
        """Return after how many more seconds than those seen the calibration is learnt again."""
        state = self._state
        return min(state.learn_at, state.again_at, state.turning_at, state.put_on_at) - len(seen)

    def next_offset_cut(self, seen: SecondsLog) -> int:
        """Return after how many more seconds than those seen the accelerometer's offset is learnt again."""
        return self._state.learn_at - len(seen)


def learn_calibration(features: SecondFeatures, acc_offset_ms2: NDArray[np.float64] | None = None) -> Calibration:
    """Return what the seconds tell of the mounting; source NONE where there is too little walking in them.

    Up is the wearer's mean gravity direction while walking (Vaha-Ypya et al. 2018), or in the stops between, where they
    walk leaning; forward is the direction towards which sitting rolls the pelvis backward, seen once the wearer has sat
    for 20 s, if rising does not show that they sit hunched; of who sits upright, rising shows it.

    Parameters
    ----------
    features
        Seconds of one mounting, accelerometer offset taken off.
    acc_offset_ms2
        The offset that was taken off, to be told on.

    """
    walked = is_walked(features)
    if walked.sum() < MINIMUM_WALKING_S:
        return Calibration(CalibrationSource.NONE, acc_offset_ms2=acc_offset_ms2)
    walking = unit(np.median(features.up[walked], axis=0))
    standing = standing_up(features, walked, walking)
    first = Calibration(CalibrationSource.WALKING, walking, acc_offset_ms2=acc_offset_ms2)
    if standing is not None:
        first = replace(first, upright=standing, walking=walking)
    state = smooth_activity(features, first)
    forward = _forward(
        _sitting_back(features.up[state == SITTING], first.known_upright),
        tipped_forward(features, state, first.known_upright),
    )
    return turning_seen(replace(first, forward=forward), features, state)


def with_turning(calibration: Calibration, features: SecondFeatures) -> Calibration:
    """Return a calibration, whose `upright` must be known, with what the seconds show of how the wearer turns."""
    if not features.has_gyr:
        return calibration
    plain = replace(calibration, turns_standing=False)
    return turning_seen(calibration, features, smooth_activity(features, plain))


def turning_seen(calibration: Calibration, features: SecondFeatures, state: NDArray[np.int64]) -> Calibration:
    """Return a calibration with what seconds show of how the wearer turns, taken for these activities without it."""
    turns = turns_standing(features, state == STANDING, state == SITTING)
    return calibration if turns == calibration.turns_standing else replace(calibration, turns_standing=turns)


def _forward(sitting: NDArray[np.float64] | None, rising: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return forward as sitting and rising show it, unit vectors of shape (3,), each None where it shows nothing.

    Sitting is the more exact (in harth, whose sensors sit straight, 3 to 20 deg off), but some sit hunched.
    """
    if sitting is None or rising is None:
        return rising if sitting is None else sitting
    return -sitting if sitting @ rising < AGAINST_COSINE else sitting


def _sitting_back(up: NDArray[np.float64], upright: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the direction to which up leans in sitting: tilted backward, the body's front faces up.

    None where there is too little sitting, or too little lean in it.
    """
    if len(up) < MINIMUM_SITTING_S:
        return None
    may_bow = np.degrees(angle_between(up, upright)) > FAR_BACK_DEG
    mean = np.where(may_bow, FAR_BACK_WORTH, 1.0) @ up
    if np.degrees(angle_between(unit(mean), upright)) < LEAST_BACK_DEG:
        return None
    return unit(mean - (mean @ upright) * upright)
