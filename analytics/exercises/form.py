"""The form of a set: what was done, against what the exercise's file says and against the wearer's own usual."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.form_measures import (
    SideBalance,
    mean_range,
    median_hold_s,
    median_repetition_s,
    median_unsteadiness_deg,
    side_balance,
)
from analytics.exercises.form_trend import Trend, range_trend, tempo_trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.records import ExerciseSet
    from config.exercise import Exercise

__all__ = ["Place", "SetForm", "hold_place", "set_form", "usual_range", "wanted_hold_s"]

ENOUGH_TO_PLACE = 3
"""Complete repetitions before their range and tempo are compared with anything."""

ENOUGH_SETS = 3
"""Sets before there is a usual."""

HOLD_ERROR_S = 1.0
"""Holds are measured within this."""

HOLD_LEEWAY = 0.2
"""Share of the wanted hold that may be missing: nobody counts seconds exactly."""


class Place(StrEnum):
    """Where a value lies against its usual bounds."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class SetForm:
    """How a set was done. None is not known, or too few repetitions to tell.

    Parameters
    ----------
    count, incomplete
        Complete and incomplete repetitions. All that follows is of the complete ones.
    range_deg, range_cm
        Mean range of a rotation, or of a rise.
    range_place
        Against what the file expects, from three repetitions on.
    range_to_usual
        Against the wearer's own usual; 1 is the same.
    repetition_s
        Median length of one with its hold.
    tempo_place
        Against the file's, from three repetitions on; below is faster.
    hold_s
        Median hold; None for an exercise that knows no hold.
    hold_place
        Against the wanted hold and the file's longest.
    sides
        Left against right, for an exercise with sides.
    unsteadiness_deg
        Median of how far the lower back strays in the holds.
    range_trend, tempo_trend
        Change over the set where it is larger than its noise; the range's with incomplete ones.

    """

    count: int
    incomplete: int
    range_deg: float | None
    range_cm: float | None
    range_place: Place | None
    range_to_usual: float | None
    repetition_s: float | None
    tempo_place: Place | None
    hold_s: float | None
    hold_place: Place | None
    sides: SideBalance | None
    unsteadiness_deg: float | None
    range_trend: Trend | None
    tempo_trend: Trend | None


def set_form(exercise_set: ExerciseSet, exercise: Exercise | None, own_usual_range: float | None = None) -> SetForm:
    """Return the form of a set.

    Parameters
    ----------
    exercise_set
        The set.
    exercise
        What it is a set of; its dose is what was asked for (hand in a copy with the plan's). None where it is unknown:
        then nothing is compared with a file.
    own_usual_range
        The wearer's usual mean range (`usual_range`), in degrees, or in cm for a rise.

    """
    repetitions = exercise_set.repetitions
    count = exercise_set.count
    range_deg, range_cm = mean_range(repetitions)
    extent = range_deg if range_cm is None else range_cm
    length_s, hold_s = median_repetition_s(repetitions), median_hold_s(repetitions)
    enough = count >= ENOUGH_TO_PLACE
    return SetForm(
        count=count,
        incomplete=len(repetitions) - count,
        range_deg=range_deg,
        range_cm=range_cm,
        range_place=_range_place(range_deg, range_cm, exercise) if enough else None,
        range_to_usual=extent / own_usual_range if enough and extent is not None and own_usual_range else None,
        repetition_s=length_s,
        tempo_place=_place(length_s, exercise.tempo.repetition_s) if enough and exercise else None,
        hold_s=hold_s if exercise is None or exercise.hold.hold_s[1] > 0 else None,
        hold_place=hold_place(hold_s, exercise) if exercise else None,
        sides=side_balance(repetitions),
        unsteadiness_deg=median_unsteadiness_deg(repetitions),
        range_trend=range_trend(repetitions),
        tempo_trend=tempo_trend(repetitions),
    )


def usual_range(sets: Sequence[ExerciseSet], exercise_id: str) -> float | None:
    """Return the wearer's usual range of an exercise: the median over the sets' mean ranges.

    Parameters
    ----------
    sets
        Earlier sets, of any exercises.
    exercise_id
        Which exercise.

    Returns
    -------
    float or None
        Degrees, or cm for a rise; None for fewer than three sets with three complete repetitions each.

    """
    of_it = [each for each in sets if each.exercise == exercise_id and each.count >= ENOUGH_TO_PLACE]
    means = [range_deg if range_cm is None else range_cm for range_deg, range_cm in map(_mean_range, of_it)]
    known = [mean for mean in means if mean is not None]
    return median(known) if len(known) >= ENOUGH_SETS else None


def wanted_hold_s(exercise: Exercise) -> float:
    """Return how long to hold: the dose's, or the file's least where that is longer; 0 where nothing is held."""
    return max(exercise.dose.hold_s, exercise.hold.hold_s[0])


def hold_place(hold_s: float | None, exercise: Exercise) -> Place | None:
    """Return where a hold lies between the wanted one, less a leeway, and the file's longest; None where none is."""
    wanted_s, longest_s = wanted_hold_s(exercise), exercise.hold.hold_s[1]
    if hold_s is None or longest_s <= 0:
        return None
    leeway_s = max(HOLD_ERROR_S, HOLD_LEEWAY * wanted_s)
    return _place(hold_s, (wanted_s - leeway_s, max(longest_s, wanted_s) + HOLD_ERROR_S))


def _mean_range(exercise_set: ExerciseSet) -> tuple[float | None, float | None]:
    return mean_range(exercise_set.repetitions)


def _range_place(range_deg: float | None, range_cm: float | None, exercise: Exercise | None) -> Place | None:
    if exercise is None:
        return None
    if exercise.motion.range_cm is not None:
        return _place(range_cm, exercise.motion.range_cm)
    return None if exercise.motion.range_deg is None else _place(range_deg, exercise.motion.range_deg)


def _place(value: float | None, bounds: tuple[float, float]) -> Place | None:
    if value is None:
        return None
    if value < bounds[0]:
        return Place.BELOW
    return Place.ABOVE if value > bounds[1] else Place.WITHIN
