"""The most likely activities, live with a short delay and smoothed over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import (
    AT_FIRST,
    LOOK_AHEAD_S,
    LOOK_BACK_S,
    STATES,
    WALKING,
    LastSeen,
    emission_scores,
    free_after_gap,
    step_scores,
    transition_scores,
)
from posture.best_path import follow_paths, trace
from posture.seconds import join_seconds
from posture.shaking import without_shaking
from posture.stage import Stage
from posture.stepping import stepping_gait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = [
    "DECODER_DELAY_S",
    "ActivityDecoder",
    "DecodedSeconds",
    "DecoderState",
    "most_likely_activity",
    "smooth_activity",
]

LAG_S = 2
DECODER_DELAY_S = LOOK_AHEAD_S + LAG_S
"""The live answer for a second is given once so many later seconds have been seen."""

BLOCK_S = 3600


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
class DecoderState:
    """All that an `ActivityDecoder` remembers.

    Parameters
    ----------
    calibration
        What is known of the wearer.
    score_of_paths
        Shape (5,): log score of the best path into each state at the last second stepped through.
    came_from
        Shape (k, 5), k <= 2: the state before, on each of these paths, of the last seconds stepped through.
    before
        What counts from the seconds stepped through.
    last_second
        Last second pushed.
    known
        Seconds of the current run that are still needed: its first `n_scored` rows have been stepped through, and the
        last `n_undecided` of those are not yet given out. None between runs.
    gap_s
        How far the current run is from the one before, until its first second has been stepped through.

    """

    calibration: Calibration
    score_of_paths: NDArray[np.float64] | None = None
    came_from: NDArray[np.int8] = field(default_factory=lambda: np.empty((0, len(STATES)), dtype=np.int8))
    before: LastSeen = field(default_factory=LastSeen)
    last_second: int | None = None
    known: SecondFeatures | None = None
    n_scored: int = 0
    n_undecided: int = 0
    gap_s: int | None = None


class ActivityDecoder(Stage[DecoderState]):
    """Decode seconds as they come, each `DECODER_DELAY_S` later (sooner before a gap)."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(DecoderState(calibration))

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

    def push(self, features: SecondFeatures) -> list[DecodedSeconds]:
        """Return the seconds that can now be decided, one block for each stretch without a gap."""
        state = self._state
        decided: list[DecodedSeconds] = []
        for run in runs_without_gap(features):
            if state.last_second is not None and int(run.second[0]) != state.last_second + 1:
                decided += self._finish_run()
            if state.known is None:
                state.gap_s = None if state.last_second is None else int(run.second[0]) - state.last_second
            known = run if state.known is None else join_seconds([state.known, run])
            state.last_second = int(run.second[-1])
            decided += self._score(known, final=False)
        return decided

    def flush(self) -> list[DecodedSeconds]:
        """Return the seconds not yet decided."""
        return self._finish_run()

    def _finish_run(self) -> list[DecodedSeconds]:
        state = self._state
        if state.known is None:
            return []
        decided = self._score(state.known, final=True)
        state.known = None
        state.n_scored = state.n_undecided = 0
        return decided

    def _score(self, known: SecondFeatures, *, final: bool) -> list[DecodedSeconds]:
        """Step through the rows whose evidence is complete; `known` begins with `n_scored` rows already done."""
        state = self._state
        stop = len(known) if final else max(len(known) - LOOK_AHEAD_S, state.n_scored)
        first = state.n_scored - state.n_undecided
        states, score = self._step_through(known, stop)
        if final:
            states += self._trace(state.n_undecided)
            score = np.concatenate([score, np.full(state.n_undecided, self.score)])
            state.n_undecided = 0
        # Rows already scored stay, since a change of posture shows in the seconds before it too.
        keep_from = max(stop - max(state.n_undecided, LOOK_BACK_S), 0)
        state.known = known.rows(keep_from, len(known))
        state.n_scored = stop - keep_from
        decided = known.rows(first, first + len(states))
        return [DecodedSeconds(decided, np.array(states, dtype=np.int64), score)] if states else []

    def _step_through(self, known: SecondFeatures, stop: int) -> tuple[list[int], NDArray[np.float64]]:
        """Return the states of the seconds decided, each when `LAG_S` more have been stepped through, and the scores.

        The score is that of the best path to the last second stepped through then.
        """
        state = self._state
        fresh = without_shaking(known).rows(state.n_scored, stop)
        stepping = np.minimum(stepping_gait(known)[state.n_scored : stop], fresh.gait)
        if len(fresh) == 0:
            return [], np.empty(0)
        emission = emission_scores(fresh, stepping, state.calibration, state.before)
        if state.score_of_paths is None:
            emission[0] += AT_FIRST
        transition = transition_scores(known)[state.n_scored : stop]
        if state.gap_s is not None:
            transition[0] = free_after_gap(state.gap_s)
            state.gap_s = None
        state.before = state.before.after(fresh, state.calibration)
        scores, came_from = follow_paths(state.score_of_paths, transition, emission)
        came_from = np.concatenate([state.came_from, came_from])
        state.score_of_paths, state.came_from = scores[-1].copy(), came_from[-LAG_S:]
        state.n_undecided += len(fresh)
        n_decided = max(state.n_undecided - LAG_S, 0)
        state.n_undecided -= n_decided
        # Each second that decides one looks back along the path that is best then.
        last = scores[len(scores) - n_decided :]
        decided = last.argmax(axis=1)
        for lag in range(LAG_S):
            stop = len(came_from) - lag
            decided = came_from[np.arange(stop - n_decided, stop), decided]
        states: list[int] = decided.tolist()
        return states, last.max(axis=1)

    def _trace(self, n: int) -> list[int]:
        """Return the states of the last n seconds on the path that is best now."""
        state = self._state
        if state.score_of_paths is None or n == 0:
            return []
        return trace(int(state.score_of_paths.argmax()), state.came_from[len(state.came_from) - n + 1 :])


