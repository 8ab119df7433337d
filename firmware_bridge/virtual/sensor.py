"""The simulated sensor: how it sits on the back, and what it makes of the true motion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.spatial.transform import Rotation

from config.units import GRAVITY_MS2
from firmware_bridge.virtual.randomness import Stream, random_stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOUNTINGS", "SensorModel", "Triple", "mounting_matrix"]

Triple: TypeAlias = tuple[float, float, float]

_NO_ERROR = (0.0, 0.0, 0.0)
_DRAW_STREAM = 4
_DRIFT_PERIODS_S = (2700.0, 710.0)
_JITTER_LIMIT = 0.35

MOUNTINGS: dict[str, Triple] = {
    "nominal": (0.0, 0.0, 0.0),
    "upside_down": (0.0, 0.0, 180.0),
    "quarter_turn": (0.0, 0.0, 90.0),
    "inside_out": (180.0, 0.0, 0.0),
}
"""Turns of the sensor from the body's axes about its own x, y, z, degrees."""


def mounting_matrix(name: str, misalignment_deg: Triple = _NO_ERROR) -> NDArray[np.float64]:
    """Return the rotation sensor to body of a named mounting.

    Parameters
    ----------
    name
        A key of `MOUNTINGS`.
    misalignment_deg
        Rotation vector, body axes, by which the sensor sits askew.

    Returns
    -------
    Shape (3, 3): body vector = matrix @ sensor vector.

    Raises
    ------
    ValueError
        No mounting has that name.

    """
    if name not in MOUNTINGS:
        raise ValueError(f"no mounting is called {name!r}; there are {', '.join(MOUNTINGS)}")
    askew = Rotation.from_rotvec(misalignment_deg, degrees=True)
    return np.asarray((askew * Rotation.from_rotvec(MOUNTINGS[name], degrees=True)).as_matrix())


