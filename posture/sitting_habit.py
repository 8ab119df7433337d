"""How the wearer sits, learnt from their own sitting where no guided calibration has shown it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from posture.events import Activity
from posture.rotations import flexion, lateral_bend
from posture.sitting_ways import SittingKnowledge, Stay, learn_from_stays
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from config.settings import SlouchSettings
    from posture.calibration import Calibration
    from posture.timeline import PostureSeconds

__all__ = ["HabitState", "KnownFrom", "SittingHabit", "what_was_learnt"]

STAY_DEG = 4.0
"""A stay is sitting within so much of its mean: about twice the sway, breathing and fidgeting of quiet sitting."""
NEW_STAY_S = 5
"""Farther off for so long is another stay; a reach or a cough is not."""

WALKING_S = 120
"""Walking seconds whose median is how the wearer leans in walking."""
PUT_ON_ANEW_S = 1800
"""A hole, or unknown activity, of so long: the sensor may have been off, and sits otherwise when put on again."""

NOTHING_KNOWN = SittingKnowledge()


class KnownFrom(NamedTuple):
    """What is known of the wearer's sitting from a second on; `is_new_mounting` where all before is forgotten."""

    second: int
    knowledge: SittingKnowledge
    is_new_mounting: bool


@dataclass(slots=True)
class HabitState:
    """All that a `SittingHabit` remembers of one mounting; angles are of `sensor_to_body`, in degrees.

    Parameters
    ----------
    sensor_to_body
        Shape (3, 3); None before the mounting is known.
    stays
        Stays that are over.
    stay, other
        The stay that lasts, and the seconds in a row that have been elsewhere since.
    walked
        Flexion and lateral bend of the first walking seconds, until there are enough of them.
    walking
        Flexion and lateral bend in walking; None before enough has been seen.
    last_known
        Last second of known activity.
    knowledge
        What is known of the wearer's sitting.

    """

    sensor_to_body: NDArray[np.float64] | None = None
    stays: list[Stay] = field(default_factory=list)
    stay: Stay | None = None
    other: Stay | None = None
    walked: list[tuple[float, float]] = field(default_factory=list)
    walking: tuple[float, float] | None = None
    last_known: int | None = None
    knowledge: SittingKnowledge = NOTHING_KNOWN


class SittingHabit(Stage[HabitState]):
    """Learn in which two ways the wearer sits.

    Sitting is cut into stays in one angle. Until enough have been seen, each that ends is looked at; afterwards what is
    known is sharpened whenever the wearer gets up, so that one slouch is judged by one measure. All is forgotten when
    the sensor may sit otherwise: the strap has moved, or nothing was known for half an hour.

    Parameters
    ----------
    settings
        At which angle past upright, or share of the own range, a slouch begins.

    """

    def __init__(self, settings: SlouchSettings) -> None:
        super().__init__(HabitState())
        self._settings = settings

    @property
    def knowledge(self) -> SittingKnowledge:
        """Return what is known of the wearer's sitting now, and how much has been seen up to now."""
        state = self._state
        stays = state.stays if state.stay is None else [*state.stays, state.stay]
        return replace(state.knowledge, seen_s=sum(stay.n for stay in stays))

    def know_mounting(self, calibration: Calibration) -> None:
        """Take the angles of the seconds to come, and those remembered, as of this calibration."""
        state = self._state
        before, after = state.sensor_to_body, calibration.sensor_to_body
        if after is None or (before is not None and np.array_equal(before, after)):
            return
        state.sensor_to_body = after
        if before is None:
            return
        turn = after @ before.T
        state.stays = _turned_stays(state.stays, turn)
        if state.stay is not None:
            (state.stay,) = _turned_stays([state.stay], turn)
        if state.other is not None:
            (state.other,) = _turned_stays([state.other], turn)
        state.walked = _turned(state.walked, turn)
        if state.walking is not None:
            (state.walking,) = _turned([state.walking], turn)
        self._sharpen()

    def forget(self) -> None:
        """Forget all, the mounting with it: the sensor sits otherwise from now on."""
        self._state = HabitState(last_known=self._state.last_known)

    def push(self, seconds: PostureSeconds) -> list[KnownFrom]:
        """Return from which seconds on something else is known of the wearer's sitting."""
        known: list[KnownFrom] = []
        if self._state.sensor_to_body is None:
            return known
        for start, stop in _pieces(seconds):
            for row, is_new_mounting in self._follow(seconds.rows(start, stop)):
                second = int(seconds.second[start + row])
                # Both at once, the end of a stay and another mounting, are one piece of news.
                twice = bool(known) and known[-1].second == second
                is_new = is_new_mounting or (twice and known.pop().is_new_mounting)
                known.append(KnownFrom(second, self._state.knowledge, is_new))
        return known

    def flush(self) -> SittingKnowledge:
        """Return what is known with the stay that lasts."""
        self._end_stay()
        self._sharpen()
        return self._state.knowledge

    def _follow(self, piece: PostureSeconds) -> Iterator[tuple[int, bool]]:
        """Take in seconds of one activity; yield the rows after which something else is known.

        With each row comes whether the sensor has been put elsewhere since the second before.
        """
        activity = piece.activity[0]
        is_known = not isnan(piece.flexion_deg[0])
        if activity is not Activity.UNKNOWN and self._may_be_put_on_anew(piece):
            yield 0, True
        if activity is Activity.SITTING and is_known:
            yield from ((row, False) for row in self._sit(piece.flexion_deg.tolist(), piece.lateral_deg.tolist()))
        elif self._state.stay is not None:
            self._end_stay()
            self._sharpen()
            yield 0, False
        if activity is Activity.WALKING and is_known:
            self._walk(piece.flexion_deg.tolist(), piece.lateral_deg.tolist())

    def _may_be_put_on_anew(self, piece: PostureSeconds) -> bool:
        """Forget all if nothing has been known for long; return whether it was so."""
        first, last = int(piece.second[0]), self._state.last_known
        self._state.last_known = int(piece.second[-1])
        if last is None or first - last <= PUT_ON_ANEW_S:
            return False
        self._state = HabitState(self._state.sensor_to_body, last_known=self._state.last_known)
        return True

    def _sit(self, flexion_deg: Sequence[float], lateral_deg: Sequence[float]) -> Iterator[int]:
        """Take in seconds of sitting; yield the rows after which something else may be known."""
        state = self._state
        row = 0
        while row < len(flexion_deg):
            stay, stop = _stayed(state.stay or Stay(0, 0.0, 0.0), flexion_deg, lateral_deg, row)
            if stop > row:
                state.stay, state.other = stay, None
            row = stop
            while row < len(flexion_deg) and abs(flexion_deg[row] - stay.flexion_deg) > STAY_DEG:
                state.other = (state.other or Stay(0, 0.0, 0.0)).joined(1, flexion_deg[row], lateral_deg[row])
                row += 1
                if state.other.n >= NEW_STAY_S:
                    state.stays.append(stay)
                    state.stay, state.other = state.other, None
                    if state.knowledge.sitting is None:
                        self._sharpen()
                        yield row - 1
                    break

    def _end_stay(self) -> None:
        state = self._state
        if state.stay is not None:
            state.stays.append(state.stay)
            state.stay = state.other = None

    def _sharpen(self) -> None:
        state = self._state
        walking_deg = 0.0 if state.walking is None else state.walking[0]
        state.knowledge = learn_from_stays(state.stays, walking_deg, self._settings)

    def _walk(self, flexion_deg: Sequence[float], lateral_deg: Sequence[float]) -> None:
        state = self._state
        if state.walking is None:
            state.walked = [*state.walked, *zip(flexion_deg, lateral_deg, strict=True)][:WALKING_S]
            if len(state.walked) == WALKING_S:
                state.walking = _median(state.walked)


