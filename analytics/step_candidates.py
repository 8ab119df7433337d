"""Moments that could be steps: peaks of the smoothed length of the acceleration.

Every step pushes the trunk upwards once, just after the foot meets the ground, whatever the side. The length of the
acceleration shows it at any mounting and needs no orientation, so sensors with and without a gyroscope are read alike
to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from posture.frame import PostureFrame

__all__ = ["CANDIDATE_DELAY", "CandidateFinder", "CandidateState", "Candidates"]

_AXES = 3
_SMOOTHING = 11
"""Rows the smoothed length needs on each side of a row: two running means of 12 rows."""
_TROUGH = 32
"""Rows (0.64 s) on each side in which the troughs beside a peak are looked for: half a step of the slowest walkers."""
_REACH = _SMOOTHING + _TROUGH
CANDIDATE_DELAY = _REACH + 2
"""Rows after which a peak has surely been returned: the parabola puts it up to half a row from its row."""
_STRIDE = 64
"""Rows (1.28 s) around a peak, about a stride, over which its jolt, its shock and its mean are taken."""
_BEFORE_PEAK, _STRIKE = 10, 16
"""Rows (0.2 s) before a peak at which its strike begins, and rows (0.32 s) it is taken over: the foot meets the ground
about 0.06 s before the peak and the shock is over within a double support."""
_SEEN_EVERY = 4
"""Of the rows of the stride, up is looked at every 0.08 s: nobody swings more quickly."""
_STEP = 32
"""Rows (0.64 s) around a peak, about a step, over which the acceleration is averaged for its lean."""
_ALONE = 12
"""Rows (0.24 s) on each side without a higher peak: the shortest step, in running, takes 0.25 s."""
_FLOOR_MS2 = 0.1
"""Smallest peak: the first step after standing is as weak; a trunk at rest sways by less."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Peaks in order of time.

    Parameters
    ----------
    index
        Shape (n,): grid index of each peak of the smoothed length, between rows by a parabola.
    amplitude
        Shape (n,): height of the peak over the shallower of the troughs beside it, m/s^2.
    jolt
        Shape (n,): root mean square, over about a stride, of what is quicker than 3 Hz, m/s^2.
    mean
        Shape (n,): mean length of the acceleration over about a stride, m/s^2.
    shock
        Shape (n,): root mean square, over about a stride, of what is quicker than about 10 Hz, m/s^2.
    strike
        Shape (n,): the same from 0.2 s before the peak to 0.12 s after it: the shock of a foot that meets the ground,
        and nothing of a trunk that swings.
    up
        Shape (n, 3): unit vector of the mean acceleration over about a step, sensor frame: up, but for what sways.
    swing_deg
        Shape (n,): root mean square angle of the true up to its mean over about a stride; infinite without a gyroscope.

    """

    index: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    jolt: NDArray[np.float64]
    mean: NDArray[np.float64]
    shock: NDArray[np.float64]
    strike: NDArray[np.float64]
    up: NDArray[np.float64]
    swing_deg: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of peaks."""
        return int(self.index.shape[0])

    def followed_by(self, later: Candidates) -> Candidates:
        """Return these peaks and the later ones."""
        return Candidates(
            np.concatenate([self.index, later.index]),
            np.concatenate([self.amplitude, later.amplitude]),
            np.concatenate([self.jolt, later.jolt]),
            np.concatenate([self.mean, later.mean]),
            np.concatenate([self.shock, later.shock]),
            np.concatenate([self.strike, later.strike]),
            np.concatenate([self.up, later.up]),
            np.concatenate([self.swing_deg, later.swing_deg]),
        )

    def last(self, count: int) -> Candidates:
        """Return the last peaks, at most `count`."""
        rows = slice(max(0, len(self) - count), None)
        return Candidates(
            self.index[rows].copy(),
            self.amplitude[rows].copy(),
            self.jolt[rows].copy(),
            self.mean[rows].copy(),
            self.shock[rows].copy(),
            self.strike[rows].copy(),
            self.up[rows].copy(),
            self.swing_deg[rows].copy(),
        )

    @classmethod
    def none(cls) -> Candidates:
        """Return no peaks."""
        nothing = np.empty(0)
        return cls(nothing, nothing, nothing, nothing, nothing, nothing, np.empty((0, _AXES)), nothing)


@dataclass(slots=True, eq=False)
class CandidateState:
    """What `CandidateFinder` remembers: the three axes of acceleration and of up, over at most 86 grid rows (1.7 s)."""

    start_index: int = 0
    signals: NDArray[np.float64] = field(default_factory=lambda: np.empty((2 * _AXES, 0)))


