"""The most likely activities, live with a short delay and smoothed over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import LOOK_AHEAD_S, STATES, emission_scores, free_after_gap, last_movement, transition_scores
from posture.seconds import join_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["DECODER_DELAY_S", "ActivityDecoder", "DecodedSeconds", "smooth_activity"]

LAG_S = 2
DECODER_DELAY_S = LOOK_AHEAD_S + LAG_S
"""The live answer for a second is given once so many later seconds have been seen."""

NEVER = -(10**9)
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


class ActivityDecoder:
    """Decode seconds as they come, each `DECODER_DELAY_S` later (sooner before a gap).

    Attributes
    ----------
    calibration
        What is known of the wearer; it may be replaced between pushes and holds for the seconds not yet decided.

    """

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._score_of_paths: NDArray[np.float64] | None = None
        self._came_from: list[NDArray[np.integer]] = []
        self._moved_at = NEVER
        self._last_second: int | None = None
        self._known: SecondFeatures | None = None
        self._n_scored = 0
        self._n_undecided = 0
        self._gap_s: int | None = None

    def push(self, features: SecondFeatures) -> list[DecodedSeconds]:
        """Return the seconds that can now be decided, one block for each stretch without a gap."""
        decided: list[DecodedSeconds] = []
        for run in runs_without_gap(features):
            if self._last_second is not None and int(run.second[0]) != self._last_second + 1:
                decided += self._finish_run()
            if self._known is None:
                self._gap_s = None if self._last_second is None else int(run.second[0]) - self._last_second
            known = run if self._known is None else join_seconds([self._known, run])
            self._last_second = int(run.second[-1])
            decided += self._score(known, final=False)
        return decided

    def flush(self) -> list[DecodedSeconds]:
        """Return the seconds not yet decided."""
        return self._finish_run()

    def _finish_run(self) -> list[DecodedSeconds]:
        if self._known is None:
            return []
        decided = self._score(self._known, final=True)
        self._known = None
        self._n_scored = self._n_undecided = 0
        return decided

    def _score(self, known: SecondFeatures, *, final: bool) -> list[DecodedSeconds]:
        """Step through the rows whose evidence is complete; `known` begins with `_n_scored` rows already done."""
        stop = len(known) if final else max(len(known) - LOOK_AHEAD_S, self._n_scored)
        first = self._n_scored - self._n_undecided
        states = self._step_through(known, stop)
        if final:
            states += self._trace(self._n_undecided)
            self._n_undecided = 0
        # One row already scored stays, since movement is looked for in neighbouring seconds too.
        keep_from = max(stop - max(self._n_undecided, 1), 0)
        self._known = known.rows(keep_from, len(known))
        self._n_scored = stop - keep_from
        decided = known.rows(first, first + len(states))
        return [DecodedSeconds(decided, np.array(states, dtype=np.int64))] if states else []

    def _step_through(self, known: SecondFeatures, stop: int) -> list[int]:
        """Return the states of the seconds decided, each when `LAG_S` more have been stepped through."""
        fresh = known.rows(self._n_scored, stop)
        if len(fresh) == 0:
            return []
        emission = emission_scores(fresh, self.calibration, self._moved_at)
        transition = transition_scores(known)[self._n_scored : stop]
        if self._gap_s is not None:
            transition[0] = free_after_gap(self._gap_s)
            self._gap_s = None
        self._moved_at = last_movement(fresh, self._moved_at)
        states: list[int] = []
        for row in range(len(fresh)):
            self._score_of_paths, best = _step(self._score_of_paths, transition[row], emission[row])
            self._came_from = [*self._came_from[-LAG_S:], best]
            self._n_undecided += 1
            if self._n_undecided > LAG_S:
                states.append(self._trace(LAG_S + 1)[0])
                self._n_undecided = LAG_S
        return states

    def _trace(self, n: int) -> list[int]:
        """Return the states of the last n seconds on the path that is best now."""
        if self._score_of_paths is None or n == 0:
            return []
        return _trace(self._score_of_paths, self._came_from[len(self._came_from) - n + 1 :])


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
