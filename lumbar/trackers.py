"""The trackers behind the activity decoder, as one, and all that anybody can notice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from analytics.exercises.records import CountedRepetition
from analytics.findings import Finding
from analytics.posture_tally import PostureTallier
from analytics.steps import Step
from posture.bends import BendTracker
from posture.decoder import smooth_activity
from posture.episodes import ActivityEpisodes
from posture.sitting import SittingTracker
from posture.sitting_habit import SittingHabit
from posture.sitting_ways import SittingKnowledge, SittingSource
from posture.slouch import SlouchTracker
from posture.timeline import posture_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics.exercises.records import Holding
    from config.settings import Settings
    from posture.calibration import Calibration, SittingRange
    from posture.events import PostureState
    from posture.seconds import SecondFeatures
    from posture.timeline import PostureSeconds

__all__ = ["Noticed", "Now", "PostureTrackers"]

Noticed: TypeAlias = Finding | Step | CountedRepetition


class PostureTrackers:
    """The trackers that follow posture second by second, behind the activity decoder.

    How the wearer sits is learnt from the seconds as they come, where the calibration does not tell it.
    """

    def __init__(self, settings: Settings, delay_s: float) -> None:
        self._episodes = ActivityEpisodes()
        self._slouch = SlouchTracker(settings.slouch, settings.alerts, delay_s)
        self._sitting = SittingTracker(settings.sitting, settings.alerts, delay_s)
        self._bends = BendTracker(settings.bend)
        self._tallier = PostureTallier(settings.bend.bands_deg)
        self._habit = SittingHabit(settings.slouch)
        self._shown: SittingRange | None = None
        self._last_second: int | None = None
        self._followers: tuple[Any, ...] = (self._episodes, self._slouch, self._sitting, self._bends, self._tallier)

    @property
    def state(self) -> tuple[Any, ...]:
        """A copy of all that the trackers remember; set it to go on where others stopped."""
        return (self._shown, self._last_second, self._habit.state, *(tracker.state for tracker in self._followers))

    @state.setter
    def state(self, states: tuple[Any, ...]) -> None:
        self._shown, self._last_second, self._habit.state, *followed = states
        for tracker, state in zip(self._followers, followed, strict=True):
            tracker.state = state

    @property
    def knowledge(self) -> SittingKnowledge:
        """Return what is known of how the wearer sits."""
        return self._habit.knowledge if self._shown is None else SittingKnowledge(SittingSource.SHOWN, self._shown)

    def now(self, seconds: PostureSeconds) -> Now:
        """Return how things stand after the seconds just pushed."""
        return Now(seconds, self._slouch.posture, self._slouch.angle_deg, self._slouch.dose_s, self.knowledge)

    def push(self, seconds: PostureSeconds, calibration: Calibration) -> list[Noticed]:
        """Return what the seconds bring to an end or set off."""
        self._shown = calibration.sitting
        if len(seconds):
            self._last_second = int(seconds.second[-1])
        return [
            event
            for piece, sitting in self._known_pieces(seconds, calibration)
            for event in self.follow(piece, sitting)
        ]

    def move_strap(self) -> None:
        """Forget how the wearer sits: the sensor sits otherwise from now on."""
        self._habit.forget()

    def look_back(self, features: SecondFeatures, calibration: Calibration) -> None:
        """Learn from the seconds followed before it was known where forward is; nothing is told of them."""
        if calibration.sitting is None and calibration.sensor_to_body is not None and self._last_second is not None:
            seconds = posture_seconds(features, smooth_activity(features, calibration), calibration)
            self._habit.know_mounting(calibration)
            self._habit.push(seconds.rows(0, int(np.searchsorted(seconds.second, self._last_second, side="right"))))

    def follow(self, seconds: PostureSeconds, sitting: SittingRange | None) -> list[Noticed]:
        """Return what `push` does, judging by this range; where it is None nothing is judged."""
        self._slouch.sitting = self._tallier.sitting = sitting
        noticed: list[Noticed] = []
        for tracker in self._followers:
            noticed += tracker.push(seconds)
        return noticed

    def _known_pieces(
        self, seconds: PostureSeconds, calibration: Calibration
    ) -> Iterator[tuple[PostureSeconds, SittingRange | None]]:
        """Yield the seconds in pieces within which the same is known of the wearer's sitting."""
        if calibration.sitting is not None:
            yield seconds, calibration.sitting
            return
        self._habit.know_mounting(calibration)
        sitting = [self._habit.knowledge.sitting]
        known = self._habit.push(seconds)
        sitting += [each.knowledge.sitting for each in known]
        rows = np.searchsorted(seconds.second, [each.second for each in known]).tolist()
        for (start, stop), its in zip(pairwise([0, *rows, len(seconds)]), sitting, strict=True):
            yield seconds.rows(start, stop), its

    def flush(self) -> list[Noticed]:
        """Return what is still open."""
        noticed: list[Noticed] = []
        for tracker in self._followers:
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
    sitting
        What is known of how the wearer sits.
    holding
        What is held, of an exercise that the wearer has named; None where nothing is.

    """

    seconds: PostureSeconds
    posture: PostureState | None
    angle_deg: float | None
    slouch_dose_s: float
    sitting: SittingKnowledge
    holding: Holding | None = None
