"""Steps: initial contacts of the feet from the vertical acceleration of the lower back."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from analytics.step_candidates import CandidateFinder, Candidates, CandidateState
from analytics.step_rhythm import WINDOW, Rhythm, judge_windows
from posture.frame import GRID_HZ

if TYPE_CHECKING:
    from posture.frame import PostureFrame

__all__ = ["Peak", "Step", "StepDetector", "StepState"]

CONTACT_LEAD_S = 0.05
"""How long the foot is down before the smoothed vertical acceleration peaks: mean 52, median 40, sd 35 ms in mobgap."""

_PAUSE_S = 2.0
"""A step takes no longer; what comes after is another walk."""
_PENDING = 32
"""Peaks remembered: how far back a clear rhythm vouches for a rough one."""
_LEAST_SHARE = 0.3
"""Weaker peaks, against the median of the five beside them, are steps only where a clear rhythm says so."""


@dataclass(frozen=True, slots=True)
class Step:
    """A foot meets the ground at `time`, in seconds since the Unix epoch."""

    time: float


@dataclass(slots=True)
class Peak:
    """A candidate on its way to be a step: `rhythmic` where it is part of a rhythm, clear or rough."""

    index: float
    amplitude: float
    rhythmic: bool = False


@dataclass(slots=True, eq=False)
class StepState:
    """All that `StepDetector` remembers: 1.6 s of samples, the last 4 peaks, and up to 32 peaks in decision.

    Parameters
    ----------
    samples
        The rows that undecided peaks need.
    recent
        The peaks that begin the next windows.
    peaks
        Peaks of the current stretch without a pause.
    run_first, run_last
        Positions in `peaks` of the current run of overlapping rhythmic windows; -1 without one.
    clear
        Whether the run holds a clear rhythm, so that it is a walk.
    settled
        Position in `peaks` before which nothing will change.

    """

    samples: CandidateState = field(default_factory=CandidateState)
    recent: Candidates = field(default_factory=Candidates.none)
    peaks: list[Peak] = field(default_factory=list)
    run_first: int = -1
    run_last: int = -1
    clear: bool = False
    settled: int = 0


class StepDetector:
    """Stage: from samples with orientation to steps, at any mounting, with or without a gyroscope.

    Steps are only counted within the rhythm of a walk (see `analytics.step_rhythm`): 5 steps at least. They come out in
    order of time, 1-4 s after they happened once a walk has begun.

    Notes
    -----
    Zijlstra & Hof (doi 10.1016/S0966-6362(02)00190-X) and McCamley et al. (doi 10.1016/j.gaitpost.2012.02.019) time
    contacts in a recording known to be walking, the first by the forward acceleration, which needs a known mounting;
    this stage finds the walking as well, and so first finds peaks and then judges their rhythm.

    """

    def __init__(self) -> None:
        self._finder = CandidateFinder()
        self._state = StepState(samples=self._finder.state)

    @property
    def state(self) -> StepState:
        """A copy of all that the stage remembers; set it to go on where another detector stopped."""
        self._state.samples = self._finder.state
        return deepcopy(self._state)

    @state.setter
    def state(self, state: StepState) -> None:
        self._state = deepcopy(state)
        self._finder.state = self._state.samples

    @property
    def settled_time(self) -> float:
        """Time in seconds since the Unix epoch before which no further step will be reported."""
        state = self._state
        undecided = state.peaks[state.settled :]
        index = undecided[0].index if undecided else self._finder.decided_index
        return _contact_time(index)

    def push(self, frame: PostureFrame) -> list[Step]:
        """Return the steps that the new rows decide."""
        steps = self.flush() if frame.segment.restarts and len(frame) else []
        steps += self._judge(self._finder.push(frame))
        peaks = self._state.peaks
        if peaks and self._finder.decided_index - peaks[-1].index > _PAUSE_S * GRID_HZ:
            self._end_stretch()
        return steps

    def flush(self) -> list[Step]:
        """Return the steps still in decision; the next rows start anew."""
        steps = self._judge(self._finder.flush())
        self._state = StepState(samples=self._finder.state)
        return steps

    def _judge(self, found: Candidates) -> list[Step]:
        if len(found) == 0:
            return []
        state = self._state
        peaks = state.recent.followed_by(found)
        rhythms = judge_windows(peaks).tolist()
        state.recent = peaks.last(WINDOW - 1)
        # The first peaks after a start end no window.
        rhythms = [Rhythm.NONE] * (len(found) - len(rhythms)) + rhythms
        steps: list[Step] = []
        for index, amplitude, rhythm in zip(found.index.tolist(), found.amplitude.tolist(), rhythms, strict=True):
            steps += self._add(Peak(index, amplitude), rhythm)
        return steps

    def _add(self, peak: Peak, rhythm: int) -> list[Step]:
        state = self._state
        if state.peaks and peak.index - state.peaks[-1].index > _PAUSE_S * GRID_HZ:
            self._end_stretch()
        state.peaks.append(peak)
        last = len(state.peaks) - 1
        if state.run_last >= 0 and last - state.run_last >= WINDOW:
            self._end_run()
        steps = self._extend_run(last, clear=rhythm == Rhythm.CLEAR) if rhythm else []
        self._forget()
        return steps

    def _extend_run(self, last: int, *, clear: bool) -> list[Step]:
        """Add the rhythmic window that ends at `last` to the run, and return the steps that makes certain."""
        state = self._state
        first = last - WINDOW + 1
        if state.run_first < 0:
            state.run_first = first
        window = state.peaks[first:]
        least = _LEAST_SHARE * median(peak.amplitude for peak in window)
        for peak in window:
            peak.rhythmic |= clear or peak.amplitude >= least
        state.run_last = last
        state.clear |= clear
        if not state.clear:
            return []
        undecided = state.peaks[max(state.run_first, state.settled) :]
        state.settled = last + 1
        certain = [peak for peak in undecided if peak.rhythmic or peak.amplitude >= least]
        return [Step(_contact_time(peak.index)) for peak in certain]

    def _end_run(self) -> None:
        state = self._state
        state.run_first, state.run_last, state.clear = -1, -1, False

    def _end_stretch(self) -> None:
        self._end_run()
        self._state.peaks.clear()
        self._state.settled = 0

    def _forget(self) -> None:
        state = self._state
        surplus = len(state.peaks) - _PENDING
        if surplus > 0:
            del state.peaks[:surplus]
            state.settled = max(0, state.settled - surplus)
            if state.run_first >= 0:
                state.run_first = max(0, state.run_first - surplus)
                state.run_last -= surplus


def _contact_time(index: float) -> float:
    return index / GRID_HZ - CONTACT_LEAD_S
