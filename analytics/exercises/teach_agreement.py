"""How well shown repetitions agree with one another: by which of all explanations of a movement the best is chosen."""

from __future__ import annotations

from itertools import pairwise
from math import log
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.finder import PARAMETERS
from config.exercise import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.teach_manners import Outcome

__all__ = ["agreement", "are_alike"]

UNLIKE, UNLIKE_DURATION = 2.0, 3.0
"""Sizes, and durations, that differ by more than this factor are not one exercise."""

SIZES, DURATIONS, RHYTHM, WHOLE = 1.0, 1.0, 2.0, 1.0
LARGE, RISES, TWO_WAYS, LATE, SHARED = 0.3, 2.0, 1.5, 0.5, 4.0
"""Weights of the signs of `agreement`, set by hand on the development data; most of them may be halved or doubled."""


def are_alike(shown: Outcome) -> bool:
    """Whether the repetitions may be one exercise at all."""
    sizes, lengths_s = shown.sizes, shown.lengths_s
    return max(sizes) <= UNLIKE * min(sizes) and max(lengths_s) <= UNLIKE_DURATION * min(lengths_s)


def agreement(shown: Outcome, time: tuple[float, float] | None) -> float:
    """Return how well repetitions agree and fill the time in which they were shown; only differences mean anything.

    Sizes and durations alike, far points at even intervals, from the beginning to the end without overlap, large
    against rest. A change of height is the plainest sign: the trunk tilts twice with it, going down and coming up.
    Going two ways takes more to be believed.

    Parameters
    ----------
    shown
        The repetitions.
    time
        When the first begins and the last ends, as well as known; None where it is not known.

    """
    its, manner = shown.repetitions, shown.manner
    gaps_s = [after.peak - before.peak for before, after in pairwise(its)]
    overlap_s = sum(max(0.0, before.end - after.start) for before, after in pairwise(its))
    return (
        LARGE * log(median(shown.sizes) / PARAMETERS[manner.signal].out)
        - SIZES * _unlike(shown.sizes)
        - DURATIONS * _unlike(shown.lengths_s)
        - RHYTHM * (_unlike(gaps_s) if gaps_s else 0.0)
        - (0.0 if time is None else _unfilled(shown, *time))
        - SHARED * overlap_s / sum(shown.lengths_s)
        + (RISES if manner.axis is Axis.RISE else 0.0)
        - (TWO_WAYS if manner.goes_two_ways else 0.0)
    )


def _unfilled(shown: Outcome, start: float, end: float) -> float:
    """Return how badly the repetitions fill the time in which they were shown."""
    its = shown.repetitions
    part = (its[-1].end - its[0].start) / (end - start)
    return WHOLE * abs(log(part)) + LATE * max(0.0, its[0].start - start) * len(its) / (end - start)


def _unlike(values: Sequence[float]) -> float:
    """Return by how many e-folds values differ."""
    return log(max(values) / min(values))
