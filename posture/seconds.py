"""One row of features a second: what the activity decoder and the trackers look at.

Everything here is free of the mounting, so that a calibration learnt later can still be applied to earlier seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from config.units import GRAVITY_MS2
from posture.accelerometer_offset import up_without_offset
from posture.frame import GRID_HZ, N_AXES
from posture.height_over_time import height_added, height_from_start, lift_added, rise_filter, trust_at_start
from posture.rotations import unit
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from posture.frame import FineSegment, PostureFrame

__all__ = [
    "PARTS_OF_SECOND",
    "SecondFeatures",
    "SecondSummarizer",
    "SummarizerState",
    "join_seconds",
    "seconds_with_step",
]

GAIT_BAND_HZ = (0.7, 5.0)
SWAY_BAND_HZ = (0.7, 3.0)
"""Quicker than one breathes, and slower than what muscles and clothes tremble with."""
USUAL_NOISE_MS2 = 0.05
"""Noise of a usual sensor, all axes together, as it is in the movement of people at rest: 0.01 to 0.045 in hapt, harth
and the synthetic sets."""
HIDDEN_NOISE = 2.0
"""Neighbouring rows share samples, which hides noise: that in the rows is 1.9 times what their second differences show
at 50 Hz, 1.2 times at 100 Hz and 1.1 times at 200 Hz. Nobody is more at rest than the usual sensor lets see."""
PARTS_OF_SECOND = 5
STEPS_KNOWN_WITHIN_S = 8
"""Live no step becomes known later than 6 s after it; so many bits are one byte a second."""
RISE_SOS: NDArray[np.float64] = rise_filter()
GAIT_SOS: NDArray[np.float64] = butter(2, GAIT_BAND_HZ, "bandpass", fs=GRID_HZ, output="sos")
SWAY_SOS: NDArray[np.float64] = butter(2, SWAY_BAND_HZ, "bandpass", fs=GRID_HZ, output="sos")
N_SIGNALS = 2 * N_AXES + 6
UP, ACC, HEIGHTS, GAIT_SQUARED, LIFT, SWAYS_SQUARED = slice(0, 3), slice(3, 6), slice(6, 8), 8, 9, slice(10, 12)


@dataclass(frozen=True, slots=True, eq=False)
class SecondFeatures:
    """Features of n whole seconds, in order of time; seconds that the sensor did not cover are missing.

    Parameters
    ----------
    second
        Shape (n,), int64: seconds since the Unix epoch; the row covers [second, second + 1).
    up
        Shape (n, 3): mean unit vector up, sensor frame.
    acc
        Shape (n, 3): mean specific force in m/s^2, sensor frame.
    movement
        Shape (n,): standard deviation of the specific force within the second, all axes together, in m/s^2, less what a
        noisy sensor adds.
    gait
        Shape (n,): rms of the vertical acceleration between 0.7 and 5 Hz, in m/s^2.
    rise, fall
        Shape (n,): largest and smallest height in m of the sensor above where it was (`posture.height_over_time`),
        from the vertical acceleration.
    rise_by_norm, fall_by_norm
        The same from the length of the specific force alone, which no error of orientation touches.
    speed_gain
        Shape (n,): integral over the second of the vertical acceleration, in m/s; without a gyroscope of the length of
        the mean specific force of each fifth of the second, less gravity.
    height_gain
        Shape (n,): height that this acceleration lifts from rest within the second, in m.
    up_in_parts
        Shape (n, `PARTS_OF_SECOND`, 3), float32: mean vector up in each fifth of the second, sensor frame, as it was
        seen, without regard to what was learnt of the accelerometer later. Shows how the trunk swings.
    lift_in_parts
        Shape (n, `PARTS_OF_SECOND`), float32: mean of the acceleration of `speed_gain` in each fifth, in m/s^2.
    turn_rad_s, tip_rad_s
        Shape (n,), float32: rms of the turn rate about the vertical, and about the level axes, between 0.7 and 3 Hz;
        zero without a gyroscope.
    steps_known
        Shape (n,), uint8: bit k is set where in this second it became known that a foot met the ground k seconds
        before. Steps are found from more than a second shows.
    has_gyr
        Whether the vertical acceleration is known well enough (gyroscope) to trust `rise` and `fall`.

    """

    second: NDArray[np.int64]
    up: NDArray[np.float64]
    acc: NDArray[np.float64]
    movement: NDArray[np.float64]
    gait: NDArray[np.float64]
    rise: NDArray[np.float64]
    fall: NDArray[np.float64]
    rise_by_norm: NDArray[np.float64]
    fall_by_norm: NDArray[np.float64]
    speed_gain: NDArray[np.float64]
    height_gain: NDArray[np.float64]
    up_in_parts: NDArray[np.float32]
    lift_in_parts: NDArray[np.float32]
    turn_rad_s: NDArray[np.float32]
    tip_rad_s: NDArray[np.float32]
    steps_known: NDArray[np.uint8]
    has_gyr: bool

    def __len__(self) -> int:
        """Return the number of seconds."""
        return int(self.second.shape[0])

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def where(self, mask: NDArray[np.bool_]) -> SecondFeatures:
        """Return the seconds at which the mask, shape (n,), holds."""
        arrays = {name: column[mask] for name, column in self.columns.items()}
        return SecondFeatures(**arrays, has_gyr=self.has_gyr)

    def with_steps(self, steps: Iterable[tuple[int, int]]) -> SecondFeatures:
        """Return the seconds, consecutive ones, with steps: the second of each, and that in which it became known."""
        known = np.zeros(len(self), dtype=np.uint8)
        for second, known_in in steps:
            row = known_in - int(self.second[0]) if len(self) else -1
            if 0 <= row < len(self) and known_in - second < STEPS_KNOWN_WITHIN_S:
                known[row] |= 1 << (known_in - second)
        return replace(self, steps_known=known)

    def without_offset(self, offset_ms2: NDArray[np.float64]) -> SecondFeatures:
        """Return the seconds as they would be, had an offset of the accelerometer, shape (3,), been taken off before.

        But for `up_in_parts`; gait and movement it hardly touches.
        """
        lift = lift_added(self.up_in_parts, offset_ms2)
        height = height_added(self.second, lift, self.movement)
        return replace(
            self,
            up=up_without_offset(self.up, offset_ms2),
            acc=self.acc - offset_ms2,
            rise=self.rise - height,
            fall=self.fall - height,
            rise_by_norm=self.rise_by_norm - height,
            fall_by_norm=self.fall_by_norm - height,
            speed_gain=self.speed_gain - lift.mean(axis=1),
            height_gain=self.height_gain - (lift * SECONDS_LEFT_OF_PARTS).mean(axis=1),
            lift_in_parts=(self.lift_in_parts - lift).astype(np.float32),
        )

    def rows(self, start: int, stop: int) -> SecondFeatures:
        """Return the rows [start, stop)."""
        arrays = {name: column[start:stop] for name, column in self.columns.items()}
        return SecondFeatures(**arrays, has_gyr=self.has_gyr)


ARRAYS = tuple(each.name for each in fields(SecondFeatures) if each.name != "has_gyr")


def join_seconds(parts: Sequence[SecondFeatures]) -> SecondFeatures:
    """Join parts, in order of time, into one.

    Raises
    ------
    ValueError
        There is no part.

    """
    if not parts:
        raise ValueError("no seconds to join")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS}
    return SecondFeatures(**arrays, has_gyr=parts[0].has_gyr)


def seconds_with_step(features: SecondFeatures) -> NDArray[np.int64]:
    """Return in which seconds, in order of time, a foot met the ground, as far as it became known in these seconds."""
    known = [features.second[(features.steps_known >> ago & 1) > 0] - ago for ago in range(STEPS_KNOWN_WITHIN_S)]
    return np.unique(np.concatenate(known))


@dataclass(slots=True)
class SummarizerState:
    """All that a `SecondSummarizer` remembers since the samples began, or began anew after a gap.

    Parameters
    ----------
    start_index, next_index
        Grid index of the first row, and of the first one in `signals` or, where there is none, to come.
    signals
        Shape (`N_SIGNALS`, n): the rows of the second not yet complete.
    rise_zi, gait_zi, sway_zi
        States of the filters; that of the sway None before the first row. Both heights go through in one pass: the
        first has shape (sections, 2, 2).
    start_ms2
        Vertical acceleration that the first second lets one take for an error; None before it is complete.

    """

    start_index: int = 0
    next_index: int = 0
    signals: NDArray[np.float64] = field(default_factory=lambda: np.empty((N_SIGNALS, 0)))
    rise_zi: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(RISE_SOS), 2, 2)))
    gait_zi: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(GAIT_SOS), 2)))
    sway_zi: NDArray[np.float64] | None = None
    start_ms2: float | None = None


class SecondSummarizer(Stage[SummarizerState]):
    """Summarise each whole second of `PostureFrame` rows.

    Seconds are those of UTC. One that a gap cuts is left out.
    """

    def __init__(self) -> None:
        super().__init__(SummarizerState())

    def end_of_second(self, n: int, segment: FineSegment) -> int:
        """Return the grid index after the n-th second, n >= 1, to be completed from the beginning of a segment on."""
        start = segment.start_index if segment.restarts else self._state.next_index
        return (-(-start // GRID_HZ) + n) * GRID_HZ

    def push(self, frame: PostureFrame) -> SecondFeatures:
        """Return the features of the seconds that the frame completes (possibly none)."""
        if frame.segment.restarts:
            self._state = SummarizerState(frame.segment.start_index, frame.segment.start_index)
        state, signals = self._state, self._with_signals(frame)
        # Only after a gap do the rows not begin with a second; that cut second is left out.
        cut = min(-state.next_index % GRID_HZ, signals.shape[1])
        n_seconds = (signals.shape[1] - cut) // GRID_HZ
        if n_seconds == 0:
            state.signals = signals[:, cut:]
            state.next_index += cut
            return _no_seconds(has_gyr=frame.segment.gyr is not None)
        used = cut + n_seconds * GRID_HZ
        block = signals[:, cut:used].reshape(N_SIGNALS, n_seconds, GRID_HZ)
        if frame.segment.gyr is None:
            block[LIFT] = _lift_by_force(block[ACC])
        block[HEIGHTS] -= self._from_start(block, state.next_index + cut - state.start_index)
        features = _summarize((state.next_index + cut) // GRID_HZ, block, has_gyr=frame.segment.gyr is not None)
        state.signals = signals[:, used:].copy()
        state.next_index += used
        return features

    def take_offset(self, up_ms2: float) -> None:
        """Go on as if an offset of the accelerometer, so much of it up, that is taken off from now on had never been.

        Else both heights would seem to sink by decimetres, for seconds.
        """
        state = self._state
        state.rise_zi = state.rise_zi - up_ms2 * sosfilt_zi(RISE_SOS)[:, np.newaxis]

    def flush(self) -> SecondFeatures:
        """Return no rows: a second that is not complete is not given out."""
        return _no_seconds(has_gyr=False)

    def _from_start(self, block: NDArray[np.float64], n_before: int) -> NDArray[np.float64]:
        """Return what the height shows only since it began with an accelerometer that reads wrongly.

        Shape (seconds, rows) in m, so many rows after the start; told by the first second of all.
        """
        state = self._state
        if state.start_ms2 is None:
            first = block[:, :1]
            movement = _movement(first[ACC], first[ACC].mean(axis=2))
            state.start_ms2 = float((trust_at_start(movement) * first[LIFT].mean(axis=1))[0])
        shown = np.zeros(block.shape[1] * GRID_HZ)
        known = height_from_start()[n_before:][: len(shown)]
        shown[: len(known)] = state.start_ms2 * known
        return shown.reshape(-1, GRID_HZ)

    def _with_signals(self, frame: PostureFrame) -> NDArray[np.float64]:
        """Return the signals of the second not yet complete with those of the frame behind them, one in each row."""
        state, acc = self._state, frame.segment.acc
        n_before = state.signals.shape[1]
        signals = np.empty((N_SIGNALS, n_before + len(frame)))
        signals[:, :n_before] = state.signals
        fresh = signals[:, n_before:]
        fresh[UP], fresh[ACC] = frame.up.T, acc.T
        heights = fresh[HEIGHTS]
        heights[0] = frame.vertical
        np.sqrt(np.einsum("ni,ni->n", acc, acc), out=heights[1])
        heights[1] -= GRAVITY_MS2
        fresh[LIFT] = heights[0] if frame.segment.gyr is not None else 0.0  # till its second is complete
        heights[:], state.rise_zi = sosfilt(RISE_SOS, heights, zi=state.rise_zi)
        gait, state.gait_zi = sosfilt(GAIT_SOS, frame.vertical, zi=state.gait_zi)
        np.multiply(gait, gait, out=fresh[GAIT_SQUARED])
        fresh[SWAYS_SQUARED] = 0.0 if frame.segment.gyr is None else self._sways_squared(frame.segment.gyr, frame.up)
        return signals

    def _sways_squared(self, gyr: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squares of the turn rate about the vertical and about the level axes, shape (2, rows)."""
        if len(gyr) == 0:
            return np.empty((2, 0))
        state = self._state
        if state.sway_zi is None:
            # As if it had always turned so: a bias is no sway.
            state.sway_zi = sosfilt_zi(SWAY_SOS)[:, np.newaxis, :] * gyr[0][:, np.newaxis]
        swaying, state.sway_zi = sosfilt(SWAY_SOS, gyr.T, zi=state.sway_zi)
        turning = np.einsum("in,ni->n", swaying, up)
        turning *= turning
        return np.stack([turning, np.einsum("in,in->n", swaying, swaying) - turning])


