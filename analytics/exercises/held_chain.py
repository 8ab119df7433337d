"""Chains of holds: positions that are taken and held, one after the other, with rests between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.exercises.chains import Chain, ChainState, Node, Taken

if TYPE_CHECKING:
    from analytics.exercises.candidates import Candidate
    from config.exercise import Exercise

__all__ = ["HeldChain"]

HOLD_PAUSE_S = 30.0
"""Holds of a whole position are rested from for longer than movements; the usual rest between their sets is 45 s."""

CERTAIN = 1.2
"""What a hold scores: `HoldFinder` has asked for more than a chain of movements shows."""


class HeldChain(Chain):
    """Link the holds of one exercise: all that follow one another soon enough are a set.

    Parameters
    ----------
    exercise
        Its definition.

    """

    def __init__(self, exercise: Exercise) -> None:
        super().__init__(exercise)
        self.pause_s = HOLD_PAUSE_S

    def link(self, candidate: Candidate) -> Node:
        """Link a hold to those before it, unless the rest was too long; return its node."""
        before = self.state.best
        if before is not None and self._rested_long(before.candidate, candidate):
            before = None
        node = Node(candidate, self.alone(candidate) + (before.score if before else 0.0), before)
        self.state.nodes.append(node)
        self.state.best = node
        return node

    def is_over(self, time: float) -> bool:
        """Whether no hold can be added to the first set any more."""
        return len(self._first_set()) < len(self.state.nodes) or super().is_over(time)

    def take(self) -> Taken:
        """Return the holds of the first set, and forget them."""
        first = self._first_set()
        del self.state.nodes[: len(first)]
        if not self.state.nodes:
            self.state = ChainState()
        return Taken(tuple(node.candidate for node in first), ())

    def _first_set(self) -> list[Node]:
        nodes = self.state.nodes
        later = (index for index, node in enumerate(nodes) if index and node.before is None)
        return nodes[: next(later, len(nodes))]

    def _rested_long(self, before: Candidate, after: Candidate) -> bool:
        return after.excursion.start - before.excursion.end > self.pause_s

    def alone(self, candidate: Candidate) -> float:
        """Return the score of a hold without others, which is that of each hold."""
        return CERTAIN * candidate.size
