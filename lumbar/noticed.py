"""What the live pipeline notices: when, and the record of which calibration holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.exercises.records import CountedRepetition
from analytics.findings import CalibrationInUse
from analytics.steps import Step
from posture.events import Alert, AlertResolved, Transition

if TYPE_CHECKING:
    from lumbar.trackers import Noticed
    from posture.calibration import Calibration

__all__ = ["calibration_in_use", "noticed_at"]


def noticed_at(event: Noticed) -> float:
    """Return when, on the clock of the samples, an event was complete."""
    if isinstance(event, Transition | Alert | AlertResolved | CalibrationInUse | Step | CountedRepetition):
        return event.time
    return event.end


def calibration_in_use(calibration: Calibration, time: float) -> CalibrationInUse:
    """Return the record of which calibration holds from `time` on."""
    return CalibrationInUse(time, calibration.source, calibration.profile)
