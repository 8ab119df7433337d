"""Measures a Parquet file before a library is let loose on it.

The footer of a damaged or crafted file can promise any number of rows, and a page any size once decompressed. Here the
footer and the page headers of the wanted columns are read, without the pages, so that both are known to be true and
small. (pyarrow 26 ends the whole program on some damaged statistics when its column metadata are looked at from
Python, so they are not.)

Format: Apache Parquet, "File Format" and ``parquet.thrift``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from config.errors import RecordingError
from firmware_bridge.recordings.files import reading, regular_file_size
from firmware_bridge.recordings.thrift import IncompleteStructError, StructError, read_struct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["PARQUET_MAGIC", "Footer", "check_pages", "read_footer"]

PARQUET_MAGIC = b"PAR1"
FRAME_BYTES = 12
TAIL_BYTES = 8
LARGEST_FOOTER_BYTES = 1 << 22
LARGEST_PAGE_BYTES = 1 << 27
PAGE_HEADER_BYTES = 512
LONGEST_PAGE_HEADER_BYTES = 1 << 16

# parquet.thrift: field numbers.
FILE_NUM_ROWS, FILE_ROW_GROUPS = 3, 4
GROUP_COLUMNS, GROUP_NUM_ROWS = 1, 3
CHUNK_META_DATA = 3
META_TYPE, META_PATH, META_NUM_VALUES, META_COMPRESSED_SIZE = 1, 3, 5, 7
META_DATA_OFFSET, META_DICTIONARY_OFFSET, META_STATISTICS = 9, 11, 12
STATISTICS_MAX, STATISTICS_MIN = 5, 6
PAGE_UNCOMPRESSED_SIZE, PAGE_COMPRESSED_SIZE, DATA_PAGE, DATA_PAGE_V2 = 2, 3, 5, 8
DATA_PAGE_NUM_VALUES = 1

PHYSICAL_TYPES = {1: "<i", 2: "<q", 4: "<f", 5: "<d"}
"""INT32, INT64, FLOAT and DOUBLE, as `struct` names them."""


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """One column of a row group: where its pages lie, how many values they hold, and the extremes of them if known."""

    name: str
    start: int
    stop: int
    n_values: int
    smallest: float | None
    largest: float | None


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer promises: rows in all, and in each row group its rows and columns."""

    n_rows: int
    n_bytes: int
    groups: tuple[tuple[int, tuple[ColumnChunk, ...]], ...]

    def first_value(self, name: str) -> float | None:
        """Return the smallest value of a column in the first row group, None where the footer does not say."""
        return next((chunk.smallest for _n, chunks in self.groups[:1] for chunk in chunks if chunk.name == name), None)

    def last_value(self, name: str) -> float | None:
        """Return the largest value of a column in the last row group, None where the footer does not say."""
        return next((chunk.largest for _n, chunks in self.groups[-1:] for chunk in chunks if chunk.name == name), None)


def read_footer(path: Path) -> Footer:
    """Read the footer.

    Raises
    ------
    RecordingError
        The file is cut off or damaged.

    """
    size = regular_file_size(path)
    with reading(path), path.open("rb") as file:
        head = file.read(len(PARQUET_MAGIC))
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read(TAIL_BYTES)
        if size < FRAME_BYTES or head != PARQUET_MAGIC or tail[4:] != PARQUET_MAGIC:
            raise RecordingError(path, "the Parquet file is cut off or not yet finished; copy it again")
        (n_bytes,) = struct.unpack("<I", tail[:4])
        if n_bytes > size - FRAME_BYTES:
            raise _damaged(path, "its footer is longer than the file")
        if n_bytes > LARGEST_FOOTER_BYTES:
            raise RecordingError(path, f"a footer of {n_bytes / 1e6:.0f} MB; save it again with fewer row groups")
        file.seek(size - TAIL_BYTES - n_bytes)
        data = file.read(n_bytes)
    try:
        return _parse_footer(data)
    except (StructError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, "its footer cannot be read") from error


