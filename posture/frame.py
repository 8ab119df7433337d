"""The currency between `posture` and `analytics`: samples on the 50 Hz grid with orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GRID_HZ", "N_AXES", "FineSegment", "GridSegment", "PostureFrame"]

N_AXES = 3

GRID_HZ = 50
"""Rate of the analysis grid. Grid row k is at k / 50 s since the Unix epoch, whatever the sensor's own rate."""


@dataclass(frozen=True, slots=True, eq=False)
class FineSegment:
    """Consecutive grid rows, each cut into `per_row` equal cells, for the orientation filter.

    Parameters
    ----------
    start_index
        Grid index of the first row. Its cells fill the 20 ms around the row's time.
    restarts
        True where the rows before are missing (start of the recording, or a gap of more than 1 s): filters restart.
    per_row
        Cells in each row.
    acc
        Shape (n * per_row, 3), float64: mean specific force of each cell in m/s^2, sensor frame.
    gyr
        Shape (n * per_row, 3), float64: mean angular rate in rad/s; None for sensors without a gyroscope.

    """

    start_index: int
    restarts: bool
    per_row: int
    acc: NDArray[np.float64]
    gyr: NDArray[np.float64] | None

    def __len__(self) -> int:
        """Return the number of grid rows."""
        return int(self.acc.shape[0]) // self.per_row

    @property
    def stop_index(self) -> int:
        """Grid index after the last row."""
        return self.start_index + len(self)

    def cut_at(self, index: int) -> list[FineSegment]:
        """Return the rows before a grid index and those from it on, as one or two segments."""
        n = index - self.start_index
        if not 0 < n < len(self):
            return [self]
        cells = n * self.per_row
        gyr_before, gyr_after = (None, None) if self.gyr is None else (self.gyr[:cells], self.gyr[cells:])
        return [
            FineSegment(self.start_index, self.restarts, self.per_row, self.acc[:cells], gyr_before),
            FineSegment(index, restarts=False, per_row=self.per_row, acc=self.acc[cells:], gyr=gyr_after),
        ]

    def rows(self) -> GridSegment:
        """Return the mean over each row's cells."""
        gyr = None if self.gyr is None else self._row_means(self.gyr)
        return GridSegment(self.start_index, self.restarts, self._row_means(self.acc), gyr)

    def _row_means(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        # `mean` over an axis of two takes three times as long.
        total = cells[:: self.per_row].copy()
        for cell in range(1, self.per_row):
            total += cells[cell :: self.per_row]
        total /= self.per_row
        return total


@dataclass(frozen=True, slots=True, eq=False)
class GridSegment:
    """Consecutive rows of the 50 Hz grid without a hole, in the sensor frame.

    Parameters
    ----------
    start_index
        Grid index of the first row; row i is at ``(start_index + i) / GRID_HZ`` seconds since the Unix epoch.
    restarts
        True where the rows before are missing (start of the recording, or a gap of more than 1 s): filters restart.
    acc
        Shape (n, 3), float64: specific force in m/s^2.
    gyr
        Shape (n, 3), float64: angular rate in rad/s; None for sensors without a gyroscope.

    """

    start_index: int
    restarts: bool
    acc: NDArray[np.float64]
    gyr: NDArray[np.float64] | None

    def __len__(self) -> int:
        """Return the number of grid rows."""
        return int(self.acc.shape[0])

    @property
    def stop_index(self) -> int:
        """Grid index after the last row."""
        return self.start_index + len(self)

    @property
    def time(self) -> NDArray[np.float64]:
        """Shape (n,): seconds since the Unix epoch."""
        return np.arange(self.start_index, self.stop_index, dtype=np.float64) / GRID_HZ


@dataclass(frozen=True, slots=True, eq=False)
class PostureFrame:
    """A `GridSegment` with its orientation: all that later stages need of the samples.

    Parameters
    ----------
    segment
        The samples, sensor frame.
    quat
        Shape (n, 4), w x y z: rotation sensor -> world (z up, heading from the start of the segment, drifting).
    up
        Shape (n, 3): unit vector that points up, in the sensor frame.
    vertical
        Shape (n,): acceleration along up without gravity, in m/s^2 (upwards > 0).

    """

    segment: GridSegment
    quat: NDArray[np.float64]
    up: NDArray[np.float64]
    vertical: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of grid rows."""
        return len(self.segment)
