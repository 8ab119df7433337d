"""Repetitions that a chain has missed: before it, after it, and where its rhythm leaves room for one more.

The first repetition begins, and the last one ends, where the wearer stood still: not quite the home of those in
between. And what is estimated for a while with an error (the direction of up, the height) is another size then.
"""

from __future__ import annotations

from itertools import pairwise
from math import log
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analytics.exercises.candidates import Candidate

__all__ = ["SHORT_S", "with_missed"]

SHORT_S = 0.3
"""Repetitions may overlap for so long, since the path passes home between them."""

ENOUGH = 3
"""A rhythm is known from so many repetitions on."""

LATE = 1.5
"""One repetition follows the other within so many times the usual time between their peaks; else one is missing."""


def with_missed(
    chain: Sequence[Candidate],
    others: Sequence[Candidate],
    is_like: Callable[[Candidate, Candidate, float], bool],
    *,
    in_turns: bool,
) -> list[Candidate]:
    """Return a chain with the repetitions that belong to its rhythm although they did not link.

    Parameters
    ----------
    chain, others
        The chain, first repetition first, and all that was seen in its time and beside it.
    is_like
        Whether a candidate could be a repetition beside one of the chain, given the usual size.
    in_turns
        Whether each repetition goes the other way than the one before.

    """
    if len(chain) < ENOUGH:
        return list(chain)
    usual = median(candidate.size for candidate in chain)
    late_s = LATE * median(after.excursion.peak - before.excursion.peak for before, after in pairwise(chain))
    found = [chain[0]]
    for before, after in pairwise(chain):
        if after.excursion.peak - before.excursion.peak > late_s:
            found += _likest(
                (
                    each
                    for each in others
                    if _follows(before, each)
                    and _follows(each, after)
                    and is_like(each, before, usual)
                    and not (in_turns and (before.goes_with(each) >= 0 or each.goes_with(after) >= 0))
                ),
                usual,
            )
        found.append(after)
    first, last = chain[0], chain[-1]
    earlier = (
        each
        for each in others
        if _follows(each, first)
        and first.excursion.peak - each.excursion.peak < late_s
        and each.begun_from_rest >= first.begun_from_rest
        and is_like(each, first, usual)
    )
    later = (
        each
        for each in others
        if _follows(last, each) and each.excursion.peak - last.excursion.peak < late_s and is_like(each, last, usual)
    )
    return [*_likest(earlier, usual), *found, *_likest(later, usual)]


def _follows(before: Candidate, after: Candidate) -> bool:
    return before.excursion.end < after.excursion.start + SHORT_S and before.excursion.peak < after.excursion.peak


def _likest(candidates: Iterable[Candidate], usual: float) -> list[Candidate]:
    """Return the one whose size is nearest to the usual, if there is any."""
    likest = min(candidates, key=lambda each: abs(log(each.size / usual)), default=None)
    return [] if likest is None else [likest]
