"""Writes samples that come late into files of their own, by hour, so that what was recorded before is never touched."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from config.errors import RecordingError
from firmware_bridge.recordings.files import writing
from firmware_bridge.recordings.raw_format import times_of
from firmware_bridge.recordings.recorded_times import HOUR_US
from firmware_bridge.recordings.segments import next_late, roll
from firmware_bridge.recordings.stream_file import StreamFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from firmware_bridge.recordings.segments import Segment

__all__ = ["LateWriter"]

BATCH_ROWS = 4096
"""A batch that a crash tears must stay far below what a reader takes for a torn end (1 MB)."""


class LateWriter:
    """Appends late samples to a stream for their hour; when another hour follows, the one before becomes Parquet.

    Parameters
    ----------
    folder
        Folder of the recording.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part: Segment | None = None
        self._stream: StreamFile | None = None
        self._schema: pa.Schema | None = None

    def write(self, batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Write samples, and yield the hour and the rows of each piece once it is on the disk.

        Raises
        ------
        RecordingError
            The disk refuses; the pieces that were given out are safe.

        """
        hours = times_of(batch) // HOUR_US
        edges = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), batch.num_rows]
        for start, stop in pairwise(edges):
            rows, hour = batch.slice(start, stop - start), int(hours[start])
            stream = self._stream_for(hour, batch.schema)
            try:
                with writing(stream.path):
                    stream.write([rows.slice(begin, BATCH_ROWS) for begin in range(0, rows.num_rows, BATCH_ROWS)])
            except RecordingError:
                self._stream = None
                raise
            yield hour, rows

    def close(self) -> None:
        """Close the stream; what was written stays."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _stream_for(self, hour: int, schema: pa.Schema) -> StreamFile:
        same = self._part is not None and self._part.number == hour
        if self._stream is None or not same or not schema.equals(self._schema, check_metadata=True):
            self._finish()
            part = next_late(self._folder, hour)
            with writing(part.stream):
                self._stream = StreamFile(part.stream, schema)
            self._part, self._schema = part, schema
        return self._stream

    def _finish(self) -> None:
        """Turn the stream that was written last into Parquet, unless the recorder has done so."""
        self.close()
        part, self._part = self._part, None
        if part is not None and part.stream.exists():
            roll(part)
