"""Peaks of the vertical acceleration that could be steps.

Every step pushes the trunk upwards once, just after the foot meets the ground, whatever the side and the mounting; so
the vertical acceleration is low-passed until one peak a step is left, and each peak is measured against the troughs
beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from posture.frame import PostureFrame

__all__ = ["CandidateFinder", "CandidateState", "Candidates"]

_SMOOTHING = 7
"""Rows the smoothed signal needs on each side of a row: two running means of 8 rows."""
_TROUGH = 32
"""Rows (0.64 s) on each side in which the troughs beside a peak are looked for: half a step of the slowest walkers."""
_REACH = _SMOOTHING + _TROUGH
_ALONE = 12
"""Rows (0.24 s) on each side without a higher peak: the shortest step, in running, takes 0.25 s."""
_FLOOR_MS2 = 0.2
"""Smallest peak: 8 mm of rise and fall in steps of 1.25 s, the feeblest walk that is told from swaying."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Peaks in order of time.

    Parameters
    ----------
    index
        Shape (n,): grid index of each peak of the smoothed vertical acceleration, between rows by a parabola.
    amplitude
        Shape (n,): height of the peak over the shallower of the troughs beside it, m/s^2.
    up
        Shape (n, 3): unit vector that points up at the peak, sensor frame.

    """

    index: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    up: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of peaks."""
        return int(self.index.shape[0])

    def followed_by(self, later: Candidates) -> Candidates:
        """Return these peaks and the later ones."""
        return Candidates(
            np.concatenate([self.index, later.index]),
            np.concatenate([self.amplitude, later.amplitude]),
            np.concatenate([self.up, later.up]),
        )

    def last(self, count: int) -> Candidates:
        """Return the last peaks, at most `count`."""
        start = max(0, len(self) - count)
        return Candidates(self.index[start:].copy(), self.amplitude[start:].copy(), self.up[start:].copy())

    @classmethod
    def none(cls) -> Candidates:
        """Return no peaks."""
        return cls(np.empty(0), np.empty(0), np.empty((0, 3)))


@dataclass(slots=True, eq=False)
class CandidateState:
    """What `CandidateFinder` remembers: at most 78 rows (1.6 s)."""

    start_index: int = 0
    vertical: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    up: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))


class CandidateFinder:
    """Finds the peaks of the smoothed vertical acceleration, 0.78 s after they happened.

    Notes
    -----
    The low-pass is two running means of 8 rows (-6 dB at 2.8 Hz, first zero at 6.25 Hz), built from shifted sums: its
    delay is the same at every frequency, so the times of the peaks are not biased by how fast the wearer walks, and
    sums of shifted arrays are the same to the last bit however the recording is cut.

    """

    def __init__(self) -> None:
        self.state = CandidateState()

    @property
    def decided_index(self) -> float:
        """Grid index before which all peaks have been returned."""
        # The parabola puts a peak up to half a row before its row.
        return self.state.start_index + min(len(self.state.vertical), _REACH) - 0.5

    def push(self, frame: PostureFrame) -> Candidates:
        """Return the peaks that are decided with the new rows, which continue the rows before."""
        if len(frame) == 0:
            return Candidates.none()
        state = self.state
        if len(state.vertical) == 0:
            state.start_index = frame.segment.start_index - _REACH
            state.vertical = np.full(_REACH, frame.vertical[0])
            state.up = np.tile(frame.up[0], (_REACH, 1))
        return self._extend(frame.vertical, frame.up)

    def flush(self) -> Candidates:
        """Return the peaks up to the last row and forget the rows: what comes next starts anew."""
        state = self.state
        if len(state.vertical) == 0:
            return Candidates.none()
        found = self._extend(np.full(_REACH, state.vertical[-1]), np.tile(state.up[-1], (_REACH, 1)))
        self.state = CandidateState()
        return found

    def _extend(self, vertical: NDArray[np.float64], up: NDArray[np.float64]) -> Candidates:
        state = self.state
        vertical = np.concatenate([state.vertical, vertical])
        up = np.concatenate([state.up, up])
        start_index = state.start_index
        kept = min(len(vertical), 2 * _REACH)
        state.vertical, state.up = vertical[-kept:].copy(), up[-kept:].copy()
        state.start_index += len(vertical) - kept
        if len(vertical) <= 2 * _REACH:
            return Candidates.none()
        row, between, amplitude = _peaks(vertical)
        return Candidates(start_index + row + between, amplitude, up[row])


def _peaks(
    vertical: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return row, distance from it to the peak in rows, and amplitude of the peaks `_REACH` rows from both ends."""
    smooth = _running_sum(_running_sum(vertical)) / 64
    trough = _running(np.minimum, smooth, _TROUGH)
    eight = _running(np.maximum, smooth, 8)
    highest = np.maximum(eight[: 8 - _ALONE], eight[_ALONE - 8 :])
    count = len(smooth) - 2 * _TROUGH
    here = smooth[_TROUGH : _TROUGH + count]
    before = highest[_TROUGH - _ALONE : _TROUGH - _ALONE + count]
    after = highest[_TROUGH + 1 : _TROUGH + 1 + count]
    peak = np.flatnonzero((here > before) & (here >= after))
    amplitude = here[peak] - np.maximum(trough[peak], trough[peak + _TROUGH + 1])
    high = amplitude >= _FLOOR_MS2
    peak, amplitude = peak[high].astype(np.int64), amplitude[high]
    earlier, later = smooth[peak + _TROUGH - 1], smooth[peak + _TROUGH + 1]
    between = 0.5 * (earlier - later) / (earlier - 2 * here[peak] + later)
    return peak + _REACH, between, amplitude


def _running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over 8 rows; entry k is over rows k to k + 7."""
    return _running(np.add, values, 8)


def _running(
    combine: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    values: NDArray[np.float64],
    rows: int,
) -> NDArray[np.float64]:
    """Combine runs of `rows` (a power of two) values by doubling; entry k is over rows k to k + rows - 1."""
    width = 1
    while width < rows:
        values = combine(values[:-width], values[width:])
        width *= 2
    return values
