"""Samples from Lumbar's own recordings."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from config.errors import RecordingError
from firmware_bridge.recordings.files import first_bytes
from firmware_bridge.recordings.interleave import interleave, sorted_rows
from firmware_bridge.recordings.parquet_guard import PARQUET_MAGIC
from firmware_bridge.recordings.raw_format import MICROSECONDS
from firmware_bridge.recordings.segments import (
    Segment,
    list_late,
    list_segments,
    read_rows,
    require_same,
    summarise,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from firmware_bridge.recordings.rows import Rows

__all__ = ["RawSource"]


class RawSource:
    """A recording of Lumbar's, also while it is being written, or one file of it.

    Parameters
    ----------
    path
        The recording's folder, or a file in it.

    Raises
    ------
    RecordingError
        The folder is no recording, or a file is damaged.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        summaries = [summarise(part) for part in (*self._segments(), *self._late())]
        formats = [summary.raw_format for summary in summaries if summary.raw_format is not None]
        if not formats:
            raise RecordingError(path, "holds no samples; name a CSV or Parquet file or a recording of Lumbar's")
        for other in formats[1:]:
            require_same(path, formats[0], other)
        self.has_gyro = formats[0].has_gyro
        self.n_samples: int | None = sum(summary.n_samples for summary in summaries)
        times = [summary.last_time_us for summary in summaries if summary.last_time_us is not None]
        self.last_time_s = max(times) / MICROSECONDS if times else None

    def rows(self, *, gyro: bool) -> Iterator[Rows]:
        """Yield all rows in order of time, those that came late included."""
        rows = (piece for part in self._segments() for piece in read_rows(part, gyro=gyro))
        late = groupby(self._late(), key=lambda part: part.number)
        return interleave(rows, (piece for _hour, parts in late for piece in _read_hour(parts, gyro=gyro)))

    def _late(self) -> list[Segment]:
        return list_late(self.path) if self.path.is_dir() else []

    def _segments(self) -> list[Segment]:
        if self.path.is_dir():
            return list_segments(self.path)
        if first_bytes(self.path).startswith(PARQUET_MAGIC):
            return [Segment(1, self.path, self.path)]
        return [Segment(1, self.path, self.path.with_suffix(".parquet"))]


def _read_hour(parts: Iterable[Segment], *, gyro: bool) -> Iterator[Rows]:
    """Yield the late samples of an hour as one piece; its parts overlap."""
    pieces = [piece for part in parts for piece in read_rows(part, gyro=gyro)]
    if pieces:
        yield sorted_rows(pieces)
