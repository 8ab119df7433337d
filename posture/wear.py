"""Whether the sensor is on the body, and still where it was put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.events import Alert, AlertKind, AlertResolved
from posture.rotations import angle_between, unit
from posture.self_calibration import WALKING_GAIT_MS2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["StrapTracker", "WearTracker", "not_worn"]

NOT_WORN_AFTER_S = 1800
"""Sleepers turn or at least breathe; no recording of a worn sensor here keeps this still for more than 15 min."""
MOTIONLESS_COSINE = float(np.cos(np.radians(0.5)))
MOTIONLESS_MS2 = 0.3

STRAP_MOVED_DEG = 15.0
STRAP_SETTLED_DEG = 8.0
STRAP_WALKING_S = 30
"""Walking seconds over which the sensor's tilt is averaged: uphill or with a load one leans, but hardly 15 deg."""


class WearTracker:
    """Notice a sensor that lies on a table: not a movement, and not half a degree of turn, for half an hour."""

    def __init__(self) -> None:
        self._anchor = (0.0, 0.0, 0.0)
        self._still_since = 0
        self._raised: Alert | None = None

    def push(self, features: SecondFeatures) -> list[Alert | AlertResolved]:
        """Return the alerts raised and resolved."""
        events: list[Alert | AlertResolved] = []
        rows = zip(features.second.tolist(), features.up.tolist(), features.movement.tolist(), strict=True)
        for second, (x, y, z), movement in rows:
            along = x * self._anchor[0] + y * self._anchor[1] + z * self._anchor[2]
            if movement > MOTIONLESS_MS2 or along < MOTIONLESS_COSINE:
                self._anchor, self._still_since = (x, y, z), second
                if self._raised is not None:
                    events.append(AlertResolved(second, AlertKind.NOT_WORN, self._raised.time, heeded=True))
                    self._raised = None
            elif self._raised is None and second + 1 - self._still_since >= NOT_WORN_AFTER_S:
                self._raised = Alert(second + 1, AlertKind.NOT_WORN, self._still_since)
                events.append(self._raised)
        return events


def not_worn(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return for each second of a whole recording, shape (n,), whether the sensor lay somewhere; knows the future."""
    hidden = np.zeros(len(features), dtype=bool)
    events = WearTracker().push(features)
    resolved = {event.raised: event.time for event in events if isinstance(event, AlertResolved)}
    for event in events:
        if isinstance(event, Alert):
            end = resolved.get(event.time, np.inf)
            hidden |= (features.second >= event.since) & (features.second < end)
    return hidden


class StrapTracker:
    """Notice that the strap has moved or the sensor was turned over: walking, it is tilted from what was calibrated.

    Attributes
    ----------
    calibration
        May be replaced between pushes; a new one starts the comparison anew.

    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._recent: list[NDArray[np.float64]] = []
        self._raised: Alert | None = None

    @property
    def calibration(self) -> Calibration:
        """Return what the sensor is compared with."""
        return self._calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        if value is not self._calibration:
            self._recent.clear()
        self._calibration = value

    def push(self, features: SecondFeatures) -> list[Alert | AlertResolved]:
        """Return the alerts raised and resolved."""
        upright = self._calibration.upright
        if upright is None:
            return []
        events: list[Alert | AlertResolved] = []
        walking = (features.gait > WALKING_GAIT_MS2[0]) & (features.gait < WALKING_GAIT_MS2[1])
        for index in np.flatnonzero(walking).tolist():
            self._recent = [*self._recent[-STRAP_WALKING_S + 1 :], features.up[index]]
            if len(self._recent) < STRAP_WALKING_S:
                continue
            mean = unit(np.median(self._recent, axis=0))
            away_deg = float(np.degrees(angle_between(mean, upright)))
            now = float(features.second[index] + 1)
            if self._raised is None and away_deg > STRAP_MOVED_DEG:
                self._raised = Alert(now, AlertKind.STRAP_MOVED, now - STRAP_WALKING_S)
                events.append(self._raised)
            elif self._raised is not None and away_deg < STRAP_SETTLED_DEG:
                events.append(AlertResolved(now, AlertKind.STRAP_MOVED, self._raised.time, heeded=True))
                self._raised = None
        return events
