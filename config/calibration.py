"""The movements of the guided calibration, and the wearer's profile that it yields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CalibrationSection", "SectionName"]


class SectionName(StrEnum):
    """What the wearer is asked to do, in this order."""

    UPRIGHT_STAND = "upright_stand"
    FORWARD_BEND = "forward_bend"
    UPRIGHT_SIT = "upright_sit"
    SLOUCHED_SIT = "slouched_sit"


@dataclass(frozen=True, slots=True)
class CalibrationSection:
    """One movement of the guided calibration, [start, end) in seconds on the clock of the recording."""

    name: SectionName
    start: float
    end: float
