"""Where in a recording the guided calibration was done: ``SECTIONS.csv``."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from typing import TYPE_CHECKING

from config.calibration import CalibrationSection, SectionName
from config.errors import CalibrationError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_sections"]

COLUMNS = ("start_s", "end_s", "section")
LARGEST_FILE_BYTES = 1 << 20


def read_sections(path: Path) -> tuple[CalibrationSection, ...]:
    """Read a sections file: CSV with the columns ``start_s,end_s,section``.

    Returns
    -------
    tuple of CalibrationSection
        In order of time, in seconds from the first sample of the recording.

    Raises
    ------
    CalibrationError
        The file is missing or unreadable, has no rows, a row is wrong, or sections overlap; message with file and row.

    """
    lines = _read_text(path).splitlines()
    rows = [line for line in csv.reader(lines, skipinitialspace=True) if any(cell.strip() for cell in line)]
    header = tuple(name.strip() for name in rows[0]) if rows else ()
    if not set(COLUMNS) <= set(header):
        found = ", ".join(header)[:200] or "nothing"
        raise CalibrationError(f"{path}: the first line must name the columns {','.join(COLUMNS)} (found: {found})")
    places = [header.index(name) for name in COLUMNS]
    sections = []
    for number, cells in enumerate(rows[1:], start=1):
        if len(cells) != len(header):
            raise CalibrationError(f"{path}, row {number}: {len(cells)} values for {len(header)} columns")
        sections.append(_parse(f"{path}, row {number}", *(cells[place].strip() for place in places)))
    if not sections:
        raise CalibrationError(f"{path}: there are no sections in it; write one row for each movement")
    sections.sort(key=lambda section: section.start)
    for before, after in pairwise(sections):
        if after.start < before.end:
            raise CalibrationError(
                f"{path}: {after.name} starts at {after.start:g} s, before {before.name} ends at {before.end:g} s; "
                "sections must not overlap"
            )
    return tuple(sections)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise CalibrationError(f"{path}: there is no such file; check the name") from error
    except OSError as error:
        raise CalibrationError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > LARGEST_FILE_BYTES or b"\0" in data:
        raise CalibrationError(f"{path}: this is no list of calibration sections; name a CSV file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalibrationError(f"{path}: this is not UTF-8 text; save it as UTF-8 CSV") from error


def _parse(place: str, start: str, end: str, name: str) -> CalibrationSection:
    times = []
    for column, cell in (("start_s", start), ("end_s", end)):
        try:
            times.append(float(cell))
        except ValueError as error:
            raise CalibrationError(f"{place}: {column} is {cell[:40]!r}, not a number of seconds") from error
    if not (math.isfinite(times[0]) and math.isfinite(times[1]) and 0 <= times[0] < times[1]):
        raise CalibrationError(f"{place}: a section from {start} to {end} s cannot be; the end comes after the start")
    if name not in list(SectionName):
        raise CalibrationError(f"{place}: no section is called {name[:40]!r}; use one of {', '.join(SectionName)}")
    return CalibrationSection(SectionName(name), times[0], times[1])
