"""Steps: initial contacts of the feet from the acceleration of the lower back."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import dropwhile
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from analytics.step_candidates import CANDIDATE_DELAY, CandidateFinder, Candidates, CandidateState
from analytics.step_rhythm import WINDOW, Rhythm, judge_windows
from posture.frame import GRID_HZ

if TYPE_CHECKING:
    from posture.frame import PostureFrame

__all__ = ["Peak", "Step", "StepDetector", "StepState", "Walk"]

CONTACT_LEAD_S = 0.055
"""How long the foot is down before the smoothed acceleration peaks.

Median in mobgap 50 ms, in the synthetic sets 65 ms, quartiles 20 ms either side.
"""

_PAUSE_S = 2.0
"""A step takes no longer; what comes after is another walk."""
_REACH_S = 2.5
"""How far before and after a rhythm steps may lie that belong to it: setting off, turning on the spot, stopping."""
_SLOWEST_LINK_S = 1.5
_LINK_STEPS = 2.0
"""Such a step comes within twice the mean step, and within 1.5 s, of the next one."""
_LEAST_SHARE = 0.2
"""Amplitude that it must have, as a share of that of the rhythm."""
_SETTING_OFF_SHARE = 0.35
"""Strike that the first step must have, as a share of that of the rhythm.

Who sets off first shifts their weight and pushes off (Mann et al., The initiation of gait, J Bone Joint Surg Am 61
(1979) 232-239): the trunk rises, but no foot has met the ground yet. Nearly all such pushes of the synthetic sets have
less than 0.3 of it and all their first steps more than 0.5.
"""
_RIPPLE_SHARE = 0.1
"""Weaker peaks are no steps even within a rhythm."""
_LONGEST_DOUBT_S = 10.0
"""Longest a rough rhythm is remembered, in case a clear one overlaps it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A foot meets the ground at `time`, in seconds since the Unix epoch.

    `known_time` is that of the last sample needed to tell it live.
    """

    time: float
    known_time: float = inf


@dataclass(slots=True)
class Peak:
    """A candidate that may yet be a step: its grid index, and its amplitude and strike in m/s^2."""

    index: float
    amplitude: float
    strike: float


@dataclass(slots=True)
class Walk:
    """The rhythm that steps still join: grid indices of its last step so far and of its end, mean step, and strength.

    Parameters
    ----------
    last, end
        Grid indices of its last step so far, and of the last peak of the rhythm itself.
    step
        Mean step, in grid rows.
    amplitude, strike
        Those of its peaks, m/s^2.

    """

    last: float
    end: float
    step: float
    amplitude: float
    strike: float

    def joins(self, peak: Peak, gap: float) -> bool:
        """Return whether a peak is a step, `gap` rows from the nearest step of this walk."""
        link = min(_LINK_STEPS * self.step, _SLOWEST_LINK_S * GRID_HZ)
        return gap <= link and peak.amplitude >= _LEAST_SHARE * self.amplitude


@dataclass(slots=True, eq=False)
class StepState:
    """All that `StepDetector` remembers: 1.7 s of samples, the last 4 peaks, and at most 10 s of undecided peaks.

    Parameters
    ----------
    samples
        The rows that undecided peaks need.
    recent
        The peaks that begin the next windows.
    pending
        Peaks since the last step that may yet be steps.
    chain_first, chain_last
        Grid indices of the first and last peak of the latest chain of overlapping rhythmic windows.
    chain_clear
        Whether a rhythm in that chain is clear, so that it is a walk.
    walk
        The latest walk.

    """

    samples: CandidateState = field(default_factory=CandidateState)
    recent: Candidates = field(default_factory=Candidates.none)
    pending: list[Peak] = field(default_factory=list)
    chain_first: float = -inf
    chain_last: float = -inf
    chain_clear: bool = False
    walk: Walk | None = None


class StepDetector:
    """Stage: from samples to steps, at any mounting, with or without a gyroscope.

    Steps are only counted within the rhythm of a walk (see `analytics.step_rhythm`) and up to 2.5 s beside it: 4 steps
    at least. They come out in order of time, within 1-4 s; the first weak ones of a walk after up to 6 s.

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
        pending = self._state.pending
        return _contact_time(pending[0].index if pending else self._finder.decided_index)

    def push(self, frame: PostureFrame) -> list[Step]:
        """Return the steps that the new rows decide."""
        steps = self.flush() if frame.segment.restarts and len(frame) else []
        steps += self._judge(self._finder.push(frame))
        pending = self._state.pending
        # No rhythm and no link reaches across a pause, so this only lets the settled time go on.
        if pending and self._finder.decided_index - pending[-1].index > _PAUSE_S * GRID_HZ:
            pending.clear()
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
        rhythms = judge_windows(peaks)
        state.recent = peaks.last(WINDOW - 1)
        index, amplitude, strike = peaks.index.tolist(), peaks.amplitude.tolist(), peaks.strike.tolist()
        rhythmic, clear = (rhythms.kind != Rhythm.NONE).tolist(), (rhythms.kind == Rhythm.CLEAR).tolist()
        strengths = np.column_stack([rhythms.step, rhythms.amplitude, rhythms.strike]).tolist()
        steps: list[Step] = []
        for last in range(len(peaks) - len(found), len(peaks)):
            state.pending.append(Peak(index[last], amplitude[last], strike[last]))
            first = last - WINDOW + 1
            # The first peaks after a start end no window.
            if first >= 0 and rhythmic[first]:
                self._extend_chain(index[first], index[last], clear=clear[first])
                if state.chain_clear:
                    walk = Walk(index[last], index[last], *strengths[first])
                    steps += _told(self._steps_of(walk), index[last])
                    continue
            steps += _told(self._follow(), index[last])
            self._forget(index[last])
        return steps

    def _extend_chain(self, first: float, last: float, *, clear: bool) -> None:
        state = self._state
        if first > state.chain_last:
            state.chain_first, state.chain_clear = first, False
        state.chain_last = last
        state.chain_clear |= clear

    def _steps_of(self, walk: Walk) -> list[Peak]:
        """Return the steps that a rhythm makes certain: those that led to it and its own."""
        state = self._state
        before, state.walk = state.walk, walk
        pending, state.pending = state.pending, []
        first = state.chain_first
        earlier: list[Peak] = []
        if pending[0].index < first:
            earlier = _leading(walk, first, [peak for peak in pending if peak.index < first])
            pending = [peak for peak in pending if peak.index >= first]
        least = _RIPPLE_SHARE * walk.amplitude
        own = [peak for peak in pending if peak.amplitude >= least]
        steps = earlier + own
        if before is None or (steps and steps[0].index - before.last > _PAUSE_S * GRID_HZ):
            steps = _after_setting_off(walk, steps)
        return steps

    def _follow(self) -> list[Peak]:
        """Return the latest peak if it is a step that follows a rhythm."""
        state = self._state
        walk, peak = state.walk, state.pending[-1]
        if walk is None or peak.index - walk.end > _REACH_S * GRID_HZ or not walk.joins(peak, peak.index - walk.last):
            return []
        walk.last = peak.index
        state.pending.clear()
        return [peak]

    def _forget(self, now: float) -> None:
        """Drop the peaks that no coming rhythm reaches."""
        state = self._state
        if len(state.pending) < WINDOW:
            return
        first = state.pending[1 - WINDOW].index
        if first <= state.chain_last:
            first = state.chain_first
        earliest = max(first - _REACH_S * GRID_HZ, now - _LONGEST_DOUBT_S * GRID_HZ)
        while state.pending[0].index < earliest:
            del state.pending[0]


def _leading(walk: Walk, first: float, before: list[Peak]) -> list[Peak]:
    """Return those of the peaks before a rhythm that are steps leading to it."""
    steps: list[Peak] = []
    start = first
    for peak in reversed(before):
        if first - peak.index > _REACH_S * GRID_HZ:
            break
        if walk.joins(peak, start - peak.index):
            steps.append(peak)
            start = peak.index
    return steps[::-1]


def _after_setting_off(walk: Walk, steps: list[Peak]) -> list[Peak]:
    """Return the steps from the first on with which a foot met the ground."""
    least = _SETTING_OFF_SHARE * walk.strike
    return list(dropwhile(lambda peak: peak.strike < least, steps))


def _told(steps: list[Peak], by: float) -> list[Step]:
    """Return the steps that a peak, given its grid index, makes certain."""
    known_time = (by + CANDIDATE_DELAY) / GRID_HZ
    return [Step(_contact_time(peak.index), known_time) for peak in steps]


def _contact_time(index: float) -> float:
    return index / GRID_HZ - CONTACT_LEAD_S
