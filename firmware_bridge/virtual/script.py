"""What a simulated wearer does: scenes in a row, each an immutable value.

Getting from one posture into the next (standing up, lying down, putting the sensor on) is not scripted: the wearer does
it between the scenes and it takes its own time, so a script lasts a little longer than the sum of its scenes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from firmware_bridge.virtual.exercises import PATTERNS

__all__ = [
    "Bend",
    "Calibration",
    "ExerciseSet",
    "Gap",
    "Lie",
    "LyingPosture",
    "NotWorn",
    "Scene",
    "Script",
    "Sit",
    "SittingPosture",
    "SlipAxis",
    "Stand",
    "StrapSlip",
    "Walk",
]


_SHORTEST_S = 0.1


class SittingPosture(StrEnum):
    """How the wearer sits; the degrees of a scene are counted from the wearer's own upright sitting."""

    UPRIGHT = "upright"
    SLOUCHED = "slouched"
    HUNCHED = "hunched"
    LEANING_FORWARD = "leaning_forward"
    LEANING_LEFT = "leaning_left"
    LEANING_RIGHT = "leaning_right"


class LyingPosture(StrEnum):
    """On which side of the body the wearer lies."""

    BACK = "back"
    FRONT = "front"
    LEFT_SIDE = "left_side"
    RIGHT_SIDE = "right_side"


class SlipAxis(StrEnum):
    """How a sensor slips on the strap: tipping over the top of the buttocks, or turning in the plane of the back."""

    TIP = "tip"
    TURN = "turn"


def _within(name: str, value: float, low: float, high: float = math.inf) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {value:g}, but must be within {low:g} and {high:g}")


@dataclass(frozen=True, slots=True)
class Sit:
    """Sitting at the desk.

    Parameters
    ----------
    duration_s
        How long, the change into the posture included.
    posture, degrees
        ``SLOUCHED`` rolls the pelvis backward by `degrees` against own upright sitting, ``HUNCHED`` and
        ``LEANING_FORWARD`` tilt it forward, the others to the side.
    onset_s
        How long the change into the posture takes, from its start.
    fidgets_per_min
        Mean number of small movements (shifts of weight, turns, reaches) per minute.

    Raises
    ------
    ValueError
        A value is out of range.

    """

    duration_s: float
    posture: SittingPosture = SittingPosture.UPRIGHT
    degrees: float = 0.0
    onset_s: float = 2.0
    fidgets_per_min: float = 1.0

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, _SHORTEST_S)
        _within("onset_s", self.onset_s, _SHORTEST_S, self.duration_s)
        _within("degrees", self.degrees, 0, 60)
        _within("fidgets_per_min", self.fidgets_per_min, 0, 6)
        if (self.degrees == 0) != (self.posture is SittingPosture.UPRIGHT):
            raise ValueError("upright sitting has 0 degrees, every other posture more")


@dataclass(frozen=True, slots=True)
class Stand:
    """Standing about, with shifts of weight."""

    duration_s: float
    fidgets_per_min: float = 2.0

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, _SHORTEST_S)
        _within("fidgets_per_min", self.fidgets_per_min, 0, 6)


@dataclass(frozen=True, slots=True)
class Lie:
    """Lying on a bed or mat."""

    duration_s: float
    posture: LyingPosture = LyingPosture.BACK

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, _SHORTEST_S)


@dataclass(frozen=True, slots=True)
class Walk:
    """One bout of walking.

    Parameters
    ----------
    duration_s
        From leaving standing to standing again; at least 4 s.
    cadence_spm
        Steps per minute, 40 to 180.
    asymmetry
        0 for even steps; at 0.2 the right step is 20 % weaker and 10 % shorter in time than the mean, the left more.
    turns_per_min
        Mean number of turns of 45 to 180 deg.

    Raises
    ------
    ValueError
        A value is out of range.

    """

    duration_s: float
    cadence_spm: float = 110.0
    asymmetry: float = 0.0
    turns_per_min: float = 2.0

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, 4)
        _within("cadence_spm", self.cadence_spm, 40, 180)
        _within("asymmetry", self.asymmetry, 0, 0.5)
        _within("turns_per_min", self.turns_per_min, 0, 10)


@dataclass(frozen=True, slots=True)
class Bend:
    """Bending the trunk forward while standing, holding it, and coming up again."""

    degrees: float = 70.0
    hold_s: float = 3.0
    move_s: float = 1.5

    def __post_init__(self) -> None:
        _within("degrees", self.degrees, 1, 120)
        _within("hold_s", self.hold_s, 0)
        _within("move_s", self.move_s, 0.5)


@dataclass(frozen=True, slots=True)
class ExerciseSet:
    """A set of one exercise.

    Parameters
    ----------
    exercise
        A name of `firmware_bridge.virtual.exercises.PATTERNS`.
    repetitions
        How many; where sides alternate each side is one.
    range_deg
        Mean range of the primary motion at the sensor; None takes the exercise's usual one.
    out_s, hold_s, back_s, rest_s
        Tempo: mean seconds into the movement, held at its end, back, and before the next repetition.
    variation
        Standard deviation of range and tempo from one repetition to the next, as a share.

    Raises
    ------
    ValueError
        The exercise is unknown or a value is out of range.

    """

    exercise: str
    repetitions: int
    range_deg: float | None = None
    out_s: float = 1.5
    hold_s: float = 0.5
    back_s: float = 1.5
    rest_s: float = 1.0
    variation: float = 0.06

    def __post_init__(self) -> None:
        if self.exercise not in PATTERNS:
            names = ", ".join(sorted(PATTERNS))
            raise ValueError(f"no exercise is called {self.exercise!r}; there are {names}")
        _within("repetitions", self.repetitions, 1)
        _within("range_deg", self.mean_range_deg, 1, 120)
        for name in ("out_s", "back_s"):
            _within(name, getattr(self, name), 0.4)
        for name in ("hold_s", "rest_s"):
            _within(name, getattr(self, name), 0)
        _within("variation", self.variation, 0, 0.2)

    @property
    def mean_range_deg(self) -> float:
        """Mean range of the primary motion, degrees."""
        return PATTERNS[self.exercise].usual_range_deg if self.range_deg is None else self.range_deg


@dataclass(frozen=True, slots=True)
class NotWorn:
    """The sensor lies on a table."""

    duration_s: float

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, _SHORTEST_S)


@dataclass(frozen=True, slots=True)
class StrapSlip:
    """The sensor slips on the strap within a second, and stays there."""

    degrees: float
    axis: SlipAxis = SlipAxis.TIP

    def __post_init__(self) -> None:
        _within("the size of degrees", abs(self.degrees), 0.1, 180)


@dataclass(frozen=True, slots=True)
class Gap:
    """The wearer stays as they are, and the samples of this time are lost."""

    duration_s: float

    def __post_init__(self) -> None:
        _within("duration_s", self.duration_s, _SHORTEST_S)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The guided calibration: stand upright 5 s, bow twice, sit upright 5 s, sit slouched 5 s."""

    bow_deg: float = 55.0
    slouch_deg: float = 20.0

    def __post_init__(self) -> None:
        _within("bow_deg", self.bow_deg, 20, 110)
        _within("slouch_deg", self.slouch_deg, 1, 60)


Scene: TypeAlias = Sit | Stand | Lie | Walk | Bend | ExerciseSet | NotWorn | StrapSlip | Gap | Calibration

Script: TypeAlias = tuple[Scene, ...]
