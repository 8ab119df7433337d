"""Samples from a Parquet file, read batch by batch however large its row groups are."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import RecordingError
from firmware_bridge.recordings.columns import column_values, find_gyro
from firmware_bridge.recordings.files import reading, regular_file_size
from firmware_bridge.recordings.parquet_guard import LARGEST_FOOTER_BYTES, check_pages, read_footer
from firmware_bridge.recordings.rows import TIME_COLUMN, Rows, sample_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from firmware_bridge.recordings.units import Units

__all__ = ["ParquetSource", "batches", "open_parquet"]

BATCH_ROWS = 1 << 16
BUFFER_BYTES = 1 << 20


@contextmanager
def open_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file whose footer has been read; all errors of reading become a `RecordingError`."""
    # No list or text in the footer has more elements than the file has bytes.
    limit = min(regular_file_size(path), LARGEST_FOOTER_BYTES)
    with (
        reading(path),
        pq.ParquetFile(
            path,
            buffer_size=BUFFER_BYTES,
            pre_buffer=False,
            thrift_string_size_limit=limit,
            thrift_container_size_limit=limit,
            page_checksum_verification=True,
        ) as parquet,
    ):
        yield parquet
    # Arrow keeps what it has freed for the next file, several times what a batch takes; others need it now.
    pa.default_memory_pool().release_unused()


def batches(path: Path, parquet: pq.ParquetFile, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield the wanted columns, a few minutes at a time.

    Raises
    ------
    RecordingError
        Fewer rows came than the footer promised.

    """
    rows = 0
    for batch in parquet.iter_batches(BATCH_ROWS, columns=list(names), use_threads=False):
        rows += batch.num_rows
        yield batch
    if rows != parquet.metadata.num_rows:
        raise RecordingError(path, f"the Parquet file is damaged (it ends after row {rows}); copy it again")


class ParquetSource:
    """A Parquet file with the columns of `sample_columns` as numbers.

    Parameters
    ----------
    path
        The file.
    units
        What its columns are in.

    Raises
    ------
    RecordingError
        The file is damaged, or its columns are not as they must be.

    """

    def __init__(self, path: Path, units: Units) -> None:
        self.path = path
        self._units = units
        footer = read_footer(path)
        with open_parquet(path) as parquet:
            schema = parquet.schema_arrow
            self.has_gyro = find_gyro(path, schema.names)
            self._names = sample_columns(has_gyro=self.has_gyro)
            for name in self._names:
                _require_number(path, name, schema.field(name).type)
        check_pages(path, footer, self._names)
        self.n_samples: int | None = footer.n_rows
        last = footer.last_value(TIME_COLUMN)
        self.last_time_s = last if last is not None and math.isfinite(last) else None

    def rows(self, *, gyro: bool) -> Iterator[Rows]:
        """Yield all rows; a missing value is NaN."""
        names = self._names if gyro else sample_columns(has_gyro=False)
        with open_parquet(self.path) as parquet:
            for batch in batches(self.path, parquet, names):
                columns = [column_values(batch.column(name)) for name in names]
                yield Rows.from_columns(columns, self._units.acc_factor, self._units.gyr_factor)


def _require_number(path: Path, name: str, kind: pa.DataType) -> None:
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        what = "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)
        hint = "give seconds as a number" if name == TIME_COLUMN else "save it as numbers"
        raise RecordingError(path, f"the column {name} holds {what}, not numbers; {hint}")
