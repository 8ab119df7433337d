"""Chains of repetitions: which of the excursions, one after the other, are best taken as a set.

From every pose in which the wearer has rested the same movement looks like other excursions; a set is the chain of
them that fits together best: from the same home, of like size, in a rhythm, left and right in turns where the exercise
has sides. The best chain is found by dynamic programming (Viterbi 1967, doi:10.1109/TIT.1967.1054010) as the
excursions come in, so the live answer is the best chain so far.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from math import dist, exp, inf, log
from typing import TYPE_CHECKING

from analytics.exercises.candidates import Signal, signal_of, takes_turns, usual_range
from analytics.exercises.missed import with_missed
from config.exercise import Sides

if TYPE_CHECKING:
    from analytics.exercises.candidates import Candidate
    from config.exercise import Exercise

__all__ = ["COMPLETE", "SET_PAUSE_S", "Chain", "ChainState", "ChainWeights", "Node", "Taken"]

SET_PAUSE_S = 12.0
"""A longer pause ends a set; the longest within sets of the development data is 10 s, the shortest between them 15."""

LONGER = 1.6
"""A repetition may last so many times as long as the one before, for the wait for it."""

SWITCH_PAUSE_S = 25.0
"""Longest pause of a set in which the wearer changes sides."""

MOST_BEFORE = 300

COMPLETE = 0.5
"""A repetition counts from this share of the wearer's own usual size on."""

APART_S = 5.0

LEAST_RISE = 0.4
"""Of heights, which are twice integrated: what begins in standing still is seen smaller than what goes on from it."""

ONE_SIDE = 2
"""After so many repetitions one way the other side may follow."""

LOOSE_HOME, TIGHT_HOME = 1.5, 0.7
"""How far off home may be, in `ChainWeights.home_scale`: of repetitions that did not link, and after one whose home
was only passed.
"""

UNLIKE, UNLIKE_LONG = 0.25, 0.5
"""Sizes and durations that differ more never link."""

STAYS = 0.25
"""Changes of side count by this power of how near the homes are: homes drift, but a far pose is none of them."""

ALONG = 0.6
ACROSS_AXIS = 0.8
"""Against repetitions about axes that differ by more than 53 deg, where the mounting is unknown."""


@dataclass(frozen=True, slots=True)
class ChainWeights:
    """How much each sign counts; 1 is about one well fitting repetition.

    Set by hand and by short searches on the development data, all of its people in view (docs/exercises.md).

    Parameters
    ----------
    each, rested
        For each repetition, and for each of its ends at which the wearer rested.
    range_slope
        Against sizes outside the usual range of the exercise, per e-fold.
    home, home_scale
        For beginning where the one before began, and how far off that may be, as a share of the size.
    base
        Against linking at all.
    waited
        For the first repetition, where the wearer has rested in its home before.
    passed
        Share that a first repetition counts whose home was only passed on the way out.
    size_slope, size_free
        Against sizes that differ, per e-fold beyond the free one.
    alternates, repeats
        For the other side than before, from the same home, and for the same again, where sides alternate.
    reverses
        Against the other way than before, where they do not.
    switches
        Against the other way than before, where one side has been done and the other is to follow, or they take turns.
    pause_slope, pause_free_s
        Against pauses, per second beyond the free ones.
    duration_slope, duration_free
        Against durations that differ, per e-fold beyond the free one.
    least
        Links that fit worse than this are none.
    overlap
        Share of the shorter one that two repetitions may overlap.

    """

    each: float = 0.4
    rested: float = 0.15
    range_slope: float = 2.2
    home: float = 1.06
    home_scale: float = 0.4
    base: float = -0.65
    waited: float = 1.0
    passed: float = 0.25
    size_slope: float = 1.1
    size_free: float = 0.1
    alternates: float = 1.14
    repeats: float = -0.05
    reverses: float = -1.0
    switches: float = -0.2
    pause_slope: float = 0.044
    pause_free_s: float = 3.0
    duration_slope: float = 0.2
    duration_free: float = 0.8
    least: float = -0.32
    overlap: float = 0.25


