"""Samples from a CSV file, read block by block."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.csv as arrow_csv

from config.errors import RecordingError
from firmware_bridge.recordings.columns import column_values, find_gyro
from firmware_bridge.recordings.files import reading
from firmware_bridge.recordings.rows import Rows, sample_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from firmware_bridge.recordings.units import Units

__all__ = ["CsvSource"]

BLOCK_BYTES = 1 << 22
HEADER_BYTES = 1 << 16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
EMPTY_CELLS = frozenset(("", "nan", "NaN", "NULL", "null", "NA", "N/A", "n/a", "#N/A"))


class CsvSource:
    """A CSV file with a header line that names the columns; commas between values, points in numbers, UTF-8.

    Parameters
    ----------
    path
        The file.
    units
        What its columns are in.

    Raises
    ------
    RecordingError
        The header is not as it must be.

    """

    n_samples: int | None = None
    last_time_s: float | None = None

    def __init__(self, path: Path, units: Units) -> None:
        self.path = path
        self._units = units
        with reading(path), path.open("rb") as file:
            start = file.read(HEADER_BYTES)
        header, self._body_offset = _header(path, start)
        self._names = _column_names(path, header)
        self.has_gyro = find_gyro(path, self._names)

    def rows(self, *, gyro: bool) -> Iterator[Rows]:
        """Yield all rows; a cell that is no number is an error, an empty one is NaN."""
        wanted = sample_columns(has_gyro=self.has_gyro and gyro)
        rows_before = 0
        with reading(self.path), self.path.open("rb") as file:
            file.seek(self._body_offset)
            for block in _blocks(self.path, file):
                rows = self._parse(block, rows_before, wanted)
                rows_before += len(rows)
                yield rows

    def _parse(self, block: bytes, rows_before: int, wanted: Sequence[str]) -> Rows:
        names = [name if name in wanted else f"ignored {place}" for place, name in enumerate(self._names)]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(block),
                read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.float64()),
                    include_columns=list(wanted),
                    null_values=list(EMPTY_CELLS),
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._first_fault(block, rows_before) from error
        columns = [column_values(table.column(name).combine_chunks()) for name in wanted]
        return Rows.from_columns(columns, self._units.acc_factor, self._units.gyr_factor)

    def _first_fault(self, block: bytes, rows_before: int) -> RecordingError:
        """Find the row that the fast reader refused, and say what is wrong with it."""
        wanted = sample_columns(has_gyro=self.has_gyro)
        places = {name: self._names.index(name) for name in wanted}
        row = rows_before
        for line in block.decode("utf-8", errors="replace").split("\n"):
            if not line.strip():
                continue
            row += 1
            cells = _cells(line)
            if len(cells) != len(self._names):
                return RecordingError(self.path, _count_reason(len(cells), len(self._names)), row)
            for name, place in places.items():
                if not _is_number(cells[place]):
                    return RecordingError(self.path, _text_reason(name, cells[place]), row)
        reason = f"not readable as CSV between here and row {row}; look for stray quotation marks"
        return RecordingError(self.path, reason, rows_before + 1)


def _header(path: Path, start: bytes) -> tuple[str, int]:
    """Return the header line and the offset of the byte after it."""
    if start.startswith(UTF_16_MARKS):
        raise RecordingError(path, "the text is UTF-16; save it as UTF-8 CSV")
    if b"\0" in start:
        raise RecordingError(path, "this is neither CSV nor Parquet, nor a recording of Lumbar's; name another file")
    line, newline, _rest = start.partition(b"\n")
    if not newline and len(start) == HEADER_BYTES:
        raise RecordingError(path, "the first line does not end; a CSV file starts with a line of column names")
    try:
        header = line.removeprefix(BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordingError(path, "the first line is not UTF-8 text; save the file as UTF-8 CSV") from error
    return header, len(line) + len(newline)


def _column_names(path: Path, header: str) -> list[str]:
    names = [name.strip() for name in _cells(header)]
    if names and all(_is_number(name) for name in names):
        raise RecordingError(path, "the first line holds numbers; it must name the columns (time_s,acc_x,...)")
    for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if "," not in header and separator in header:
            raise RecordingError(
                path, f"the columns are separated by {word}; use commas, and points within the numbers"
            )
    return names


def _blocks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of the file in blocks of whole lines."""
    rest = b""
    while data := file.read(BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if end:
            yield rest + data[:end]
            rest = data[end:]
        else:
            rest += data
            if len(rest) > BLOCK_BYTES:
                raise RecordingError(path, "a line does not end; a CSV file has one line for each sample")
    if rest:
        yield rest


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return line.split(",")


def _is_number(cell: str) -> bool:
    if cell in EMPTY_CELLS:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _text_reason(name: str, cell: str) -> str:
    hint = "write numbers with a point" if cell.count(",") == 1 else "leave out rows that were not measured"
    return f"{name} is {cell[:40]!r}, not a number; {hint}"


def _count_reason(found: int, expected: int) -> str:
    if found > expected:
        return f"{found} values for {expected} columns; separate by commas and write numbers with points"
    return f"{found} values for {expected} columns; is the file cut off?"
