"""Feedback on form: at most one short sentence at a time, the most useful one."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.form import Place, hold_place, wanted_hold_s
from analytics.exercises.form_measures import complete_ones, range_of, repetition_s, side_balance
from analytics.exercises.form_sentences import AFTER_SET, WHILE_EXERCISING, Cue
from analytics.exercises.form_trend import range_trend
from config.exercise import Observability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from analytics.exercises.form import SetForm
    from analytics.exercises.form_measures import SideBalance
    from analytics.exercises.records import Repetition
    from config.exercise import Exercise

__all__ = ["feedback_after", "feedback_on_set"]

PAUSE = 3
"""Repetitions from one sentence to the next."""

PAUSE_SAME = 6
"""Repetitions until the same is said again, and from one praise to the next: feedback after every repetition is less
well remembered than some (Winstein and Schmidt 1990)."""

RECENT = 3
FEWEST_RECENT = 2
PRAISE_FROM = 5

RUSHED = 0.6
"""Moving time against the own first repetitions below which the wearer hurries."""

FALL = -0.15
"""Change of the range over the set that is worth a word."""

UNEVEN = 0.75
"""Smaller side by larger side. Differences of 10 to 15 % between sides are usual (Bishop et al. 2018), and medians of
four repetitions scatter by some 9 %."""

ENOUGH_A_SIDE = 4
COUNT_APART = 3

MANY_INCOMPLETE = 0.25
QUICKENING = -0.3
BELOW_USUAL = 0.75


def feedback_after(repetition: Repetition, set_so_far: Sequence[Repetition], exercise: Exercise) -> str | None:
    """Return what to tell the wearer after a repetition, or None for nothing.

    It follows from the repetitions alone: going over the set once more says the same in the same places. Two sentences
    are at least three repetitions apart, and no sentence follows itself.

    Parameters
    ----------
    repetition
        The one that has just ended, complete or not.
    set_so_far
        Those of the set before it, in order.
    exercise
        What is done; its dose is what was asked for.

    """
    repetitions = (*set_so_far, repetition)
    said: list[tuple[int, Cue]] = []
    for number in range(1, len(repetitions) + 1):
        cue = _next_cue(repetitions[:number], number, said, exercise)
        if cue is not None:
            said.append((number, cue))
    if not said or said[-1][0] != len(repetitions):
        return None
    cue = said[-1][1]
    times_before = sum(earlier is cue for _, earlier in said[:-1])
    return _worded(WHILE_EXERCISING[cue], times_before, _facts(repetitions, exercise))


def feedback_on_set(form: SetForm, exercise: Exercise) -> str:
    """Return the one sentence to tell the wearer after a set.

    Parameters
    ----------
    form
        Of the set.
    exercise
        What was done; its dose is what was asked for.

    """
    cue = next(_set_cues(form, exercise))
    facts = _wordings(form.count, form.hold_s, exercise, form.sides)
    return _worded(AFTER_SET[cue], form.count, facts)


def _next_cue(
    repetitions: Sequence[Repetition], number: int, said: Sequence[tuple[int, Cue]], exercise: Exercise
) -> Cue | None:
    """Return what is to be said after the last of the repetitions."""
    last_number, last_cue = said[-1] if said else (-PAUSE_SAME, None)
    if number - last_number < PAUSE:
        return None
    again = number - last_number >= PAUSE_SAME
    cues = [cue for cue, applies in CUES if (again or cue is not last_cue) and applies(repetitions, exercise)]
    if cues:
        return cues[0]
    # What was said last may well still hold: then nothing is said, rather than praise.
    still = any(applies(repetitions, exercise) for cue, applies in CUES if cue is last_cue)
    praised = max((at for at, cue in said if cue is Cue.PRAISE), default=-PAUSE_SAME)
    deserved = repetitions[-1].complete and len(complete_ones(repetitions)) >= PRAISE_FROM
    return Cue.PRAISE if deserved and not still and number - praised >= PAUSE_SAME else None


def _shows_range(exercise: Exercise) -> bool:
    """Return whether the range seen is that of the exercise; elsewhere a still lower back may be the better form."""
    return exercise.observability is Observability.STRONG


def _is_incomplete(repetitions: Sequence[Repetition], exercise: Exercise) -> bool:
    recent = repetitions[-RECENT:]
    return _shows_range(exercise) and not recent[-1].complete and len(recent) - len(complete_ones(recent)) > 1


def _is_too_fast(repetitions: Sequence[Repetition], exercise: Exercise) -> bool:
    complete = complete_ones(repetitions)
    if len(complete) < FEWEST_RECENT or not repetitions[-1].complete:
        return False
    if median(map(repetition_s, complete[-RECENT:])) < exercise.tempo.repetition_s[0]:
        return True
    moving_s = [one.out_s + one.back_s for one in complete]
    return len(complete) >= 2 * RECENT and median(moving_s[-RECENT:]) < RUSHED * median(moving_s[:RECENT])


def _is_hold_short(repetitions: Sequence[Repetition], exercise: Exercise) -> bool:
    held_s = [one.hold_s for one in complete_ones(repetitions)[-RECENT:]]
    if len(held_s) < FEWEST_RECENT or not repetitions[-1].complete:
        return False
    return all(hold_place(each_s, exercise) is Place.BELOW for each_s in (median(held_s), held_s[-1]))


def _is_shrinking(repetitions: Sequence[Repetition], exercise: Exercise) -> bool:
    if not _shows_range(exercise) or not repetitions[-1].complete:
        return False
    ranges = [extent for one in repetitions if (extent := range_of(one)) is not None]
    if len(ranges) < 2 * RECENT or median(ranges[-RECENT:]) >= median(ranges[:RECENT]):
        return False
    trend = range_trend(repetitions)
    return trend is not None and trend.over_set <= FALL


def _is_uneven(repetitions: Sequence[Repetition], exercise: Exercise) -> bool:
    return _shows_range(exercise) and repetitions[-1].complete and _are_ranges_uneven(side_balance(repetitions))


CUES: tuple[tuple[Cue, Callable[[Sequence[Repetition], Exercise], bool]], ...] = (
    (Cue.INCOMPLETE, _is_incomplete),
    (Cue.TOO_FAST, _is_too_fast),
    (Cue.HOLD_SHORT, _is_hold_short),
    (Cue.RANGE_SHRINKING, _is_shrinking),
    (Cue.SIDES_UNEVEN, _is_uneven),
)
"""When each applies, the most useful first."""


def _set_cues(form: SetForm, exercise: Exercise) -> Iterator[Cue]:
    """Yield what may be said of a set, the most useful first, praise last."""
    sides, shows_range = form.sides, _shows_range(exercise)
    quickens = form.tempo_trend is not None and form.tempo_trend.over_set <= QUICKENING
    if form.count == 0:
        yield Cue.NOTHING_COUNTED
    if shows_range and form.incomplete > 1 and form.incomplete >= MANY_INCOMPLETE * (form.count + form.incomplete):
        yield Cue.INCOMPLETE
    if form.tempo_place is Place.BELOW or quickens:
        yield Cue.TOO_FAST
    if form.hold_place is Place.BELOW:
        yield Cue.HOLD_SHORT
    if shows_range and form.range_trend is not None and form.range_trend.over_set <= FALL:
        yield Cue.RANGE_SHRINKING
    if shows_range and _are_ranges_uneven(sides):
        yield Cue.SIDES_UNEVEN
    if sides is not None and min(sides.left_n, sides.right_n) > 0 and abs(sides.left_n - sides.right_n) >= COUNT_APART:
        yield Cue.SIDES_COUNT
    if shows_range and form.range_to_usual is not None and form.range_to_usual < BELOW_USUAL:
        yield Cue.BELOW_USUAL
    yield Cue.PRAISE


def _are_ranges_uneven(sides: SideBalance | None) -> bool:
    if sides is None or sides.left_to_right is None or min(sides.left_n, sides.right_n) < ENOUGH_A_SIDE:
        return False
    return min(sides.left_to_right, 1 / sides.left_to_right) < UNEVEN


def _facts(repetitions: Sequence[Repetition], exercise: Exercise) -> dict[str, str]:
    complete = complete_ones(repetitions)
    return _wordings(len(complete), None, exercise, side_balance(repetitions))


def _wordings(count: int, hold_s: float | None, exercise: Exercise, sides: SideBalance | None) -> dict[str, str]:
    """Return what a sentence may hold, rounded."""
    balance = None if sides is None else sides.left_to_right
    ordered = ("left", "right") if balance is None or balance < 1 else ("right", "left")
    return {
        "count": str(count),
        "hold": _seconds(hold_s or 0.0),
        "wanted_hold": _seconds(wanted_hold_s(exercise)),
        "smaller_side": ordered[0],
        "larger_side": ordered[1],
        "left_n": str(sides.left_n if sides else 0),
        "right_n": str(sides.right_n if sides else 0),
    }


def _seconds(duration_s: float) -> str:
    return "1 second" if round(duration_s) == 1 else f"{duration_s:.0f} seconds"


def _worded(sentences: Sequence[str], turn: int, facts: dict[str, str]) -> str:
    return sentences[turn % len(sentences)].format_map(facts)