@dataclass(slots=True)
class Node:
    """A candidate, the score of the best chain that ends with it, and the node before it on that chain."""

    candidate: Candidate
    score: float
    before: Node | None

    def chain(self) -> list[Candidate]:
        """Return the chain that ends here, first repetition first."""
        node: Node | None = self
        found = []
        while node is not None:
            found.append(node.candidate)
            node = node.before
        return found[::-1]

    def goes_in_turns(self) -> bool:
        """Whether each repetition up to this one goes the other way than the one before; true of a single one."""
        node = self
        while node.before is not None:
            if node.before.candidate.goes_with(node.candidate) >= 0:
                return False
            node = node.before
        return True

    def goes_one_way(self) -> bool:
        """Whether all repetitions up to this one go the same way, and there are enough of them to be one side."""
        node, repetitions = self, 1
        while node.before is not None:
            if node.before.candidate.goes_with(node.candidate) < 0:
                return False
            node, repetitions = node.before, repetitions + 1
        return repetitions >= ONE_SIDE


@dataclass(frozen=True, slots=True)
class Taken:
    """A chain that is over, and the other candidates of its time.

    Parameters
    ----------
    chain
        The best chain, first repetition first.
    seen
        All that was seen in its time.

    """

    chain: tuple[Candidate, ...]
    seen: tuple[Candidate, ...]

    @property
    def others(self) -> tuple[Candidate, ...]:
        """Return what was seen beside the chain."""
        chain = set(self.chain)
        return tuple(candidate for candidate in self.seen if candidate not in chain)


@dataclass(slots=True)
class ChainState:
    """The nodes that later ones may be linked to, in order of their ends, and the best chain's last node.

    What begins before `taken_until` was seen in the time of a set that has been told.
    """

    nodes: list[Node] = field(default_factory=list)
    best: Node | None = None
    taken_until: float = -inf


