"""Which exercise a set is: the definitions compete for the same time, and a poor fit is an unknown exercise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, exp, log, radians
from statistics import fmean, median
from typing import TYPE_CHECKING

from analytics.exercises.candidates import Signal, signal_of, takes_turns, usual_range
from analytics.exercises.chains import ChainWeights
from analytics.exercises.enough import has_enough
from analytics.exercises.found_set import WEIGHTS
from analytics.exercises.manner import leaning, stepping, tipping
from config.exercise import Counting, Observability, Position
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analytics.exercises.found_set import FoundSet, RecognitionWeights

__all__ = ["Winner", "chosen", "fit"]


@dataclass(frozen=True, slots=True)
class Winner:
    """A set that no other explanation of the same time beats.

    Parameters
    ----------
    found
        The set, as its exercise sees it.
    confidence
        How sure the exercise is, 0 to 1.
    known
        False where it fits even the best of the exercises badly.

    """

    found: FoundSet
    confidence: float
    known: bool


DOING_OTHER = 0.3
"""A set is none where the wearer does what does not go with it in more than this share of its repetitions."""

ALTERNATES = ChainWeights().alternates
"""What a chain scores for each change of side: taken off, since exercises without sides cannot score it."""

ROTATION = {Signal.TILT, Signal.TURN}

HINGE_CM, LEAST_CM = 25.0, 8.0
"""A tilt about the hips lowers the lower back from so far above them; less height than the least tells nothing."""


def fit(found: FoundSet, weights: RecognitionWeights = WEIGHTS) -> float:
    """Return how well a set fits its exercise, per repetition."""
    exercise, chain = found.exercise, found.chain
    low, high = usual_range(exercise)
    off = fmean(_off(candidate.size, low, high) ** 2 for candidate in chain)
    slow = fmean(_off(candidate.duration_s, *exercise.tempo.repetition_s) ** 2 for candidate in chain)
    usual_hold_s = exercise.dose.hold_s
    held = median(candidate.excursion.hold_s for candidate in chain)
    hold = log(1.0 + (log((held + 1.0) / (usual_hold_s + 1.0)) / weights.hold_scale) ** 2)
    off_turns = weights.ways_off if exercise.counting is Counting.BOTH_WAYS else weights.turns_off
    manners = [candidate.manner for candidate in chain]
    changes = sum((a.side or 0.0) * (b.side or 0.0) < 0 for a, b in pairwise(chain)) if takes_turns(exercise) else 0
    return (
        (found.score - off_turns * ALTERNATES * changes) / len(chain)
        + weights.rested * (fmean(candidate.excursion.rested for candidate in chain) - 1.0)
        + weights.waited * chain[0].begun_from_rest
        + weights.leans * leaning(exercise, manners)
        + weights.tips_back * tipping(exercise, manners)
        - weights.steps * stepping(manners, found.every)
        - weights.range_z * off
        - weights.tempo_z * slow
        - weights.hold_z * hold
        + (weights.medium if exercise.observability is not Observability.STRONG else 0.0)
        + (weights.planned if found.planned else 0.0)
    )


def chosen(
    sets: Sequence[FoundSet],
    activity_at: Callable[[float], Activity | None],
    weights: RecognitionWeights = WEIGHTS,
) -> list[Winner]:
    """Return the sets that win over those they overlap with, in order of time.

    Parameters
    ----------
    sets
        All that overlap with one another are there.
    activity_at
        What the wearer did at a time, as far as known.
    weights
        What a definition must show.

    """
    able = [found for found in sets if has_enough(found, weights) and _is_possible(found, activity_at)]
    marks = {id(found): _mark(found, able, weights) - weights.stands * _stands(found, activity_at) for found in able}
    winners: list[Winner] = []
    for found in sorted(able, key=lambda each: -marks[id(each)] * log(1.0 + len(each.chain))):
        if marks[id(found)] < weights.least or any(found.overlaps(winner.found) for winner in winners):
            continue
        rivals = [marks[id(other)] for other in able if other is not found and found.overlaps(other)]
        gap = marks[id(found)] - max(rivals, default=0.0)
        known = weights.known if len(found.chain) >= weights.few_held else weights.few_known
        winners.append(Winner(found, 1.0 / (1.0 + exp(-weights.sure * gap)), known=marks[id(found)] >= known))
    return _apart(sorted(winners, key=lambda winner: winner.found.start))


def _apart(winners: list[Winner]) -> list[Winner]:
    """Return sets that do not overlap: of two the end that is less like the rest of its set is not part of it."""
    for index in range(1, len(winners)):
        before, after = winners[index - 1].found, winners[index].found
        while before.end > after.start and len(before.chain) > 1 and len(after.chain) > 1:
            if before.oddity(before.chain[-1]) > after.oddity(after.chain[0]):
                before = replace(before, chain=before.chain[:-1])
            else:
                after = replace(after, chain=after.chain[1:])
        winners[index - 1] = replace(winners[index - 1], found=before)
        winners[index] = replace(winners[index], found=after)
    return winners


def _mark(found: FoundSet, others: Sequence[FoundSet], weights: RecognitionWeights) -> float:
    """Return the fit, less where the same time shows a larger rotation in another signal."""
    mark = fit(found, weights)
    signal = signal_of(found.exercise)
    larger = [
        other.size
        for other in others
        if found.overlaps(other) and signal_of(other.exercise) != signal and signal_of(other.exercise) in ROTATION
    ]
    if signal in ROTATION and larger:
        mark -= weights.larger * max(0.0, log(max(larger) / found.size))
    heights_cm = [
        other.size for other in others if found.overlaps(other) and signal_of(other.exercise) is Signal.HEIGHT
    ]
    if signal is Signal.TILT and heights_cm:
        explained_cm = HINGE_CM * (1.0 - cos(radians(found.size))) + LEAST_CM
        mark -= weights.sinks * max(0.0, log(max(heights_cm) / explained_cm))
    return mark


def _is_possible(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> bool:
    """Whether the wearer was not walking about, and did not sit where the exercise is done standing.

    Sitting and standing take turns where the height changes; nobody lies then.
    """
    seen = _seen(found, activity_at)
    moving = sum(activity in (Activity.WALKING, Activity.RUNNING, Activity.CYCLING) for activity in seen)
    if moving > DOING_OTHER * len(seen):
        return False
    if signal_of(found.exercise) is Signal.HEIGHT:
        return sum(activity is Activity.LYING for activity in seen) <= DOING_OTHER * len(seen)
    return found.exercise.start is not Position.STANDING or seen.count(Activity.STANDING) >= seen.count(
        Activity.SITTING
    )


def _stands(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> float:
    """Return in which share of its repetitions, 0 to 1, the wearer stood more than sat, though it is done seated."""
    if found.exercise.start is not Position.SEATED or signal_of(found.exercise) is Signal.HEIGHT:
        return 0.0
    seen = _seen(found, activity_at)
    return max(0.0, (seen.count(Activity.STANDING) - seen.count(Activity.SITTING)) / len(seen))


def _seen(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> list[Activity | None]:
    """Return what the wearer did in each repetition, as far as known."""
    return [activity_at(candidate.excursion.peak) for candidate in found.chain]


def _off(value: float, low: float, high: float) -> float:
    """Return how many standard deviations a value is from the middle of a usual range, in e-folds."""
    return (log(value) - 0.5 * (log(low) + log(high))) / (0.25 * log(high / low))
