"""How Lumbar writes samples: whole microseconds and the sensor's own counts, in Arrow tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from config.errors import RecordingError
from firmware_bridge.recordings.columns import array_of, column_values
from firmware_bridge.recordings.rows import ACC_COLUMNS, GYR_COLUMNS, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from firmware_bridge.imu import ImuChunk

__all__ = ["FORMAT_KEY", "MICROSECONDS", "N_WITHOUT_GYRO", "TIME_US_COLUMN", "RawFormat", "times_of"]

FORMAT_KEY = b"lumbar.format"
FORMAT_NAME = b"lumbar.recording/1"
TIME_US_COLUMN = "time_us"
MICROSECONDS = 1_000_000
COUNTS = np.iinfo(np.int16)
N_WITHOUT_GYRO = 1 + len(ACC_COLUMNS)
"""Columns before those of the gyroscope: time and acceleration."""


@dataclass(frozen=True, slots=True)
class RawFormat:
    """What the counts of a recording mean; kept in the metadata of each of its files.

    Time is int64, microseconds since the Unix epoch, UTC: within 1 us of the time given. Values are int16 counts.

    Parameters
    ----------
    device
        Name of the sensor.
    rate_hz
        Nominal rate.
    acc_resolution_ms2
        Acceleration of one count.
    gyr_resolution_rad_s
        Angular rate of one count; None for sensors without a gyroscope.

    """

    device: str
    rate_hz: float
    acc_resolution_ms2: float
    gyr_resolution_rad_s: float | None

    def __post_init__(self) -> None:
        for value in (self.rate_hz, self.acc_resolution_ms2, self.gyr_resolution_rad_s):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"rate and resolutions must be positive numbers, not {value}")

    @property
    def has_gyro(self) -> bool:
        """Whether the sensor has a gyroscope."""
        return self.gyr_resolution_rad_s is not None

    @property
    def schema(self) -> pa.Schema:
        """The table's columns, with this format in the metadata."""
        names = (*ACC_COLUMNS, *GYR_COLUMNS) if self.has_gyro else ACC_COLUMNS
        metadata = {
            FORMAT_KEY: FORMAT_NAME,
            "lumbar.device": self.device,
            "lumbar.rate_hz": repr(float(self.rate_hz)),
            "lumbar.acc_resolution_ms2": repr(float(self.acc_resolution_ms2)),
            "lumbar.time_us": "microseconds since 1970-01-01T00:00:00Z",
            "lumbar.acc": "counts, times acc_resolution_ms2 = m/s^2",
        }
        if self.gyr_resolution_rad_s is not None:
            metadata["lumbar.gyr_resolution_rad_s"] = repr(float(self.gyr_resolution_rad_s))
            metadata["lumbar.gyr"] = "counts, times gyr_resolution_rad_s = rad/s"
        fields = [pa.field(TIME_US_COLUMN, pa.int64(), nullable=False)]
        fields += [pa.field(name, pa.int16(), nullable=False) for name in names]
        return pa.schema(fields, metadata=metadata)

    @classmethod
    def from_schema(cls, path: Path, schema: pa.Schema) -> RawFormat:
        """Return the format that a file's metadata names.

        Raises
        ------
        RecordingError
            The file is no recording of Lumbar's, is of a newer Lumbar, or its metadata are damaged.

        """
        metadata = schema.metadata or {}
        name = metadata.get(FORMAT_KEY)
        if name is None:
            raise RecordingError(path, "this is no recording of Lumbar's; name a CSV or Parquet file or a recording")
        if name != FORMAT_NAME:
            raise RecordingError(
                path, f"written in the format {name!r}, which this Lumbar does not know; update Lumbar"
            )
        try:
            gyr = metadata.get(b"lumbar.gyr_resolution_rad_s")
            raw_format = cls(
                metadata[b"lumbar.device"].decode("utf-8"),
                float(metadata[b"lumbar.rate_hz"]),
                float(metadata[b"lumbar.acc_resolution_ms2"]),
                None if gyr is None else float(gyr),
            )
        except (KeyError, ValueError) as error:
            raise RecordingError(path, f"the metadata are damaged ({error}); copy the file again") from error
        if not schema.equals(raw_format.schema):
            raise RecordingError(path, "the metadata are damaged (other columns than Lumbar's); copy the file again")
        return raw_format

    def encode(self, path: Path, chunk: ImuChunk) -> pa.RecordBatch:
        """Turn samples into counts.

        Raises
        ------
        RecordingError
            A value is beyond what the resolution can hold, or the gyroscope is there and should not be or the reverse.

        """
        if (chunk.gyr is not None) != self.has_gyro:
            has, should = ("a", "none") if chunk.gyr is not None else ("no", "one")
            raise RecordingError(
                path, f"the samples have {has} gyroscope, the recording {should}; start a new recording"
            )
        columns: list[NDArray[np.signedinteger]] = [np.rint(chunk.time * MICROSECONDS).astype(np.int64)]
        columns += _counts(path, "acceleration", chunk.acc, self.acc_resolution_ms2)
        if chunk.gyr is not None and self.gyr_resolution_rad_s is not None:
            columns += _counts(path, "angular rate", chunk.gyr, self.gyr_resolution_rad_s)
        return pa.record_batch([array_of(column) for column in columns], schema=self.schema)

    def decode(self, batch: pa.RecordBatch, *, gyro: bool) -> Rows:
        """Turn counts back into samples; without the gyroscope where told."""
        columns = [column_values(column) for column in batch.columns[: None if gyro else N_WITHOUT_GYRO]]
        columns[0] = columns[0] / MICROSECONDS
        return Rows.from_columns(columns, self.acc_resolution_ms2, self.gyr_resolution_rad_s or 1.0)


def times_of(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Return the times of a batch, microseconds."""
    times: NDArray[np.int64] = column_values(batch.column(0))
    return times


def _counts(path: Path, what: str, values: NDArray[np.float32], resolution: float) -> list[NDArray[np.signedinteger]]:
    counts = np.rint(values.astype(np.float64) / resolution)
    outside = (counts < COUNTS.min) | (counts > COUNTS.max)
    if outside.any():
        value, limit = float(values[outside][0]), COUNTS.max * resolution
        raise RecordingError(
            path, f"the {what} {value:g} is beyond {limit:g}, the most at this resolution; record with a coarser one"
        )
    return list(counts.astype(np.int16).T)
