"""Whether repetitions are enough, and regular enough, to be exercise: everyday movement is neither."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.candidates import Signal, signal_of, takes_turns
from analytics.exercises.found_set import WEIGHTS
from analytics.exercises.regularity import scatter, spread
from config.exercise import Counting, Sides

if TYPE_CHECKING:
    from analytics.exercises.found_set import FoundSet, RecognitionWeights
    from analytics.exercises.records import ExerciseSet
    from config.exercise import Exercise

__all__ = ["has_enough", "is_enough"]

LEAST_COUNT, LEAST_HELD = 4, 2
"""Complete repetitions that a set is told from: one less than a chain must have, for what an end may lose.

Where sides are switched a chain may be one side only, and have half as many; the set, both of them joined, may not.
"""

SHORTEST_PERIOD_S = 0.1


def has_enough(found: FoundSet, weights: RecognitionWeights = WEIGHTS) -> bool:
    """Return whether a finished chain has repetitions enough that are alike enough to be exercise.

    Parameters
    ----------
    found
        The chain, as one of the exercises sees it.
    weights
        What it must show.

    """
    if signal_of(found.exercise) is Signal.STILL:
        return True
    few = weights.few_held if found.is_held(weights) else weights.few
    if found.exercise.counting is Counting.BOTH_WAYS and not _goes_forward_only(found):
        few *= 2
    if found.exercise.sides is Sides.SWITCH or found.exercise.counting is Counting.HOLD:
        few = (few + 1) // 2
    return len(found.chain) >= few and _is_regular(found, weights) and _changes_sides(found, weights)


def _goes_forward_only(found: FoundSet) -> bool:
    """Whether a movement both ways is done from one end of it to the other: only forward, from where it begins.

    Backward only is a press-up.
    """
    return all((candidate.amount or 0.0) > 0.0 for candidate in found.chain)


def _is_regular(found: FoundSet, weights: RecognitionWeights) -> bool:
    """Whether sizes, durations and rhythm hardly vary; where sides alternate, each side is compared with itself."""
    chain = found.chain
    step = found.every
    starts = [candidate.excursion.start for candidate in chain]
    periods = [max(after - before, SHORTEST_PERIOD_S) for before, after in zip(starts, starts[step:], strict=False)]
    sides = [chain[side::step] for side in range(step)]
    sizes = [[each.size for each in side] for side in sides]
    durations = [[each.duration_s for each in side] for side in sides]
    most = weights.scatter * len(chain)
    if found.is_held(weights) and len(chain) >= weights.few_held:
        most = max(most, weights.scatter_held)
    return (
        all(scatter(side) <= weights.size_scatter for side in sizes)
        and all(scatter(side) <= weights.duration_scatter for side in durations)
        and scatter(periods) <= weights.period_scatter
        and max(map(spread, sizes)) + max(map(spread, durations)) + spread(periods) <= most
    )


def _changes_sides(found: FoundSet, weights: RecognitionWeights) -> bool:
    """Whether sides come in an order, where there are any: in turns, one after the other, or one alone."""
    if not takes_turns(found.exercise):
        return True
    both_ways = found.exercise.counting is Counting.BOTH_WAYS
    if both_ways and _goes_forward_only(found):
        return True
    sides = [candidate.side or 0.0 for candidate in found.chain]
    changes = sum(before * after < 0 for before, after in pairwise(sides)) / (len(sides) - 1)
    in_blocks = not both_ways and changes <= weights.in_blocks
    if not in_blocks and changes < weights.in_turns:
        return False
    parts = [abs(side) / candidate.size for side, candidate in zip(sides, found.chain, strict=True)]
    return median(parts) > weights.sided


def is_enough(found: ExerciseSet, exercise: Exercise | None, weights: RecognitionWeights = WEIGHTS) -> bool:
    """Return whether a set still has complete repetitions enough to be told, now that its ends are known.

    Parameters
    ----------
    found
        What is left of a winner.
    exercise
        Its definition; None where it is unknown what is done, which takes as many as if nothing were held.
    weights
        What a definition must show.

    """
    if exercise is None:
        return found.count >= LEAST_COUNT
    if signal_of(exercise) is Signal.STILL:
        return True
    held = median(repetition.hold_s for repetition in found.repetitions) >= weights.long_hold_s
    return found.count >= (LEAST_HELD if held else LEAST_COUNT)
