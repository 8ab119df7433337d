"""Which posture each second of sitting is, from its angles, and how long a posture has lasted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from posture.events import PostureState

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ANGLED", "POSTURES", "Judged", "Stretch", "judged", "not_judged"]

ANGLED = (
    PostureState.SLOUCHED,
    PostureState.LEANING_FORWARD,
    PostureState.LEANING_RIGHT,
    PostureState.LEANING_LEFT,
)
"""The postures that an angle makes up, each its own; the first whose angle is large enough is the posture."""
POSTURES = (*ANGLED, PostureState.UPRIGHT, None)
"""All postures; None is not sitting, or not judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """One posture, or not sitting (None), for as long as it has lasted.

    Parameters
    ----------
    state, start
        What, and since when.
    n, total
        Its seconds, and the sum of their angles, shape (4,), in degrees.

    """

    state: PostureState | None
    start: int
    n: int = 0
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(ANGLED)))

    @property
    def angle_deg(self) -> float:
        """Return the mean of the angle that makes up the posture: the one past upright but for leaning."""
        row = ANGLED.index(self.state) if self.state in ANGLED else 0
        return float(self.total[row]) / self.n

    def with_seconds(self, angles_deg: NDArray[np.float64]) -> Stretch:
        """Return the stretch with as many more seconds as there are angles, shape (4, m)."""
        # One by one, so that the sum does not depend on how many seconds come at once.
        total = np.add.accumulate(np.column_stack([self.total, angles_deg]), axis=1)[:, -1]
        return replace(self, n=self.n + angles_deg.shape[1], total=total)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Consecutive seconds, all of them judged or none.

    Parameters
    ----------
    start
        The first of the n seconds.
    angles_deg
        Shape (4, n): the smoothed angles, one row for each posture of `ANGLED`; 0 where not judged.
    seen_as
        Shape (n,): index into `POSTURES` of the posture that would be told of each second on its own.
    goes_on
        Shape (6, n): whether each of `POSTURES` goes on in each second, if it holds until then.

    """

    start: int
    angles_deg: NDArray[np.float64]
    seen_as: NDArray[np.int64]
    goes_on: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of seconds."""
        return len(self.seen_as)


def not_judged(start: int, n: int) -> Judged:
    """Return n seconds in which the wearer does not sit, or nobody knows how."""
    seen_as = np.full(n, POSTURES.index(None))
    return Judged(start, np.zeros((len(ANGLED), n)), seen_as, _where_seen(seen_as))


def judged(
    start: int, angles_deg: NDArray[np.float64], enter_deg: NDArray[np.float64], leave_deg: NDArray[np.float64]
) -> Judged:
    """Return seconds of sitting with their angles, shape (4, n); postures are entered and left at angles of shape (4,).

    A posture holds on to the angle at which it is left, but gives way to one before it that is entered.
    """
    is_entered = angles_deg >= enter_deg[:, np.newaxis]
    seen_as = np.where(is_entered.any(axis=0), is_entered.argmax(axis=0), len(ANGLED))
    goes_on = _where_seen(seen_as)
    is_before = np.arange(len(ANGLED))[:, np.newaxis] < seen_as
    goes_on[: len(ANGLED)] |= is_before & (angles_deg >= leave_deg[:, np.newaxis])
    return Judged(start, angles_deg, seen_as, goes_on)


def _where_seen(seen_as: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(np.arange(len(POSTURES))[:, np.newaxis] == seen_as)
