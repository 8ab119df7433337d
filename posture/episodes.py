"""Stretches of one activity, and the changes of posture between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posture.events import ON_FEET, Activity, ActivityEpisode, Transition, TransitionKind
from posture.stage import Stage

if TYPE_CHECKING:
    from posture.timeline import PostureSeconds

__all__ = ["PASSING_S", "ActivityEpisodes", "OpenEpisode"]

POSTURES = {Activity.SITTING: "sit", Activity.LYING: "lie", **dict.fromkeys(ON_FEET, "stand")}
KINDS = {kind.value: kind for kind in TransitionKind}


PASSING_S = 8
"""Sitting for less, between one's feet and lying, is how one gets down or up and no posture of its own."""


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode that goes on.

    Parameters
    ----------
    activity, start, end
        What, and from when to when so far, in seconds since the Unix epoch.
    came_from
        What was before, where the change from it to sitting has not been told of yet.

    """

    activity: Activity
    start: int
    end: int
    came_from: Activity | None = None


class ActivityEpisodes(Stage[OpenEpisode | None]):
    """Join seconds of one activity into episodes. A hole in the seconds ends an episode.

    A change to sitting is told of once that has lasted for `PASSING_S` or is over.
    """

    def __init__(self) -> None:
        super().__init__(None)

    def push(self, seconds: PostureSeconds) -> list[ActivityEpisode | Transition]:
        """Return the episodes that have ended, and the transitions between them, in order of time."""
        events: list[ActivityEpisode | Transition] = []
        for activity, start, end in seconds.stretches():
            current = self._state
            if current is None or current.end != start:
                events += self.flush()
                self._state = OpenEpisode(activity, start, end)
            elif current.activity is activity:
                self._state = replace(current, end=end)
            else:
                changes, came_from = _changes(current, activity)
                events += [*changes, ActivityEpisode(current.start, current.end, current.activity)]
                self._state = OpenEpisode(activity, start, end, came_from)
            if end - self._state.start >= PASSING_S:
                events += _pending(self._state)
                self._state = replace(self._state, came_from=None)
        return events

    def flush(self) -> list[ActivityEpisode | Transition]:
        """Return the episode still open."""
        current, self._state = self._state, None
        if current is None:
            return []
        return [*_pending(current), ActivityEpisode(current.start, current.end, current.activity)]


def _changes(current: OpenEpisode, after: Activity) -> tuple[list[Transition], Activity | None]:
    """Return the changes known once an episode ends in another activity, and from what to sitting one is left open."""
    if current.came_from is not None:
        passing = _transition((current.start + current.end) / 2, current.came_from, after)
        changes = passing or [*_pending(current), *_transition(current.end, current.activity, after)]
        return changes, None
    if after is Activity.SITTING:
        return [], current.activity
    return _transition(current.end, current.activity, after), None


def _pending(episode: OpenEpisode) -> list[Transition]:
    return [] if episode.came_from is None else _transition(episode.start, episode.came_from, episode.activity)


def _transition(time: float, before: Activity, after: Activity) -> list[Transition]:
    kind = KINDS.get(f"{POSTURES.get(before)}_to_{POSTURES.get(after)}")
    return [] if kind is None else [Transition(float(time), kind, duration_s=None)]
