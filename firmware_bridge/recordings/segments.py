"""The files of a recording of Lumbar's: numbered segments in a folder, and their rolling from stream to Parquet."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import RecordingError
from firmware_bridge.recordings.durable import sync_folder
from firmware_bridge.recordings.files import reading, writing
from firmware_bridge.recordings.parquet_file import batches, open_parquet
from firmware_bridge.recordings.parquet_guard import check_pages, read_footer
from firmware_bridge.recordings.raw_format import N_WITHOUT_GYRO, TIME_US_COLUMN, RawFormat
from firmware_bridge.recordings.stream_file import read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from firmware_bridge.recordings.rows import Rows

__all__ = [
    "Segment",
    "SegmentSummary",
    "list_segments",
    "read_rows",
    "require_same",
    "roll",
    "segment",
    "summarise",
    "tidy",
]

UNFINISHED_SUFFIX = ".parquet.unfinished"
NAME = re.compile(r"segment-(\d{6,})\.(?:arrows|parquet)")


@dataclass(frozen=True, slots=True)
class Segment:
    """About an hour of a recording: a stream while it is written, Parquet afterwards.

    Parameters
    ----------
    number
        Counts from 1, in order of time.
    stream, rolled
        The file's two possible names. Where both exist the rolled one is complete and holds.

    """

    number: int
    stream: Path
    rolled: Path


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """What is known of a segment without decoding it; no format and no last time where it holds nothing."""

    raw_format: RawFormat | None
    n_samples: int
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


def summarise(part: Segment) -> SegmentSummary:
    """Return format, number of samples and last time of a segment.

    Raises
    ------
    RecordingError
        The file is damaged.

    """
    stream = _stream_of(part)
    if stream is not None:
        raw_format, found = stream
        last = found[-1].column(0)[-1].as_py() if found else None
        return SegmentSummary(raw_format, sum(batch.num_rows for batch in found), last)
    footer = read_footer(part.rolled)
    with open_parquet(part.rolled) as parquet:
        raw_format = RawFormat.from_schema(part.rolled, parquet.schema_arrow)
    check_pages(part.rolled, footer, raw_format.schema.names)
    last = footer.last_value(TIME_US_COLUMN)
    return SegmentSummary(raw_format, footer.n_rows, None if last is None else int(last))


def read_rows(part: Segment, *, gyro: bool) -> Iterator[Rows]:
    """Yield the samples of a segment; without the gyroscope where told.

    Raises
    ------
    RecordingError
        The file is damaged.

    """
    stream = _stream_of(part)
    if stream is not None:
        raw_format, found = stream
        if raw_format is not None and found:
            yield raw_format.decode(pa.concat_batches(found), gyro=gyro)
        return
    with open_parquet(part.rolled) as parquet:
        raw_format = RawFormat.from_schema(part.rolled, parquet.schema_arrow)
        names = raw_format.schema.names if gyro else raw_format.schema.names[:N_WITHOUT_GYRO]
        for batch in batches(part.rolled, parquet, names):
            yield raw_format.decode(batch, gyro=gyro)


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
            _write_parquet(part, raw_format.schema, found)
        part.stream.unlink()
        sync_folder(part.stream.parent)


def _write_parquet(part: Segment, schema: pa.Schema, found: list[pa.RecordBatch]) -> None:
    unfinished = part.rolled.with_suffix(UNFINISHED_SUFFIX)
    try:
        with unfinished.open("wb") as file:
            pq.write_table(
                pa.Table.from_batches(found, schema).combine_chunks(),
                file,
                compression="zstd",
                use_dictionary=False,
                column_encoding=dict.fromkeys(schema.names, "DELTA_BINARY_PACKED"),
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
