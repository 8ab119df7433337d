"""The current hour of a recording: an Arrow IPC stream that may end anywhere.

Each batch holds at most a second and carries the CRC-32 of its columns. A program killed while writing leaves an
incomplete batch at the end, which was never acknowledged and is left out. Damage with whole batches behind it is no
such end, and is an error.

Format: Apache Arrow, "IPC Streaming Format".
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from typing import TYPE_CHECKING

import pyarrow as pa

from config.errors import RecordingError
from firmware_bridge.recordings.columns import column_values
from firmware_bridge.recordings.durable import sync_data, sync_folder, write_all
from firmware_bridge.recordings.files import reading
from firmware_bridge.recordings.raw_format import RawFormat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["CONTINUATION", "StreamFile", "read_stream"]

BINARY = getattr(os, "O_BINARY", 0)
"""Windows would otherwise write two bytes for a line feed."""

CONTINUATION = b"\xff\xff\xff\xff"
CHECKSUM_KEY = b"lumbar.crc32"
LARGEST_STREAM_BYTES = 1 << 29
LARGEST_TORN_BYTES = 1 << 20
LONGEST_METADATA_BYTES = 1 << 14
PREFIX = struct.Struct("<4si")
PREFIX_BYTES = PREFIX.size


class StreamFile:
    """A stream being written. After an error of writing it ends with what was on the disk before.

    Parameters
    ----------
    path
        File to create.
    schema
        Columns of the batches.

    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._schema = schema
        self._bytes_safe = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o644)
        try:
            sync_folder(path.parent)
        except OSError:
            self._abandon()
            raise

    def write(self, batches: Sequence[pa.RecordBatch]) -> None:
        """Append batches and return once they are on the disk.

        Raises
        ------
        OSError
            Nothing was appended; the file is closed.

        """
        header = b"" if self._bytes_safe else self._schema.serialize().to_pybytes()
        data = header + b"".join(_encode(batch) for batch in batches)
        try:
            write_all(self._descriptor, data)
            sync_data(self._descriptor)
        except OSError:
            self._abandon()
            raise
        self._bytes_safe += len(data)

    def close(self) -> None:
        """Close the file; what was written stays."""
        os.close(self._descriptor)

    def _abandon(self) -> None:
        # Where even shortening fails, the reader leaves the incomplete end out.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._bytes_safe)
        os.close(self._descriptor)
        if not self._bytes_safe:
            with contextlib.suppress(OSError):
                self.path.unlink()


def _encode(batch: pa.RecordBatch) -> bytes:
    """Return the batch as one message of the stream."""
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    writer = pa.ipc.new_stream(sink, batch.schema, options=options)
    writer.write_batch(batch, custom_metadata={CHECKSUM_KEY: str(_checksum(batch))})
    return sink.getvalue()[batch.schema.serialize().size :]


def _checksum(batch: pa.RecordBatch) -> int:
    checksum = 0
    for column in batch.columns:
        checksum = zlib.crc32(column_values(column).data, checksum)
    return checksum


def read_stream(path: Path) -> tuple[RawFormat | None, list[pa.RecordBatch]]:
    """Return the format (None where nothing was ever written) and all whole batches of a stream.

    Raises
    ------
    FileNotFoundError
        There is no such file (any more).
    RecordingError
        The file cannot be read or is damaged before its end.

    """
    data = _read(path)
    if _never_begun(data):
        return None, []
    source = pa.BufferReader(data)
    with reading(path):
        stream = _open(source)
    raw_format = RawFormat.from_schema(path, stream.schema)
    start = source.tell()
    batches: list[pa.RecordBatch] = []
    while (batch := _next_batch(stream)) is not None:
        batches.append(batch)
        start = source.tell()
    _require_torn_end(path, data[start:], stream.schema, start)
    return raw_format, batches


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_STREAM_BYTES:
            raise RecordingError(path, f"{size / 1e6:.0f} MB is more than an hour of samples; move the file away")
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        with reading(path):
            raise error from None


def _never_begun(data: bytes) -> bool:
    """Whether the file ends within the very first message, or the disk never got its bytes."""
    if len(data) < PREFIX_BYTES or not data.strip(b"\0"):
        return True
    return len(data) - PREFIX_BYTES < _message_bytes(data, 0)


def _message_bytes(data: bytes, place: int) -> int:
    """Return the length of the metadata of the message that starts at `place`; 0 where none can start."""
    if len(data) - place < PREFIX_BYTES:
        return 0
    marker, size = PREFIX.unpack_from(data, place)
    return int(size) if marker == CONTINUATION and 0 < size <= LONGEST_METADATA_BYTES else 0


def _open(source: pa.BufferReader) -> pa.RecordBatchReader:
    # The batches are so small that handing their columns to threads takes longer than reading them.
    return pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(use_threads=False))


def _next_batch(stream: pa.RecordBatchReader) -> pa.RecordBatch | None:
    """Return the next batch, None where there is no whole one."""
    try:
        batch, metadata = stream.read_next_batch_with_custom_metadata()
        batch.validate()
    except (pa.ArrowException, OSError, EOFError, StopIteration):
        return None
    if metadata is None or metadata.get(CHECKSUM_KEY) != str(_checksum(batch)).encode():
        return None
    return batch


def _require_torn_end(path: Path, rest: bytes, schema: pa.Schema, start: int) -> None:
    """Check that what follows the last whole batch is the torn end of the file: short, and without a whole batch."""
    header = schema.serialize().to_pybytes()
    torn = len(rest) <= LARGEST_TORN_BYTES
    place = rest.find(CONTINUATION, 1)
    while torn and place >= 0:
        if _message_bytes(rest, place):
            torn = _next_batch(_open(pa.BufferReader(header + rest[place:]))) is None
        place = rest.find(CONTINUATION, place + 1)
    if not torn:
        raise RecordingError(path, f"damaged at byte {start}; move this file away to read the rest of the recording")
