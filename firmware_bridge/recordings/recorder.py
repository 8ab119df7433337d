"""Writes Lumbar's own recordings, so that a crash at any moment loses at most the last second.

Samples that come late, from a log that the sensor kept while nobody was connected, are inserted: they go to files of
their own beside the hours they belong to, which readers put in order of time. Nothing that was written before is
touched for them, and once `Recorder.insert` returns no crash loses them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from config.errors import RecordingError
from firmware_bridge.recordings.columns import chosen_rows
from firmware_bridge.recordings.durable import LOCK_NAME, FolderLock
from firmware_bridge.recordings.files import writing
from firmware_bridge.recordings.late_writer import LateWriter
from firmware_bridge.recordings.raw_format import MICROSECONDS, RawFormat, times_of
from firmware_bridge.recordings.recorded_times import HoleRule, RecordedTimes
from firmware_bridge.recordings.segments import (
    SegmentSummary,
    list_late,
    list_segments,
    require_same,
    roll,
    segment,
    summarise,
    tidy,
)
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
        self._number = 0
        self._times = RecordedTimes(folder)
        self._late = LateWriter(folder)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _require_recording(folder)
            self._lock: FolderLock | None = FolderLock(folder)
        try:
            self._last_us = self._continue()
        except BaseException:
            self._lock.release()
            raise

    @property
    def end_time_s(self) -> float | None:
        """Time of the last sample, in seconds since the Unix epoch; None in an empty recording."""
        last_us = self._times.last_us if self._pending is None else max(self._times.last_us, self._last_us)
        return None if last_us < 0 else last_us / MICROSECONDS

    def gaps(self, start_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
        """Return the stretches of [start_s, end_s) longer than 1 s for which there are no samples.

        Parameters
        ----------
        start_s, end_s
            Seconds since the Unix epoch.

        Returns
        -------
        tuple of (float, float)
            Start and end of each stretch, in order: the times of the samples around it, or `start_s` and `end_s`.

        Raises
        ------
        RecordingError
            A file of the recording is damaged, or the disk refuses what waits to be written.
        ValueError
            The recorder is closed.

        """
        self._require_open()
        self._write_pending()
        stretches = self._times.gaps(round(start_s * MICROSECONDS), round(end_s * MICROSECONDS))
        return tuple((start_us / MICROSECONDS, end_us / MICROSECONDS) for start_us, end_us in stretches)

    def append(self, chunk: ImuChunk) -> None:
        """Add samples. On return all but the last incomplete second of what was ever added is on the disk.

        Those that were inserted before as late samples are left out, by the rule of `insert`.

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
        times = times_of(batch)
        if times[0] <= self._last_us or not (np.diff(times) > 0).all():
            raise RecordingError(
                self._folder, "the samples are not later than those before; check the computer's clock"
            )
        batch = self._without_late(batch)
        self._last_us = int(times[-1])
        if batch.num_rows:
            self._pending = batch if self._pending is None else pa.concat_batches([self._pending, batch])
            self._write(self._whole_seconds())

    def sync(self) -> None:
        """Put the last incomplete second on the disk, too.

        Raises
        ------
        RecordingError
            The disk refuses; the samples are then written with the next ones.
        ValueError
            The recorder is closed.

        """
        self._require_open()
        self._write_pending()

    def insert(self, chunk: ImuChunk, rate_hz: float | None = None) -> int:
        """Put samples that come late where they belong in time. On return they are on the disk, all of them.

        They only fill holes: one that lies between two recorded samples less than one and a half intervals apart, or
        within half an interval of a recorded one, is that sample come twice and is left out (`recorded_times` says it
        exactly). They may be of any time: of hours long finished, of hours without a file, from before the first
        sample or after the last. After an error they may be inserted again; none is then doubled.

        Parameters
        ----------
        chunk
            Late samples.
        rate_hz
            Their nominal rate, where it is not the recording's. A coarser log fills holes as coarsely as it is.

        Returns
        -------
        int
            How many samples were new.

        Raises
        ------
        RecordingError
            The samples do not fit the recording, none is kept: one of a sensor with a gyroscope takes none without.
            Or the disk refuses; some may then be kept.
        ValueError
            The recorder is closed, or the rate is not positive.

        """
        self._require_open()
        late_format = self._format if rate_hz is None else replace(self._format, rate_hz=rate_hz)
        if len(chunk) == 0:
            return 0
        if chunk.gyr is None and self._format.has_gyro:
            raise RecordingError(
                self._folder,
                "the sensor's log has no gyroscope, the recording has; set the sensor to log it too, or put the log "
                "into a recording of its own",
            )
        batch = late_format.encode(self._folder, chunk)
        times = times_of(batch)
        if times[0] < 0 or not (np.diff(times) > 0).all():
            raise RecordingError(self._folder, "the late samples have impossible times; check the sensor's clock")
        rule = HoleRule(self._format.rate_hz, late_format.rate_hz)
        if self._pending is not None and times[-1] + rule.reach_us >= times_of(self._pending)[0]:
            self._write_pending()  # a late sample must not give way to one that a crash would lose
        missing = rule.missing(times, self._times.between(*_around(times, rule)))
        n_new = int(missing.sum())
        if n_new:
            for hour, rows in self._late.write(chosen_rows(batch, missing)):
                self._times.add_late(hour, times_of(rows))
        return n_new

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
            self._write_pending()
            self._finish_segment()
        finally:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
            self._late.close()
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
        """Roll what an earlier run left behind, and return the time of the last sample it appended."""
        last_us = -1
        tidy(self._folder)
        for part in list_segments(self._folder):
            summary = summarise(part)
            self._require_same(summary)
            if summary.first_time_us is not None and summary.last_time_us is not None:
                last_us = summary.last_time_us
                self._times.add_span(part.number, summary.first_time_us, last_us)
        for part in list_late(self._folder):
            summary = summarise(part)
            self._require_same(summary)
            if summary.last_time_us is not None:
                self._times.add_late_span(part.number, summary.last_time_us)
        self._roll_streams()
        return last_us

    def _require_same(self, summary: SegmentSummary) -> None:
        if summary.raw_format is not None:
            require_same(self._folder, summary.raw_format, self._format)

    def _roll_streams(self) -> None:
        for part in (*list_segments(self._folder), *list_late(self._folder)):
            if part.stream.exists():
                roll(part)

    def _without_late(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Leave out samples that have come late before they came live."""
        times = times_of(batch)
        rule = HoleRule(self._format.rate_hz, self._format.rate_hz)
        if times[0] - rule.reach_us > self._times.late_last_us:
            return batch
        recorded = self._times.between(*_around(times, rule))
        if self._pending is not None:
            recorded = np.sort(np.concatenate([recorded, times_of(self._pending)]), kind="stable")
        missing = rule.missing(times, recorded)
        return batch if missing.all() else chosen_rows(batch, missing)

    def _write_pending(self) -> None:
        if self._pending is not None:
            self._write(self._pending.num_rows)

    def _whole_seconds(self) -> int:
        """Return how many pending rows make up whole seconds."""
        times = times_of(self._pending)
        seconds = (times - times[0]) // BATCH_US
        period_us = MICROSECONDS / self._format.rate_hz
        last_starts = int(np.searchsorted(seconds, seconds[-1]))
        is_whole = times[-1] + period_us >= times[last_starts] + BATCH_US
        return len(times) if is_whole else last_starts

    def _write(self, stop: int) -> None:
        """Write the first `stop` pending rows, each second as a batch."""
        while stop and self._pending is not None:
            times = times_of(self._pending)[:stop]
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
            self._times.add(self._number, times[:written])
            self._pending = self._pending.slice(written) if written < self._pending.num_rows else None
            stop -= written

    def _stream_for(self, time_us: int) -> StreamFile:
        if self._stream is not None and time_us >= self._stream_end_us:
            self._finish_segment()
        if self._stream is None:
            parts = list_segments(self._folder)
            self._number = parts[-1].number + 1 if parts else 1
            path = segment(self._folder, self._number).stream
            with writing(path):
                self._stream = StreamFile(path, self._format.schema)
            self._stream_end_us = time_us + SEGMENT_US
        return self._stream

    def _finish_segment(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._late.close()
        self._roll_streams()


def _require_recording(folder: Path) -> None:
    """Keep recordings out of folders that hold something else."""
    others = [path.name for path in folder.iterdir() if path.name != LOCK_NAME]
    if others and not list_segments(folder) and not list_late(folder):
        raise RecordingError(folder, f"holds other files ({min(others)}, ...); name a new folder")


def _around(times: NDArray[np.int64], rule: HoleRule) -> tuple[int, int]:
    """Return from when to when recorded samples matter to these."""
    return int(times[0]) - rule.reach_us, int(times[-1]) + rule.reach_us + 1


def _batch_starts(times: NDArray[np.int64]) -> list[int]:
    """Return where each second starts, and the end."""
    seconds = (times - times[0]) // BATCH_US
    return [0, *(np.flatnonzero(np.diff(seconds)) + 1).tolist(), len(times)]
