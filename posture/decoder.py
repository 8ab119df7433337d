"""The most likely activities, live with a short delay and smoothed over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import LOOK_AHEAD_S, STATES, emission_scores, free_after_gap, last_movement, transition_scores
from posture.seconds import join_seconds
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["DECODER_DELAY_S", "ActivityDecoder", "DecodedSeconds", "DecoderState", "smooth_activity"]

LAG_S = 2
DECODER_DELAY_S = LOOK_AHEAD_S + LAG_S
"""The live answer for a second is given once so many later seconds have been seen."""

NEVER = -(10**15)
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

    """

    features: SecondFeatures
    state: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.features)


def _step(
    score: NDArray[np.float64] | None, transition: NDArray[np.float64], emission: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the scores of the best paths into each state, and the state each came from (Viterbi 1967)."""
    if score is None:
        return emission - emission.max(), COLUMNS
    routes = score[:, np.newaxis] + transition
    best = routes.argmax(axis=0)
    score = routes[best, COLUMNS] + emission
    return score - score.max(), best


def _trace(score: NDArray[np.float64], came_from: Sequence[NDArray[np.integer]]) -> list[int]:
    """Return the states of the seconds on the best path; `came_from` has the way into each second but the first."""
    states = [int(score.argmax())]
    for best in reversed(came_from):
        states.append(int(best[states[-1]]))
    return states[::-1]


COLUMNS = np.arange(len(STATES))


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
        The state before, on each of these paths, of the last few seconds.
    moved_at
        Last second with movement among those stepped through.
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
    came_from: list[NDArray[np.integer]] = field(default_factory=list)
    moved_at: int = NEVER
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
        states = self._step_through(known, stop)
        if final:
            states += self._trace(state.n_undecided)
            state.n_undecided = 0
        # One row already scored stays, since movement is looked for in neighbouring seconds too.
        keep_from = max(stop - max(state.n_undecided, 1), 0)
        state.known = known.rows(keep_from, len(known))
        state.n_scored = stop - keep_from
        decided = known.rows(first, first + len(states))
        return [DecodedSeconds(decided, np.array(states, dtype=np.int64))] if states else []

    def _step_through(self, known: SecondFeatures, stop: int) -> list[int]:
        """Return the states of the seconds decided, each when `LAG_S` more have been stepped through."""
        state = self._state
        fresh = known.rows(state.n_scored, stop)
        if len(fresh) == 0:
            return []
        emission = emission_scores(fresh, state.calibration, state.moved_at)
        transition = transition_scores(known)[state.n_scored : stop]
        if state.gap_s is not None:
            transition[0] = free_after_gap(state.gap_s)
            state.gap_s = None
        state.moved_at = last_movement(fresh, state.moved_at)
        states: list[int] = []
        for row in range(len(fresh)):
            state.score_of_paths, best = _step(state.score_of_paths, transition[row], emission[row])
            state.came_from = [*state.came_from[-LAG_S:], best]
            state.n_undecided += 1
            if state.n_undecided > LAG_S:
                states.append(self._trace(LAG_S + 1)[0])
                state.n_undecided = LAG_S
        return states

    def _trace(self, n: int) -> list[int]:
        """Return the states of the last n seconds on the path that is best now."""
        state = self._state
        if state.score_of_paths is None or n == 0:
            return []
        return _trace(state.score_of_paths, state.came_from[len(state.came_from) - n + 1 :])


def smooth_activity(features: SecondFeatures, calibration: Calibration) -> NDArray[np.int64]:
    """Return the state of each second, shape (n,), that is most likely given the whole recording."""
    came_from = np.empty((len(features), len(STATES)), dtype=np.int8)
    score: NDArray[np.float64] | None = None
    for row, (transition, emission) in enumerate(_evidence(features, calibration)):
        score, came_from[row] = _step(score, transition, emission)
    return np.array([] if score is None else _trace(score, list(came_from[1:])), dtype=np.int64)


def _evidence(
    features: SecondFeatures, calibration: Calibration
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the transition and emission scores of each second; worked out by the hour, so that memory stays flat."""
    moved_at = NEVER
    last_second: int | None = None
    for run in runs_without_gap(features):
        for start in range(0, len(run), BLOCK_S):
            block = run.rows(start, start + BLOCK_S)
            context = min(start, 1)
            around = run.rows(start - context, start + BLOCK_S + LOOK_AHEAD_S)
            transition = transition_scores(around)[context : context + len(block)]
            if start == 0 and last_second is not None:
                transition[0] = free_after_gap(int(run.second[0]) - last_second)
            yield from zip(transition, emission_scores(block, calibration, moved_at), strict=True)
            moved_at = last_movement(block, moved_at)
        last_second = int(run.second[-1])


def runs_without_gap(features: SecondFeatures) -> Iterator[SecondFeatures]:
    """Yield each stretch of consecutive seconds."""
    if len(features) == 0:
        return
    cuts = (np.flatnonzero(np.diff(features.second) != 1) + 1).tolist()
    for start, stop in zip([0, *cuts], [*cuts, len(features)], strict=True):
        yield features.rows(start, stop)
