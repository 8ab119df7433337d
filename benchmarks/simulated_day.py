"""Writes a recording of a simulated wearer (`firmware_bridge.virtual`) as Parquet: hours at a desk, 6 axes at 100 Hz.

Run as ``python benchmarks/simulated_day.py HOURS FILE``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from firmware_bridge.recordings.rows import sample_columns
from firmware_bridge.virtual import SimulatedWearer, desk_day

if TYPE_CHECKING:
    from firmware_bridge.virtual import Scene

__all__ = ["write_day"]

SEED = 1
DAY_H = 24.0
SHORTEST_H = 0.25
ROW_GROUP_S = 600.0
COLUMNS = sample_columns(has_gyro=True)
SCHEMA = pa.schema([(COLUMNS[0], pa.float64()), *((name, pa.float32()) for name in COLUMNS[1:])])


def write_day(hours: float, path: Path) -> None:
    """Write a desk day, or several days one after the other, to `path`.

    Parameters
    ----------
    hours
        Length, 0.25 or more; changes of posture come on top, some minutes a day.
    path
        The Parquet file.

    """
    wearer = SimulatedWearer(_script(hours), SEED)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for chunk in wearer.chunks(ROW_GROUP_S):
            columns = [chunk.time, *chunk.acc.T, *(chunk.gyr.T if chunk.gyr is not None else ())]
            writer.write_table(pa.table([np.ascontiguousarray(column) for column in columns], schema=SCHEMA))


def _script(hours: float) -> tuple[Scene, ...]:
    scenes: list[Scene] = []
    left_h, day = hours, SEED
    while left_h >= SHORTEST_H or not scenes:
        scenes += desk_day(day, min(left_h, DAY_H))
        left_h, day = left_h - DAY_H, day + 1
    return tuple(scenes)


if __name__ == "__main__":
    write_day(float(sys.argv[1]), Path(sys.argv[2]))
