"""How probable each state of a hidden Markov model is, second by second (Rabiner, Proc IEEE 77 (1989) 257-286).

All courses that lead to a state speak for it, and not the best one alone: that somebody has sat down in one of the last
twenty seconds may be probable long before any single second is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from posture.windows import added

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Course", "follow_courses"]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What n consecutive seconds tell of k states.

    Parameters
    ----------
    ways
        Shape (n, k, k): how likely each state and the second's evidence are after each state, up to a factor a second.
    probability
        Shape (n, k): of each state, given all seconds up to this one.
    log_likelihood
        Shape (n,): of all seconds up to this one.

    """

    ways: NDArray[np.float64]
    probability: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.log_likelihood)

    def last(self, n: int) -> Course:
        """Return the last n seconds, all where there are fewer, without holding on to those before."""
        row = slice(max(len(self) - n, 0), None)
        return Course(self.ways[row].copy(), self.probability[row].copy(), self.log_likelihood[row].copy())

    def then(self, later: Course) -> Course:
        """Return these seconds and those after them."""
        return Course(
            np.concatenate([self.ways, later.ways]),
            np.concatenate([self.probability, later.probability]),
            np.concatenate([self.log_likelihood, later.log_likelihood]),
        )

    def given_later(self, n_later: int) -> NDArray[np.float64]:
        """Return the probability of each state, shape (n, k), given so many more seconds, too (as far as there are)."""
        row = np.arange(len(self))
        weight = np.ones_like(self.probability)
        for ahead in range(n_later, 0, -1):
            known = row + ahead < len(self)
            into = self.ways[ahead:] * weight[known][:, np.newaxis, :]
            weight[known] = added([into[:, :, to] for to in range(into.shape[2])])
        joint = self.probability * weight
        return joint / added([joint[:, state] for state in range(joint.shape[1])])[:, np.newaxis]


def follow_courses(before: Course | None, transition: NDArray[np.float64], emission: NDArray[np.float64]) -> Course:
    """Return the course of n > 0 seconds.

    Parameters
    ----------
    before
        The seconds before, or the last of them; None at the start, where no transition leads.
    transition, emission
        Shapes (n, k, k) and (n, k): log scores.

    """
    n_states = emission.shape[1]
    if before is None:
        transition = transition.copy()
        transition[0] = -np.log(n_states)  # from anywhere
    scores = transition + emission[:, np.newaxis]
    largest = scores.max(axis=(1, 2))
    ways = np.exp(scores - largest[:, np.newaxis, np.newaxis])
    # The first row is what was known before.
    probability = np.empty((len(emission) + 1, n_states))
    likelihood = np.empty(len(emission) + 1)
    probability[0] = 1.0 if before is None else before.probability[-1]
    likelihood[0] = 0.0 if before is None else before.log_likelihood[-1]
    share = []
    for known, way, fresh in zip(probability[:-1], ways, probability[1:], strict=True):
        np.dot(known, way, fresh)
        total = np.add.reduce(fresh)
        np.divide(fresh, total, fresh)
        share.append(total)
    likelihood[1:] = np.log(share) + largest
    return Course(ways, probability[1:], np.add.accumulate(likelihood)[1:])
