"""What is due when in a guided session: for each of its phases a list in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analytics.exercises import guided_words as words
from analytics.exercises.guided_records import CueKind
from config.exercise import Counting

if TYPE_CHECKING:
    from config.exercise import Dose
    from config.exercise_plan import PlannedExercise, PlannedWalk

__all__ = [
    "Due",
    "GuidedParameters",
    "Turn",
    "closing",
    "countdown",
    "counting",
    "is_timed",
    "last_rest",
    "position",
    "resting",
    "timed",
    "walked_on",
    "walking",
]


@dataclass(frozen=True, slots=True)
class GuidedParameters:
    """How long things take, s.

    Parameters
    ----------
    position_s, same_position_s
        For getting into position; where the one before was the same, too.
    countdown_s
        Whole seconds.
    straight_on_s
        A repetition so soon after the one before belongs to it: to the set that has its number, or to a start before
        its time.
    settle_s
        Until the engine has said what there was in a set that is over.
    idle_s
        Without a repetition for so long, and half as long again as the planned hold, the wearer is reminded; three
        times as long, and a set that was begun is left.
    pace_s
        One repetition of an exercise that the sensor does not see and that is not held.
    release_s
        Between two timed repetitions; and twice that between two holds that the sensor sees.
    walking_idle_s
        Without a step for so long, the wearer is reminded.
    walking_pause_s
        Steps so far apart are no walking.
    walking_times
        A walk ends after so many times the planned minutes, whatever was walked.
    closing_s
        For the last answer about pain.
    long_hold_s
        In a hold so long, half time is told.
    last_of_rest_s
        The end of a rest, if long, is told so long before.
    longest_pause_s
        Then the session is over; and a set is left that was not begun.
    gap_s
        Samples missing for so long are not the wearer's time.

    """

    position_s: float = 15.0
    same_position_s: float = 6.0
    countdown_s: int = 3
    straight_on_s: float = 6.0
    settle_s: float = 0.5
    idle_s: float = 20.0
    pace_s: float = 4.0
    release_s: float = 3.0
    walking_idle_s: float = 60.0
    walking_pause_s: float = 2.5
    walking_times: float = 3.0
    closing_s: float = 15.0
    long_hold_s: float = 15.0
    last_of_rest_s: float = 10.0
    longest_pause_s: float = 1800.0
    gap_s: float = 1.0


class Turn(StrEnum):
    """What happens next, when its time has come."""

    NOTHING = "nothing"
    REMIND = "remind"
    COUNT_DOWN = "count_down"
    START = "start"
    END_SET = "end_set"
    SETTLE = "settle"
    CLOSE_SET = "close_set"
    NEXT = "next"
    END_WALK = "end_walk"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due at a time: a cue, or a turn, or both."""

    time: float
    turn: Turn
    kind: CueKind = CueKind.NOTICE
    text: str = ""


def is_timed(item: PlannedExercise) -> bool:
    """Return whether the session keeps the time: of what the sensor does not see, and of positions that are held."""
    return not item.exercise.is_counted or item.exercise.counting is Counting.HOLD


def position(time: float, item: PlannedExercise, *, is_same: bool, parameters: GuidedParameters) -> list[Due]:
    """Return what is due when an exercise begins; `is_same`: in the position of the one before."""
    cues = [Due(time, Turn.NOTHING, CueKind.POSITION, words.dose_of(item.exercise, item.dose))]
    if not item.exercise.is_counted:
        cues.append(Due(time, Turn.NOTHING, CueKind.NOTICE, words.UNSEEN))
    cues.append(Due(time, Turn.NOTHING, CueKind.POSITION, words.TAKE_POSITION[item.exercise.start]))
    wait_s = parameters.same_position_s if is_same else parameters.position_s
    return [*cues, Due(time + wait_s, Turn.COUNT_DOWN)]


def countdown(time: float, parameters: GuidedParameters) -> list[Due]:
    """Return the countdown."""
    left = range(parameters.countdown_s, 0, -1)
    cues = [Due(time + i, Turn.NOTHING, CueKind.COUNTDOWN, str(n)) for i, n in enumerate(left)]
    return [*cues, Due(time + parameters.countdown_s, Turn.START)]


