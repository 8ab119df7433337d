"""The trackers behind the activity decoder, as one, and all that anybody can notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from analytics.exercises.records import CountedRepetition
from analytics.findings import Finding
from analytics.posture_tally import PostureTallier
from analytics.steps import Step
from posture.bends import BendTracker
from posture.episodes import ActivityEpisodes
from posture.sitting import SittingTracker
from posture.slouch import SlouchTracker

if TYPE_CHECKING:
    from analytics.exercises.records import Holding
    from config.settings import Settings
    from posture.calibration import Calibration
    from posture.events import PostureState
    from posture.timeline import PostureSeconds

__all__ = ["Noticed", "Now", "PostureTrackers"]

Noticed: TypeAlias = Finding | Step | CountedRepetition


class PostureTrackers:
    """The trackers that follow posture second by second, behind the activity decoder."""

    def __init__(self, settings: Settings, delay_s: float) -> None:
        self._episodes = ActivityEpisodes()
        self._slouch = SlouchTracker(settings.slouch, settings.alerts, delay_s)
        self._sitting = SittingTracker(settings.sitting, settings.alerts, delay_s)
        self._bends = BendTracker(settings.bend)
        self._tallier = PostureTallier(settings.bend.bands_deg)
        self._all: tuple[Any, ...] = (self._episodes, self._slouch, self._sitting, self._bends, self._tallier)

    @property
    def state(self) -> tuple[Any, ...]:
        """A copy of all that the trackers remember; set it to go on where others stopped."""
        return tuple(tracker.state for tracker in self._all)

    @state.setter
    def state(self, states: tuple[Any, ...]) -> None:
        for tracker, state in zip(self._all, states, strict=True):
            tracker.state = state

    def now(self, seconds: PostureSeconds) -> Now:
        """Return how things stand after the seconds just pushed."""
        return Now(seconds, self._slouch.posture, self._slouch.angle_deg, self._slouch.dose_s)

    def push(self, seconds: PostureSeconds, calibration: Calibration) -> list[Noticed]:
        """Return what the seconds bring to an end or set off."""
        self._slouch.sitting = self._tallier.sitting = calibration.sitting
        noticed: list[Noticed] = []
        for tracker in self._all:
            noticed += tracker.push(seconds)
        return noticed

    def flush(self) -> list[Noticed]:
        """Return what is still open."""
        noticed: list[Noticed] = []
        for tracker in self._all:
            noticed += tracker.flush()
        return noticed


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand, for whoever watches live.

    Parameters
    ----------
    seconds
        The seconds just decided, at least one.
    posture, angle_deg
        Sitting posture and angle past own upright sitting; None where not known.
    slouch_dose_s
        The leaky slouch dose.
    holding
        What is held, of an exercise that the wearer has named; None where nothing is.

    """

    seconds: PostureSeconds
    posture: PostureState | None
    angle_deg: float | None
    slouch_dose_s: float
    holding: Holding | None = None
