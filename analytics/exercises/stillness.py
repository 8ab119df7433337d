"""When the lower back is still and when the wearer moves, and how hard the muscles work meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from analytics.exercises.movement import ROWS_PER_SAMPLE
from posture.frame import GRID_HZ, N_AXES
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.exercises.movement import Movement
    from posture.frame import PostureFrame

__all__ = ["LOOK_BACK", "Stillness", "StillnessSignals", "StillnessState", "squared_lengths"]

VERTICAL_HZ = 4.0
OFFSET_HZ = 0.06
"""Slower changes of the vertical acceleration are offset of the sensor."""

TREMOR_HZ = (5.0, 15.0)
"""Muscles that hold a load tremble at 6 to 12 Hz (Elble & Koller 1990; McAuley & Marsden 2000,
doi:10.1093/brain/123.8.1545); breathing and swaying are slower."""

TREMOR_MEAN_HZ = 2.0
LEAST_POWER = 1e-9
"""Below the noise of any sensor, in (rad/s)^2 or (m/s^2)^2: keeps the logarithm finite."""

MOVES_MS2 = 0.25
MOVES_DEG = 1.5
LOOK_BACK = 6
"""The wearer moves where the pelvis is lifted or let down by so much, or tilts by so much, within so many samples."""


def squared_lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared lengths of vectors, shape (n, 3); einsum adds in another order where there is only one."""
    x, y, z = vectors.T
    return np.asarray(x * x + y * y + z * z)


@dataclass(frozen=True, slots=True, eq=False)
class Stillness:
    """Samples at 12.5 Hz, those of `Movement`.

    Parameters
    ----------
    time
        Shape (n,): seconds since the Unix epoch.
    restarts
        True where the samples before are missing.
    up
        Shape (n, 3): as in `Movement`.
    before
        Shape (n, 3): the same, `LOOK_BACK` samples earlier.
    vertical
        Shape (n,): acceleration of the lower back upward in m/s^2.
    tremor
        Shape (n,): logarithm of the power of the rotation rate, or of the acceleration without a gyroscope, in the
        band in which loaded muscles tremble. Only differences mean something.
    moves
        Shape (n,): whether the wearer moves.

    """

    time: NDArray[np.float64]
    restarts: bool
    up: NDArray[np.float64]
    before: NDArray[np.float64]
    vertical: NDArray[np.float64]
    tremor: NDArray[np.float64]
    moves: NDArray[np.bool_]


@dataclass(slots=True)
class StillnessState:
    """The filters' states; None before the first sample and after a gap."""

    vertical: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    tremor: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    power: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    up: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_AXES)))
    jolts: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


class StillnessSignals(Stage[StillnessState]):
    """From posture frames, and the movement found in them, to stillness."""

    def __init__(self) -> None:
        super().__init__(StillnessState())
        self._vertical = butter(2, VERTICAL_HZ, fs=GRID_HZ, output="sos")
        self._no_offset = butter(2, OFFSET_HZ, btype="high", fs=GRID_HZ, output="sos")
        self._tremor = butter(2, TREMOR_HZ, btype="band", fs=GRID_HZ, output="sos")
        self._power = butter(1, TREMOR_MEAN_HZ, fs=GRID_HZ, output="sos")

    def push(self, frame: PostureFrame, movement: Movement) -> Stillness:
        """Return the samples that a frame completes, which is not empty, from it and its movement."""
        segment = frame.segment
        shaken = segment.acc if segment.gyr is None else segment.gyr
        restarts = movement.restarts or self._state.vertical is None
        if restarts:
            self._restart(frame, shaken)
        state = self._state
        vertical, state.vertical = sosfilt(self._vertical, frame.vertical, zi=state.vertical)
        vertical, state.offset = sosfilt(self._no_offset, vertical, zi=state.offset)
        tremor, state.tremor = sosfilt(self._tremor, shaken, axis=0, zi=state.tremor)
        power, state.power = sosfilt(self._power, squared_lengths(tremor), zi=state.power)
        picked = slice(-segment.start_index % ROWS_PER_SAMPLE, None, ROWS_PER_SAMPLE)
        return self._sampled(movement, vertical[picked], np.log(np.maximum(power[picked], LEAST_POWER)))

    def flush(self) -> None:
        """Give nothing out: every sample has already been."""

    def _restart(self, frame: PostureFrame, shaken: NDArray[np.float64]) -> None:
        first = float(frame.vertical[0])
        tremor = sosfilt_zi(self._tremor)
        self._state = StillnessState(
            vertical=sosfilt_zi(self._vertical) * first,
            offset=sosfilt_zi(self._no_offset) * first,
            tremor=tremor[:, :, np.newaxis] * shaken[0],
            power=np.zeros((len(self._power), 2)),
        )

    def _sampled(self, movement: Movement, vertical: NDArray[np.float64], tremor: NDArray[np.float64]) -> Stillness:
        state, n = self._state, len(movement)
        if n and not len(state.up):
            state.up = np.repeat(movement.up[:1], LOOK_BACK, axis=0)
            state.jolts = np.zeros(LOOK_BACK - 1, dtype=np.bool_)
        up = np.concatenate([state.up, movement.up])
        before = up[:n]
        tilted = movement.up - before
        jolts = (np.abs(vertical) > MOVES_MS2) | (squared_lengths(tilted) > MOVES_DEG**2)
        lately = np.concatenate([state.jolts, jolts])
        moves = np.zeros(n, dtype=np.bool_)
        for ago in range(LOOK_BACK):
            moves |= lately[ago : ago + n]
        if n:
            state.up, state.jolts = up[n:], lately[n:]
        return Stillness(movement.time, movement.restarts, movement.up, before, vertical, tremor, moves)
