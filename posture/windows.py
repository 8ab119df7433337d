"""So many seconds looked at together, around each second: the same to the last bit however the seconds are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["HOUR_S", "Piece", "added", "largest_around", "pieces", "windows", "within"]

HOUR_S = 3600

STEEPNESS = 4
"""Beyond a limit a thing counts less with this power, so that it makes no more difference once at twice the limit."""


class Piece(NamedTuple):
    """Rows [start, stop) of a long recording, and [first, last) with those around them that they depend on."""

    first: int
    start: int
    stop: int
    last: int


def pieces(n: int, length: int, before: int, after: int) -> Iterator[Piece]:
    """Yield n rows so many at a time, with so many around them: what is made of a week needs no more memory, then.

    Parameters
    ----------
    n
        Rows in all.
    length
        Rows of a piece.
    before, after
        Rows around it, as far as there are any.

    """
    for start in range(0, n, length):
        stop = min(start + length, n)
        yield Piece(max(start - before, 0), start, stop, min(stop + after, n))


def windows(values: NDArray[np.float64], n: int) -> list[NDArray[np.float64]]:
    """Return the first, second ... n-th value of every n in a row; of shape (m - n + 1, ...) each for m values."""
    count = len(values) - n + 1
    return [values[first : first + count] for first in range(n)]


def added(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the sum, added up one by one."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def largest_around(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return for each second the largest value of the windows of n with it in them, from one for each window.

    Parameters
    ----------
    values
        Shape (m - n + 1,), none below 0.
    n
        Seconds in a window.

    Returns
    -------
    ndarray
        Shape (m,).

    """
    around = np.pad(values, n - 1)
    largest = maximum_filter1d(around, n, origin=-(n // 2), mode="constant")
    return np.asarray(largest[: len(values) + n - 1])


def within(value: NDArray[np.float64], limit: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return 1 within the limit, and less the further beyond it."""
    return np.asarray(np.minimum(1.0, (limit / np.maximum(value, 1e-9)) ** STEEPNESS))