def check_pages(path: Path, footer: Footer, names: Collection[str]) -> None:
    """Check that the rows the footer promises are there, and that no page is too large to hold in memory.

    Raises
    ------
    RecordingError
        The footer, the pages and the size of the file disagree.

    """
    pages_end = regular_file_size(path) - TAIL_BYTES - footer.n_bytes
    with reading(path), path.open("rb") as file:
        for n_rows, chunks in footer.groups:
            for chunk in chunks if n_rows else ():
                if chunk.name in names:
                    _check_chunk(path, file, chunk, n_rows, pages_end)
    total = sum(n_rows for n_rows, _chunks in footer.groups)
    if total != footer.n_rows:
        raise _damaged(path, f"{footer.n_rows} rows are promised, but there are {total}")


def _check_chunk(path: Path, file: BinaryIO, chunk: ColumnChunk, n_rows: int, pages_end: int) -> None:
    if not len(PARQUET_MAGIC) <= chunk.start <= chunk.stop <= pages_end:
        raise _damaged(path, "a column lies outside it")
    try:
        found = _count_values(file, chunk)
    except StructError as error:
        raise _damaged(path, f"{chunk.name}: {error}") from error
    if not found == chunk.n_values == n_rows:
        raise _damaged(path, f"{n_rows} rows are promised, but {chunk.name} holds {found}")


def _count_values(file: BinaryIO, chunk: ColumnChunk) -> int:
    """Walk the pages and return how many values they hold."""
    values, start = 0, chunk.start
    while start < chunk.stop and values < chunk.n_values:
        header, header_bytes = _read_page_header(file, start, chunk.stop)
        compressed, uncompressed = header.get(PAGE_COMPRESSED_SIZE), header.get(PAGE_UNCOMPRESSED_SIZE)
        page = header.get(DATA_PAGE) or header.get(DATA_PAGE_V2) or {}
        held = page.get(DATA_PAGE_NUM_VALUES, 0) if isinstance(page, dict) else None
        if not (isinstance(compressed, int) and isinstance(uncompressed, int) and isinstance(held, int)):
            raise StructError("a page header does not say how large the page is")
        if compressed < 0 or start + header_bytes + compressed > chunk.stop:
            raise StructError("a page reaches beyond its column")
        if not 0 <= uncompressed <= LARGEST_PAGE_BYTES:
            raise StructError(f"a page of {uncompressed / 1e6:.0f} MB")
        if held < 0:
            raise StructError("a page of less than no rows")
        start += header_bytes + compressed
        values += held
    return values


def _read_page_header(file: BinaryIO, start: int, stop: int) -> tuple[dict[int, Any], int]:
    for size in (PAGE_HEADER_BYTES, LONGEST_PAGE_HEADER_BYTES):
        file.seek(start)
        data = file.read(min(size, stop - start))
        try:
            return read_struct(data)
        except IncompleteStructError:
            continue
    raise StructError("a page header does not end")


def _parse_footer(data: bytes) -> Footer:
    table, _size = read_struct(data)
    groups = tuple(
        (_count(group[GROUP_NUM_ROWS]), tuple(_parse_chunk(chunk[CHUNK_META_DATA]) for chunk in group[GROUP_COLUMNS]))
        for group in table[FILE_ROW_GROUPS]
    )
    return Footer(_count(table[FILE_NUM_ROWS]), len(data), groups)


def _parse_chunk(meta: Mapping[int, Any]) -> ColumnChunk:
    dictionary = meta.get(META_DICTIONARY_OFFSET)
    data = _count(meta[META_DATA_OFFSET])
    start = data if dictionary is None else min(data, _count(dictionary))
    statistics = meta.get(META_STATISTICS, {})
    layout = PHYSICAL_TYPES.get(meta[META_TYPE])
    return ColumnChunk(
        name=b".".join(meta[META_PATH]).decode("utf-8"),
        start=start,
        stop=start + _count(meta[META_COMPRESSED_SIZE]),
        n_values=_count(meta[META_NUM_VALUES]),
        smallest=_extreme(layout, statistics.get(STATISTICS_MIN)),
        largest=_extreme(layout, statistics.get(STATISTICS_MAX)),
    )


def _extreme(layout: str | None, value: object) -> float | None:
    if layout is None or not isinstance(value, bytes) or len(value) != struct.calcsize(layout):
        return None
    extreme: float = struct.unpack(layout, value)[0]
    return extreme


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _damaged(path: Path, reason: str) -> RecordingError:
    return RecordingError(path, f"the Parquet file is damaged ({reason}); copy it again")
