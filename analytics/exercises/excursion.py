"""One excursion, and what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analytics.exercises.movement import MOVEMENT_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["AT_HOME", "SHORTEST_HOLD_S", "Excursion", "Point", "held_now", "measured", "point_of", "since_passed"]

Point: TypeAlias = tuple[float, float, float]

AT_HOME = 0.08
"""At home the distance is below this share of the farthest."""

HELD = 0.96
"""Held is where the distance is above this share of what is usual in the upper half of the excursion."""

SHORTEST_HOLD_S = 1.0
JUST_NOW_S = 0.25
"""A hold goes on where the last sample near the farthest distance is so recent: three samples."""


@dataclass(frozen=True, slots=True)
class Excursion:
    """Out of a pose and back.

    Parameters
    ----------
    start, peak, end
        Seconds since the Unix epoch: home left, farthest point, home reached.
    known
        When it was known, on the clock of the samples.
    home, far
        Pose left, and pose at the farthest point; (x, 0, 0) for turn and height.
    size
        Farthest distance from home.
    hold_s
        Time near the farthest distance.
    hold_start, hold_end
        When the far position was reached and left.
    unsteadiness
        Root mean square of the distance about its mean in the hold.
    rested
        At how many of its two ends the wearer rested: 1 each, 0.5 where the path only turned round, 0 where home was
        only passed.
    stood, stood_s
        The pose in which the wearer last rested before, and for how long: home, or another.
    only_passed
        Whether home is where the path has come to, and was only passed on the way out.

    """

    start: float
    peak: float
    end: float
    known: float
    home: Point
    far: Point
    size: float
    hold_s: float
    hold_start: float
    hold_end: float
    unsteadiness: float
    rested: float
    stood: Point
    stood_s: float
    only_passed: bool = False


def measured(
    times: Sequence[float],
    points: Sequence[Point],
    home: Point,
    *,
    known: float,
    rested: float,
    stood: Point,
    stood_s: float,
) -> Excursion:
    """Return the excursion from a pose that a path has made.

    Parameters
    ----------
    times, points
        The path, since home was last visited and until it is reached again.
    home
        The pose.
    known, rested, stood, stood_s
        As in `Excursion`.

    """
    away = np.array(points) - home
    distance = np.sqrt(np.einsum("ni,ni->n", away, away))
    peak = int(distance.argmax())
    size = float(distance[peak])
    at_home = np.flatnonzero(distance < AT_HOME * size)
    after = int(at_home.searchsorted(peak))
    start = int(at_home[after - 1]) if after else 0
    stop = int(at_home[after]) if after < len(at_home) else len(distance) - 1
    held_from, held_to = held(distance, start, stop)
    return Excursion(
        start=times[start],
        peak=times[peak],
        end=times[stop],
        known=known,
        home=home,
        far=points[peak],
        size=size,
        hold_s=(held_to - held_from) / MOVEMENT_HZ,
        hold_start=times[held_from],
        hold_end=times[held_to],
        unsteadiness=_scatter(distance[held_from : held_to + 1]),
        rested=rested,
        stood=stood,
        stood_s=stood_s,
    )


def since_passed(back: Iterable[Point], home: Point, *, least: float, near: float) -> int | None:
    """Return how many samples ago a path passed the pose that it is in; None where it did not.

    Parameters
    ----------
    back
        Its points, the last one first.
    home
        The pose.
    least
        The path has been so far away since.
    near
        It passed home within this share of the farthest distance since.

    """
    farthest2, nearest2, passed = least**2, inf, None
    from_x, from_y, from_z = home
    for ago, (x, y, z) in enumerate(back):
        distance2 = (x - from_x) ** 2 + (y - from_y) ** 2 + (z - from_z) ** 2
        if distance2 > farthest2:
            farthest2 = distance2
        elif farthest2 > least**2 and distance2 < near**2 * farthest2:
            if distance2 < nearest2:
                nearest2, passed = distance2, ago
            continue
        if passed is not None:
            break
    return passed


def held_now(excursion: Excursion, now: float) -> bool:
    """Return whether an excursion that goes on is held, and has been for some time."""
    return excursion.hold_s >= SHORTEST_HOLD_S and now - excursion.hold_end <= JUST_NOW_S


def held(distance: NDArray[np.float64], start: int, stop: int) -> tuple[int, int]:
    """Return the first and last sample of the hold: where the distance is near that of its upper part."""
    going = distance[start : stop + 1]
    high = going[going > 0.5 * going.max()]
    high.sort()
    near = np.flatnonzero(going >= HELD * high[len(high) // 2])
    return int(near[0]) + start, int(near[-1]) + start


def _scatter(values: NDArray[np.float64]) -> float:
    """Return the standard deviation, as `ndarray.std` does, which takes three times as long for so few."""
    away = values - np.add.reduce(values) / len(values)
    return sqrt(np.add.reduce(away * away) / len(values))


def point_of(vector: NDArray[np.float64]) -> Point:
    """Return a vector of shape (3,) as a point."""
    x, y, z = vector.tolist()
    return x, y, z
