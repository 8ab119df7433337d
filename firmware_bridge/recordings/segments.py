"""The files of a recording of Lumbar's, and their rolling from stream to Parquet.

``segment-NNNNNN``
    What was appended: the segments count from 1, each holds about an hour, and each is later than those before it.
``late-HHHHHH-NNN``
    What was inserted afterwards: a part of the samples of the hour ``HHHHHH``, counted in UTC from 1970. An hour has a
    part for each time that it was written to anew. Late samples are never those of a segment or of another part, so
    that all files together, in order of time, are the recording.

A file ends in ``.arrows`` while it is written and in ``.parquet`` afterwards, and is then never touched again.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import RecordingError
from firmware_bridge.recordings.columns import chosen_rows
from firmware_bridge.recordings.durable import sync_folder
from firmware_bridge.recordings.files import reading, writing
from firmware_bridge.recordings.parquet_file import batches, open_parquet
from firmware_bridge.recordings.parquet_guard import check_pages, read_footer
from firmware_bridge.recordings.raw_format import N_WITHOUT_GYRO, TIME_US_COLUMN, RawFormat, times_of
from firmware_bridge.recordings.stream_file import read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from firmware_bridge.recordings.rows import Rows

__all__ = [
    "Segment",
    "SegmentSummary",
    "list_late",
    "list_segments",
    "next_late",
    "read_rows",
    "read_times",
    "require_same",
    "roll",
    "segment",
    "summarise",
    "tidy",
]

UNFINISHED_SUFFIX = ".parquet.unfinished"
NAME = re.compile(r"segment-(\d{6,})\.(?:arrows|parquet)")
LATE_NAME = re.compile(r"late-(\d{6,})-(\d{3,})\.(?:arrows|parquet)")


@dataclass(frozen=True, slots=True)
class Segment:
    """About an hour of a recording, or late samples of one: a stream while it is written, Parquet afterwards.

    Parameters
    ----------
    number
        Counts from 1, in order of time; of late samples their hour since 1970, UTC.
    stream, rolled
        The file's two possible names. Where both exist the rolled one is complete and holds.

    """

    number: int
    stream: Path
    rolled: Path


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """What is known of a segment without decoding it; no format and no times where it holds nothing."""

    raw_format: RawFormat | None
    n_samples: int
    first_time_us: int | None
    last_time_us: int | None


def segment(folder: Path, number: int) -> Segment:
    """Return the names of a segment's files."""
    stem = f"segment-{number:06d}"
    return Segment(number, folder / f"{stem}.arrows", folder / f"{stem}.parquet")


def list_segments(folder: Path) -> list[Segment]:
    """Return the segments of a recording in order of time."""
    with reading(folder):
        names = [NAME.fullmatch(path.name) for path in folder.iterdir()]
    return [segment(folder, number) for number in sorted({int(name[1]) for name in names if name})]


def list_late(folder: Path) -> list[Segment]:
    """Return the parts of late samples by hour; those of one hour overlap in time."""
    return [_late_part(folder, hour, part) for hour, part in _late_numbers(folder)]


def next_late(folder: Path, hour: int) -> Segment:
    """Return the names of a new part for late samples of an hour."""
    used = [part for number, part in _late_numbers(folder) if number == hour]
    return _late_part(folder, hour, max(used, default=0) + 1)


def _late_numbers(folder: Path) -> list[tuple[int, int]]:
    with reading(folder):
        names = [LATE_NAME.fullmatch(path.name) for path in folder.iterdir()]
    return sorted({(int(name[1]), int(name[2])) for name in names if name})


def _late_part(folder: Path, hour: int, part: int) -> Segment:
    stem = f"late-{hour:06d}-{part:03d}"
    return Segment(hour, folder / f"{stem}.arrows", folder / f"{stem}.parquet")


