"""All seconds so far, kept so that a week of them takes no more memory than it must."""

from __future__ import annotations

from math import prod
from mmap import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from posture.seconds import SecondFeatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SecondsLog"]

ROOM = 4
"""A log of seconds that is full moves to room for so many times as many."""


class SecondsLog:
    """All seconds so far, in arrays with room for more, so that a week is not held twice, however it comes.

    Parameters
    ----------
    seconds
        Those to begin with.

    """

    def __init__(self, seconds: SecondFeatures | None = None) -> None:
        self._columns: dict[str, NDArray[Any]] = {}
        self._has_gyr = False
        self._n = 0
        if seconds is not None:
            self.append(seconds)

    def __len__(self) -> int:
        """Return the number of seconds."""
        return self._n

    @property
    def end(self) -> float:
        """Return the end of the last second, in seconds since the Unix epoch."""
        return float(self._columns["second"][self._n - 1] + 1)

    def append(self, features: SecondFeatures) -> None:
        """Take in seconds that come after all others."""
        if len(features) == 0:
            return
        start, self._n, self._has_gyr = self._n, self._n + len(features), features.has_gyr
        for name, fresh in features.columns.items():
            column = self._columns.get(name, fresh[:0])
            if len(column) < self._n:
                column = self._columns[name] = _with_room(column[:start], ROOM * self._n)
            column[start : self._n] = fresh

    def take_off(self, offset_ms2: NDArray[np.float64]) -> float:
        """Rid all seconds so far of an offset of the accelerometer, shape (3,); return how much of it is up now."""
        with_offset = self.joined()
        self._columns = with_offset.without_offset(offset_ms2).columns
        return float(with_offset.up[-1] @ offset_ms2)

    def joined(self) -> SecondFeatures:
        """Return all seconds; those to come leave what has been returned as it is.

        Raises
        ------
        ValueError
            There are none yet.

        """
        if not self._n:
            raise ValueError("there are no seconds yet")
        arrays = {name: column[: self._n] for name, column in self._columns.items()}
        return SecondFeatures(**arrays, has_gyr=self._has_gyr)


def _with_room(column: NDArray[Any], room: int) -> NDArray[Any]:
    """Return a column in an array for so many rows, in pages of its own.

    Pages that are not written to take no memory, and those of the column before go back to the system. In the heap
    columns that grow leave holes too small for the next, as much again as the seconds take.
    """
    shape = (room, *column.shape[1:])
    larger = np.frombuffer(mmap(-1, prod(shape) * column.itemsize), column.dtype).reshape(shape)
    larger[: len(column)] = column
    return larger
