"""What an excursion would be as a repetition of an exercise: along which axis, how far, which side."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import cos, dist, exp, hypot, radians
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analytics.exercises.excursion import point_of
from analytics.exercises.manner import PLAIN
from config.exercise import Axis, Counting, Position, Sides, Way

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.exercises.excursion import Excursion, Point
    from analytics.exercises.manner import Manner
    from config.exercise import Exercise

__all__ = [
    "Candidate",
    "Seen",
    "Signal",
    "Sought",
    "candidate_of",
    "seen_of",
    "signal_of",
    "sought_of",
    "takes_turns",
    "usual_range",
]

Vector: TypeAlias = "NDArray[np.float64]"

UP_IN_POSITION = {
    Position.STANDING: (1.0, 0.0, 0.0),
    Position.SEATED: (1.0, 0.0, 0.0),
    Position.SUPINE: (0.0, 0.0, 1.0),
    Position.PRONE: (0.0, 0.0, -1.0),
    Position.HANDS_AND_KNEES: (0.0, 0.0, -1.0),
}
"""Up in the body frame (x up along the trunk, y right, z forward) in the starting positions."""

LYING_TOLERANCE_DEG = 55.0
UPRIGHT_TOLERANCE_DEG = 40.0
"""Knees drawn up and hollow backs tilt the lying pelvis further than standing does."""

IN_POSITION = {
    position: cos(radians(UPRIGHT_TOLERANCE_DEG if up[0] else LYING_TOLERANCE_DEG))
    for position, up in UP_IN_POSITION.items()
}
ON_THE_SIDE = cos(radians(LYING_TOLERANCE_DEG))
ALONG_AXIS = 0.7
"""A repetition moves mainly about its axis: within 45 deg of it."""

SIDEWAYS = 0.3
"""A raised leg tips the pelvis sideways by at least this share of its tilt, and forward by at most so much.