class Chain:
    """Link the candidates of one exercise.

    Parameters
    ----------
    exercise
        Its definition: range, sides.
    weights
        How much each sign counts.

    Attributes
    ----------
    state
        The nodes so far.

    """

    def __init__(self, exercise: Exercise, weights: ChainWeights | None = None) -> None:
        self.state = ChainState()
        self._weights = weights or ChainWeights()
        self._low, self._high = usual_range(exercise)
        self._alternates = takes_turns(exercise)
        self._any_tilt = exercise.motion.any_tilt
        self._is_switched = exercise.sides is Sides.SWITCH and exercise.side_axis in (None, exercise.motion.axis)
        # Twice integrated acceleration has no lasting height, and feet that are switched begin from another pose.
        is_height = signal_of(exercise) is Signal.HEIGHT
        loose = 3.0 if is_height else 2.0 if exercise.sides is Sides.SWITCH else 1.0
        self._least_share = LEAST_RISE if is_height else COMPLETE
        self._home_scale = loose * self._weights.home_scale
        self._most = self._weights.home + self._weights.base + (self._weights.alternates if self._alternates else 0.0)
        self.pause_s = SWITCH_PAUSE_S if self._is_switched else SET_PAUSE_S

    def link(self, candidate: Candidate) -> Node:
        """Link a candidate to the best chain before it, unless a set has been told of its time; return its node."""
        if candidate.excursion.start < self.state.taken_until:
            return Node(candidate, 0.0, None)
        best, before = self._weights.waited * candidate.begun_from_rest, None
        if candidate.excursion.only_passed:
            # The first of a set, if of any; without others it is none.
            return self._keep(Node(candidate, best + self._weights.passed * self.alone(candidate), None))
        start = candidate.excursion.start
        for node in reversed(self.state.nodes):
            if start - node.candidate.excursion.end > self.pause_s:
                break
            if node.score + self._most > best and self._may_follow(node.candidate, candidate):
                gain = self._fit(node, candidate, best - node.score)
                if gain >= self._weights.least and node.score + gain > best:
                    best, before = node.score + gain, node
        node = self._keep(Node(candidate, self.alone(candidate) + best, before))
        if self.state.best is None or node.score > self.state.best.score:
            self.state.best = node
        return node

    def _keep(self, node: Node) -> Node:
        insort(self.state.nodes, node, key=lambda other: other.candidate.excursion.end)
        del self.state.nodes[:-MOST_BEFORE]
        return node

    def begins_before(self, time: float) -> bool:
        """Whether a candidate that is still in play begins before a time."""
        excursions = (node.candidate.excursion for node in self.state.nodes)
        return any(excursion.start < time and not excursion.only_passed for excursion in excursions)

    def is_over(self, time: float) -> bool:
        """Whether nothing can be added to the best chain any more: not even a repetition that is going on now."""
        best = self.state.best
        if best is None:
            return False
        return time - best.candidate.excursion.end > self.pause_s + LONGER * best.candidate.duration_s

    def take(self) -> Taken:
        """Return the best chain, and forget it with all that was seen in its time."""
        best = self.state.best
        if best is None:
            return Taken((), ())
        seen = tuple(node.candidate for node in self.state.nodes)
        chain = with_missed(best.chain(), seen, self._is_like, in_turns=self._alternates)
        start, end = chain[0].excursion.start, chain[-1].excursion.end
        self.state = ChainState()
        for candidate in seen:
            if candidate.excursion.end <= start - APART_S or candidate.excursion.start >= end:
                self.link(candidate)
        self.state.taken_until = end
        return Taken(tuple(chain), seen)

    def _is_like(self, candidate: Candidate, neighbour: Candidate, usual: float) -> bool:
        if not self._least_share * usual <= candidate.size <= usual / COMPLETE or _is_unlike(candidate, neighbour):
            return False
        off = dist(candidate.excursion.home, neighbour.excursion.home) / usual
        side = self._side(candidate, neighbour)
        return off < LOOSE_HOME * self._home_scale and side > self._weights.reverses

    def goes_from_home(self, candidate: Candidate) -> bool:
        """Whether it leaves where the repetitions so far begin, not where they are farthest; true before the first."""
        if self.state.best is None:
            return True
        before, home = self.state.best.candidate.excursion, candidate.excursion.home
        return dist(home, before.home) < dist(home, before.far)

    def alone(self, candidate: Candidate) -> float:
        """Return the score of a repetition without others."""
        weights = self._weights
        outside = max(log(self._low / candidate.size), log(candidate.size / self._high), 0.0)
        return weights.each + weights.rested * candidate.excursion.rested - weights.range_slope * outside

    def _may_follow(self, before: Candidate, after: Candidate) -> bool:
        if before.excursion.peak >= after.excursion.peak or _is_unlike(before, after):
            return False
        shared_s = before.excursion.end - after.excursion.start
        return shared_s <= 0.0 or before.shared_s(after) <= self._weights.overlap * min(
            before.duration_s, after.duration_s
        )

    def _fit(self, node: Node, after: Candidate, least: float) -> float:
        """Return how well a candidate follows another; minus infinity where `least` or no link is in sight."""
        weights, before = self._weights, node.candidate
        switches = self._switches(node, after)
        way = weights.switches if switches else self._side(before, after)
        if not weights.least <= weights.home + weights.base + way > least:
            return -inf
        off = dist(before.excursion.home, after.excursion.home) / max(before.size, after.size)
        if before.excursion.only_passed and off > TIGHT_HOME * self._home_scale:
            return -inf
        near = exp(-((off / self._home_scale) ** 2))
        fit = weights.home * near + weights.base
        fit -= weights.size_slope * max(0.0, abs(log(before.size / after.size)) - weights.size_free)
        # Left and right begin from the same pose: out and back again from the far one is no change of side.
        fit += way * near**STAYS if way > 0.0 else way
        if not switches:
            fit -= self._pause(after.excursion.start - before.excursion.end)
        longer = abs(log(before.duration_s / after.duration_s))
        return fit - weights.duration_slope * max(0.0, longer - weights.duration_free)

    def _pause(self, pause_s: float) -> float:
        if pause_s > SET_PAUSE_S:
            return inf
        return self._weights.pause_slope * max(0.0, pause_s - self._weights.pause_free_s)

    def _switches(self, node: Node, after: Candidate) -> bool:
        """Whether the other side follows, where sides are switched: after all of one, or in turns from the first on."""
        if not self._is_switched or node.candidate.goes_with(after) >= 0:
            return False
        return node.goes_one_way() or node.goes_in_turns()

    def _side(self, before: Candidate, after: Candidate) -> float:
        weights = self._weights
        along = before.goes_with(after)
        astray = ACROSS_AXIS if before.amount is None and abs(along) < ALONG and not self._any_tilt else 0.0
        if self._alternates:
            return (weights.alternates if along < 0 else weights.repeats) - astray
        return (weights.reverses if along < 0 else 0.0) - astray


def _is_unlike(one: Candidate, other: Candidate) -> bool:
    sizes, durations = one.size / other.size, one.duration_s / other.duration_s
    return not (UNLIKE < sizes < 1.0 / UNLIKE and UNLIKE_LONG < durations < 1.0 / UNLIKE_LONG)