@dataclass(frozen=True, slots=True)
class SensorModel:
    """The errors of an inertial sensor, on its own axes. The defaults are those of a consumer chip at 100 Hz.

    Noise: 180 ug/sqrt(Hz) and 0.007 deg/s/sqrt(Hz) over 50 Hz (data sheet of Bosch's BMI160, rev. 1.0). Zero offsets
    after soldering are typically 40 mg and 3 deg/s there; the defaults stand for a sensor that was calibrated once.

    Parameters
    ----------
    acc_noise_ms2, gyr_noise_dps
        Standard deviation of white noise.
    acc_bias_ms2, gyr_bias_dps
        Zero offsets.
    gyr_drift_dps
        How far the gyroscope's zero offset wanders from its mean, over half an hour or so.
    scale_error
        Share by which each axis reads too much, both sensors.
    acc_step_ms2, gyr_step_dps
        Quantisation; 0 for none.
    acc_range_ms2, gyr_range_dps
        Where the readings end.
    clock_jitter_s
        Standard deviation of the time stamps.
    has_gyro
        Whether there is a gyroscope.

    """

    acc_noise_ms2: float = 0.0125
    gyr_noise_dps: float = 0.05
    acc_bias_ms2: Triple = (0.12, -0.15, 0.2)
    gyr_bias_dps: Triple = (0.8, -0.6, 0.4)
    gyr_drift_dps: float = 0.08
    scale_error: Triple = (0.004, -0.003, 0.002)
    acc_step_ms2: float = GRAVITY_MS2 / 4096
    gyr_step_dps: float = 1 / 32.8
    acc_range_ms2: float = 8 * GRAVITY_MS2
    gyr_range_dps: float = 1000.0
    clock_jitter_s: float = 0.0003
    has_gyro: bool = True

    @classmethod
    def ideal(cls, *, has_gyro: bool = True) -> SensorModel:
        """Return a sensor without any error."""
        return cls(0.0, 0.0, _NO_ERROR, _NO_ERROR, 0.0, _NO_ERROR, 0.0, 0.0, math.inf, math.inf, 0.0, has_gyro)

    @classmethod
    def drawn(cls, seed: int, *, has_gyro: bool = True) -> SensorModel:
        """Return a sensor as it comes: offsets up to 0.06 g an axis, about 1 deg/s, scale errors up to a percent."""
        random = random_stream(seed, Stream.SENSOR)
        return cls(
            acc_bias_ms2=_triple(random.uniform(-0.06, 0.06, 3) * GRAVITY_MS2),
            gyr_bias_dps=_triple(random.uniform(-1.5, 1.5, 3)),
            scale_error=_triple(random.uniform(-0.01, 0.01, 3)),
            has_gyro=has_gyro,
        )

    def stamps(self, times_s: NDArray[np.float64], seed: int, block: int) -> NDArray[np.float64]:
        """Return the times with jitter, still rising; shape (n,)."""
        if self.clock_jitter_s == 0:
            return times_s
        random = random_stream(seed, Stream.TIME_STAMPS, block)
        jitter = self.clock_jitter_s * random.standard_normal(times_s.shape)
        limit = _JITTER_LIMIT * float(times_s[1] - times_s[0])
        return times_s + np.clip(jitter, -limit, limit)

    def read_acc(self, true_ms2: NDArray[np.float64], seed: int, block: int) -> NDArray[np.float32]:
        """Return what the accelerometer reads; shape (n, 3), m/s^2."""
        reading = true_ms2 * (1 + np.array(self.scale_error)) + np.array(self.acc_bias_ms2)
        noise = random_stream(seed, Stream.ACC_NOISE, block)
        return _digital(reading, self.acc_noise_ms2, self.acc_step_ms2, self.acc_range_ms2, noise)

    def read_gyr(
        self, true_rad_s: NDArray[np.float64], times_s: NDArray[np.float64], seed: int, block: int
    ) -> NDArray[np.float32]:
        """Return what the gyroscope reads; shape (n, 3), rad/s."""
        bias = np.radians(self.gyr_bias_dps) + self._drift_rad_s(times_s, seed)
        reading = true_rad_s * (1 + np.array(self.scale_error)) + bias
        noise = random_stream(seed, Stream.GYR_NOISE, block)
        noise_rad_s, step_rad_s = math.radians(self.gyr_noise_dps), math.radians(self.gyr_step_dps)
        return _digital(reading, noise_rad_s, step_rad_s, math.radians(self.gyr_range_dps), noise)

    def _drift_rad_s(self, times_s: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        """Return a slow wander of each axis; straight within a block, which is short against its periods."""
        lags = random_stream(seed, Stream.GYR_DRIFT).uniform(0, 2 * np.pi, (len(_DRIFT_PERIODS_S), 3))
        ends_s = np.array([times_s[0], 2 * times_s[-1] - times_s[-2]])
        turns = 2 * np.pi * ends_s[:, None, None] / np.array(_DRIFT_PERIODS_S)[:, None] + lags
        before, after = math.radians(self.gyr_drift_dps) * np.sin(turns).sum(axis=1) / math.sqrt(len(_DRIFT_PERIODS_S))
        part = np.linspace(0, 1, times_s.shape[0], endpoint=False)[:, None]
        return np.asarray(before + (after - before) * part, dtype=np.float64)


def _triple(values: NDArray[np.float64]) -> Triple:
    first, second, third = values.tolist()
    return first, second, third


def _digital(
    reading: NDArray[np.float64], noise: float, step: float, limit: float, random: np.random.Generator
) -> NDArray[np.float32]:
    out = reading.astype(np.float32)
    if noise > 0:
        out += np.float32(noise) * random.standard_normal(reading.shape, dtype=np.float32)
    if step > 0:
        np.rint(out / np.float32(step), out=out)
        out *= np.float32(step)
    if math.isfinite(limit):
        np.clip(out, -limit, limit, out=out)
    return out
