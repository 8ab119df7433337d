"""The columns of a table: which ones it must have, and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from config.errors import RecordingError
from firmware_bridge.recordings.rows import ACC_COLUMNS, GYR_COLUMNS, TIME_COLUMN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["array_of", "chosen_rows", "column_values", "find_gyro"]

NAMES_SHOWN = 12


def find_gyro(path: Path, names: Sequence[str]) -> bool:
    """Check that a table has the sample columns, and return whether it has a gyroscope's.

    Raises
    ------
    RecordingError
        A column is missing or there twice.

    """
    has_gyro = any(name in names for name in GYR_COLUMNS)
    wanted = (TIME_COLUMN, *ACC_COLUMNS, *(GYR_COLUMNS if has_gyro else ()))
    for name in wanted:
        if name not in names:
            shown = ", ".join(name[:40] for name in names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
            raise RecordingError(
                path, f"the column {name} is missing (found: {shown}); name the columns {', '.join(wanted)}"
            )
        if names.count(name) > 1:
            raise RecordingError(path, f"the column {name} is there twice; remove one")
    return has_gyro


def array_of(values: NDArray[Any]) -> pa.Array:
    """Return an array of numbers as a column."""
    # `pyarrow.array` imports pandas on its first call, half a second that plain numbers do not need.
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def chosen_rows(batch: pa.RecordBatch, rows: NDArray[np.bool_] | NDArray[np.int64]) -> pa.RecordBatch:
    """Return some rows of a batch of numbers: a mask, or their numbers in the order wanted."""
    return pa.record_batch([array_of(column_values(column)[rows]) for column in batch.columns], schema=batch.schema)


def column_values(column: pa.Array) -> NDArray[Any]:
    """Return a number column as an array; missing values are NaN."""
    values: NDArray[Any]
    # `to_numpy` imports pandas on its first call, half a second that sound columns do not need.
    values = column.to_numpy(zero_copy_only=False) if column.null_count else np.from_dlpack(column)
    return values
