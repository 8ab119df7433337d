"""The most likely activities, live with a short delay and smoothed over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import AT_FIRST, STATES, LastSeen, emission_scores
from posture.best_path import follow_paths, trace
from posture.calibration import Mounting, by_mounting
from posture.evidence import LAG_S, EvidenceWindow, evidence_by_the_hour
from posture.height_evidence import LOOK_AHEAD_S
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.evidence import Evidence, EvidenceStep
    from posture.seconds import SecondFeatures

__all__ = [
    "DECODER_DELAY_S",
    "ActivityDecoder",
    "DecodedSeconds",
    "DecoderState",
    "PathDecoder",
    "PathsState",
    "most_likely_path",
    "smooth_activity",
    "smooth_over_mountings",
]

DECODER_DELAY_S = LOOK_AHEAD_S + LAG_S
"""The live answer for a second is given once so many later seconds have been seen."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedSeconds:
    """Activities of n seconds.

    Parameters
    ----------
    features
        The seconds.
    state
        Shape (n,), int64: index into `posture.activity.STATES`.
    score
        Shape (n,): log likelihood of all seconds up to those that each second was decided with.

    """

    features: SecondFeatures
    state: NDArray[np.int64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.features)

    def after(self, second: int | None) -> DecodedSeconds:
        """Return the seconds after one; all where it is None."""
        if second is None:
            return self
        n = int(np.searchsorted(self.features.second, second, side="right"))
        return DecodedSeconds(self.features.rows(n, len(self)), self.state[n:], self.score[n:])


@dataclass(slots=True)
class PathsState:
    """All that a `PathDecoder` remembers.

    Parameters
    ----------
    calibration
        What is known of the wearer.
    score_of_paths
        Shape (5,): log score of the best path into each state at the last second stepped through.
    came_from
        Shape (k, 5), k <= `LAG_S`: the state before, on each of these paths, of the last seconds stepped through.
    before
        What counts from the seconds stepped through.

    """

    calibration: Calibration
    score_of_paths: NDArray[np.float64] | None = None
    came_from: NDArray[np.int8] = field(default_factory=lambda: np.empty((0, len(STATES)), dtype=np.int8))
    before: LastSeen = field(default_factory=LastSeen)


class PathDecoder(Stage[PathsState]):
    """Decode the steps of an `EvidenceWindow` as one calibration has it."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(PathsState(calibration))

    @property
    def calibration(self) -> Calibration:
        """What is known of the wearer; it may be replaced between pushes and holds for the seconds not yet decided."""
        return self._state.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        self._state.calibration = value

    @property
    def score(self) -> float:
        """Return the log likelihood of the best path so far; 0 at the start."""
        scores = self._state.score_of_paths
        return 0.0 if scores is None else float(scores.max())

    def follow(self, steps: Sequence[EvidenceStep]) -> list[DecodedSeconds]:
        """Return the seconds that the steps let decide, one block for each that lets any."""
        decided = [self._step(step) for step in steps]
        return [block for block in decided if len(block)]

    def _step(self, step: EvidenceStep) -> DecodedSeconds:
        """Step through fresh evidence; each second is decided when `LAG_S` more have been, or at the end.

        The score is that of the best path to the last second stepped through then.
        """
        state = self._state
        emission = self._emission(step.fresh)
        scores, came_from = follow_paths(state.score_of_paths, step.fresh.transition, emission)
        came_from = np.concatenate([state.came_from, came_from])
        state.score_of_paths, state.came_from = scores[-1].copy(), came_from[-LAG_S:]
        n_lagging = len(step.decided) - step.n_at_end
        # Each second that decides one looks back along the path that is best then.
        last = scores[len(scores) - n_lagging :]
        decided = last.argmax(axis=1)
        for lag in range(LAG_S):
            stop = len(came_from) - lag
            decided = came_from[np.arange(stop - n_lagging, stop), decided]
        states = [*decided.tolist(), *self._trace(step.n_at_end)]
        score = np.concatenate([last.max(axis=1), np.full(step.n_at_end, self.score)])
        return DecodedSeconds(step.decided, np.array(states, dtype=np.int64), score)

    def _emission(self, fresh: Evidence) -> NDArray[np.float64]:
        state = self._state
        emission = emission_scores(fresh.features, fresh.movement, state.calibration, state.before)
        if state.score_of_paths is None:
            emission[0] += AT_FIRST
        state.before = state.before.after(fresh.features, state.calibration)
        return emission

    def _trace(self, n: int) -> list[int]:
        """Return the states of the last n seconds on the path that is best now."""
        state = self._state
        if state.score_of_paths is None or n == 0:
            return []
        return trace(int(state.score_of_paths.argmax()), state.came_from[len(state.came_from) - n + 1 :])


@dataclass(slots=True)
class DecoderState:
    """All that an `ActivityDecoder` remembers."""

    window: EvidenceWindow
    paths: PathDecoder


class ActivityDecoder(Stage[DecoderState]):
    """Decode seconds as they come, each `DECODER_DELAY_S` later (sooner before a gap)."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(DecoderState(EvidenceWindow(), PathDecoder(calibration)))

    @property
    def calibration(self) -> Calibration:
        """What is known of the wearer; it may be replaced between pushes and holds for the seconds not yet decided."""
        return self._state.paths.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        self._state.paths.calibration = value

    def push(self, features: SecondFeatures) -> list[DecodedSeconds]:
        """Return the seconds that can now be decided, one block for each stretch without a gap."""
        return self._state.paths.follow(self._state.window.push(features))

    def flush(self) -> list[DecodedSeconds]:
        """Return the seconds not yet decided."""
        return self._state.paths.follow(self._state.window.flush())


def smooth_activity(features: SecondFeatures, calibration: Calibration) -> NDArray[np.int64]:
    """Return the state of each second, shape (n,), that is most likely given the whole recording.

    Parameters
    ----------
    features
        n seconds.
    calibration
        What is known of the wearer; its `upright` must be known.

    """
    return smooth_over_mountings(features, [Mounting(0, calibration)])


def smooth_over_mountings(features: SecondFeatures, mountings: Sequence[Mounting]) -> NDArray[np.int64]:
    """Return what `smooth_activity` does, of a sensor that has not always sat alike."""
    return most_likely_path(
        (block.rows(start, stop), calibration)
        for block in evidence_by_the_hour(features)
        for start, stop, calibration in by_mounting(block.features.second, mountings)
    )[0]


def most_likely_path(evidence: Iterable[tuple[Evidence, Calibration]]) -> tuple[NDArray[np.int64], float]:
    """Return the state of each second that is most likely given all the evidence, and the log likelihood of it all.

    With the evidence comes what is known of the wearer there.
    """
    ways: list[NDArray[np.int8]] = []
    score: NDArray[np.float64] | None = None
    before = LastSeen()
    for block, calibration in evidence:
        emission = emission_scores(block.features, block.movement, calibration, before)
        before = before.after(block.features, calibration)
        if score is None:
            emission[0] += AT_FIRST
        scores, came_from = follow_paths(score, block.transition, emission)
        score = scores[-1]
        ways.append(came_from)
    states = [] if score is None else trace(int(score.argmax()), np.concatenate(ways)[1:])
    return np.array(states, dtype=np.int64), 0.0 if score is None else float(score.max())
