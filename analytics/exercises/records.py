"""What the exercise stages find, as immutable records. Times are seconds since the Unix epoch, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["UNKNOWN_EXERCISE", "CountedRepetition", "ExerciseSet", "Holding", "Repetition", "Side"]

UNKNOWN_EXERCISE = "unknown"
"""The exercise of a set that repeats like one but is none of those known."""


class Side(StrEnum):
    """The side a repetition belongs to."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition: out of the starting position, and back.

    Parameters
    ----------
    start, peak, end
        When the starting position was left, the farthest point reached, and the starting position reached again.
    side
        Where the exercise has sides and the mounting is known.
    range_deg
        Excursion at the far position; None for a rise.
    range_cm
        Height lost or won; None for a rotation.
    hold_s
        Time at the far position; 0 where it was not held.
    out_s, back_s
        Time on the way out and on the way back.
    unsteadiness_deg
        How far the lower back strayed from its mean in the hold (root mean square); None without a hold.
    complete
        False where it went not far enough to count.

    """

    start: float
    peak: float
    end: float
    side: Side | None
    range_deg: float | None
    range_cm: float | None
    hold_s: float
    out_s: float
    back_s: float
    unsteadiness_deg: float | None
    complete: bool


@dataclass(frozen=True, slots=True)
class CountedRepetition:
    """A repetition as it is announced while the set goes on.

    Parameters
    ----------
    time
        When it was known, on the clock of the samples.
    exercise
        Its id.
    number
        How many complete ones the set has had, this one among them where it is complete.
    repetition
        The repetition.

    """

    time: float
    exercise: str
    number: int
    repetition: Repetition


@dataclass(frozen=True, slots=True)
class Holding:
    """The far position of a repetition, or a position, that is held at this moment.

    Parameters
    ----------
    exercise
        Its id.
    since
        When it was reached, as far as can be told before it is left.
    time
        Now, on the clock of the samples.

    """

    exercise: str
    since: float
    time: float

    @property
    def held_s(self) -> float:
        """For how long."""
        return self.time - self.since


@dataclass(frozen=True, slots=True)
class ExerciseSet:
    """Repetitions of one exercise with no long pause between them.

    Parameters
    ----------
    exercise
        Id, or `UNKNOWN_EXERCISE`.
    start, end
        Of the first and of the last repetition.
    repetitions
        All of them in order of time, incomplete ones, too.
    confidence
        How sure the exercise is, 0 to 1; 1 where the wearer said it.

    """

    exercise: str
    start: float
    end: float
    repetitions: tuple[Repetition, ...]
    confidence: float

    @property
    def count(self) -> int:
        """Number of complete repetitions."""
        return sum(repetition.complete for repetition in self.repetitions)