def smooth_activity(
    features: SecondFeatures, calibration: Calibration, stepped: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the state of each second, shape (n,), that is most likely given the whole recording.

    Parameters
    ----------
    features
        n seconds.
    calibration
        What is known of the wearer; its `upright` must be known.
    stepped
        The seconds with a step in them or right beside them; None where steps have not been looked for.

    """
    return most_likely_activity(features, calibration, stepped)[0]


def most_likely_activity(
    features: SecondFeatures, calibration: Calibration, stepped: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], float]:
    """Return what `smooth_activity` does, and the log likelihood of it all."""
    ways: list[NDArray[np.int8]] = []
    score: NDArray[np.float64] | None = None
    for seconds, transition, emission in _evidence(features, calibration):
        if stepped is not None:
            emission[:, WALKING] += step_scores(seconds, stepped)
        if score is None:
            emission[0] += AT_FIRST
        scores, came_from = follow_paths(score, transition, emission)
        score = scores[-1]
        ways.append(came_from)
    states = [] if score is None else trace(int(score.argmax()), np.concatenate(ways)[1:])
    return np.array(states, dtype=np.int64), 0.0 if score is None else float(score.max())


def _evidence(
    features: SecondFeatures, calibration: Calibration
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the seconds with their transition and emission scores, by the hour, so that memory stays flat."""
    before = LastSeen()
    last_second: int | None = None
    for run in runs_without_gap(features):
        for start in range(0, len(run), BLOCK_S):
            context = min(start, LOOK_BACK_S)
            around = run.rows(start - context, start + BLOCK_S + LOOK_AHEAD_S)
            block = without_shaking(around).rows(context, context + BLOCK_S)
            stepping = np.minimum(stepping_gait(around)[context : context + len(block)], block.gait)
            transition = transition_scores(around)[context : context + len(block)]
            if start == 0 and last_second is not None:
                transition[0] = free_after_gap(int(run.second[0]) - last_second)
            yield block.second, transition, emission_scores(block, stepping, calibration, before)
            before = before.after(block, calibration)
        last_second = int(run.second[-1])


def runs_without_gap(features: SecondFeatures) -> Iterator[SecondFeatures]:
    """Yield each stretch of consecutive seconds."""
    if len(features) == 0:
        return
    cuts = (np.flatnonzero(np.diff(features.second) != 1) + 1).tolist()
    for start, stop in zip([0, *cuts], [*cuts, len(features)], strict=True):
        yield features.rows(start, stop)
