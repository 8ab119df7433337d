"""Scripted movement: each quantity rests or moves from value to value, with exact first and second derivatives."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Channel", "Course", "Track", "TrackBuilder"]


class Channel(StrEnum):
    """What is scripted over time: angles in rad, lengths in m; forward and up are those of the heading."""

    HEADING = "heading"
    PITCH = "pitch"
    ROLL = "roll"
    TWIST = "twist"
    SLIP_TIP = "slip_tip"
    SLIP_TURN = "slip_turn"
    HEIGHT = "height"
    FORWARD = "forward"
    SWAY = "sway"
    BREATH = "breath"
    UNREST = "unrest"
    GAIT = "gait"


class Course(NamedTuple):
    """A quantity and its first two derivatives in time; arrays of shape (n,), or () where it rests throughout."""

    value: NDArray[np.float64]
    rate: NDArray[np.float64]
    acceleration: NDArray[np.float64]


class Track:
    """One quantity over the whole script.

    Between two rests it follows the minimum-jerk polynomial, the course of unhurried human movement (Flash & Hogan
    1985, doi:10.1523/JNEUROSCI.05-07-01688.1985).

    Parameters
    ----------
    initial
        Value before the first move.
    moves
        Shape (m, 3): start in s, duration in s, value at the end; in order, not overlapping.

    """

    def __init__(self, initial: float, moves: NDArray[np.float64]) -> None:
        self._start = moves[:, 0]
        self._duration = moves[:, 1]
        self._end = self._start + self._duration
        self._values = np.concatenate([[initial], moves[:, 2]])

    def at(self, times_s: NDArray[np.float64]) -> Course:
        """Return the course at `times_s`, shape (n,), rising, seconds since the script's start."""
        ended = int(np.searchsorted(self._end, times_s[0], side="right"))
        begun = int(np.searchsorted(self._start, times_s[-1], side="right"))
        resting = np.asarray(self._values[ended])
        if begun == ended:
            return Course(resting, np.zeros(()), np.zeros(()))
        value = np.full(times_s.shape, resting)
        rate, acceleration = np.zeros((2, times_s.shape[0]))
        for move in range(ended, begun):
            first, last = np.searchsorted(times_s, (self._start[move], self._end[move]))
            before, after, duration = self._values[move], self._values[move + 1], self._duration[move]
            part = (times_s[first:last] - self._start[move]) / duration
            span = after - before
            value[first:last] = before + span * part**3 * (10 - part * (15 - 6 * part))
            rate[first:last] = span / duration * 30 * (part * (1 - part)) ** 2
            acceleration[first:last] = span / duration**2 * 60 * part * (1 - part) * (1 - 2 * part)
            value[last:] = after
        return Course(value, rate, acceleration)


class TrackBuilder:
    """Collects the moves of one quantity in order of time."""

    def __init__(self, initial: float) -> None:
        self._initial = initial
        self._moves: list[tuple[float, float, float]] = []

    @property
    def value(self) -> float:
        """Value after the last move."""
        return self._moves[-1][2] if self._moves else self._initial

    def move(self, start_s: float, duration_s: float, value: float) -> None:
        """Add a move; one that changes nothing is left out.

        Raises
        ------
        ValueError
            The move takes no time or begins before the last one has ended.

        """
        if value == self.value:
            return
        if duration_s <= 0:
            raise ValueError("a move must take some time")
        if self._moves and start_s < self._moves[-1][0] + self._moves[-1][1] - 1e-9:
            raise ValueError(f"a move begins at {start_s:.3f} s, before the last one has ended")
        self._moves.append((start_s, duration_s, value))

    def build(self) -> Track:
        """Return the finished track."""
        return Track(self._initial, np.array(self._moves, dtype=np.float64).reshape(-1, 3))