def counting(time: float, dose: Dose, count: int, parameters: GuidedParameters) -> list[Due]:
    """Return what is due where no repetition comes: a set that was begun is left sooner than one that was not."""
    idle_s = parameters.idle_s + 1.5 * dose.hold_s
    left = f"Go on when you are ready: {dose.repetitions - count} to go."
    if count:
        return [Due(time + idle_s, Turn.REMIND, CueKind.REMINDER, left), Due(time + 3 * idle_s, Turn.END_SET)]
    reminders = [Due(time + n * idle_s, Turn.REMIND, CueKind.REMINDER, left) for n in (1, 3, 9)]
    longest = Due(time + parameters.longest_pause_s, Turn.END_SET)
    return sorted([*reminders, longest], key=lambda due: due.time)


def timed(time: float, item: PlannedExercise, parameters: GuidedParameters) -> list[Due]:
    """Return the timed repetitions of a set.

    After the last hold of an exercise that the sensor sees there is a moment for it to be seen.
    """
    dose, sees = item.dose, item.exercise.is_counted
    one_s = dose.hold_s or parameters.pace_s
    between_s = (2 if sees else 1) * parameters.release_s if dose.hold_s else 0.0
    cues: list[Due] = []
    at = time
    for number in range(1, dose.repetitions + 1):
        text = f"{number}: hold for {dose.hold_s:g} seconds." if dose.hold_s else str(number)
        cues.append(Due(at, Turn.NOTHING, CueKind.HOLD, text))
        if one_s >= parameters.long_hold_s:
            cues.append(Due(at + one_s / 2, Turn.NOTHING, CueKind.HOLD_ON, words.HALF))
        at += one_s
        if dose.hold_s:
            cues.append(Due(at, Turn.NOTHING, CueKind.RELEASE, words.LET_GO))
        at += between_s if number < dose.repetitions else 0.0
    return [*cues, Due(at + (parameters.straight_on_s if sees else 0.0), Turn.END_SET)]


def resting(time: float, rest_s: float, turn: Turn, following: str | None, parameters: GuidedParameters) -> list[Due]:
    """Return what is due in a rest, which is never shorter than it takes to know that the set is over."""
    rest_s = max(rest_s, parameters.straight_on_s + parameters.settle_s)
    cues = [Due(time, Turn.NOTHING, CueKind.REST, words.resting(rest_s, following))]
    cues += _set_over(time, parameters)
    if rest_s >= 2 * parameters.last_of_rest_s:
        text = f"{parameters.last_of_rest_s:.0f} more seconds."
        cues.append(Due(time + rest_s - parameters.last_of_rest_s, Turn.NOTHING, CueKind.REST, text))
    return [*cues, Due(time + rest_s, turn)]


def last_rest(time: float, parameters: GuidedParameters) -> list[Due]:
    """Return what is due after the very last set."""
    return [*_set_over(time, parameters), *closing(time, parameters)]


def _set_over(time: float, parameters: GuidedParameters) -> list[Due]:
    """Return when it is sure that the set is over, and when it is known what was in it."""
    settle = time + parameters.straight_on_s
    return [Due(settle, Turn.SETTLE), Due(settle + parameters.settle_s, Turn.CLOSE_SET)]


def closing(time: float, parameters: GuidedParameters) -> list[Due]:
    """Return what is due where all that is left is a question."""
    return [Due(time + parameters.closing_s, Turn.FINISH)]


def walking(time: float, item: PlannedWalk, parameters: GuidedParameters) -> list[Due]:
    """Return what is due in a walk that nobody does."""
    text = f"Walk for {item.minutes:g} minutes, as briskly as feels good."
    last = Due(time + 60 * item.minutes * parameters.walking_times, Turn.END_WALK)
    return [Due(time, Turn.NOTHING, CueKind.START, text), *walked_on([last], time, parameters)]


def walked_on(due: list[Due], time: float, parameters: GuidedParameters) -> list[Due]:
    """Return what is due in a walk after a step: the reminder has time again."""
    reminder = Due(time + parameters.walking_idle_s, Turn.REMIND, CueKind.REMINDER, "Walk on when you are ready.")
    rest = [each for each in due if each.turn is not Turn.REMIND]
    return sorted([*rest, reminder], key=lambda each: each.time)
