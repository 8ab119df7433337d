"""Which way is up in the sensor, and how the sensor is turned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi
from vqf import VQF

from config.units import GRAVITY_MS2
from posture.frame import GRID_HZ, N_AXES, PostureFrame
from posture.rotations import quaternion_from_up, unit, up_from_quaternion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.frame import FineSegment

__all__ = ["OrientationFilter"]

GRAVITY_LOW_PASS_HZ = 0.25
"""Without a gyroscope gravity is what is left of the acceleration below this."""

NO_GRAVITY_MS2 = 1e-6

SENSOR_LATENCY_S = 0.005
"""Sensors low-pass before they sample and so stamp late: BROAD's by 5 ms against optics, in both of its trials here.

Removed where the cells are that fine.
"""

SHOWN_BIAS_SIGMA_RAD_S = float(np.radians(0.1))
"""How sure the bias of a guided calibration is: who sways by a degree in 10 s of standing and sitting still."""


class OrientationFilter:
    """Orientation from gyroscope and accelerometer by VQF (6D), or from low-passed gravity without a gyroscope.

    VQF: Laidig & Seel, "VQF: Highly accurate IMU orientation estimation with bias estimation and magnetic disturbance
    rejection", Information Fusion 91 (2023), doi:10.1016/j.inffus.2022.10.014, with its published parameters. After a
    gap the filter starts anew but keeps its gyroscope bias. A bias known beforehand is taken off ahead of VQF, which
    then follows what is left of it: VQF takes no more than 2 deg/s for bias, and what turns faster never for rest.

    Parameters
    ----------
    per_row
        Cells in each grid row, as the `Resampler` has it.
    acc_offset_ms2
        Shape (3,): zero offset to take off the accelerometer.
    gyr_bias_rad_s
        Shape (3,): gyroscope reading at rest, as far as it is known.

    Attributes
    ----------
    state
        What the filter remembers; may be saved and set.

    """

    def __init__(
        self,
        per_row: int,
        acc_offset_ms2: NDArray[np.float64] | None = None,
        gyr_bias_rad_s: NDArray[np.float64] | None = None,
    ) -> None:
        self.per_row = per_row
        self._acc_offset_ms2 = np.zeros(N_AXES) if acc_offset_ms2 is None else acc_offset_ms2
        self._gyr_bias_rad_s = np.zeros(N_AXES) if gyr_bias_rad_s is None else gyr_bias_rad_s
        self._vqf = VQF(1.0 / (GRID_HZ * per_row))
        self._sos = butter(2, GRAVITY_LOW_PASS_HZ, fs=GRID_HZ, output="sos")
        self._low_pass: NDArray[np.float64] | None = None

    @property
    def state(self) -> dict[str, Any]:
        """Return a copy of what the filter remembers."""
        low_pass = None if self._low_pass is None else self._low_pass.copy()
        known = {"gyr_bias_rad_s": self._gyr_bias_rad_s.copy(), "acc_offset_ms2": self._acc_offset_ms2.copy()}
        return {"vqf": self._vqf.state, "low_pass": low_pass} | known

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._vqf.state = value["vqf"]
        self._low_pass = None if value["low_pass"] is None else value["low_pass"].copy()
        self._gyr_bias_rad_s = value["gyr_bias_rad_s"].copy()
        self._acc_offset_ms2 = value["acc_offset_ms2"].copy()

    def push(self, segment: FineSegment) -> PostureFrame:
        """Return the segment's rows with their orientation."""
        segment = replace(segment, acc=segment.acc - self._acc_offset_ms2)
        rows = segment.rows()
        if segment.gyr is None:
            up = self._up_from_gravity(rows.acc, restarts=segment.restarts)
            quat = quaternion_from_up(up)
        else:
            gyr = segment.gyr - self._gyr_bias_rad_s if self._gyr_bias_rad_s.any() else segment.gyr
            quat = self._quaternion(segment, gyr)
            up = up_from_quaternion(quat)
        vertical = np.einsum("ni,ni->n", rows.acc, up) - GRAVITY_MS2
        return PostureFrame(rows, quat, up, vertical)

    def take_bias(self, gyr_bias_rad_s: NDArray[np.float64]) -> None:
        """Go on with the gyroscope's bias, shape (3,), that a guided calibration has shown, unless surer of one."""
        _, sigma_rad_s = self._vqf.getBiasEstimate()
        if sigma_rad_s > SHOWN_BIAS_SIGMA_RAD_S:
            self._gyr_bias_rad_s = gyr_bias_rad_s.copy()
            self._vqf.setBiasEstimate(np.zeros(N_AXES), SHOWN_BIAS_SIGMA_RAD_S)

    def take_offset(self, acc_offset_ms2: NDArray[np.float64]) -> None:
        """Take another offset, shape (3,), off the accelerometer from now on."""
        self._acc_offset_ms2 = acc_offset_ms2.copy()

    def flush(self) -> None:
        """Give nothing out: every row has already been."""

    def _quaternion(self, segment: FineSegment, gyr: NDArray[np.float64]) -> NDArray[np.float64]:
        if segment.restarts:
            bias, sigma = self._vqf.getBiasEstimate()
            self._vqf.resetState()
            self._vqf.setBiasEstimate(bias, sigma)
        fine = self._vqf.updateBatch(gyr, segment.acc)["quat6D"]
        # A cell's quaternion holds at the cell's end; the row's time is where the first half of its cells ends.
        first = self.per_row // 2 - 1 + int(SENSOR_LATENCY_S * GRID_HZ * self.per_row)
        return np.ascontiguousarray(fine[first :: self.per_row])

    def _up_from_gravity(self, acc: NDArray[np.float64], *, restarts: bool) -> NDArray[np.float64]:
        if restarts or self._low_pass is None:
            self._low_pass = sosfilt_zi(self._sos)[:, :, np.newaxis] * acc[0]
        gravity, self._low_pass = sosfilt(self._sos, acc, axis=0, zi=self._low_pass)
        # A sensor that has read nothing but zeros yet has no up; one that is not a number would spoil all that follows.
        is_none = np.einsum("ni,ni->n", gravity, gravity) < NO_GRAVITY_MS2**2
        return unit(np.where(is_none[:, np.newaxis], (0.0, 0.0, 1.0), gravity))
