"""A pose that a path may come back to, and where the wearer last rested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.exercises.excursion import Point

__all__ = ["NOWHERE", "RESTED", "TURNED_ROUND", "Home", "Stood", "distance2"]

RESTED, TURNED_ROUND = 1.0, 0.5
"""How much an end of an excursion counts as rest."""


def distance2(one: Point, other: Point) -> float:
    """Return the squared distance of two points."""
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return x * x + y * y + z * z


@dataclass(frozen=True, slots=True)
class Stood:
    """Where the wearer last rested, and for how many samples."""

    point: Point
    samples: int


NOWHERE = Stood((0.0, 0.0, 0.0), 0)


@dataclass(slots=True, eq=False)
class Home:
    """A pose that the path may come back to; distances are squared.

    `come_back_from` is the farthest point that the path has come back from, and `stood` where the wearer last rested
    before the path left.
    """

    x: float
    y: float
    z: float
    since: int
    stood: Stood
    farthest: float = 0.0
    left: bool = False
    rested: float = RESTED
    nearest: float = -1.0
    nearest_at: int = 0
    come_back_from: float = 0.0

    def distance2(self, point: Point) -> float:
        """Return the squared distance of a point."""
        return distance2(point, (self.x, self.y, self.z))

    def begin(self, index: int, stood: Stood, *, rested: float) -> None:
        """Begin to watch anew from here."""
        self.since, self.stood, self.rested = index, stood, rested
        self.farthest, self.left, self.nearest = 0.0, False, -1.0
