"""The sample type that all rooms share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["ImuChunk", "concatenate"]


@dataclass(frozen=True, slots=True, eq=False)
class ImuChunk:
    """Consecutive samples of one inertial sensor, in the sensor's own frame and at its own rate.

    Lost samples are missing rows, never invented ones.

    Parameters
    ----------
    time
        Shape (n,), float64: seconds since the Unix epoch, UTC, strictly increasing.
    acc
        Shape (n, 3), float32: specific force in m/s^2 (the axis that points up reads +9.81 at rest).
    gyr
        Shape (n, 3), float32: angular rate in rad/s, right-handed about the axes of `acc`; None for sensors without
        a gyroscope.

    Raises
    ------
    ValueError
        Shapes disagree, a value is not finite, or time does not increase.

    """

    time: NDArray[np.float64]
    acc: NDArray[np.float32]
    gyr: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", np.ascontiguousarray(self.time, dtype=np.float64))
        object.__setattr__(self, "acc", np.ascontiguousarray(self.acc, dtype=np.float32))
        if self.gyr is not None:
            object.__setattr__(self, "gyr", np.ascontiguousarray(self.gyr, dtype=np.float32))
        n = self.time.shape[0]
        for name, value in (("acc", self.acc), ("gyr", self.gyr)):
            if value is None:
                continue
            if value.shape != (n, 3):
                raise ValueError(f"{name} has shape {value.shape}, expected ({n}, 3)")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds values that are not finite")
        if not np.isfinite(self.time).all():
            raise ValueError("time holds values that are not finite")
        if n > 1 and not (np.diff(self.time) > 0).all():
            raise ValueError("time does not increase strictly")

    def __len__(self) -> int:
        """Return the number of samples."""
        return int(self.time.shape[0])

    def rows(self, start: int, stop: int) -> ImuChunk:
        """Return the samples [start, stop) as a chunk of their own."""
        gyr = None if self.gyr is None else self.gyr[start:stop]
        return ImuChunk(self.time[start:stop], self.acc[start:stop], gyr)

    def split(self, seconds: float) -> Iterator[ImuChunk]:
        """Yield the samples in pieces of at most `seconds`, as a live sensor would deliver them."""
        if len(self) == 0:
            return
        cuts = np.searchsorted(self.time, np.arange(self.time[0], self.time[-1] + seconds, seconds))
        edges = [*np.unique(cuts).tolist(), len(self)]
        for start, stop in pairwise(edges):
            if stop > start:
                yield self.rows(start, stop)


def concatenate(chunks: Sequence[ImuChunk]) -> ImuChunk:
    """Join chunks of one sensor, in order of time, into one.

    Raises
    ------
    ValueError
        There is no chunk, chunks overlap, or only some have a gyroscope.

    """
    if not chunks:
        raise ValueError("no chunks to join")
    gyrs = [chunk.gyr for chunk in chunks if chunk.gyr is not None]
    if gyrs and len(gyrs) != len(chunks):
        raise ValueError("some chunks have a gyroscope and some do not")
    return ImuChunk(
        np.concatenate([chunk.time for chunk in chunks]),
        np.concatenate([chunk.acc for chunk in chunks]),
        np.concatenate(gyrs) if gyrs else None,
    )