def summarise(part: Segment) -> SegmentSummary:
    """Return format, number of samples, first and last time of a segment.

    Raises
    ------
    RecordingError
        The file is damaged.

    """
    stream = _stream_of(part)
    if stream is not None:
        raw_format, found = stream
        begun = min((int(times_of(batch)[0]) for batch in found), default=None)
        ended = max((int(times_of(batch)[-1]) for batch in found), default=None)
        return SegmentSummary(raw_format, sum(batch.num_rows for batch in found), begun, ended)
    footer = read_footer(part.rolled)
    with open_parquet(part.rolled) as parquet:
        raw_format = RawFormat.from_schema(part.rolled, parquet.schema_arrow)
    check_pages(part.rolled, footer, raw_format.schema.names)
    first, last = footer.first_value(TIME_US_COLUMN), footer.last_value(TIME_US_COLUMN)
    return SegmentSummary(
        raw_format, footer.n_rows, None if first is None else int(first), None if last is None else int(last)
    )


def read_rows(part: Segment, *, gyro: bool) -> Iterator[Rows]:
    """Yield the samples of a segment in order of time; without the gyroscope where told.

    Raises
    ------
    RecordingError
        The file is damaged.

    """
    stream = _stream_of(part)
    if stream is not None:
        raw_format, found = stream
        if raw_format is not None and found:
            yield raw_format.decode(_in_order(found), gyro=gyro)
        return
    with open_parquet(part.rolled) as parquet:
        raw_format = RawFormat.from_schema(part.rolled, parquet.schema_arrow)
        names = raw_format.schema.names if gyro else raw_format.schema.names[:N_WITHOUT_GYRO]
        for batch in batches(part.rolled, parquet, names):
            yield raw_format.decode(batch, gyro=gyro)


def read_times(part: Segment) -> NDArray[np.int64]:
    """Return the times of the samples of a segment in order, microseconds.

    Raises
    ------
    RecordingError
        The file is damaged.

    """
    stream = _stream_of(part)
    if stream is not None:
        return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *map(times_of, stream[1])]), kind="stable")
    with open_parquet(part.rolled) as parquet:
        RawFormat.from_schema(part.rolled, parquet.schema_arrow)
        return np.concatenate([times_of(batch) for batch in batches(part.rolled, parquet, [TIME_US_COLUMN])])


def _in_order(found: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return batches as one in order of time, which those of late samples need not be in."""
    batch = pa.concat_batches(found)
    times = times_of(batch)
    if (np.diff(times) > 0).all():
        return batch
    return chosen_rows(batch, np.argsort(times, kind="stable"))


def _stream_of(part: Segment) -> tuple[RawFormat | None, list[pa.RecordBatch]] | None:
    """Return what the stream holds; None where the segment is rolled."""
    if part.rolled.exists():
        return None
    try:
        return read_stream(part.stream)
    except FileNotFoundError:
        return None  # the program that writes the recording has rolled it this moment


def tidy(folder: Path) -> None:
    """Remove what an interrupted rolling left half written."""
    with writing(folder):
        for path in folder.glob(f"*{UNFINISHED_SUFFIX}"):
            path.unlink()


def roll(part: Segment) -> None:
    """Turn a finished stream into Parquet, such that a crash at any point loses and doubles nothing.

    Raises
    ------
    RecordingError
        The stream is damaged, or the disk refuses; the stream is then kept.

    """
    raw_format, found = (None, []) if part.rolled.exists() else read_stream(part.stream)
    with writing(part.stream):
        if raw_format is not None and found:
            _write_parquet(part, _in_order(found))
        part.stream.unlink()
        sync_folder(part.stream.parent)


def _write_parquet(part: Segment, batch: pa.RecordBatch) -> None:
    unfinished = part.rolled.with_suffix(UNFINISHED_SUFFIX)
    try:
        with unfinished.open("wb") as file:
            pq.write_table(
                pa.Table.from_batches([batch]),
                file,
                compression="zstd",
                use_dictionary=False,
                column_encoding=dict.fromkeys(batch.schema.names, "DELTA_BINARY_PACKED"),
                write_page_checksum=True,
            )
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(part.rolled)
    sync_folder(part.rolled.parent)


def require_same(path: Path, first: RawFormat, other: RawFormat) -> None:
    """Check that two segments come from one sensor.

    Raises
    ------
    RecordingError
        They do not.

    """
    if (first.device, first.has_gyro) != (other.device, other.has_gyro):
        raise RecordingError(
            path, f"recorded with {first.device!r}, not with {other.device!r}; each sensor needs a recording of its own"
        )
