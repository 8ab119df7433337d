"""What the lower back does, as three signals that exercises are counted in: tilt, turn and height."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, lfilter, sosfilt, sosfilt_zi

from posture.frame import GRID_HZ, N_AXES
from posture.rotations import turns_about_vertical
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.frame import PostureFrame

__all__ = ["LATENCY_S", "MOVEMENT_HZ", "Movement", "MovementSignals", "SignalState"]

ROWS_PER_SAMPLE = 4
MOVEMENT_HZ = GRID_HZ / ROWS_PER_SAMPLE
"""Repetitions take a second and more: 12.5 Hz shows them, and keeps a day cheap."""

SMOOTHING_HZ = 2.5
LATENCY_S = 0.09
"""Delay of the smoothing, taken off all times."""

VERTICAL_HZ = 4.0
DRIFT_HZ = 0.06
"""Slower changes of height are drift of the twice integrated acceleration."""

SETTLING_ROWS = GRID_HZ
GREATEST_OFFSET_MS2 = 0.5
"""The mean of a recording's first second is the offset of the accelerometer; what is more than this is movement."""

CM = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """Samples of the lower back's movement at 12.5 Hz.

    Parameters
    ----------
    time
        Shape (n,): seconds since the Unix epoch.
    restarts
        True where the samples before are missing.
    up
        Shape (n, 3): smoothed direction of up in the sensor frame, as chords of the unit sphere in degrees.
    turn
        Shape (n, 1): turn about the vertical in degrees, to the left > 0, drifting.
    height
        Shape (n, 1): height in cm, without what changes more slowly than some 15 s.

    """

    time: NDArray[np.float64]
    restarts: bool
    up: NDArray[np.float64]
    turn: NDArray[np.float64]
    height: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.time)


@dataclass(slots=True)
class SignalState:
    """The filters' states; None before the first sample and after a gap; `settling` is the first second."""

    up: NDArray[np.float64] | None = None
    quat: NDArray[np.float64] | None = None
    rate: NDArray[np.float64] | None = None
    turn: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    vertical: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    offset: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    height: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    settling: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


class MovementSignals(Stage[SignalState]):
    """From posture frames to the three signals."""

    def __init__(self) -> None:
        super().__init__(SignalState())
        self._smooth = butter(2, SMOOTHING_HZ, fs=GRID_HZ, output="sos")
        self._vertical = butter(2, VERTICAL_HZ, fs=GRID_HZ, output="sos")
        self._no_offset = butter(2, DRIFT_HZ, btype="high", fs=GRID_HZ, output="sos")
        self._leak = float(np.exp(-2.0 * np.pi * DRIFT_HZ / GRID_HZ))

    def push(self, frame: PostureFrame) -> Movement:
        """Return the samples that the frame completes; an empty frame completes none."""
        segment = frame.segment
        if len(frame) == 0:
            none = np.empty((0, 1))
            return Movement(np.empty(0), restarts=False, up=np.empty((0, N_AXES)), turn=none, height=none)
        restarts = segment.restarts or self._state.up is None
        if restarts:
            self._restart(frame)
        up, self._state.up = sosfilt(self._smooth, frame.up, axis=0, zi=self._state.up)
        picked = slice(-segment.start_index % ROWS_PER_SAMPLE, None, ROWS_PER_SAMPLE)
        return Movement(
            time=segment.time[picked] - LATENCY_S,
            restarts=restarts,
            up=np.degrees(up[picked]),
            turn=self._turn(frame)[picked, np.newaxis],
            height=self._height(frame)[picked, np.newaxis],
        )

    def flush(self) -> None:
        """Give nothing out: every sample has already been."""

    def _restart(self, frame: PostureFrame) -> None:
        smooth = sosfilt_zi(self._smooth)
        self._state = SignalState(
            up=smooth[:, :, np.newaxis] * frame.up[0],
            quat=frame.quat[0],
            rate=np.zeros(smooth.shape),
        )

    def _turn(self, frame: PostureFrame) -> NDArray[np.float64]:
        """Return the heading of the orientation, which is without the bias of the gyroscope as far as it is known."""
        state = self._state
        if frame.segment.gyr is None or state.quat is None:
            return np.zeros(len(frame))
        quat = np.vstack([state.quat, frame.quat])
        state.quat = quat[-1]
        steps, state.rate = sosfilt(self._smooth, turns_about_vertical(quat), zi=state.rate)
        turn, state.turn = lfilter([1.0], [1.0, -1.0], np.degrees(steps), zi=state.turn)
        return np.asarray(turn)

    def _height(self, frame: PostureFrame) -> NDArray[np.float64]:
        """Return the height; it stays 0 for the first second, in which the offset is found."""
        settling = max(0, SETTLING_ROWS - len(self._state.settling))
        if settling:
            self._settle(frame.vertical[:settling])
        settled = frame.vertical[settling:]
        height = np.zeros(len(frame))
        if len(settled):
            height[settling:] = self._settled_height(settled)
        return height

    def _settle(self, vertical: NDArray[np.float64]) -> None:
        state = self._state
        state.settling = np.concatenate([state.settling, vertical])
        offset = float(np.clip(state.settling.mean(), -GREATEST_OFFSET_MS2, GREATEST_OFFSET_MS2))
        state.vertical = sosfilt_zi(self._vertical) * offset
        state.offset = sosfilt_zi(self._no_offset) * offset

    def _settled_height(self, vertical: NDArray[np.float64]) -> NDArray[np.float64]:
        state = self._state
        acceleration, state.vertical = sosfilt(self._vertical, vertical, zi=state.vertical)
        acceleration, state.offset = sosfilt(self._no_offset, acceleration, zi=state.offset)
        velocity, state.velocity = lfilter([1.0 / GRID_HZ], [1.0, -self._leak], acceleration, zi=state.velocity)
        height, state.height = lfilter([CM / GRID_HZ], [1.0, -1.0], velocity, zi=state.height)
        return np.asarray(height)
