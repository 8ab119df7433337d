"""All that was found in a recording, or in several: what a day is summed up from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from analytics.exercises.records import ExerciseSet
from analytics.posture_tally import PostureTally
from analytics.sit_to_stand import FiveRises
from analytics.walking import WalkingBout
from posture.events import (
    ActivityEpisode,
    Alert,
    AlertResolved,
    Bend,
    PostureEpisode,
    SittingBout,
    Transition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posture.calibration import CalibrationSource
    from posture.sitting_ways import SittingSource

__all__ = [
    "CalibrationInUse",
    "Finding",
    "Findings",
    "SittingKnown",
    "without_overlap",
]


@dataclass(frozen=True, slots=True)
class CalibrationInUse:
    """Which calibration the results are from, from `time` on until the next; `profile` names the file, if any."""

    time: float
    source: CalibrationSource
    profile: str | None


@dataclass(frozen=True, slots=True)
class SittingKnown:
    """What slouching in [start, end) was judged by, or why it was not; `seen_s` of sitting were there to learn from."""

    start: float
    end: float
    source: SittingSource
    seen_s: float


Finding: TypeAlias = (
    ActivityEpisode
    | Transition
    | PostureEpisode
    | SittingBout
    | Bend
    | Alert
    | AlertResolved
    | WalkingBout
    | ExerciseSet
    | FiveRises
    | PostureTally
    | CalibrationInUse
    | SittingKnown
)

Kind = TypeVar("Kind")
Episode = TypeVar("Episode", ActivityEpisode, PostureEpisode)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found, of any number of days.

    Parameters
    ----------
    events
        All records, in any order.
    wear, gaps
        Start and end of each stretch in which the sensor was worn, and of each without samples, in seconds since the
        Unix epoch. The time of a gap is not wear time.
    step_times
        Seconds since the Unix epoch.

    """

    events: tuple[Finding, ...] = ()
    wear: tuple[tuple[float, float], ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    step_times: tuple[float, ...] = ()

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the records of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def without_overlap(episodes: Iterable[Episode]) -> list[Episode]:
    """Return the episodes in order; of two that overlap, as recordings may, the earlier one has the time they share."""
    kept: list[Episode] = []
    for episode in sorted(episodes, key=lambda episode: (episode.start, episode.end)):
        start = max(episode.start, kept[-1].end) if kept else episode.start
        if start < episode.end:
            kept.append(episode if start == episode.start else replace(episode, start=start))
    return kept