In UI-PRMD it is 5-15 deg sideways and 2-23 deg backward.
"""

NO_ROTATION = (0.0, 0.0, 0.0)
SHORTEST_S = 0.5
LONGEST_S = 75.0
SLOWER, FASTER = 2.0, 0.5
"""How far a repetition may be outside the usual tempo of its exercise, which pain and haste stretch and shrink."""

HELD = 1.0
"""Size of a position that is held: the lower back does not tell how far the wearer has come to take it."""

LONG_REST_S = 2.0
"""Rest before a set that tells its starting position."""

REST_SCALE = 0.6
"""The set begins so near to where the wearer had rested, as a share of the size of its repetitions."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An excursion taken as a repetition of an exercise.

    Parameters
    ----------
    excursion
        What was seen.
    amount
        Signed size along the exercise's axis in deg or cm; None where the mounting is unknown: its sign, then, only
        means something against others of the same set.
    size
        Its magnitude.
    rotation
        Unit axis of the rotation in the sensor frame; zeros for turn and height.
    side
        Signed amount of what tells the side; None where the mounting is unknown.
    manner
        How it is done, where it is to be recognised.

    """

    excursion: Excursion
    amount: float | None
    size: float
    rotation: Point
    side: float | None
    manner: Manner = PLAIN
    duration_s: float = field(init=False)
    """Its length."""

    def __post_init__(self) -> None:
        """Keep the length, which chains ask for again and again."""
        object.__setattr__(self, "duration_s", self.excursion.end - self.excursion.start)

    @property
    def begun_from_rest(self) -> float:
        """Return how surely it begins where the wearer had rested before, 0 to 1."""
        excursion = self.excursion
        off = dist(excursion.stood, excursion.home) / (REST_SCALE * self.size)
        return min(excursion.stood_s / LONG_REST_S, 1.0) * exp(-(off**2))

    def goes_with(self, other: Candidate) -> float:
        """Return a number above 0 where the other goes the same way, below 0 where it goes the other way.

        Where the mounting is unknown it is the cosine between the axes of the rotations.
        """
        if self.amount is None or other.amount is None:
            return sum(a * b for a, b in zip(self.rotation, other.rotation, strict=True))
        return self.amount * other.amount

    def shared_s(self, other: Candidate) -> float:
        """Return for how long both go on at once; negative for the pause between them."""
        return min(self.excursion.end, other.excursion.end) - max(self.excursion.start, other.excursion.start)


class Signal(StrEnum):
    """The three signals, and stillness, in which positions that are held are seen."""

    TILT = "tilt"
    TURN = "turn"
    HEIGHT = "height"
    STILL = "still"


def signal_of(exercise: Exercise) -> Signal:
    """Return which signal an exercise is seen in.

    Axial rotation turns the upright trunk about the vertical, and is seen by the gyroscope only; lying, it tilts.
    """
    if exercise.motion.axis is Axis.STILL:
        return Signal.STILL
    if exercise.motion.axis is Axis.RISE:
        return Signal.HEIGHT
    upright = exercise.start in (Position.STANDING, Position.SEATED)
    return Signal.TURN if exercise.motion.axis is Axis.AXIAL_ROTATION and upright else Signal.TILT


def takes_turns(exercise: Exercise) -> bool:
    """Return whether one repetition, or half of one, goes one way and the next the other."""
    in_turns = exercise.sides is Sides.ALTERNATE or exercise.counting is Counting.BOTH_WAYS
    return in_turns and exercise.motion.way is Way.EITHER


def usual_range(exercise: Exercise) -> tuple[float, float]:
    """Return the usual range in deg or cm; a position that is held is taken up or is not."""
    motion = exercise.motion
    return motion.range_deg or motion.range_cm or (HELD / 2.0, HELD * 2.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """An excursion, and what it is in the body where the mounting is known.

    Parameters
    ----------
    excursion
        What was seen.
    rotation
        Unit axis of the tilt in the sensor frame; zeros for turn and height.
    body
        Tilt about the body's axes (along the trunk, right, forward) in deg; None where the mounting is unknown.
    positions
        The positions that it may have begun in; None where the mounting is unknown.
    manner
        How it is done, where it is to be recognised.

    """

    excursion: Excursion
    rotation: Point
    body: Point | None
    positions: tuple[Position, ...] | None
    manner: Manner = PLAIN


@dataclass(frozen=True, slots=True)
class Sought:
    """What an excursion must be to be a repetition of an exercise.

    Parameters
    ----------
    exercise
        Its definition.
    signal
        Which signal it is seen in.
    least_s, most_s
        How long it may last.
    least_hold_s
        How long it must be held.

    """

    exercise: Exercise
    signal: Signal
    least_s: float
    most_s: float
    least_hold_s: float


def sought_of(exercise: Exercise) -> Sought:
    """Return what an excursion must be to be a repetition of an exercise."""
    signal = signal_of(exercise)
    shortest, longest = exercise.tempo.repetition_s
    return Sought(
        exercise,
        signal,
        least_s=max(SHORTEST_S, FASTER * shortest),
        most_s=SLOWER * longest if signal is Signal.STILL else min(LONGEST_S, SLOWER * longest),
        least_hold_s=FASTER * exercise.hold.hold_s[0],
    )


def seen_of(excursion: Excursion, *, is_tilt: bool, sensor_to_body: Vector | None, up: Vector) -> Seen:
    """Return an excursion as it is in the body.

    Parameters
    ----------
    excursion
        Of any signal.
    is_tilt
        Whether of the tilt.
    sensor_to_body
        Shape (3, 3); None where the mounting is unknown: position and axis cannot be checked then.
    up
        Shape (3,): unit vector up in the sensor frame at the start of the excursion.

    """
    rotation = _rotation(excursion) if is_tilt else NO_ROTATION
    if sensor_to_body is None:
        return Seen(excursion, rotation, None, None)
    body = point_of(excursion.size * (sensor_to_body @ np.array(rotation)))
    return Seen(excursion, rotation, body, _positions(point_of(sensor_to_body @ up)))


def candidate_of(seen: Seen, sought: Sought) -> Candidate | None:
    """Return the excursion as a repetition of the exercise, or None where it cannot be one.

    Parameters
    ----------
    seen
        An excursion of the signal in which the exercise is seen.
    sought
        What it must be.

    """
    excursion, exercise = seen.excursion, sought.exercise
    duration_s = excursion.end - excursion.start
    if not sought.least_s <= duration_s <= sought.most_s or excursion.hold_s < sought.least_hold_s:
        return None
    if seen.positions is not None and exercise.start not in seen.positions:
        return None
    if sought.signal is Signal.STILL:
        return Candidate(excursion, HELD, HELD, NO_ROTATION, None)
    if sought.signal is Signal.TILT:
        return _tilted(seen, exercise)
    amount = excursion.far[0] - excursion.home[0]
    if _is_wrong_way(amount, exercise.motion.way):
        return None
    side = None if seen.positions is None else amount
    return Candidate(excursion, amount, abs(amount), NO_ROTATION, side, seen.manner)


def _positions(up: Point) -> tuple[Position, ...]:
    """Return the positions in which up is in such a direction of the body frame."""
    x, y, z = up
    found = tuple(
        position
        for position, (of_x, of_y, of_z) in UP_IN_POSITION.items()
        if x * of_x + y * of_y + z * of_z > IN_POSITION[position]
    )
    return (*found, Position.SIDE_LYING) if abs(y) > ON_THE_SIDE else found


def _rotation(excursion: Excursion) -> Point:
    """Return the unit axis of the rotation that takes up from where it was at home to where it was at the far point."""
    (a, b, c), (x, y, z) = excursion.far, excursion.home
    across = (b * z - c * y, c * x - a * z, a * y - b * x)
    length = hypot(*across)
    return NO_ROTATION if length == 0.0 else (across[0] / length, across[1] / length, across[2] / length)


def _tilted(seen: Seen, exercise: Exercise) -> Candidate | None:
    excursion = seen.excursion
    if seen.body is None:
        return Candidate(excursion, None, excursion.size, seen.rotation, None)
    amount = _about(exercise.motion.axis, seen.body)
    if exercise.motion.tips_back and not _is_of_a_raised_leg(excursion.size, amount, seen.body):
        return None
    whole = exercise.motion.any_tilt or exercise.motion.tips_back
    if not whole and abs(amount) < ALONG_AXIS * excursion.size:
        return None
    if _is_wrong_way(amount, exercise.motion.way):
        return None
    size = excursion.size if whole else abs(amount)
    side = _about(exercise.side_axis or exercise.motion.axis, seen.body)
    return Candidate(excursion, size if amount >= 0 else -size, size, seen.rotation, side, seen.manner)


def _is_of_a_raised_leg(size: float, sideways: float, body: Point) -> bool:
    """Whether the pelvis tips sideways, alone or together with backward, but not forward."""
    return abs(sideways) >= SIDEWAYS * size and body[1] >= -SIDEWAYS * size


def _about(axis: Axis, body: Point) -> float:
    """Return the part of a rotation in the body frame about an axis: forward, right and left > 0."""
    if axis is Axis.LATERAL_BEND:
        return body[2]
    return body[0] if axis is Axis.AXIAL_ROTATION else -body[1]


def _is_wrong_way(amount: float, way: Way) -> bool:
    if way in (Way.FORWARD, Way.UP):
        return amount < 0
    return way in (Way.BACKWARD, Way.DOWN) and amount > 0
