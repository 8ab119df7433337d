"""How regular a series of sizes, durations or periods is."""

from __future__ import annotations

from itertools import pairwise
from math import log, sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["scatter", "spread"]

MOST_WITHOUT_STEPS = 2
"""So few values have hardly a step, which may be small by chance."""


def scatter(values: Sequence[float]) -> float:
    """Return the median deviation of values above 0, in e-folds: blind to a few strange ones."""
    return min(median(deviations) for deviations in _deviations(values))


def spread(values: Sequence[float]) -> float:
    """Return the mean deviation of values above 0, in e-folds."""
    return min(fmean(deviations) for deviations in _deviations(values))


def _deviations(values: Sequence[float]) -> Iterator[list[float]]:
    """Yield how far values are from the median, and how far that would be by their steps from each to the next.

    Who tires slows down or moves less for good: the steps stay small (von Neumann 1941, doi:10.1214/aoms/1177731677).
    """
    logs = [log(value) for value in values]
    middle = median(logs)
    yield [abs(value - middle) for value in logs]
    if len(logs) > MOST_WITHOUT_STEPS:
        yield [abs(after - before) / sqrt(2.0) for before, after in pairwise(logs)]
