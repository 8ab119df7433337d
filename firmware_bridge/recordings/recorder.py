"""Writes Lumbar's own recordings, so that a crash at any moment loses at most the last second."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from config.errors import RecordingError
from firmware_bridge.recordings.columns import column_values
from firmware_bridge.recordings.durable import LOCK_NAME, FolderLock
from firmware_bridge.recordings.files import writing
from firmware_bridge.recordings.raw_format import MICROSECONDS, RawFormat
from firmware_bridge.recordings.segments import list_segments, require_same, roll, segment, summarise, tidy
from firmware_bridge.recordings.stream_file import StreamFile

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from firmware_bridge.imu import ImuChunk

__all__ = ["Recorder"]

BATCH_US = MICROSECONDS
SYNC_BATCHES = 60
SEGMENT_US = 3600 * MICROSECONDS


class Recorder:
    """Appends samples to a recording: a folder with one segment for each hour.

    The current hour is an Arrow stream, flushed to the disk each second; a finished hour becomes a Parquet file. A
    folder that holds a recording already is continued. Use it as a context manager, or call `close`.

    Parameters
    ----------
    folder
        Folder of the recording; made if it is not there.
    device
        Name of the sensor, kept with the samples.
    rate_hz
        The sensor's nominal rate.
    acc_resolution_ms2
        Acceleration of one count of the sensor: its range in m/s^2 divided by 32768 where it has 16 bits.
    gyr_resolution_rad_s
        Angular rate of one count; None for a sensor without a gyroscope.

    Raises
    ------
    RecordingError
        The folder cannot be written, is in use, holds something else, another sensor's recording or a damaged file.
    ValueError
        The rate or a resolution is not positive.

    """

    def __init__(
        self,
        folder: Path,
        device: str,
        rate_hz: float,
        acc_resolution_ms2: float,
        gyr_resolution_rad_s: float | None = None,
    ) -> None:
        self._folder = folder
        self._format = RawFormat(device, rate_hz, acc_resolution_ms2, gyr_resolution_rad_s)
        self._pending: pa.RecordBatch | None = None
        self._stream: StreamFile | None = None
        self._stream_end_us = 0
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _require_recording(folder)
            self._lock: FolderLock | None = FolderLock(folder)
        try:
            self._last_us = self._continue()
        except BaseException:
            self._lock.release()
            raise

    def append(self, chunk: ImuChunk) -> None:
        """Add samples. On return all but the last incomplete second of what was ever added is on the disk.

        Raises
        ------
        RecordingError
            The samples do not fit the recording; they are left out. Or the disk refuses; they are then kept in memory
            and written with the next samples, so do not add them again.
        ValueError
            The recorder is closed.

        """
        self._require_open()
        if len(chunk) == 0:
            return
        batch = self._format.encode(self._folder, chunk)
        times = _times(batch)
        if times[0] <= self._last_us or not (np.diff(times) > 0).all():
            raise RecordingError(
                self._folder, "the samples are not later than those before; check the computer's clock"
            )
        self._pending = batch if self._pending is None else pa.concat_batches([self._pending, batch])
        self._last_us = int(times[-1])
        self._write(self._whole_seconds())

    def close(self) -> None:
        """Write what is left and turn the last hour into Parquet; harmless if called again.

        Raises
        ------
        RecordingError
            The disk refuses; what was on it is safe.

        """
        if self._lock is None:
            return
        try:
            if self._pending is not None:
                self._write(self._pending.num_rows)
            self._finish_segment()
        finally:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        self._require_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if self._lock is None:
            raise ValueError("the recorder is closed")

    def _continue(self) -> int:
        """Roll what an earlier run left behind, and return the time of its last sample."""
        last_us = -1
        tidy(self._folder)
        for part in list_segments(self._folder):
            summary = summarise(part)
            if summary.raw_format is not None:
                require_same(self._folder, summary.raw_format, self._format)
            if summary.last_time_us is not None:
                last_us = summary.last_time_us
        self._roll_streams()
        return last_us

    def _roll_streams(self) -> None:
        for part in list_segments(self._folder):
            if part.stream.exists():
                roll(part)

    def _whole_seconds(self) -> int:
        """Return how many pending rows make up whole seconds."""
        times = _times(self._pending)
        seconds = (times - times[0]) // BATCH_US
        period_us = MICROSECONDS / self._format.rate_hz
        last_starts = int(np.searchsorted(seconds, seconds[-1]))
        is_whole = times[-1] + period_us >= times[last_starts] + BATCH_US
        return len(times) if is_whole else last_starts

    def _write(self, stop: int) -> None:
        """Write the first `stop` pending rows, each second as a batch."""
        while stop and self._pending is not None:
            times = _times(self._pending)[:stop]
            stream = self._stream_for(int(times[0]))
            starts = _batch_starts(times[: int(np.searchsorted(times, self._stream_end_us))])
            edges = starts[: SYNC_BATCHES + 1]
            batches = [self._pending.slice(begin, end - begin) for begin, end in pairwise(edges)]
            try:
                with writing(stream.path):
                    stream.write(batches)
            except RecordingError:
                self._stream = None
                raise
            written = edges[-1]
            self._pending = self._pending.slice(written) if written < self._pending.num_rows else None
            stop -= written

    def _stream_for(self, time_us: int) -> StreamFile:
        if self._stream is not None and time_us >= self._stream_end_us:
            self._finish_segment()
        if self._stream is None:
            parts = list_segments(self._folder)
            path = segment(self._folder, parts[-1].number + 1 if parts else 1).stream
            with writing(path):
                self._stream = StreamFile(path, self._format.schema)
            self._stream_end_us = time_us + SEGMENT_US
        return self._stream

    def _finish_segment(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._roll_streams()


def _require_recording(folder: Path) -> None:
    """Keep recordings out of folders that hold something else."""
    others = [path.name for path in folder.iterdir() if path.name != LOCK_NAME]
    if others and not list_segments(folder):
        raise RecordingError(folder, f"holds other files ({min(others)}, ...); name a new folder")


def _times(batch: pa.RecordBatch) -> NDArray[np.int64]:
    times: NDArray[np.int64] = column_values(batch.column(0))
    return times


def _batch_starts(times: NDArray[np.int64]) -> list[int]:
    """Return where each second starts, and the end."""
    seconds = (times - times[0]) // BATCH_US
    return [0, *(np.flatnonzero(np.diff(seconds)) + 1).tolist(), len(times)]
