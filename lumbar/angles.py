"""Angles and orientation of a whole recording, as a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import RecordingError
from lumbar.analysis import frames_of
from posture.calibration import by_mounting
from posture.rotations import flexion, inclination, lateral_bend, turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from firmware_bridge.recordings.read import Recording
    from posture.calibration import Mounting
    from posture.frame import PostureFrame

__all__ = ["write_angles"]

COLUMNS = (
    "time_s",
    "flexion_deg",
    "lateral_deg",
    "turn_deg",
    "inclination_deg",
    "quat_w",
    "quat_x",
    "quat_y",
    "quat_z",
)
SCHEMA = pa.schema([(COLUMNS[0], pa.float64()), *((name, pa.float32()) for name in COLUMNS[1:])])


def write_angles(recording: Recording, mountings: Sequence[Mounting], path: Path) -> None:
    """Write the angles of a recording at 50 Hz.

    Columns: seconds from the first sample; flexion, lateral bend, turn and inclination in degrees, NaN where the
    mounting is unknown (the turn also without a gyroscope); the rotation sensor -> world, z up.

    Raises
    ------
    RecordingError
        The recording is bad, or the file cannot be written; nothing is left of it then.

    """
    part, sensor = path.with_name(path.name + ".part"), mountings[-1].calibration
    try:
        with pq.ParquetWriter(part, SCHEMA, compression="zstd") as writer:
            for frame in frames_of(recording, sensor.acc_offset_ms2, sensor.gyr_bias_rad_s):
                writer.write_table(_table(frame, mountings, recording.start_time_s))
        part.replace(path)
    except OSError as error:
        raise RecordingError(path, f"the angles cannot be written ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)


def _table(frame: PostureFrame, mountings: Sequence[Mounting], origin: float) -> pa.Table:
    time = frame.segment.time
    angles_deg = np.full((4, len(frame)), np.nan)
    for start, stop, calibration in by_mounting(time, mountings):
        body, matrix = calibration.up_in_body(frame.up[start:stop]), calibration.sensor_to_body
        if body is not None and matrix is not None:
            angles_deg[:2, start:stop] = np.degrees([flexion(body), lateral_bend(body)])
            angles_deg[3, start:stop] = np.degrees(inclination(body))
            if frame.segment.gyr is not None:
                angles_deg[2, start:stop] = np.degrees(turn(frame.quat[start:stop], matrix))
    columns = [time - origin, *angles_deg, *frame.quat.T]
    return pa.table([pa.array(values, type=kind) for values, kind in zip(columns, SCHEMA.types, strict=True)], SCHEMA)
