"""The most probable activities live, with a short delay, and their most likely course over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import AT_FIRST, LastSeen, emission_scores
from posture.best_path import follow_paths, trace
from posture.calibration import Mounting, by_mounting
from posture.evidence import LAG_S, EvidenceWindow, evidence_by_the_hour
from posture.height_evidence import LOOK_AHEAD_S
from posture.posterior import Course, follow_courses
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
    "CalibratedDecoder",
    "CalibratedDecoderState",
    "DecodedSeconds",
    "DecoderState",
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
        Shape (n,), int64: index into `posture.activity.STATES` of the most probable one.
    log_likelihood
        Shape (n,): of all seconds up to the last that each second was decided with.

    """

    features: SecondFeatures
    state: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.features)

    def after(self, second: int | None) -> DecodedSeconds:
        """Return the seconds after one; all where it is None."""
        if second is None:
            return self
        n = int(np.searchsorted(self.features.second, second, side="right"))
        return DecodedSeconds(self.features.rows(n, len(self)), self.state[n:], self.log_likelihood[n:])


@dataclass(slots=True)
class CalibratedDecoderState:
    """All that a `CalibratedDecoder` remembers.

    Parameters
    ----------
    calibration
        What is known of the wearer.
    course
        The last seconds stepped through, `LAG_S` at most; None before the first.
    before
        What counts from the seconds stepped through.

    """

    calibration: Calibration
    course: Course | None = None
    before: LastSeen = field(default_factory=LastSeen)


class CalibratedDecoder(Stage[CalibratedDecoderState]):
    """Decode the steps of an `EvidenceWindow` as one calibration has it."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(CalibratedDecoderState(calibration))

    @property
    def calibration(self) -> Calibration:
        """What is known of the wearer; it may be replaced between pushes and holds for the seconds not yet decided."""
        return self._state.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        self._state.calibration = value

    @property
    def log_likelihood(self) -> float:
        """Return that of all seconds so far; 0 at the start."""
        course = self._state.course
        return 0.0 if course is None else float(course.log_likelihood[-1])

    def follow(self, steps: Sequence[EvidenceStep]) -> list[DecodedSeconds]:
        """Return the seconds that the steps let decide, one block for each that lets any."""
        decided = [self._step(step) for step in steps]
        return [block for block in decided if len(block)]

    def _step(self, step: EvidenceStep) -> DecodedSeconds:
        """Step through fresh evidence; each second is decided when `LAG_S` more have been, or at the end."""
        state = self._state
        fresh = follow_courses(state.course, step.fresh.transition, self._emission(step.fresh))
        course = fresh if state.course is None else state.course.then(fresh)
        state.course = course.last(LAG_S)
        stop = len(course) if step.n_at_end else max(len(course) - LAG_S, 0)
        row = np.arange(stop - len(step.decided), stop)
        last = np.minimum(row + LAG_S, len(course) - 1)
        state_of_each = course.given_later(LAG_S)[row].argmax(axis=1)
        return DecodedSeconds(step.decided, state_of_each, course.log_likelihood[last])

    def _emission(self, fresh: Evidence) -> NDArray[np.float64]:
        state = self._state
        emission = emission_scores(fresh.features, fresh.movement, state.calibration, state.before)
        if state.course is None:
            emission[0] += AT_FIRST
        state.before = state.before.after(fresh.features, state.calibration)
        return emission


@dataclass(slots=True)
class DecoderState:
    """All that an `ActivityDecoder` remembers."""

    window: EvidenceWindow
    decoder: CalibratedDecoder


class ActivityDecoder(Stage[DecoderState]):
    """Decode seconds as they come, each `DECODER_DELAY_S` later (sooner before a gap)."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(DecoderState(EvidenceWindow(), CalibratedDecoder(calibration)))

    @property
    def calibration(self) -> Calibration:
        """What is known of the wearer; it may be replaced between pushes and holds for the seconds not yet decided."""
        return self._state.decoder.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        self._state.decoder.calibration = value

    def push(self, features: SecondFeatures) -> list[DecodedSeconds]:
        """Return the seconds that can now be decided, one block for each stretch without a gap."""
        return self._state.decoder.follow(self._state.window.push(features))

    def flush(self) -> list[DecodedSeconds]:
        """Return the seconds not yet decided."""
        return self._state.decoder.follow(self._state.window.flush())


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
