"""What every kind of file gives: rows of samples in SI units, not yet checked."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from firmware_bridge.imu import ImuChunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ACC_COLUMNS", "GYR_COLUMNS", "TIME_COLUMN", "Rows", "Source", "cut", "sample_columns"]

TIME_COLUMN = "time_s"
ACC_COLUMNS = ("acc_x", "acc_y", "acc_z")
GYR_COLUMNS = ("gyr_x", "gyr_y", "gyr_z")


def sample_columns(*, has_gyro: bool) -> tuple[str, ...]:
    """Return the columns that hold samples: time, acceleration and, where there is one, the gyroscope's."""
    return (TIME_COLUMN, *ACC_COLUMNS, *GYR_COLUMNS) if has_gyro else (TIME_COLUMN, *ACC_COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Consecutive samples as they stand in a file: SI units, any value.

    Parameters
    ----------
    time
        Shape (n,), float64: seconds.
    acc
        Shape (n, 3), float32: m/s^2.
    gyr
        Shape (n, 3), float32: rad/s; None without a gyroscope.

    """

    time: NDArray[np.float64]
    acc: NDArray[np.float32]
    gyr: NDArray[np.float32] | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.time.shape[0])

    def part(self, start: int, stop: int) -> Rows:
        """Return the rows [start, stop)."""
        return Rows(self.time[start:stop], self.acc[start:stop], None if self.gyr is None else self.gyr[start:stop])

    def later(self, seconds: float) -> Rows:
        """Return the same rows, moved in time."""
        return Rows(self.time + seconds, self.acc, self.gyr)

    @classmethod
    def from_columns(cls, columns: Sequence[NDArray[Any]], acc_factor: float = 1.0, gyr_factor: float = 1.0) -> Rows:
        """Build rows from the columns in the order of `sample_columns`."""
        acc = _vectors(columns[1:4], acc_factor)
        gyr = _vectors(columns[4:7], gyr_factor) if len(columns) > len(ACC_COLUMNS) + 1 else None
        return cls(np.asarray(columns[0], dtype=np.float64), acc, gyr)


def _vectors(columns: Sequence[NDArray[Any]], factor: float) -> NDArray[np.float32]:
    vectors = np.empty((columns[0].shape[0], 3), dtype=np.float32)
    # A value too large for float32 becomes infinite, and the check that follows names it.
    with np.errstate(over="ignore"):
        for axis, column in enumerate(columns):
            vectors[:, axis] = column if factor == 1.0 else column * np.float64(factor)
    return vectors


class Source(Protocol):
    """One kind of file or folder that holds samples."""

    @property
    def path(self) -> Path:
        """File or folder, for messages."""

    @property
    def has_gyro(self) -> bool:
        """Whether there are angular rates."""

    @property
    def n_samples(self) -> int | None:
        """Number of samples, where it is known without reading them."""

    @property
    def last_time_s(self) -> float | None:
        """Time of the last sample, where it is known without reading all."""

    def rows(self, *, gyro: bool) -> Iterator[Rows]:
        """Yield all rows from the first on, a few seconds to minutes at a time; without the gyroscope where told."""


def cut(batches: Iterable[Rows], seconds: float) -> Iterator[ImuChunk]:
    """Yield checked rows as chunks of `seconds`, counted from the first sample."""
    held: list[Rows] = []
    origin: float | None = None
    for rows in batches:
        if len(rows) == 0:
            continue
        if origin is None:
            origin = float(rows.time[0])
        span_of = partial(_span, origin=origin, seconds=seconds)
        edges = _edges(rows.time, span_of)
        if held and span_of(held[-1].time[-1]) != span_of(rows.time[0]):
            yield _join(held)
            held = []
        for start, stop in pairwise(edges[:-1]):
            yield _join([*held, rows.part(start, stop)])
            held = []
        held.append(rows.part(edges[-2], edges[-1]))
    if held:
        yield _join(held)


def _span(time: float, *, origin: float, seconds: float) -> float:
    return (time - origin) // seconds


def _edges(time: NDArray[np.float64], span_of: Callable[[float], float]) -> list[int]:
    """Return the rows with which another span begins, and the end; times rise, so a few looks find each of them."""
    edges = [0]
    while edges[-1] < len(time):
        edges.append(bisect_right(time, span_of(time[edges[-1]]), lo=edges[-1], key=span_of))
    return edges


def _join(parts: Sequence[Rows]) -> ImuChunk:
    if len(parts) == 1:
        return ImuChunk(parts[0].time, parts[0].acc, parts[0].gyr)
    gyrs = [part.gyr for part in parts if part.gyr is not None]
    return ImuChunk(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate(gyrs) if gyrs else None,
    )