SECONDS_LEFT = 1.0 - (np.arange(GRID_HZ) + 0.5) / GRID_HZ
"""Of the second, after each of its rows: the speed gained in a row lasts for so long."""
SECONDS_LEFT_OF_PARTS = SECONDS_LEFT.reshape(PARTS_OF_SECOND, -1).mean(axis=1)


def _summarize(first_second: int, block: NDArray[np.float64], *, has_gyr: bool) -> SecondFeatures:
    """Return the features of whole seconds, shape (signals, seconds, rows)."""
    n = block.shape[1]
    acc = block[ACC].mean(axis=2)
    turn, tip = np.sqrt(np.maximum(block[SWAYS_SQUARED].mean(axis=2), 0.0)).astype(np.float32)
    highest, lowest = (block[HEIGHTS].max(axis=2), block[HEIGHTS].min(axis=2)) if n else np.empty((2, 2, 0))
    return SecondFeatures(
        second=first_second + np.arange(n, dtype=np.int64),
        # Copied, since what is transposed is added up in another order where it is one second or many.
        up=unit(np.ascontiguousarray(block[UP].mean(axis=2).T)),
        acc=np.ascontiguousarray(acc.T),
        movement=_movement(block[ACC], acc),
        gait=np.sqrt(block[GAIT_SQUARED].mean(axis=1)),
        rise=highest[0],
        fall=lowest[0],
        rise_by_norm=highest[1],
        fall_by_norm=lowest[1],
        speed_gain=block[LIFT].mean(axis=1),
        height_gain=(block[LIFT] * SECONDS_LEFT).mean(axis=1),
        up_in_parts=np.ascontiguousarray(_in_parts(block[UP]).transpose(1, 2, 0)),
        lift_in_parts=_in_parts(block[LIFT]),
        turn_rad_s=turn,
        tip_rad_s=tip,
        steps_known=np.zeros(n, dtype=np.uint8),
        has_gyr=has_gyr,
    )