class CandidateFinder:
    """Finds the peaks, 0.86 s after they happened.

    Notes
    -----
    The low-pass is two running means of 12 rows (-6 dB at 1.8 Hz, first zero at 4.2 Hz): one peak a step from slow
    walking, whose second harmonic it leaves out, to running, which is strong enough to be seen through it. Sums of
    shifted arrays have the same delay at every frequency, so the times of the peaks are not biased by how fast the
    wearer walks, and are the same to the last bit however the recording is cut.

    """

    def __init__(self) -> None:
        self.state = CandidateState()

    @property
    def decided_index(self) -> float:
        """Grid index before which all peaks have been returned."""
        # The parabola puts a peak up to half a row before its row.
        return self.state.start_index + min(int(self.state.signals.shape[1]), _REACH) - 0.5

    def push(self, frame: PostureFrame) -> Candidates:
        """Return the peaks that are decided with the new rows, which continue the rows before."""
        if len(frame) == 0:
            return Candidates.none()
        segment, state = frame.segment, self.state
        up = np.zeros_like(frame.up) if segment.gyr is None else frame.up
        if state.signals.shape[1] == 0:
            state.start_index = segment.start_index - _REACH
            state.signals = np.concatenate([segment.acc[0], up[0]])[:, np.newaxis].repeat(_REACH, axis=1)
        return self._extend(segment.acc.T, up.T)

    def flush(self) -> Candidates:
        """Return the peaks up to the last row and forget the rows: what comes next starts anew."""
        last = self.state.signals[:, -1:]
        if last.shape[1] == 0:
            return Candidates.none()
        found = self._extend(*np.vsplit(last.repeat(_REACH, axis=1), 2))
        self.state = CandidateState()
        return found

    def _extend(self, acc: NDArray[np.float64], up: NDArray[np.float64]) -> Candidates:
        """Return the peaks that more rows decide, given as two arrays of one axis in each line."""
        state = self.state
        start_index, n_before = state.start_index, state.signals.shape[1]
        n = n_before + acc.shape[1]
        signals = np.empty((2 * _AXES, n))
        signals[:, :n_before], signals[:_AXES, n_before:], signals[_AXES:, n_before:] = state.signals, acc, up
        kept = min(n, 2 * _REACH)
        state.signals = signals[:, -kept:].copy()
        state.start_index += n - kept
        if n <= 2 * _REACH:
            return Candidates.none()
        return _peaks(start_index, signals[:_AXES], signals[_AXES:])


def _peaks(start_index: int, acc: NDArray[np.float64], up: NDArray[np.float64]) -> Candidates:
    """Return the peaks `_REACH` grid rows from both ends; `acc` and `up` have an axis in each line."""
    x, y, z = acc
    length = np.sqrt(x * x + y * y + z * z)
    smooth = _twelve(_twelve(length)) / 144
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
    peak, amplitude = peak[high], amplitude[high]
    if len(peak) == 0:
        return Candidates.none()
    earlier, later = smooth[peak + _TROUGH - 1], smooth[peak + _TROUGH + 1]
    between = 0.5 * (earlier - later) / (earlier - 2 * here[peak] + later)
    row = peak + _REACH
    quickest = _quickest(length)
    return Candidates(
        index=start_index + row + between,
        amplitude=amplitude,
        jolt=_jolt(length)[row],
        mean=_running(np.add, length, _STRIDE)[row - _STRIDE // 2] / _STRIDE,
        shock=np.sqrt(_running(np.add, quickest, _STRIDE)[row - _STRIDE // 2] / _STRIDE),
        strike=np.sqrt(_running(np.add, quickest, _STRIKE)[row - _BEFORE_PEAK] / _STRIKE),
        up=_up(x, y, z, row),
        swing_deg=_swing_deg(up, row),
    )


def _jolt(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of the quick part over the stride around each row; nought near both ends."""
    eight = _running(np.add, length, 8)
    quick = length[4:-4] - (eight[:-1] + eight[1:]) / 16
    square = _running(np.add, quick * quick, _STRIDE) / _STRIDE
    return np.pad(np.sqrt(square), (4 + _STRIDE // 2, 3 + _STRIDE // 2))


def _quickest(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the square of what is quicker than about 10 Hz; nought at both ends."""
    quickest = np.zeros_like(length)
    quickest[1:-1] = length[1:-1] - (length[:-2] + 2 * length[1:-1] + length[2:]) / 4
    return quickest * quickest


def _up(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64], row: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the direction of the mean acceleration over the step around each of the rows."""
    first = row - _STEP // 2
    x, y, z = (_running(np.add, axis, _STEP)[first] for axis in (x, y, z))
    return np.asarray(np.stack([x, y, z], axis=1) / np.sqrt(x * x + y * y + z * z)[:, np.newaxis])


def _swing_deg(up: NDArray[np.float64], row: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the root mean square angle of up to its mean over the stride around each of the rows."""
    seen = range(-_STRIDE // 2, _STRIDE // 2, _SEEN_EVERY)
    # One by one: the same to the last bit however the recording is cut.
    total = np.zeros((_AXES, len(row)))
    for away in seen:
        total = total + up[:, row + away]
    x, y, z = total
    square = (x * x + y * y + z * z) / len(seen) ** 2
    swing_deg = np.degrees(np.sqrt(np.maximum(1.0 - square, 0.0)))
    return np.where(square > 0.0, swing_deg, np.inf)


def _twelve(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over 12 rows; entry k is over rows k to k + 11."""
    four = _running(np.add, values, 4)
    return four[:-8] + four[4:-4] + four[8:]


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
