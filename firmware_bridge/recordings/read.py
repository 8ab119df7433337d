"""Opens any recording and streams it, in flat memory, as `ImuChunk`."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import RecordingError
from firmware_bridge.recordings.checks import RowCheck, check_head, take_head
from firmware_bridge.recordings.csv_file import CsvSource
from firmware_bridge.recordings.files import first_bytes, reading
from firmware_bridge.recordings.parquet_file import ParquetSource, open_parquet
from firmware_bridge.recordings.parquet_guard import PARQUET_MAGIC, read_footer
from firmware_bridge.recordings.raw_format import FORMAT_KEY
from firmware_bridge.recordings.raw_source import RawSource
from firmware_bridge.recordings.rows import Rows, Source, cut
from firmware_bridge.recordings.stream_file import CONTINUATION
from firmware_bridge.recordings.units import SI_UNITS, Units

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import pyarrow.parquet as pq

    from firmware_bridge.imu import ImuChunk

__all__ = ["Recording", "open_recording"]

CALENDAR_TIME_S = 1e8
"""Times from 1973 on are taken as seconds since the Unix epoch, smaller ones as seconds since the start."""

OTHER_KINDS = {
    b"\x1f\x8b": "gzip: unpack it first",
    b"PK\x03\x04": "a ZIP or Excel file: unpack it or export it as CSV",
    b"ARROW1": "an Arrow or Feather file: save it as Parquet",
    b"\x89HDF": "an HDF5 file: save it as Parquet or CSV",
}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was found good as far as its first minutes tell.

    Parameters
    ----------
    path
        File or folder.
    has_gyro
        Whether there are angular rates.
    start_time_s
        Time of the first sample: seconds since the Unix epoch, as far as the file or the caller knows it.
    n_samples
        Number of samples; None where only reading it all would tell (CSV).
    duration_s
        Seconds from the first to the last sample; None where only reading it all would tell (CSV).

    """

    path: Path
    has_gyro: bool
    start_time_s: float
    n_samples: int | None
    duration_s: float | None
    _source: Source = field(repr=False)
    _shift_s: float = field(repr=False)

    def chunks(self, seconds: float = 60.0, *, gyro: bool = True) -> Iterator[ImuChunk]:
        """Stream the recording from its first sample.

        Parameters
        ----------
        seconds
            Length of a chunk, counted from the first sample; a chunk in which nothing was recorded is left out.
        gyro
            Whether to read the gyroscope; left out, it is not checked either, and reading takes half the time.

        Yields
        ------
        ImuChunk
            Samples in m/s^2 and rad/s.

        Raises
        ------
        RecordingError
            A row is bad; the chunks before it have been given out.
        ValueError
            `seconds` is not positive.

        """
        if not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"a chunk of {seconds} s cannot be")
        return cut(_checked(self._source, self._shift_s, gyro=gyro), seconds)


def open_recording(path: Path | str, units: Units | None = None, start_s: float = 0.0) -> Recording:
    """Open a CSV or Parquet file or one of Lumbar's own recordings, and check its first five minutes.

    Parameters
    ----------
    path
        The file, or the folder of a recording of Lumbar's.
    units
        What the columns of a CSV or Parquet file are in; None means m/s^2 and rad/s.
    start_s
        When the recording began, in seconds since the Unix epoch: added to times that count from the start.

    Raises
    ------
    RecordingError
        The file is missing, damaged, too short, in the wrong units or has bad rows; message with file, row and reason.

    """
    path = Path(path)
    source = _find_source(path, units)
    with closing(_checked(source, start_s, gyro=True)) as batches:
        head = take_head(batches)
    if head is None:
        raise RecordingError(path, "there are no samples in it; record or export it again")
    first_s = float(head.time[0])
    if start_s and first_s - start_s >= CALENDAR_TIME_S:
        raise RecordingError(path, "its times already carry the date; leave the start out (--start)")
    check_head(path, head, (units or SI_UNITS).acceleration)
    last_s = source.last_time_s
    duration_s = None if last_s is None else max(0.0, last_s + start_s - first_s)
    return Recording(path, source.has_gyro, first_s, source.n_samples, duration_s, source, start_s)


def _checked(source: Source, shift_s: float, *, gyro: bool) -> Generator[Rows]:
    check = RowCheck(source.path)
    for rows in source.rows(gyro=gyro):
        moved = rows.later(shift_s) if shift_s else rows
        check.check(moved)
        yield moved


def _find_source(path: Path, units: Units | None) -> Source:
    with reading(path):
        is_folder = path.is_dir()
    if is_folder or _is_raw(path):
        if units is not None:
            raise RecordingError(path, "a recording of Lumbar's knows its own units; leave them out (--units)")
        return RawSource(path)
    start = first_bytes(path)
    if start.startswith(PARQUET_MAGIC) or path.suffix.lower() in (".parquet", ".pq"):
        return ParquetSource(path, units or SI_UNITS)
    for magic, kind in OTHER_KINDS.items():
        if start.startswith(magic):
            raise RecordingError(path, f"this is {kind}")
    return CsvSource(path, units or SI_UNITS)


def _is_raw(path: Path) -> bool:
    start = first_bytes(path)
    if start.startswith(PARQUET_MAGIC):
        read_footer(path)
        with open_parquet(path) as parquet:
            return _has_format(parquet)
    return start.startswith(CONTINUATION)


def _has_format(parquet: pq.ParquetFile) -> bool:
    return FORMAT_KEY in (parquet.schema_arrow.metadata or {})
