"""From the sensor's own rate to the 50 Hz grid that all analysis runs on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from posture.frame import GRID_HZ, N_AXES, FineSegment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.imu import ImuChunk

__all__ = ["GAP_S", "Resampler", "ResamplerState", "cells_per_row"]

GAP_S = 1.0
"""A hole longer than this is a gap: filters restart after it and its time is not wear time."""

FAST_SENSOR_HZ = 120.0

ACC, GYR = slice(None, N_AXES), slice(N_AXES, None)


def cells_per_row(rate_hz: float) -> int:
    """Return into how many cells each grid row is cut for the orientation filter.

    Two (100 Hz) keep the tilt error of fast turns (12 rad/s, BROAD trial 21) below 2 deg, where one loses 3 deg; four
    are worth it only for sensors that deliver more.

    Parameters
    ----------
    rate_hz
        The sensor's nominal rate.

    """
    return 2 if rate_hz <= FAST_SENSOR_HZ else 4


@dataclass(frozen=True, slots=True, eq=False)
class ResamplerState:
    """All that a `Resampler` remembers between chunks.

    Parameters
    ----------
    origin
        Time of the first sample since the last gap; integrals begin there.
    time, values, integral
        The last sample: its time, its values (acc and gyr side by side), and their integral up to it.
    next_index
        Grid row to be given out next.
    edge_integrals
        The integrals up to those edges of that row's cells that the samples have passed, its beginning first.
    restarts
        Whether that row is the first since the gap.

    """

    origin: float
    time: float
    values: NDArray[np.float64]
    integral: NDArray[np.float64]
    next_index: int
    edge_integrals: NDArray[np.float64]
    restarts: bool


class Resampler:
    """Average the samples over each cell of the grid.

    The signal is taken as piecewise linear between samples. A cell is its mean over the cell's time, so that any rate,
    jitter and short holes are handled alike: a box low-pass for faster sensors, linear interpolation for slower ones.
    Rows that the samples do not cover in full are left out, which costs one row at either end of a recording and of
    each gap.

    Parameters
    ----------
    per_row
        Cells in each 50 Hz row, from `cells_per_row`.

    Attributes
    ----------
    state
        A `ResamplerState`, or None before the first sample. May be saved and set.

    """

    def __init__(self, per_row: int) -> None:
        self.per_row = per_row
        self.state: ResamplerState | None = None

    def push(self, chunk: ImuChunk) -> list[FineSegment]:
        """Return the grid rows that the samples so far complete, one segment for each stretch without a gap.

        Raises
        ------
        ValueError
            The chunk starts before the end of the last one, or gained or lost its gyroscope.

        """
        if len(chunk) == 0:
            return []
        values = np.empty((len(chunk), N_AXES if chunk.gyr is None else 2 * N_AXES))
        values[:, :N_AXES] = chunk.acc
        if chunk.gyr is not None:
            values[:, N_AXES:] = chunk.gyr
        self._check_continues(chunk, values)
        starts = np.flatnonzero(np.diff(chunk.time) > GAP_S) + 1
        edges = [0, *starts.tolist(), len(chunk)]
        segments = [self._push_piece(chunk.time[start:stop], values[start:stop]) for start, stop in pairwise(edges)]
        return [segment for segment in segments if len(segment) > 0]

    def flush(self) -> list[FineSegment]:
        """Return nothing: every complete row has already been given out."""
        return []

    def _check_continues(self, chunk: ImuChunk, values: NDArray[np.float64]) -> None:
        if self.state is None:
            return
        if chunk.time[0] <= self.state.time:
            raise ValueError("a chunk starts before the end of the one before")
        if values.shape[1] != self.state.values.shape[0]:
            raise ValueError("a recording has a gyroscope throughout or not at all")

    def _push_piece(self, time: NDArray[np.float64], values: NDArray[np.float64]) -> FineSegment:
        state = self.state
        if state is None or time[0] - state.time > GAP_S:
            state = _start(float(time[0]), values[0])
            time, values = time[1:], values[1:]
        if len(time) == 0:
            self.state = state
            return FineSegment(state.next_index, state.restarts, self.per_row, np.empty((0, N_AXES)), None)
        knots = np.concatenate([[state.time], time]) - state.origin
        levels = np.vstack([state.values, values])
        # In place, and `take` instead of an index: this stage moves much memory and works little on it.
        integral = np.empty_like(levels)
        integral[0] = state.integral
        areas = np.add(levels[1:], levels[:-1], out=integral[1:])
        areas *= 0.5 * np.diff(knots)[:, np.newaxis]
        np.add.accumulate(integral, axis=0, out=integral)

        edges = self._edges_passed(state, float(knots[-1]))
        known = np.vstack([state.edge_integrals, _integral_at(edges, knots, levels, integral)])
        n_rows = max(len(known) - 1, 0) // self.per_row
        acc, gyr = (self._means(known[: n_rows * self.per_row + 1, axes]) for axes in (ACC, GYR))
        self.state = ResamplerState(
            origin=state.origin,
            time=float(time[-1]),
            values=levels[-1].copy(),
            integral=integral[-1].copy(),
            next_index=state.next_index + n_rows,
            edge_integrals=known[n_rows * self.per_row :].copy(),
            restarts=state.restarts and n_rows == 0,
        )
        return FineSegment(state.next_index, state.restarts, self.per_row, acc, gyr if gyr.shape[1] else None)

    def _means(self, integral: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each cell from the integral at its edges."""
        means = integral[1:] - integral[:-1]
        means *= GRID_HZ * self.per_row
        return means

    def _edges_passed(self, state: ResamplerState, time: float) -> NDArray[np.float64]:
        """Return the times, relative to the origin, of the cell edges not passed before and up to `time`."""
        fine_hz = GRID_HZ * self.per_row
        first = state.next_index * self.per_row + len(state.edge_integrals)
        last = int(np.floor((state.origin + time) * fine_hz + 0.5 * self.per_row)) + 1
        edges = (np.arange(first, last + 1) - 0.5 * self.per_row) / fine_hz - state.origin
        return np.asarray(edges[edges <= time])


def _start(origin: float, values: NDArray[np.float64]) -> ResamplerState:
    return ResamplerState(
        origin=origin,
        time=origin,
        values=values,
        integral=np.zeros(len(values)),
        next_index=int(np.ceil(origin * GRID_HZ + 0.5)),
        edge_integrals=np.empty((0, len(values))),
        restarts=True,
    )


def _integral_at(
    times: NDArray[np.float64],
    knots: NDArray[np.float64],
    levels: NDArray[np.float64],
    integral: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the integral of the piecewise linear signal up to each of `times`, which lie between the knots."""
    if len(times) == 0:
        return np.empty((0, levels.shape[1]))
    left = np.clip(np.searchsorted(knots, times, side="left") - 1, 0, len(knots) - 2)
    past = times - knots.take(left)
    share = 0.5 * past / np.diff(knots).take(left)
    before = levels.take(left, axis=0)
    value = levels.take(left + 1, axis=0)
    value -= before
    value *= share[:, np.newaxis]
    value += before
    value *= past[:, np.newaxis]
    value += integral.take(left, axis=0)
    return value
