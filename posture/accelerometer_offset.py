"""The accelerometer's zero offset, from gravity while the wearer is still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from config.units import GRAVITY_MS2
from firmware_bridge.imu import concatenate
from posture.rotations import unit
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.imu import ImuChunk
    from posture.seconds import SecondFeatures

__all__ = ["RestSurvey", "RestSurveyState", "accelerometer_offset", "learn_offset", "up_without_offset"]

STILL_MS2 = 0.13
LEAST_GRAVITY_MS2 = GRAVITY_MS2 / 2
"""A sensor that reads less at rest is broken."""
MINIMUM_STILL_SECONDS = 10
MINIMUM_SAMPLES = 10
"""A second with fewer does not show whether it was still: a single sample always equals its own mean."""
DIRECTIONS_PER_AXIS = 8
CELLS_PER_AXIS = 2 * DIRECTIONS_PER_AXIS + 1
ENOUGH_SECONDS = 20
EXPECTED_OFFSET_MS2 = 0.6
NOISE_MS2 = 0.15
OUTLIER_MS2 = 0.3
ITERATIONS = 8
DECIMALS = 6
"""Far below what can be learnt, and far above how much sums differ with how the samples came in chunks."""
WORTH_MS2 = 0.05
"""Less tilts gravity by 0.3 deg at most, and is not worth the few seconds in which the orientation swings over."""


def _no_rest() -> NDArray[np.float64]:
    return np.zeros((5, CELLS_PER_AXIS**3))


@dataclass(slots=True)
class RestSurveyState:
    """The still seconds by direction of gravity (see `_add_still`), and the samples of the second begun."""

    still: NDArray[np.float64] = field(default_factory=_no_rest)
    rest: ImuChunk | None = None


class RestSurvey(Stage[RestSurveyState]):
    """Collect what `accelerometer_offset` needs from samples at the sensor's own rate, cheaply, second by second."""

    def __init__(self) -> None:
        super().__init__(RestSurveyState())

    def push(self, chunk: ImuChunk) -> None:
        """Take in samples."""
        if len(chunk) == 0:
            return
        state = self._state
        known = chunk if state.rest is None else concatenate([state.rest, chunk])
        second = np.floor(known.time).astype(np.int64)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(second)) + 1])
        state.rest = known.rows(int(starts[-1]), len(known))
        if len(starts) > 1:
            _add_still(state.still, *_mean_and_movement(known.acc[: starts[-1]].astype(np.float64), starts))

    def offset(self) -> NDArray[np.float64]:
        """Return the accelerometer's offset in m/s^2, shape (3,)."""
        return _offset(self._state.still)


def _mean_and_movement(
    acc: NDArray[np.float64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean, shape (n, 3), and movement of each second that begins at `starts`, the last being the end.

    The movement is infinite where too few samples came to tell.
    """
    count = np.diff(starts)[:, np.newaxis]
    mean = np.add.reduceat(acc, starts[:-1], axis=0) / count
    deviation = (acc - np.repeat(mean, count[:, 0], axis=0)) ** 2
    variance = np.add.reduceat(deviation, starts[:-1], axis=0) / count
    movement = np.where(count[:, 0] < MINIMUM_SAMPLES, np.inf, np.sqrt(variance.sum(axis=1)))
    return mean, movement


def accelerometer_offset(acc: NDArray[np.float64], movement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the offset in m/s^2, shape (3,), that makes gravity equally long in all postures.

    Gauss-Newton on |acc - offset| = g over the still seconds, one observation for each direction of gravity so that a
    long bout weighs no more than a short one, robust to what is not rest (Huber), and drawn to zero (offsets of sd
    0.6 m/s^2 are expected) where the postures seen say nothing. Zero where too little rest has been seen.

    The idea is that of van Hees et al., "Autocalibration of accelerometer data for free-living physical activity
    assessment using local gravity and temperature", J Appl Physiol 117 (2014), doi:10.1152/japplphysiol.00421.2014;
    here without gains, since a day on a back shows too few directions for six unknowns.

    Parameters
    ----------
    acc
        Shape (n, 3): mean specific force of each second in m/s^2.
    movement
        Shape (n,): its standard deviation within the second, all axes together.

    """
    still = _no_rest()
    _add_still(still, acc, movement)
    return _offset(still)


def _add_still(still: NDArray[np.float64], acc: NDArray[np.float64], movement: NDArray[np.float64]) -> None:
    """Add the still ones of more seconds to a table that is as large for a week as for a minute.

    Parameters
    ----------
    still
        Shape (5, cells): sum of acc (three rows), sum of its length, and number of seconds, in each cell of directions.
    acc, movement
        As for `accelerometer_offset`.

    """
    length = np.sqrt(np.einsum("ni,ni->n", acc, acc))
    is_still = (movement < STILL_MS2) & (length > LEAST_GRAVITY_MS2)
    acc, length = acc[is_still], length[is_still]
    x, y, z = np.round(unit(acc) * DIRECTIONS_PER_AXIS).astype(np.int64).T + DIRECTIONS_PER_AXIS
    cell = (x * CELLS_PER_AXIS + y) * CELLS_PER_AXIS + z
    # One by one, so that the sums do not depend on how many seconds come at once.
    for row, values in zip(still, (*acc.T, length, np.ones(len(acc))), strict=True):
        np.add.at(row, cell, values)


def _offset(still: NDArray[np.float64]) -> NDArray[np.float64]:
    *sums, lengths, count = still[:, still[-1] > 0]
    if count.sum() < MINIMUM_STILL_SECONDS:
        return np.zeros(3)
    # A mean over directions is shorter than what it is the mean of.
    observed = unit(np.stack(sums, axis=1)) * (lengths / count)[:, np.newaxis]
    weight = np.minimum(count, ENOUGH_SECONDS) / ENOUGH_SECONDS
    offset = np.zeros(3)
    for _ in range(ITERATIONS):
        away = observed - offset
        length = np.sqrt(np.einsum("ni,ni->n", away, away))
        error = length - GRAVITY_MS2
        slope = -away / length[:, np.newaxis]
        trust = weight / np.maximum(1.0, np.abs(error) / OUTLIER_MS2) / NOISE_MS2**2
        normal = slope.T @ (slope * trust[:, np.newaxis]) + np.eye(3) / EXPECTED_OFFSET_MS2**2
        offset = offset - np.linalg.solve(normal, slope.T @ (trust * error) + offset / EXPECTED_OFFSET_MS2**2)
    return np.asarray(offset)


def learn_offset(seen: SecondFeatures, known: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return the offset in m/s^2, shape (3,), that the seconds seen show; `known` where it is hardly another.

    Parameters
    ----------
    seen
        All seconds so far.
    known
        The offset that has already been taken off them.

    """
    before = np.zeros(3) if known is None else known
    offset = np.round(accelerometer_offset(seen.acc + before, seen.movement), DECIMALS)
    return known if np.sqrt(np.sum((offset - before) ** 2)) < WORTH_MS2 else offset


def up_without_offset(up: NDArray[np.float64], offset_ms2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return up, shape (n, 3), as it would be had the offset been taken off the accelerometer.

    True where the orientation has settled on gravity, which it does within seconds.
    """
    along = np.einsum("ni,i->n", up, offset_ms2)
    return unit((GRAVITY_MS2 + along)[:, np.newaxis] * up - offset_ms2)