def _lift_by_force(acc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vertical acceleration as the length of the mean specific force in each part of the seconds tells it.

    For want of a gyroscope; acc is of shape (3, seconds, rows). What shakes to and fro within a part makes each row's
    force longer, but not their mean.
    """
    part = GRID_HZ // PARTS_OF_SECOND
    means = acc.reshape(N_AXES, -1, PARTS_OF_SECOND, part).mean(axis=3)
    return np.repeat(np.sqrt(np.einsum("isp,isp->sp", means, means)) - GRAVITY_MS2, part, axis=1)


@cache
def _no_seconds(*, has_gyr: bool) -> SecondFeatures:
    """Return no rows; kept, since four in five pushes of a live sensor complete no second."""
    return _summarize(0, np.empty((N_SIGNALS, 0, GRID_HZ)), has_gyr=has_gyr)


def _movement(acc: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the movement in each second; acc of shape (3, seconds, rows), mean of shape (3, seconds).

    White noise has six times its variance in the second differences, and what moves smoothly next to nothing (Gasser et
    al., Biometrika 73 (1986) 625-633). Without this, who sits with a noisy sensor seems to sway as those who stand do.
    """
    away = acc - mean[:, :, np.newaxis]
    rough = acc[:, :, 2:] - 2 * acc[:, :, 1:-1] + acc[:, :, :-2]
    square = (away * away).mean(axis=2).sum(axis=0)
    noise = (rough * rough).mean(axis=2).sum(axis=0) / 6
    added = HIDDEN_NOISE * np.maximum(noise - USUAL_NOISE_MS2**2, 0.0)
    return np.asarray(np.sqrt(np.maximum(square - added, np.minimum(square, HIDDEN_NOISE * USUAL_NOISE_MS2**2))))


def _in_parts(signal: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the mean in each part of a second, shape (..., parts), of a signal of shape (..., rows)."""
    parts = signal.reshape(*signal.shape[:-1], PARTS_OF_SECOND, GRID_HZ // PARTS_OF_SECOND)
    return np.asarray(parts.mean(axis=-1), dtype=np.float32)
