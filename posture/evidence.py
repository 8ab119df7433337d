"""What the seconds show of what the body does, however the sensor is worn; live, looked at once for all guesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import (
    LOOK_BACK_S,
    WALKING,
    free_after_gap,
    movement_scores,
    transition_scores,
)
from posture.height_evidence import LOOK_AHEAD_S
from posture.own_gait import OwnGait
from posture.seconds import join_seconds, seconds_with_step
from posture.shaking import without_shaking
from posture.stage import Stage
from posture.step_evidence import STEPPED, beside_known_step, has_known_step, step_scores
from posture.stepping import stepping_gait
from posture.windows import HOUR_S, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["LAG_S", "Evidence", "EvidenceState", "EvidenceWindow", "evidence_by_the_hour"]

LAG_S = 2
"""A second is decided once so many more have been stepped through."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What n consecutive seconds show.

    Parameters
    ----------
    features
        The seconds, less what shakes the wearer.
    movement
        Shape (n, 5): log score of how they move in each of `posture.activity.STATES`.
    transition
        Shape (n, 5, 5): log score of going from each state to each other.

    """

    features: SecondFeatures
    movement: NDArray[np.float64]
    transition: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.features)

    def rows(self, start: int, stop: int) -> Evidence:
        """Return the rows [start, stop)."""
        return Evidence(self.features.rows(start, stop), self.movement[start:stop], self.transition[start:stop])


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceStep:
    """More seconds whose evidence is complete, and those that can be decided with them.

    Parameters
    ----------
    fresh
        The evidence of the seconds to step through.
    decided
        The seconds, as they were seen, that can be decided then.
    n_at_end
        How many of those only because nothing follows them.

    """

    fresh: Evidence
    decided: SecondFeatures
    n_at_end: int


@dataclass(slots=True)
class EvidenceState:
    """All that an `EvidenceWindow` remembers.

    Parameters
    ----------
    last_second
        Last second pushed.
    known
        Seconds of the current run that are still needed: its first `n_scored` rows have been given out as evidence, and
        the last `n_undecided` of those are not yet decided. None between runs.
    gap_s
        How far the current run is from the one before, until the evidence of its first second has been given out.
    own_gait
        What has been seen of how the wearer walks, up to the evidence given out.

    """

    last_second: int | None = None
    known: SecondFeatures | None = None
    n_scored: int = 0
    n_undecided: int = 0
    gap_s: int | None = None
    own_gait: OwnGait = field(default_factory=OwnGait)


class EvidenceWindow(Stage[EvidenceState]):
    """Give out the evidence of each second once the `LOOK_AHEAD_S` after it have come (sooner before a gap)."""

    def __init__(self) -> None:
        super().__init__(EvidenceState())

    def push(self, features: SecondFeatures) -> list[EvidenceStep]:
        """Return the steps that can now be made: one for each stretch without a gap, and one for its end."""
        state = self._state
        steps: list[EvidenceStep] = []
        for run in runs_without_gap(features):
            if state.last_second is not None and int(run.second[0]) != state.last_second + 1:
                steps += self.flush()
            if state.known is None:
                state.gap_s = None if state.last_second is None else int(run.second[0]) - state.last_second
            known = run if state.known is None else join_seconds([state.known, run])
            state.last_second = int(run.second[-1])
            steps += self._step(known, max(len(known) - LOOK_AHEAD_S, state.n_scored), at_end=False)
        return steps

    def flush(self) -> list[EvidenceStep]:
        """Return the step through the seconds that still wait for what follows them."""
        state = self._state
        if state.known is None:
            return []
        steps = self._step(state.known, len(state.known), at_end=True)
        state.known = None
        state.n_scored = state.n_undecided = 0
        return steps

    def _step(self, known: SecondFeatures, stop: int, *, at_end: bool) -> list[EvidenceStep]:
        """Step through the rows up to `stop`; `known` begins with `n_scored` rows already done."""
        state = self._state
        start, first = state.n_scored, state.n_scored - state.n_undecided
        n_at_end = min(stop - first, LAG_S) if at_end else 0
        last = stop if at_end else max(stop - LAG_S, first)
        state.n_undecided = stop - last
        # Rows already stepped through stay, since a change of posture shows in the seconds before it too.
        keep_from = max(stop - max(state.n_undecided, LOOK_BACK_S), 0)
        state.known = known.rows(keep_from, len(known))
        state.n_scored = stop - keep_from
        if start == stop:
            return []
        has_step = has_known_step(known)[start:stop]
        likely_walking_ms2, state.own_gait = state.own_gait.likely_walking_ms2(known.gait[start:stop], has_step)
        fresh = _evidence(known, start, stop, likely_walking_ms2)
        # A step not known yet says nothing: the first ones of a walk are known late.
        fresh.movement[beside_known_step(known)[start:stop], WALKING] += STEPPED
        if state.gap_s is not None:
            fresh.transition[0] = free_after_gap(state.gap_s)
            state.gap_s = None
        return [EvidenceStep(fresh, known.rows(first, last), n_at_end)]


def evidence_by_the_hour(features: SecondFeatures) -> Iterator[Evidence]:
    """Yield the evidence of whole recordings by the hour, so that memory stays flat."""
    last_second: int | None = None
    stepped = seconds_with_step(features)
    steps, done = step_scores(features.second, stepped), 0
    likely_walking_ms2 = np.array([_own_gait(features.gait[np.isin(features.second, stepped)]).likely_now_ms2])
    for run in runs_without_gap(features):
        for piece in pieces(len(run), HOUR_S, LOOK_BACK_S, LOOK_AHEAD_S):
            around = run.rows(piece.first, piece.last)
            block = _evidence(around, piece.start - piece.first, piece.stop - piece.first, likely_walking_ms2)
            if piece.start == 0 and last_second is not None:
                block.transition[0] = free_after_gap(int(run.second[0]) - last_second)
            block.movement[:, WALKING] += steps[done : done + len(block)]
            done += len(block)
            yield block
        last_second = int(run.second[-1])


def _own_gait(walked_ms2: NDArray[np.float64]) -> OwnGait:
    """Return what the gait of all seconds with a step shows of how the wearer walks."""
    return OwnGait().likely_walking_ms2(walked_ms2, np.ones(len(walked_ms2), dtype=np.bool_))[1]


def _evidence(around: SecondFeatures, start: int, stop: int, likely_walking_ms2: NDArray[np.float64]) -> Evidence:
    """Return the evidence of the rows [start, stop) of seconds without a hole."""
    features = without_shaking(around).rows(start, stop)
    stepping = np.minimum(stepping_gait(around)[start:stop], features.gait)
    movement = movement_scores(features, stepping, likely_walking_ms2)
    return Evidence(features, movement, transition_scores(around)[start:stop])


def runs_without_gap(features: SecondFeatures) -> Iterator[SecondFeatures]:
    """Yield each stretch of consecutive seconds."""
    if len(features) == 0:
        return
    cuts = (np.flatnonzero(np.diff(features.second) != 1) + 1).tolist()
    for start, stop in zip([0, *cuts], [*cuts, len(features)], strict=True):
        yield features.rows(start, stop)
