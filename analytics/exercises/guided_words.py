"""What a guided session says: one short sentence at a time, coaching, never diagnosing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.exercise import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.exercise import Dose, Exercise

__all__ = [
    "HALF",
    "LET_GO",
    "PAIN_QUESTION",
    "TAKE_POSITION",
    "UNSEEN",
    "counted",
    "dose_of",
    "finished",
    "going_on_with",
    "looked_like",
    "pain_answer",
    "resting",
    "set_done",
]

TAKE_POSITION = {
    Position.SUPINE: "Lie down on your back.",
    Position.PRONE: "Lie down on your front.",
    Position.HANDS_AND_KNEES: "Come onto your hands and knees.",
    Position.SIDE_LYING: "Lie down on your side.",
    Position.SEATED: "Sit down, upright.",
    Position.STANDING: "Stand up.",
}

UNSEEN = "The sensor on your back cannot see this one: I keep the time, please count for yourself."
HALF = "Half of it."
LET_GO = "And let go."
PAIN_QUESTION = "How much did it hurt, from 0 to 10?"

LAST_ONES = 3
STRONG_PAIN = 7
"""From here on pain counts as severe (Serlin et al. 1995, doi 10.1016/0304-3959(94)00178-H)."""


def dose_of(exercise: Exercise, dose: Dose) -> str:
    """Return how much of an exercise is to be done."""
    sets = f"{dose.sets} sets of {dose.repetitions}" if dose.sets > 1 else f"{dose.repetitions} times"
    if dose.hold_s:
        return f"{exercise.title}: {sets}, {dose.hold_s:g} seconds each."
    return f"{exercise.title}: {sets}."


def counted(number: int, planned: int, advice: str | None) -> str:
    """Return what is said of a complete repetition; advice on form goes before how many are left."""
    if advice is not None:
        return f"{number}. {advice}"
    if planned - number == LAST_ONES and number >= LAST_ONES:
        return f"{number}, {LAST_ONES} to go."
    return str(number)


def set_done(count: int | None, planned: int) -> str:
    """Return what is said at the end of a set."""
    if count is None:
        return "Well done."
    if count >= planned:
        return f"{count}: well done."
    return f"{count} of {planned}: that is all right."


def looked_like(exercise: str, count: int, counted_as: Sequence[str], *, is_planned: bool) -> str:
    """Return what is said of a set of another exercise than that whose turn it was."""
    text = f"That looked like {_named(exercise)}, {count} times"
    if counted_as:
        return f"{text}, but was counted as {' and '.join(map(_named, counted_as))}."
    return f"{text}. {'Its turn in this plan is over.' if is_planned else 'It is not on this plan.'}"


def _named(exercise: str) -> str:
    return exercise.replace("_", " ")


def going_on_with(title: str, count: int) -> str:
    """Return what is said where the wearer is at a later exercise already."""
    return f"That was {title} already: {count}. Going on with it."


def resting(rest_s: float, following: str | None) -> str:
    """Return what is said at the beginning of a rest; `following` is the title of what comes next, if not the same."""
    after = "" if following is None else f" Next: {following}."
    return f"Rest for {rest_s:.0f} seconds.{after}"


def pain_answer(score: int) -> str:
    """Return what is said to a pain score."""
    if score >= STRONG_PAIN:
        return "That is a lot: better leave it for today, and tell your physiotherapist or doctor if it stays."
    return f"Pain {score}, noted."


def finished(*, completed: bool) -> str:
    """Return what is said at the end of a session."""
    return "That was all: well done." if completed else "That is all for now; what you have done counts."