def what_was_learnt(
    seconds: PostureSeconds, calibration: Calibration, settings: SlouchSettings
) -> list[tuple[int, SittingKnowledge]]:
    """Return what all seconds together tell of the wearer's sitting; knows the future.

    Returns
    -------
    list of (row, knowledge)
        From which row on each holds: the first from 0 on, another wherever the sensor may have been put elsewhere.

    """
    habit = SittingHabit(settings)
    habit.know_mounting(calibration)
    learnt = [(0, NOTHING_KNOWN)]
    for second, knowledge, is_new_mounting in habit.push(seconds):
        if is_new_mounting:
            learnt.append((int(np.searchsorted(seconds.second, second)), knowledge))
        else:
            learnt[-1] = (learnt[-1][0], knowledge)
    learnt[-1] = (learnt[-1][0], habit.flush())
    return learnt


def _pieces(seconds: PostureSeconds) -> Iterator[tuple[int, int]]:
    """Yield the rows [start, stop) of each stretch of one activity without a hole, of known angles or of unknown."""
    is_known = ~np.isnan(seconds.flexion_deg)
    cuts = [stretch.start for stretch in seconds.stretches()]
    edges = {*np.searchsorted(seconds.second, cuts).tolist(), *(np.flatnonzero(np.diff(is_known)) + 1).tolist()}
    yield from pairwise([*sorted(edges), len(seconds)])


def _stayed(stay: Stay, flexion_deg: Sequence[float], lateral_deg: Sequence[float], row: int) -> tuple[Stay, int]:
    """Return a stay with the seconds from a row on that are near its mean so far, and the row after them."""
    n, flexion_deg_s, lateral_deg_s = stay
    while row < len(flexion_deg) and (n == 0 or abs(flexion_deg[row] - flexion_deg_s / n) <= STAY_DEG):
        n += 1
        flexion_deg_s += flexion_deg[row]
        lateral_deg_s += lateral_deg[row]
        row += 1
    return Stay(n, flexion_deg_s, lateral_deg_s), row


def _median(angles: Sequence[tuple[float, float]]) -> tuple[float, float]:
    flexion_deg, lateral_deg = np.median(np.array(angles), axis=0).tolist()
    return flexion_deg, lateral_deg


def _turned_stays(stays: Sequence[Stay], turn: NDArray[np.float64]) -> list[Stay]:
    angles = _turned([(stay.flexion_deg, stay.lateral_deg) for stay in stays], turn)
    return [
        Stay(stay.n, stay.n * flexion_deg, stay.n * lateral_deg)
        for stay, (flexion_deg, lateral_deg) in zip(stays, angles, strict=True)
    ]


def _turned(angles: Sequence[tuple[float, float]], turn: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return flexion and lateral bend, in degrees, in another body frame; `turn` is the rotation to it."""
    if not angles:
        return []
    bent, leaning = np.radians(np.array(angles)).T
    up = np.column_stack([np.cos(leaning) * np.cos(bent), -np.sin(leaning), -np.cos(leaning) * np.sin(bent)]) @ turn.T
    return list(zip(np.degrees(flexion(up)).tolist(), np.degrees(lateral_bend(up)).tolist(), strict=True))
