"""One-to-one matching of what was found with what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["match_episodes", "match_times"]

TIE_S = 1e-9
"""Of two ways to match that are equally good, the one with more pairs is taken."""


def match_times(truth: NDArray[np.float64], found: NDArray[np.float64], tolerance_s: float) -> NDArray[np.intp]:
    """Match moments found with true intervals (or moments), each with at most one of the other.

    Makes the sum of all distances least, where every one left alone costs half the tolerance. So an event missed at the
    beginning of a walk and one too many at its end do not shift the whole walk by a step, and a larger tolerance never
    gives fewer pairs.

    Parameters
    ----------
    truth
        Shape (n, 2): start and end of each true event in s, in any order; the same twice for a moment.
    found
        Shape (m,): moments found, in s, in any order.
    tolerance_s
        How far before the start or after the end a moment may be.

    Returns
    -------
    array of int
        Shape (k, 2): index into `truth` and into `found` of each pair, in order of the former.

    Raises
    ------
    ValueError
        The tolerance is negative or not a number.

    """
    if not tolerance_s >= 0:
        raise ValueError(f"a tolerance of {tolerance_s} s cannot be")
    pairs = [
        part
        for rows, columns in _neighbourhoods(truth, found, tolerance_s)
        for part in _assign(truth, found, rows, columns, tolerance_s)
    ]
    return _sorted_pairs(pairs)


def match_episodes(truth: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.intp]:
    """Match episodes that share more than half of the longer of the two.

    Neither the true nor the found episodes may overlap among themselves; then no episode can have two partners.

    Parameters
    ----------
    truth, found
        Shape (n, 2) and (m, 2): start and end of each in s.

    Returns
    -------
    array of int
        Shape (k, 2): index into `truth` and into `found` of each pair, in order of the former.

    """
    start = np.maximum(truth[:, np.newaxis, 0], found[np.newaxis, :, 0])
    end = np.minimum(truth[:, np.newaxis, 1], found[np.newaxis, :, 1])
    longer = np.maximum((truth[:, 1] - truth[:, 0])[:, np.newaxis], (found[:, 1] - found[:, 0])[np.newaxis, :])
    return np.argwhere(2 * (end - start) > longer)


def _neighbourhoods(
    truth: NDArray[np.float64], found: NDArray[np.float64], tolerance_s: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the indices of true and found events that may have to do with each other, so that the tables stay small."""
    if len(truth) == 0 or len(found) == 0:
        return
    order = np.argsort(truth[:, 0], kind="stable")
    begin, reach = truth[order, 0] - tolerance_s, np.maximum.accumulate(truth[order, 1] + tolerance_s)
    cuts = np.flatnonzero(begin[1:] > reach[:-1]) + 1
    found_order = np.argsort(found, kind="stable")
    in_order = found[found_order]
    for rows in np.split(np.arange(len(order)), cuts):
        first = np.searchsorted(in_order, begin[rows[0]], side="left")
        last = np.searchsorted(in_order, reach[rows[-1]], side="right")
        if last > first:
            yield order[rows], found_order[first:last]


def _assign(
    truth: NDArray[np.float64],
    found: NDArray[np.float64],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    tolerance_s: float,
) -> list[tuple[int, int]]:
    start, end = truth[rows, 0][:, np.newaxis], truth[rows, 1][:, np.newaxis]
    moment = found[columns][np.newaxis, :]
    distance_s = np.maximum(np.maximum(start - moment, moment - end), 0.0)
    cost = np.where(distance_s <= tolerance_s, distance_s - tolerance_s - TIE_S, 0.0)
    chosen = zip(*(side.tolist() for side in linear_sum_assignment(cost)), strict=True)
    return [(int(rows[row]), int(columns[column])) for row, column in chosen if cost[row, column] < 0]


def _sorted_pairs(pairs: list[tuple[int, int]]) -> NDArray[np.intp]:
    return np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
