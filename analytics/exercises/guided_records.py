"""What goes into a guided session and what comes out of it, as immutable records.

Times are seconds since the Unix epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from analytics.exercises.records import CountedRepetition

if TYPE_CHECKING:
    from analytics.exercises.records import Repetition

__all__ = [
    "Command",
    "Cue",
    "CueKind",
    "Did",
    "Ending",
    "FinishSet",
    "ItemDone",
    "Pain",
    "Pause",
    "Phase",
    "Ready",
    "Resume",
    "SessionDone",
    "SetDone",
    "Skip",
    "Standing",
    "Stop",
    "StopReason",
    "Told",
    "WalkDone",
]

GREATEST_PAIN = 10
MOST_REPETITIONS = 1000


class Phase(StrEnum):
    """Where a session stands."""

    POSITION = "position"
    COUNTDOWN = "countdown"
    COUNTING = "counting"
    TIMED = "timed"
    """The session keeps the time: holds, and exercises that the sensor does not see."""
    WALKING = "walking"
    REST = "rest"
    CLOSING = "closing"
    """All is done; there is a moment to say how much it hurt."""
    DONE = "done"


class CueKind(StrEnum):
    """What a cue is about."""

    POSITION = "position"
    NOTICE = "notice"
    COUNTDOWN = "countdown"
    START = "start"
    REPETITION = "repetition"
    HOLD = "hold"
    HOLD_ON = "hold_on"
    RELEASE = "release"
    REMINDER = "reminder"
    SET_DONE = "set_done"
    REST = "rest"
    PAIN_QUESTION = "pain_question"
    PAUSED = "paused"
    RESUMED = "resumed"
    FINISHED = "finished"


class StopReason(StrEnum):
    """Why the wearer stops."""

    PAIN = "pain"
    TIRED = "tired"
    OTHER = "other"


class Ending(StrEnum):
    """How an item of the plan ended."""

    DONE = "done"
    """Every set was gone through, whatever the repetitions."""
    SKIPPED = "skipped"
    STOPPED = "stopped"
    """The session ended within it."""
    NOT_BEGUN = "not_begun"


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still until resumed."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Do not wait any longer: on from getting into position, the countdown or the rest."""


@dataclass(frozen=True, slots=True)
class FinishSet:
    """Leave the set, or the walk, as it is and go on with the rest."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the exercise as it is and go on with the next; None: no reason given."""

    reason: StopReason | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the session."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Pain:
    """How much the exercise hurt, 0 to 10.

    Raises
    ------
    ValueError
        It is none of these.

    """

    score: int

    def __post_init__(self) -> None:
        if not 0 <= self.score <= GREATEST_PAIN:
            raise ValueError(f"pain is a number from 0 to {GREATEST_PAIN}, not {self.score}")


@dataclass(frozen=True, slots=True)
class Did:
    """How many repetitions the wearer did in the last set of an exercise that the sensor does not see.

    Raises
    ------
    ValueError
        So many is nobody's set.

    """

    repetitions: int

    def __post_init__(self) -> None:
        if not 0 <= self.repetitions <= MOST_REPETITIONS:
            raise ValueError(f"a set has 0 to {MOST_REPETITIONS} repetitions, not {self.repetitions}")


Command: TypeAlias = Pause | Resume | Ready | FinishSet | Skip | Stop | Pain | Did


@dataclass(frozen=True, slots=True)
class Cue:
    """One short sentence for the wearer."""

    time: float
    kind: CueKind
    text: str


@dataclass(frozen=True, slots=True)
class SetDone:
    """A set that is over.

    Parameters
    ----------
    exercise
        Id.
    number
        Which set of the exercise, from 1.
    start, end
        When it was done.
    planned
        Repetitions that were planned.
    count
        Complete repetitions that the sensor saw; None for an exercise that it does not see.
    reported
        Repetitions that the wearer says were done; None where nothing was said.
    planned_hold_s
        How long each was to be held.
    repetitions
        All that the sensor saw, incomplete ones, too.

    """

    exercise: str
    number: int
    start: float
    end: float
    planned: int
    count: int | None
    reported: int | None
    planned_hold_s: float
    repetitions: tuple[Repetition, ...]


@dataclass(frozen=True, slots=True)
class WalkDone:
    """A walk that is over: how long of it was walked, and the steps."""

    start: float
    end: float
    planned_s: float
    walked_s: float
    steps: int


@dataclass(frozen=True, slots=True)
class ItemDone:
    """What has become of an item of the plan.

    Parameters
    ----------
    exercise
        Id; None for a walk.
    planned_sets
        Sets that were planned; 1 for a walk.
    sets
        Those that were begun.
    walk
        The walk, where it is one and was begun.
    pain
        0 to 10; None where nothing was said.
    ending, reason
        How it ended, and why where it was not done to its end and a reason was given.

    """

    exercise: str | None
    planned_sets: int
    sets: tuple[SetDone, ...]
    walk: WalkDone | None
    pain: int | None
    ending: Ending
    reason: StopReason | None


@dataclass(frozen=True, slots=True)
class SessionDone:
    """A session that is over.

    Parameters
    ----------
    plan, title
        Of the plan.
    start, end
        From the first sample to the end.
    items
        All of the plan, in order.
    stopped
        Why it was stopped; None where it came to its end, or the samples ended.

    """

    plan: str
    title: str
    start: float
    end: float
    items: tuple[ItemDone, ...]
    stopped: StopReason | None

    @property
    def completed(self) -> bool:
        """Whether every item was done."""
        return all(item.ending is Ending.DONE for item in self.items)


Told: TypeAlias = Cue | CountedRepetition | SetDone | WalkDone | SessionDone
"""What a session tells; of the repetitions those that it counts, complete or not, with its own number."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session stands, for whoever watches.

    Parameters
    ----------
    phase, paused
        What goes on.
    title
        Of the exercise, or of the walk.
    item, items_n
        Which item of how many, from 1.
    set_number, sets_n
        Which set of how many, from 1.
    count
        Complete repetitions of this set, whole minutes walked, or repetitions that the timer has given; None where
        there is nothing to count.
    planned
        How many there are to be.
    last_hold_s
        How long the last repetition was held; None before the first.
    held_s, asked_hold_s
        How long the one that goes on has been held, None where it is not; and how long it is to be held.
    until
        When the phase ends by itself; None where that is up to the wearer.
    sentence
        The last cue.

    """

    phase: Phase
    paused: bool
    title: str
    item: int
    items_n: int
    set_number: int
    sets_n: int
    count: int | None
    planned: int
    last_hold_s: float | None
    held_s: float | None
    asked_hold_s: float
    until: float | None
    sentence: str
