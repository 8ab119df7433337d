"""What the scores look at: one recording, its labels, and what Lumbar says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from posture.events import Activity, ActivityEpisode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.recordings.labelled import LabelledRecording
    from firmware_bridge.recordings.read import Recording
    from lumbar.analysis import Analysis
    from lumbar.validation.labels import Labels

__all__ = ["FOUND", "Case", "Named", "middles"]

FOUND = tuple(Activity)
"""All answers for a second, in the order of their numbers."""
UNKNOWN = FOUND.index(Activity.UNKNOWN)

Score = TypeVar("Score")


@dataclass(frozen=True, slots=True)
class Case:
    """One recording to be scored.

    Parameters
    ----------
    labelled
        Where it comes from.
    recording
        Its samples.
    labels
        Its labels.
    set_labels
        The labels that occur anywhere in its set: what the set's authors looked for. A set that never has a label does
        not say that there was nothing.
    analysis
        What Lumbar says.

    """

    labelled: LabelledRecording
    recording: Recording
    labels: Labels
    set_labels: frozenset[str]
    analysis: Analysis

    @property
    def person(self) -> str:
        """Return set and subject."""
        return f"{self.labelled.data_set.name}/{self.labelled.subject}"

    def covered_seconds(self) -> NDArray[np.int64]:
        """Return the seconds, shape (n,), with samples from beginning to end."""
        stretches = [
            np.arange(np.ceil(start), np.floor(end), dtype=np.int64)
            for start, end in self.analysis.live.coverage.covered
        ]
        return np.concatenate(stretches) if stretches else np.empty(0, dtype=np.int64)

    def live_activity(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the live answer for each second, shape (n,), as index into `FOUND`; unknown where there is none."""
        answer = np.full(len(seconds), UNKNOWN, dtype=np.int64)
        for episode in self.analysis.events:
            if isinstance(episode, ActivityEpisode):
                first, last = np.searchsorted(seconds, [episode.start, episode.end])
                answer[first:last] = FOUND.index(episode.activity)
        return answer

    def smoothed_activity(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the reviewed answer for each second as `live_activity` does."""
        reviewed = self.analysis.review.seconds
        answer = np.full(len(seconds), UNKNOWN, dtype=np.int64)
        _, here, there = np.intersect1d(seconds, reviewed.second, assume_unique=True, return_indices=True)
        numbers = np.array([FOUND.index(activity) for activity in reviewed.activity], dtype=np.int64)
        answer[here] = numbers[there]
        return answer


@dataclass(frozen=True, slots=True)
class Named(Generic[Score]):
    """A score with whose it is."""

    person: str
    recording: str
    score: Score


def middles(seconds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the middle of each second, shape (n,): where its label is looked up."""
    return seconds.astype(np.float64) + np.float64(0.5)
