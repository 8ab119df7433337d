"""What the simulated wearer really did, in the times of the samples (seconds since the Unix epoch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware_bridge.virtual.script import SittingPosture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Interval",
    "TrueActivity",
    "TrueBend",
    "TrueBout",
    "TrueCalibrationSection",
    "TrueRepetition",
    "TrueSet",
    "TrueSitting",
    "TrueSlip",
    "TrueTransition",
    "Truth",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time [start, end)."""

    start: float
    end: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class TrueActivity(Interval):
    """A stretch of lying, sitting, standing, walking or (on hands and knees) unknown; transitions belong to none."""

    activity: str


@dataclass(frozen=True, slots=True)
class TrueTransition(Interval):
    """A change between lying, sitting and standing, `kind` as in ``sit_to_stand``."""

    kind: str


@dataclass(frozen=True, slots=True)
class TrueSitting(Interval):
    """One sitting posture, from the start of the movement into it to the start of the movement out of it.

    `settled` is the end of the movement into it, `degrees` the angle then reached past own upright sitting.
    """

    settled: float
    posture: SittingPosture
    degrees: float


@dataclass(frozen=True, slots=True)
class TrueBout(Interval):
    """A bout of walking."""

    steps: int
    cadence_spm: float


@dataclass(frozen=True, slots=True)
class TrueBend(Interval):
    """A bend of the trunk from upright to upright."""

    peak_deg: float


@dataclass(frozen=True, slots=True)
class TrueRepetition(Interval):
    """One repetition, at the end of its range from `peak` on for `hold_s`; `side` is left, right or both."""

    peak: float
    range_deg: float
    hold_s: float
    side: str


@dataclass(frozen=True, slots=True)
class TrueSet(Interval):
    """A set of one exercise."""

    exercise: str
    repetitions: tuple[TrueRepetition, ...]


@dataclass(frozen=True, slots=True)
class TrueCalibrationSection(Interval):
    """A section of the guided calibration."""

    section: str


@dataclass(frozen=True, slots=True)
class TrueSlip(Interval):
    """The sensor slipping on the strap."""

    degrees: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Everything that happened, each kind in order of time.

    Parameters
    ----------
    start, end
        Of the whole recording.
    step_times
        Shape (n,): initial contacts, one per step.
    not_worn
        From the start of taking the sensor off to the start of putting it on; putting it on (5.2 s) is in no record.

    """

    start: float
    end: float
    activities: tuple[TrueActivity, ...]
    transitions: tuple[TrueTransition, ...]
    sittings: tuple[TrueSitting, ...]
    bouts: tuple[TrueBout, ...]
    step_times: NDArray[np.float64]
    bends: tuple[TrueBend, ...]
    sets: tuple[TrueSet, ...]
    calibration: tuple[TrueCalibrationSection, ...]
    slips: tuple[TrueSlip, ...]
    not_worn: tuple[Interval, ...]
    gaps: tuple[Interval, ...]

    @property
    def slouches(self) -> tuple[TrueSitting, ...]:
        """The slouched and hunched stretches of sitting."""
        return tuple(
            sitting for sitting in self.sittings if sitting.posture in {SittingPosture.SLOUCHED, SittingPosture.HUNCHED}
        )

    def total_s(self, activity: str) -> float:
        """Return the seconds spent in `activity`."""
        return sum(episode.duration_s for episode in self.activities if episode.activity == activity)
