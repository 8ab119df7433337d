"""The checks every recording passes before a sample of it is analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from config.errors import RecordingError
from firmware_bridge.recordings.rows import ACC_COLUMNS, GYR_COLUMNS, TIME_COLUMN, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["HEAD_S", "RowCheck", "check_head", "take_head"]

HEAD_S = 300.0
"""How much of a recording is looked at before anything is analysed."""

MINIMUM_S = 1.0
SLOWEST_HZ = 5.0
RATE_TOLERANCE = 0.05
LATEST_TIME_S = 1e11
"""Year 5138: beyond it, times are milliseconds or finer."""

# Body-worn sensors end at 200 g and 4000 deg/s; a bad cell or another unit lies beyond.
LARGEST_ACC_MS2 = 2000.0
LARGEST_GYR_RAD_S = 70.0

# The median of |acc| over minutes is 8.8 to 10.7 m/s^2 in all labelled recordings, exercise and zero offsets included.
MEDIAN_ACC_MS2 = (5.0, 15.0)
MEDIAN_ACC_G = (0.4, 2.5)
MEDIAN_ACC_MG = (400.0, 2500.0)


class RowCheck:
    """Checks rows as they stream by and names the first bad one.

    Parameters
    ----------
    path
        File or folder, for messages.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows_seen = 0
        self._last_time_s = -np.inf

    def check(self, rows: Rows) -> None:
        """Check the rows that follow those seen before.

        Raises
        ------
        RecordingError
            A value is missing or impossible, or time does not increase.

        """
        if len(rows) == 0:
            return
        # A NaN makes minimum and maximum NaN, and every comparison with it false.
        good = (
            _within(rows.time, LATEST_TIME_S)
            and float(rows.time[0]) > self._last_time_s
            and bool((np.diff(rows.time) > 0).all())
            and _within(rows.acc, LARGEST_ACC_MS2)
            and (rows.gyr is None or _within(rows.gyr, LARGEST_GYR_RAD_S))
        )
        if not good:
            raise self._first_fault(rows)
        self._rows_seen += len(rows)
        self._last_time_s = float(rows.time[-1])

    def _first_fault(self, rows: Rows) -> RecordingError:
        before = np.concatenate(([self._last_time_s], rows.time[:-1]))
        faults = [
            *_cell_faults([TIME_COLUMN], rows.time[:, None], LATEST_TIME_S, "s"),
            *_cell_faults(ACC_COLUMNS, rows.acc, LARGEST_ACC_MS2, "m/s^2"),
            *([] if rows.gyr is None else _cell_faults(GYR_COLUMNS, rows.gyr, LARGEST_GYR_RAD_S, "rad/s")),
        ]
        # Rows after a time that is no number say nothing about order.
        backwards = np.flatnonzero(rows.time <= before)
        if backwards.size:
            row = int(backwards[0])
            step = f"{TIME_COLUMN} {rows.time[row]:.6f} after {before[row]:.6f}"
            faults.append((row, f"time does not increase ({step}); sort the rows and drop doubles"))
        row, reason = min(faults, key=lambda fault: fault[0])
        return RecordingError(self._path, reason, self._rows_seen + row + 1)


def _within(values: NDArray[np.floating], limit: float) -> bool:
    return float(values.max()) <= limit and float(values.min()) >= -limit


def _cell_faults(
    names: Sequence[str], values: NDArray[np.floating], limit: float, unit: str
) -> Iterable[tuple[int, str]]:
    for name, column in zip(names, values.T, strict=True):
        bad = np.flatnonzero(~(np.abs(column) <= limit))
        if bad.size:
            yield int(bad[0]), f"{name} {_cell_reason(name, float(column[bad[0]]), limit, unit)}"


def _cell_reason(name: str, value: float, limit: float, unit: str) -> str:
    if np.isnan(value):
        return "is missing or not a number; leave out rows that were not measured"
    if np.isinf(value):
        return "is infinite; leave out rows that were not measured"
    reason = f"is {value:g}, but {limit:g} {unit} is the most that can be"
    if name == TIME_COLUMN:
        return f"{reason}; give the time in seconds, not milliseconds or finer"
    if name in GYR_COLUMNS:
        return f"{reason}; if it is in degrees per second, use --units m/s2,deg/s"
    return f"{reason}; check the units (--units) and the row"


def take_head(batches: Iterable[Rows], seconds: float = HEAD_S) -> Rows | None:
    """Return the rows of the first `seconds`, at least; None if there are none."""
    parts: list[Rows] = []
    for rows in batches:
        if len(rows):
            parts.append(rows)
            if rows.time[-1] - parts[0].time[0] >= seconds:
                break
    if not parts:
        return None
    gyrs = [part.gyr for part in parts if part.gyr is not None]
    return Rows(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate(gyrs) if gyrs else None,
    )


def check_head(path: Path, head: Rows, acceleration_unit: str) -> None:
    """Check length, rate and units over the first minutes.

    Parameters
    ----------
    path
        File or folder, for messages.
    head
        Checked rows from `take_head`.
    acceleration_unit
        The unit the columns were taken to be in, for messages.

    Raises
    ------
    RecordingError
        Too short, too slow, or the acceleration is in another unit.

    """
    n = len(head)
    period_s = float(np.median(np.diff(head.time))) if n > 1 else 0.0
    if period_s * SLOWEST_HZ > 1 + RATE_TOLERANCE:
        raise RecordingError(
            path,
            f"samples are {period_s:g} s apart, but {SLOWEST_HZ:g} per second are needed; {TIME_COLUMN} is in seconds",
        )
    # Holes do not make a recording longer.
    if n * period_s < MINIMUM_S:
        raise RecordingError(
            path,
            f"too short: {n} {'sample' if n == 1 else 'samples'}, at least {MINIMUM_S:g} s are needed; record longer",
        )
    magnitude = float(np.median(np.linalg.norm(head.acc.astype(np.float64), axis=1)))
    if not MEDIAN_ACC_MS2[0] <= magnitude <= MEDIAN_ACC_MS2[1]:
        raise RecordingError(path, _unit_reason(magnitude, acceleration_unit))


def _unit_reason(magnitude: float, unit: str) -> str:
    reason = f"the acceleration is {magnitude:.4g} m/s^2 most of the time instead of about 9.8"
    if unit not in ("m/s2", "m/s^2"):
        return f"{reason}, taken as {unit}; check --units"
    if MEDIAN_ACC_G[0] <= magnitude <= MEDIAN_ACC_G[1]:
        return f"{reason}: looks like g; use --units g,rad/s (or g,deg/s)"
    if MEDIAN_ACC_MG[0] <= magnitude <= MEDIAN_ACC_MG[1]:
        return f"{reason}: looks like mg; use --units mg,rad/s (or mg,deg/s)"
    if magnitude < MEDIAN_ACC_G[0]:
        return f"{reason}: gravity seems to have been removed; export the raw acceleration"
    return f"{reason}: the unit is unknown; convert to m/s^2 or use --units"
