"""Whether the sensor is on the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from posture.events import Alert, AlertKind, AlertResolved
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["WearState", "WearTracker", "not_worn"]

BLOCK_S = 6 * 3600
"""Long recordings are gone over in blocks, so that memory stays flat."""

NOT_WORN_AFTER_S = 1800
"""Sleepers turn or at least breathe; no recording of a worn sensor here keeps this still for more than 15 min."""
MOTIONLESS_COSINE = float(np.cos(np.radians(0.5)))
MOTIONLESS_MS2 = 0.3
BRIDGED_HOLE_S = 60
"""A sensor seen still before and after a hole of so long was still in it."""


@dataclass(slots=True)
class WearState:
    """Up when the sensor last moved, since when it has been still, the last second pushed, and the alert if active."""

    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    still_since: int = 0
    last_second: int = 0
    raised: Alert | None = None


class WearTracker(Stage[WearState]):
    """Notice a sensor that lies on a table: not a movement, and not half a degree of turn, for half an hour.

    What it did in a hole in the samples nobody knows: after one of more than a minute the half hour begins anew.
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
