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
        The last sample: its time, its values (acc, then gyr), and their integral up to it.
    next_index
        Grid row to be given out next.
    edge_integrals
        Shape (axes, k): the integrals up to those edges of that row's cells that the samples have passed, its beginning
        first.
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
        self._check_continues(chunk)
        time, levels = self._after_last(chunk)
        starts = np.flatnonzero(np.diff(time) > GAP_S) + 1
        edges = [0, *starts.tolist(), len(time)]
        segments = [self._push_piece(time[start:stop], levels[:, start:stop]) for start, stop in pairwise(edges)]
        return [segment for segment in segments if len(segment) > 0]

    def flush(self) -> list[FineSegment]:
        """Return nothing: every complete row has already been given out."""
        return []

    def _check_continues(self, chunk: ImuChunk) -> None:
        if self.state is None:
            return
        if chunk.time[0] <= self.state.time:
            raise ValueError("a chunk starts before the end of the one before")
        if _n_signals(chunk) != len(self.state.values):
            raise ValueError("a recording has a gyroscope throughout or not at all")

    def _after_last(self, chunk: ImuChunk) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the times and the values of the last sample before a chunk, if there is one, and of the chunk's.

        One axis in each row, so that all that is done along time runs straight through memory.
        """
        n_before = 0 if self.state is None else 1
        time, levels = np.empty(n_before + len(chunk)), np.empty((_n_signals(chunk), n_before + len(chunk)))
        if self.state is not None:
            time[0], levels[:, 0] = self.state.time, self.state.values
        time[n_before:] = chunk.time
        levels[:N_AXES, n_before:] = chunk.acc.T
        if chunk.gyr is not None:
            levels[N_AXES:, n_before:] = chunk.gyr.T
        return time, levels

    def _push_piece(self, time: NDArray[np.float64], levels: NDArray[np.float64]) -> FineSegment:
        """Take in samples without a gap, the first of which is the last one known, or the first of all after a gap."""
        state = self.state
        if state is None or time[0] != state.time:
            state = _start(float(time[0]), levels[:, 0])
        if len(time) == 1:
            self.state = state
            return FineSegment(state.next_index, state.restarts, self.per_row, np.empty((0, N_AXES)), None)
        knots = time - state.origin
        # In place, and `take` instead of an index: this stage moves much memory and works little on it.
        integral = np.empty_like(levels)
        integral[:, 0] = state.integral
        areas = np.add(levels[:, 1:], levels[:, :-1], out=integral[:, 1:])
        areas *= 0.5 * np.diff(knots)
        np.add.accumulate(integral, axis=1, out=integral)

        edges = self._edges_passed(state, float(knots[-1]))
        known = np.hstack([state.edge_integrals, _integral_at(edges, knots, levels, integral)])
        n_rows = max(known.shape[1] - 1, 0) // self.per_row
        means = self._means(known[:, : n_rows * self.per_row + 1])
        self.state = ResamplerState(
            origin=state.origin,
            time=float(time[-1]),
            values=levels[:, -1].copy(),
            integral=integral[:, -1].copy(),
            next_index=state.next_index + n_rows,
            edge_integrals=known[:, n_rows * self.per_row :].copy(),
            restarts=state.restarts and n_rows == 0,
        )
        acc, gyr = (np.ascontiguousarray(axes.T) for axes in (means[:N_AXES], means[N_AXES:]))
        return FineSegment(state.next_index, state.restarts, self.per_row, acc, gyr if gyr.shape[1] else None)

    def _means(self, integral: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each cell from the integral at its edges."""
        means = integral[:, 1:] - integral[:, :-1]
        means *= GRID_HZ * self.per_row
        return means

    def _edges_passed(self, state: ResamplerState, time: float) -> NDArray[np.float64]:
        """Return the times, relative to the origin, of the cell edges not passed before and up to `time`."""
        fine_hz = GRID_HZ * self.per_row
        first = state.next_index * self.per_row + state.edge_integrals.shape[1]
        last = int(np.floor((state.origin + time) * fine_hz + 0.5 * self.per_row)) + 1
        edges = (np.arange(first, last + 1) - 0.5 * self.per_row) / fine_hz - state.origin
        return np.asarray(edges[edges <= time])


def _n_signals(chunk: ImuChunk) -> int:
    return N_AXES if chunk.gyr is None else 2 * N_AXES


def _start(origin: float, values: NDArray[np.float64]) -> ResamplerState:
    return ResamplerState(
        origin=origin,
        time=origin,
        values=values.copy(),
        integral=np.zeros(len(values)),
        next_index=int(np.ceil(origin * GRID_HZ + 0.5)),
        edge_integrals=np.empty((len(values), 0)),
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
        return np.empty((len(levels), 0))
    left = np.clip(np.searchsorted(knots, times, side="left") - 1, 0, len(knots) - 2)
    past = times - knots.take(left)
    share = 0.5 * past / np.diff(knots).take(left)
    before = levels.take(left, axis=1)
    value = levels.take(left + 1, axis=1)
    value -= before
    value *= share
    value += before
    value *= past
    value += integral.take(left, axis=1)
    return value
