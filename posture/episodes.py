"""Stretches of one activity, and the changes of posture between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posture.events import ON_FEET, Activity, ActivityEpisode, Transition, TransitionKind
from posture.stage import Stage

if TYPE_CHECKING:
    from posture.timeline import PostureSeconds

__all__ = ["ActivityEpisodes", "OpenEpisode"]

POSTURES = {Activity.SITTING: "sit", Activity.LYING: "lie", **dict.fromkeys(ON_FEET, "stand")}
KINDS = {kind.value: kind for kind in TransitionKind}


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode that goes on, in seconds since the Unix epoch."""

    activity: Activity
    start: int
    end: int


class ActivityEpisodes(Stage[OpenEpisode | None]):
    """Join seconds of one activity into episodes. A hole in the seconds ends an episode."""

    def __init__(self) -> None:
        super().__init__(None)

    def push(self, seconds: PostureSeconds) -> list[ActivityEpisode | Transition]:
        """Return the episodes that have ended, and the transitions between them, in order of time."""
        events: list[ActivityEpisode | Transition] = []
        for activity, start, end in seconds.stretches():
            current = self._state
            if current is not None and current.activity is activity and current.end == start:
                self._state = OpenEpisode(activity, current.start, end)
                continue
            if current is not None:
                events.append(ActivityEpisode(current.start, current.end, current.activity))
                if current.end == start:
                    events += _transition(start, current.activity, activity)
            self._state = OpenEpisode(activity, start, end)
        return events

    def flush(self) -> list[ActivityEpisode | Transition]:
        """Return the episode still open."""
        current, self._state = self._state, None
        if current is None:
            return []
        return [ActivityEpisode(current.start, current.end, current.activity)]


def _transition(second: int, before: Activity, after: Activity) -> list[Transition]:
    kind = KINDS.get(f"{POSTURES.get(before)}_to_{POSTURES.get(after)}")
    return [] if kind is None else [Transition(float(second), kind, duration_s=None)]
