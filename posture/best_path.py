"""The best path through the states of a hidden Markov model, second by second (Viterbi 1967)."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["follow_paths", "trace"]

STEP = 2.0**-16
"""Scores are taken in steps of this, so that sums of them are exact, in whatever order they are made."""

WORTH_CUTTING = 100
"""More seconds than this are cut into stretches, and all stretches are followed at once: a third of the time."""


def follow_paths(
    before: NDArray[np.float64] | None, transition: NDArray[np.float64], emission: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return, for n > 0 seconds, the scores of the best paths into each of k states and whence they came.

    Parameters
    ----------
    before
        Shape (k,): scores at the second before; None at the start, where no transition leads.
    transition, emission
        Shapes (n, k, k) and (n, k).

    Returns
    -------
    Scores, shape (n, k), and the state before on each path, shape (n, k).

    """
    transition, emission = in_steps(transition), in_steps(emission)
    if before is None:
        # From anywhere at no cost.
        before = np.zeros(emission.shape[1])
        transition[0] = 0.0
    stretch_s = isqrt(len(emission))
    n_stretches = len(emission) // stretch_s if len(emission) > WORTH_CUTTING else 0
    together = n_stretches * stretch_s
    scores = np.empty((len(emission) + 1, len(before)))
    scores[0] = before
    if together:
        shape = (n_stretches, stretch_s, *transition.shape[1:])
        scores[1 : together + 1] = _follow_stretches(
            before, transition[:together].reshape(shape), emission[:together].reshape(shape[:3])
        )
    _follow(scores[together:], transition[together:], emission[together:])
    came_from = (scores[:-1, :, np.newaxis] + transition).argmax(axis=1).astype(np.int8)
    return scores[1:], came_from


def in_steps(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores rounded to whole multiples of `STEP`."""
    rounded = scores / STEP
    np.rint(rounded, out=rounded)
    rounded *= STEP
    return rounded


def _follow(scores: NDArray[np.float64], transition: NDArray[np.float64], emission: NDArray[np.float64]) -> None:
    """Fill in `scores`, shape (n + 1, k), from its first row on, second by second."""
    routes = np.empty(transition.shape[1:])
    columns = scores[:, :, np.newaxis]
    for column, into, seen, score in zip(columns[:-1], transition, emission, scores[1:], strict=True):
        np.add(column, into, routes)
        np.maximum.reduce(routes, 0, None, score)
        np.add(score, seen, score)


def _follow_stretches(
    before: NDArray[np.float64], transition: NDArray[np.float64], emission: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the scores of all seconds of many stretches, shape (stretches * seconds, k).

    First the best way through each stretch from each state to each other, for all stretches at once; then, from one
    stretch to the next, the scores in which each begins; then all stretches again from these. Exact, as the sums are.

    Parameters
    ----------
    before
        Shape (k,): scores before the first stretch.
    transition, emission
        Shapes (stretches, seconds, k, k) and (stretches, seconds, k).

    """
    n_stretches, n_seconds, n_states = emission.shape
    # Seconds first and stretches last, so that each step works on long rows.
    into = np.ascontiguousarray(transition.transpose(1, 2, 3, 0))
    seen = np.ascontiguousarray(emission.transpose(1, 2, 0))
    through = np.where(np.eye(n_states, dtype=np.bool_), 0.0, -np.inf)[:, :, np.newaxis].repeat(n_stretches, axis=2)
    for second in range(n_seconds):
        through = (through[:, :, np.newaxis] + into[second]).max(axis=1)
        through += seen[second]
    begin = np.empty((n_states, n_stretches))
    begin[:, 0] = before
    for stretch in range(1, n_stretches):
        begin[:, stretch] = (begin[:, stretch - 1, np.newaxis] + through[:, :, stretch - 1]).max(axis=0)
    scores = np.empty((n_seconds, n_states, n_stretches))
    score = begin
    for second in range(n_seconds):
        score = np.maximum.reduce(score[:, np.newaxis] + into[second], 0, None, scores[second])
        score += seen[second]
    return np.asarray(scores.transpose(2, 0, 1).reshape(-1, n_states))


def trace(state: int, came_from: NDArray[np.int8]) -> list[int]:
    """Return the states on the path that ends in `state`; `came_from` has the way into each second but the first."""
    states = [state]
    ways = came_from.tobytes()
    width = came_from.shape[1]
    for row in range(len(ways) - width, -1, -width):
        state = ways[row + state]
        states.append(state)
    return states[::-1]
