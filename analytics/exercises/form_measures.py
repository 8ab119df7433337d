"""What is measured of a set, whichever exercise it is: range, tempo, hold, steadiness and sides."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from analytics.exercises.records import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.records import Repetition

__all__ = [
    "SideBalance",
    "complete_ones",
    "mean_range",
    "median_hold_s",
    "median_repetition_s",
    "median_unsteadiness_deg",
    "range_of",
    "repetition_s",
    "side_balance",
]

ENOUGH_FOR_SHARE = 4
"""Repetitions of which a share is worth saying."""

ENOUGH_A_SIDE = 3
"""Repetitions of each side before their ranges are compared."""


@dataclass(frozen=True, slots=True)
class SideBalance:
    """Left against right, over the complete repetitions whose side is known.

    Parameters
    ----------
    left_n, right_n
        How many.
    left_share
        Left ones among them, 0 to 1; None for fewer than four.
    left_to_right
        Median range to the left by that to the right; None for fewer than three on either side.

    """

    left_n: int
    right_n: int
    left_share: float | None
    left_to_right: float | None


def complete_ones(repetitions: Sequence[Repetition]) -> list[Repetition]:
    """Return the complete repetitions, in order."""
    return [repetition for repetition in repetitions if repetition.complete]


def range_of(repetition: Repetition) -> float | None:
    """Return the range in degrees, or in cm for a rise."""
    return repetition.range_deg if repetition.range_cm is None else repetition.range_cm


def repetition_s(repetition: Repetition) -> float:
    """Return how long a repetition takes, with its hold."""
    return repetition.end - repetition.start


def mean_range(repetitions: Sequence[Repetition]) -> tuple[float | None, float | None]:
    """Return the mean range of the complete repetitions in degrees and in cm, each None where there is none."""
    complete = complete_ones(repetitions)
    turns_deg = [repetition.range_deg for repetition in complete if repetition.range_deg is not None]
    rises_cm = [repetition.range_cm for repetition in complete if repetition.range_cm is not None]
    return (fmean(turns_deg) if turns_deg else None), (fmean(rises_cm) if rises_cm else None)


def median_repetition_s(repetitions: Sequence[Repetition]) -> float | None:
    """Return how long the complete repetitions take, with their hold; None without any."""
    return _median([repetition_s(repetition) for repetition in complete_ones(repetitions)])


def median_hold_s(repetitions: Sequence[Repetition]) -> float | None:
    """Return how long the complete repetitions are held; None without any, 0 where they are not held."""
    return _median([repetition.hold_s for repetition in complete_ones(repetitions)])


def median_unsteadiness_deg(repetitions: Sequence[Repetition]) -> float | None:
    """Return how far the lower back strays in the holds; None without any."""
    strayed_deg = [repetition.unsteadiness_deg for repetition in complete_ones(repetitions)]
    return _median([each_deg for each_deg in strayed_deg if each_deg is not None])


def side_balance(repetitions: Sequence[Repetition]) -> SideBalance | None:
    """Return left against right; None where no side is known. The order of the repetitions does not matter."""
    left, right = (
        [repetition for repetition in complete_ones(repetitions) if repetition.side is side] for side in Side
    )
    sided_n = len(left) + len(right)
    if sided_n == 0:
        return None
    return SideBalance(
        left_n=len(left),
        right_n=len(right),
        left_share=len(left) / sided_n if sided_n >= ENOUGH_FOR_SHARE else None,
        left_to_right=_ratio(left, right),
    )


def _ratio(left: Sequence[Repetition], right: Sequence[Repetition]) -> float | None:
    ranges = [[extent for one in side if (extent := range_of(one)) is not None] for side in (left, right)]
    if min(map(len, ranges)) < ENOUGH_A_SIDE:
        return None
    left_range, right_range = map(median, ranges)
    return left_range / right_range if left_range > 0 and right_range > 0 else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
