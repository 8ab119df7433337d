"""Which directions may be up, before anything is known of the mounting: those held, and some to their sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.calibration import Calibration, CalibrationSource, ShownActivity
from posture.events import Activity
from posture.rotations import around, unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["HELD_S", "Guess", "Held", "Holding"]

HELD_S = 3
"""A direction held for so long is a posture and not a movement."""
HELD_COSINE = float(np.cos(np.radians(8.0)))
HELD_MS2 = 0.5
WALKING_GAIT_MS2 = (0.9, 6.0)
LIFELESS_MS2 = 0.02
"""A sensor on a table shows only its noise; on a body it shows more in 99 % of the still seconds of hapt and harth."""
APART_COSINE = float(np.cos(np.radians(12.0)))
"""Sitting and standing lie further apart than that in most people; nearer guesses would say the same."""
WALKED = 40.0
"""Log odds for the direction of three steady seconds of walking: whatever comes later, that was upright."""
SEATED_RAD, LYING_RAD = float(np.radians(22.0)), float(np.radians(90.0))
"""How far from a direction up is, if the wearer sits or lies in it; in one of so many directions around it."""
N_AROUND = 4


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """A guess at what is up, and what the wearer did in the seconds [start, end) if it is right.

    Parameters
    ----------
    upright
        Shape (3,): up while the wearer is on their feet, sensor frame.
    start, end
        Seconds since the Unix epoch.
    activities
        What the wearer did then.
    log_prior
        How likely the guess is before anything else is looked at.

    """

    upright: NDArray[np.float64]
    start: int
    end: int
    activities: tuple[Activity, ...]
    log_prior: float

    @property
    def is_upright(self) -> bool:
        """Return whether it says that the wearer was on their feet."""
        return Activity.STANDING in self.activities

    @property
    def calibration(self) -> Calibration:
        """Return what would be known were the guess right."""
        shown = ShownActivity(self.start, self.end, self.activities)
        return Calibration(CalibrationSource.NONE, self.upright, shown=(shown,))


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A direction, shape (3,), held for `HELD_S` up to the end of a second, standing still or walking."""

    up: NDArray[np.float64]
    end: int
    walked: bool

    def is_like(self, other: Held) -> bool:
        """Return whether it lies too near the other to make a difference."""
        return float(self.up @ other.up) >= APART_COSINE


@dataclass(slots=True)
class Holding:
    """A direction being held.

    Parameters
    ----------
    seconds, steps
        For how many seconds, and in how many of them the wearer walked.
    total
        Shape (3,): sum of up over them.
    last_second
        The last second looked at.
    found
        All directions held so far that are unlike each other.

    """

    seconds: int = 0
    steps: int = 0
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    last_second: int | None = None
    found: list[Held] = field(default_factory=list)

    def guesses(self, features: SecondFeatures) -> Iterator[tuple[int, list[Guess]]]:
        """Yield after how many of the seconds there are which new guesses."""
        columns = (features.second, features.movement, features.gait)
        for row, (second, movement, gait) in enumerate(zip(*(each.tolist() for each in columns), strict=True)):
            held = self._held(second, features.up[row], movement, gait)
            if held is not None and not any(held.is_like(other) for other in self.found):
                alternatives = [] if self.found else other_than_upright(held)
                self.found.append(held)
                yield row + 1, [upright_guess(held), *alternatives]

    def _held(self, second: int, up: NDArray[np.float64], movement: float, gait: float) -> Held | None:
        """Return the direction with the second that makes it held for `HELD_S`; None with all others."""
        walks = WALKING_GAIT_MS2[0] < gait < WALKING_GAIT_MS2[1]
        rests = walks or LIFELESS_MS2 < movement < HELD_MS2
        goes_on = self.last_second is not None and second == self.last_second + 1 and rests and self._is_near(up)
        self.last_second = second
        if not goes_on:
            self.seconds, self.steps, self.total = 0, 0, np.zeros(3)
        if not rests:
            return None
        self.seconds, self.steps, self.total = self.seconds + 1, self.steps + int(walks), self.total + up
        if self.seconds == HELD_S:
            return Held(unit(self.total), second + 1, walked=self.steps == HELD_S)
        return None

    def _is_near(self, up: NDArray[np.float64]) -> bool:
        return self.seconds == 0 or bool(unit(self.total) @ up >= HELD_COSINE)


def upright_guess(held: Held) -> Guess:
    """Return the guess that the wearer was on their feet."""
    activities = (Activity.STANDING, Activity.WALKING)
    return Guess(held.up, held.end - HELD_S, held.end, activities, WALKED if held.walked else 0.0)


def other_than_upright(held: Held) -> list[Guess]:
    """Return the guesses that the wearer sat or lay."""
    log_prior = -float(np.log(N_AROUND))
    return [
        Guess(upright, held.end - HELD_S, held.end, (activity,), log_prior)
        for activity, angle_rad in ((Activity.SITTING, SEATED_RAD), (Activity.LYING, LYING_RAD))
        for upright in around(held.up, angle_rad, N_AROUND)
    ]
