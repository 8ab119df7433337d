"""Whether the sensor is on the body, and still where it was put."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from posture.events import Alert, AlertKind, AlertResolved
from posture.rotations import angle_between, unit
from posture.self_calibration import WALKING_GAIT_MS2
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["StrapState", "StrapTracker", "WearState", "WearTracker", "not_worn"]

BLOCK_S = 6 * 3600
"""Long recordings are gone over in blocks, so that memory stays flat."""

NOT_WORN_AFTER_S = 1800
"""Sleepers turn or at least breathe; no recording of a worn sensor here keeps this still for more than 15 min."""
MOTIONLESS_COSINE = float(np.cos(np.radians(0.5)))
MOTIONLESS_MS2 = 0.3
BRIDGED_HOLE_S = 60
"""A sensor seen still before and after a hole of so long was still in it."""

STRAP_MOVED_DEG = 20.0
STRAP_SETTLED_DEG = 10.0
STEADY_DEG = 8.0
"""Walking, the lower back keeps its tilt; in exercises that shake it as much it does not."""
STRAP_WALKING_S = 30
"""Walking seconds over which the sensor's tilt is averaged: on stairs one leans by up to 15 deg."""


@dataclass(slots=True)
class WearState:
    """Up when the sensor last moved, since when it has been still, the last second pushed, and the alert if active."""

    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    still_since: int = 0
    last_second: int = 0
    raised: Alert | None = None


class WearTracker(Stage[WearState]):
    """Notice a sensor that lies on a table: not a movement, and not half a degree of turn, for half an hour.

    Of a hole in the samples nobody knows, so that it does not count as still.
    """

    def __init__(self) -> None:
        super().__init__(WearState())

    def push(self, features: SecondFeatures) -> list[Alert | AlertResolved]:
        """Return the alerts raised and resolved."""
        state = self._state
        events: list[Alert | AlertResolved] = []
        looked_at = _may_tell(features)
        columns = (features.second, *features.up.T, features.movement)
        for second, x, y, z, movement in zip(*(column[looked_at].tolist() for column in columns), strict=True):
            along = x * state.anchor[0] + y * state.anchor[1] + z * state.anchor[2]
            after_hole = state.raised is None and second > state.last_second + BRIDGED_HOLE_S
            state.last_second = second
            if after_hole or movement > MOTIONLESS_MS2 or along < MOTIONLESS_COSINE:
                state.anchor, state.still_since = (x, y, z), second
                if state.raised is not None:
                    events.append(AlertResolved(second, AlertKind.NOT_WORN, state.raised.time, heeded=True))
                    state.raised = None
            elif state.raised is None and second + 1 - state.still_since >= NOT_WORN_AFTER_S:
                state.raised = Alert(second + 1, AlertKind.NOT_WORN, state.still_since)
                events.append(state.raised)
        return events

    def flush(self) -> list[Alert | AlertResolved]:
        """Return nothing: that the samples end does not tell whether the sensor is worn again."""
        return []


def _may_tell(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return which seconds, shape (n,), to look at: none between two movements so near each other as to rule it out."""
    moves = features.movement > MOTIONLESS_MS2
    is_brief = np.diff(features.second[moves]) < NOT_WORN_AFTER_S
    # Before the first movement and after the last one it may have been still for long.
    n_moves_before = np.cumsum(moves)
    return np.asarray(moves | ~np.concatenate([[False], is_brief, [False]])[n_moves_before])


def not_worn(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return for each second of a whole recording, shape (n,), whether the sensor lay somewhere; knows the future."""
    hidden = np.zeros(len(features), dtype=bool)
    tracker = WearTracker()
    blocks = (features.rows(start, start + BLOCK_S) for start in range(0, len(features), BLOCK_S))
    events = [event for block in blocks for event in tracker.push(block)]
    resolved = {event.raised: event.time for event in events if isinstance(event, AlertResolved)}
    for event in events:
        if isinstance(event, Alert):
            end = resolved.get(event.time, np.inf)
            hidden |= (features.second >= event.since) & (features.second < end)
    return hidden


@dataclass(slots=True)
class StrapState:
    """What the sensor is compared with, up in the last seconds of walking, and the alert if active."""

    calibration: Calibration
    recent: list[NDArray[np.float64]] = field(default_factory=list)
    raised: Alert | None = None


class StrapTracker(Stage[StrapState]):
    """Notice that the strap has moved or the sensor was turned over: walking, it is tilted from what was calibrated."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(StrapState(calibration))

    @property
    def calibration(self) -> Calibration:
        """What the sensor is compared with; may be replaced between pushes, and the comparison then starts anew."""
        return self._state.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        if value is not self._state.calibration:
            self._state.recent.clear()
        self._state.calibration = value

    def push(self, features: SecondFeatures) -> list[Alert | AlertResolved]:
        """Return the alerts raised and resolved.

        Parameters
        ----------
        features
            Seconds that may be walking: not those in which the wearer is known to do something else that shakes.

        """
        state = self._state
        upright = state.calibration.upright
        if upright is None:
            return []
        events: list[Alert | AlertResolved] = []
        walking = (features.gait > WALKING_GAIT_MS2[0]) & (features.gait < WALKING_GAIT_MS2[1])
        walks = np.flatnonzero(walking)
        if len(walks) == 0:
            return events
        known = np.vstack([*state.recent, features.up[walks]])
        state.recent = list(known[-STRAP_WALKING_S + 1 :])
        if len(known) < STRAP_WALKING_S:
            return events
        recent = np.moveaxis(sliding_window_view(known, STRAP_WALKING_S, axis=0), -1, 1)
        mean = unit(np.median(recent, axis=1))
        spread = np.percentile(angle_between(recent, mean[:, np.newaxis]), 75, axis=1)
        judged = spread <= np.radians(STEADY_DEG)
        aways_deg = np.degrees(angle_between(mean, upright))[judged].tolist()
        for index, away_deg in zip(walks[len(walks) - len(mean) :][judged].tolist(), aways_deg, strict=True):
            now = float(features.second[index] + 1)
            if state.raised is None and away_deg > STRAP_MOVED_DEG:
                state.raised = Alert(now, AlertKind.STRAP_MOVED, now - STRAP_WALKING_S)
                events.append(state.raised)
            elif state.raised is not None and away_deg < STRAP_SETTLED_DEG:
                events.append(AlertResolved(now, AlertKind.STRAP_MOVED, state.raised.time, heeded=True))
                state.raised = None
        return events

    def flush(self) -> list[Alert | AlertResolved]:
        """Return nothing: a strap that has moved stays so when the samples end."""
        return []
