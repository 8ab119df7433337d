"""The simulated wearer: a script in, the samples of a sensor on the lower back out, with the truth beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual.body import Person
from firmware_bridge.virtual.choreography import choreograph
from firmware_bridge.virtual.motion import FLU_FROM_BODY, Motion
from firmware_bridge.virtual.sensor import SensorModel, mounting_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from firmware_bridge.virtual.script import Script
    from firmware_bridge.virtual.truth import Truth

__all__ = ["SimulatedWearer"]

_DEFAULT_START = 1_767_600_000.0
"""2026-01-05 08:00 UTC, a Monday."""


class _Block(NamedTuple):
    """The samples of one block that were not lost, and their numbers."""

    number: NDArray[np.int64]
    chunk: ImuChunk


class SimulatedWearer:
    """Plays a script as a sensor on the lower back would record it.

    Equal arguments give equal samples, however they are cut into chunks. Nothing but the script's outline is kept in
    memory, so a week needs no more than an hour.

    Parameters
    ----------
    script
        What the wearer does.
    seed
        Of everything that is not scripted; 0 or more.
    rate_hz
        Sampling rate, 10 or more.
    mounting
        Name in `firmware_bridge.virtual.sensor.MOUNTINGS`, or the rotation sensor to body, shape (3, 3).
    misalignment_deg
        Rotation vector, body axes, by which the sensor sits askew from a named mounting.
    sensor
        The errors of the sensor.
    person
        The wearer's measures.
    start
        Time of the first sample, seconds since the Unix epoch.

    Raises
    ------
    ValueError
        The script is empty, or a value is out of range.

    """

    def __init__(  # noqa: PLR0913 - the parts of a simulation, each with a default
        self,
        script: Script,
        seed: int = 0,
        *,
        rate_hz: float = 100.0,
        mounting: str | NDArray[np.float64] = "nominal",
        misalignment_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
        sensor: SensorModel | None = None,
        person: Person | None = None,
        start: float = _DEFAULT_START,
    ) -> None:
        if seed < 0:
            raise ValueError("seed must be 0 or more")
        if rate_hz < 10:  # noqa: PLR2004 - below, walking could not be represented
            raise ValueError("rate_hz must be 10 or more")
        self.rate_hz = rate_hz
        self.start = start
        self._seed = seed
        self._sensor = sensor or SensorModel()
        person = person or Person()
        self._choreography = choreograph(script, person, seed)
        self._motion = Motion(self._choreography, person, seed, rate_hz)
        self._flu_from_sensor = FLU_FROM_BODY @ _matrix(mounting, misalignment_deg)
        self.duration_s = self._choreography.duration_s
        self._samples = math.ceil(self.duration_s * rate_hz)

    def truth(self) -> Truth:
        """Return what really happened."""
        return self._choreography.truth(self.start)

    def orientation(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true orientation of the sensor.

        Parameters
        ----------
        times
            Shape (n,): seconds since the Unix epoch, rising, within the script.

        Returns
        -------
        Shape (n, 4), w x y z: rotation sensor to world (z up; heading 0 at the start).

        Raises
        ------
        ValueError
            A time is before or after the script.

        """
        times_s = np.asarray(times, dtype=np.float64) - self.start
        if times_s.size == 0:
            return np.empty((0, 4))
        if times_s.min() < 0 or times_s.max() > self.duration_s or (np.diff(times_s) < 0).any():
            raise ValueError("times must rise and lie within the script")
        sensor = self._motion.at(times_s) * Rotation.from_matrix(self._flu_from_sensor)
        return np.asarray(np.roll(sensor.as_quat(), 1, axis=1))

    def chunks(self, seconds: float = 60.0) -> Iterator[ImuChunk]:
        """Yield the samples in order, at most `seconds` at a time; lost samples are missing rows.

        Raises
        ------
        ValueError
            `seconds` is not above 0.

        """
        if seconds <= 0:
            raise ValueError("seconds must be above 0")
        stride = max(1, round(seconds * self.rate_hz))
        blocks = self._blocks()
        waiting = next(blocks)
        for first in range(0, self._samples, stride):
            parts: list[ImuChunk] = []
            while True:
                begin, end = np.searchsorted(waiting.number, (first, first + stride))
                if end > begin:
                    parts.append(waiting.chunk.rows(int(begin), int(end)))
                if end < waiting.number.shape[0]:
                    break
                following = next(blocks, None)
                if following is None:
                    break
                waiting = following
            if parts:
                yield _joined(parts)

    def _blocks(self) -> Iterator[_Block]:
        for number in range(math.ceil(self._samples / self._motion.samples_per_block)):
            yield self._block(number)

    def _block(self, number: int) -> _Block:
        times_s = self._motion.block_times_s(number)
        kinematics = self._motion.block(number)
        stamps = self.start + self._sensor.stamps(times_s, self._seed, number)
        acc = self._sensor.read_acc(kinematics.specific_force() @ self._flu_from_sensor, self._seed, number)
        gyr = None
        if self._sensor.has_gyro:
            rate = kinematics.angular_rate() @ self._flu_from_sensor
            gyr = self._sensor.read_gyr(rate, times_s, self._seed, number)
        numbers = number * self._motion.samples_per_block + np.arange(times_s.shape[0])
        kept = numbers < self._samples
        for gap in self._choreography.record.gaps:
            kept &= (times_s < gap.start) | (times_s >= gap.end)
        if kept.all():
            return _Block(numbers, ImuChunk(stamps, acc, gyr))
        return _Block(numbers[kept], ImuChunk(stamps[kept], acc[kept], None if gyr is None else gyr[kept]))


def _matrix(mounting: str | NDArray[np.float64], misalignment_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    if isinstance(mounting, str):
        return mounting_matrix(mounting, misalignment_deg)
    matrix = np.asarray(mounting, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-6) or np.linalg.det(matrix) < 0:
        raise ValueError("mounting must be a rotation matrix of shape (3, 3)")
    return matrix


def _joined(parts: list[ImuChunk]) -> ImuChunk:
    if len(parts) == 1:
        return parts[0]
    gyrs = [part.gyr for part in parts if part.gyr is not None]
    return ImuChunk(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate(gyrs) if gyrs else None,
    )
