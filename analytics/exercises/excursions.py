"""Excursions: out of a pose, and back to it. The candidates that repetitions are chosen from.

The path of a signal (tilt on the unit sphere, turn, height) is watched from several poses at once, its homes: those
where the wearer has rested or turned round lately. Whenever the path comes back to one of them, an excursion from
there is over. Which home is the starting position of an exercise is not decided here: the stack of homes sees a bridge
from the mat, and the mat from the bridge; `chains` chooses. Who begins from another pose than the one to come back to
has only passed the home of the first repetition: such an excursion is found when the home is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from math import dist, sqrt
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.excursion import AT_HOME, measured, point_of, since_passed
from analytics.exercises.home import NOWHERE, RESTED, TURNED_ROUND, Home, Stood, distance2
from analytics.exercises.movement import MOVEMENT_HZ
from posture.frame import N_AXES
from posture.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.exercises.excursion import Excursion, Point

__all__ = ["HEIGHT", "TILT", "TURN", "ExcursionFinder", "ExcursionParameters", "PathState"]


@dataclass(frozen=True, slots=True)
class ExcursionParameters:
    """What counts as leaving, resting and being back; lengths in the signal's own unit (deg or cm).

    Parameters
    ----------
    out
        An excursion is at least so long; twice the noise of a signal at rest.
    same
        Poses nearer than this are one.
    rest
        A pose is rest where the signal moves less than this within `REST_SAMPLES`.
    back
        Back home where the distance is below this share of the farthest; the lower of the two thresholds.

    """

    out: float
    same: float
    rest: float
    back: float = 0.35


TILT = ExcursionParameters(out=1.2, same=0.7, rest=0.4)
TURN = ExcursionParameters(out=1.6, same=1.0, rest=0.5)
HEIGHT = ExcursionParameters(out=5.0, same=3.3, rest=1.5)

REST_SAMPLES = 8
REST_STRIDE = 4
TURN_ROUND_SAMPLES = 3
STALL_SAMPLES = 3
"""The way back is over when the distance stops falling for so long."""

LONGEST_S = 90.0
LONGEST_SAMPLES = int(LONGEST_S * MOVEMENT_HZ)
LONGEST_FIRST_SAMPLES = int(30.0 * MOVEMENT_HZ)
"""The first repetition is looked for so far back, where its home was only passed."""

EXPIRY_STRIDE = 4 * REST_STRIDE
MOST_RESTS, MOST_TURNS, PROVEN = 5, 6, 2
"""So many homes of rest, homes where the path turned round, and proven homes of either are watched at once."""

FAR_ENOUGH = 0.3
"""The path turns round where it goes by more than this share of the least excursion, there and back."""

SLOW = 0.025
"""The path stops where it moves by less than this share of the excursion from one sample to the next."""


@dataclass(slots=True)
class PathState:
    """What has been seen of a path: `first` is the index of the first point kept."""

    homes: list[Home] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    first: int = 0
    turned_round: int = 0
    was_resting: bool = False
    stood: Stood = NOWHERE


class ExcursionFinder(Stage[PathState]):
    """Find the excursions of one signal.

    Parameters
    ----------
    parameters
        `TILT`, `TURN` or `HEIGHT`.

    """

    def __init__(self, parameters: ExcursionParameters) -> None:
        super().__init__(PathState())
        self._parameters = parameters
        self._out2 = parameters.out**2
        self._same2 = parameters.same**2
        self._rest2 = parameters.rest**2
        self._back2 = parameters.back**2

    def push(self, time: NDArray[np.float64], path: NDArray[np.float64], *, restarts: bool) -> list[Excursion]:
        """Return the excursions that end in the samples.

        Parameters
        ----------
        time
            Shape (n,).
        path
            Shape (n, 3) or (n, 1).
        restarts
            Whether the samples before are missing.

        """
        if restarts:
            self._state = PathState()
        state = self._state
        points = np.zeros((len(path), N_AXES))
        points[:, : path.shape[1]] = path
        if len(points) and state.first + len(state.points) == 0:
            # A recording may begin in the middle of an exercise.
            self._add(Home(*point_of(points[0]), since=0, stood=NOWHERE, rested=TURNED_ROUND))
        rested = np.concatenate([[state.was_resting], self._resting(points)])
        first = state.first + len(state.points)
        # In a long rest one sample in so many is looked at, always the same ones: the day is mostly rest.
        looked_at = np.arange(first, first + len(points)) % REST_STRIDE == 0
        steps = np.flatnonzero(looked_at | ~(rested[:-1] & rested[1:]))
        x, y, z = points.T.tolist()
        state.times += time.tolist()
        state.points += zip(x, y, z, strict=True)
        found: list[Excursion] = []
        for index, was_resting, resting in zip(
            (first + steps).tolist(), rested[steps].tolist(), rested[steps + 1].tolist(), strict=True
        ):
            state.was_resting = was_resting
            found += self._step(index, resting=resting)
        state.was_resting = bool(rested[-1])
        self._forget()
        return found

    def flush(self) -> list[Excursion]:
        """Return nothing: what has not come back is no excursion."""
        return []

    def going(self) -> list[Excursion]:
        """Return the excursions that go on, as if they ended with the last sample; nothing changes by asking."""
        state = self._state
        return [
            measured(
                state.times[home.since - state.first :],
                state.points[home.since - state.first :],
                (home.x, home.y, home.z),
                known=state.times[-1],
                rested=home.rested,
                stood=home.stood.point,
                stood_s=home.stood.samples / MOVEMENT_HZ,
            )
            for home in state.homes
            if home.left
        ]

    def _step(self, index: int, *, resting: bool) -> list[Excursion]:
        state = self._state
        point = state.points[index - state.first]
        if index % EXPIRY_STRIDE == 0:
            state.homes = [home for home in state.homes if home.since >= index - LONGEST_SAMPLES]
        found = [
            self._come_back(home, index, resting=resting) for home in self._back_home(point, index, resting=resting)
        ]
        passed = self._rest(point, index) if resting else self._turn_round(index)
        return found if passed is None else [*found, passed]

    def _back_home(self, point: Point, index: int, *, resting: bool) -> list[Home]:
        """Move on along the path; return the homes it has come back to."""
        back = []
        to_x, to_y, to_z = point
        for home in self._state.homes:
            x, y, z = to_x - home.x, to_y - home.y, to_z - home.z
            distance = x * x + y * y + z * z
            if distance > home.farthest:
                home.farthest = distance
                home.left = home.left or distance > self._out2
            elif home.left and (home.nearest >= 0 or distance < self._back2 * home.farthest):
                if home.nearest < 0 or distance < home.nearest:
                    home.nearest, home.nearest_at = distance, index
                away = sqrt(distance) - sqrt(home.nearest)
                if (
                    resting
                    or self._arrives(home, distance, index)
                    or away > max(0.1 * sqrt(home.farthest), 0.4 * self._parameters.out)
                    or index - home.nearest_at >= STALL_SAMPLES
                ):
                    back.append(home)
        return back

    def _come_back(self, home: Home, index: int, *, resting: bool) -> Excursion:
        state = self._state
        at = home.nearest_at
        stops = resting or (at == index and self._is_slow(home, index))
        rested = RESTED if stops else TURNED_ROUND * self._reverses(at, index)
        kept = slice(home.since - state.first, at - state.first + 1)
        excursion = measured(
            state.times[kept],
            state.points[kept],
            (home.x, home.y, home.z),
            known=state.times[index - state.first],
            rested=home.rested + rested,
            stood=home.stood.point,
            stood_s=home.stood.samples / MOVEMENT_HZ,
        )
        if rested > 0.0:
            home.x, home.y, home.z = state.points[at - state.first]
        home.come_back_from = max(home.come_back_from, home.farthest)
        home.begin(at, state.stood, rested=rested)
        for later in range(at - state.first, index - state.first + 1):
            self._move_away(home, state.points[later])
        return excursion

    def _arrives(self, home: Home, distance: float, index: int) -> bool:
        """Whether the path comes to a stop at home, so that one need not wait for the rest."""
        return distance < AT_HOME**2 * home.farthest and self._is_slow(home, index)

    def _is_slow(self, home: Home, index: int) -> bool:
        at = index - self._state.first
        return distance2(self._state.points[at], self._state.points[at - 1]) < SLOW**2 * home.farthest

    def _move_away(self, home: Home, point: Point) -> None:
        distance = home.distance2(point)
        if distance > home.farthest:
            home.farthest = distance
            home.left = distance > self._out2

    def _rest(self, point: Point, index: int) -> Excursion | None:
        """Take the pose as a home: the one there is, or a new one; return the excursion since a new one was passed."""
        state = self._state
        before, state.stood = state.stood, self._stood_on(point)
        home, others = self._same(point)
        if home is None:
            passed = self._since_passed(point, index, index, before, rested=RESTED)
            self._add(Home(*point, since=index, stood=state.stood))
            return passed
        if not home.left:
            home.x, home.y, home.z = point
            home.begin(index, state.stood, rested=RESTED)
            state.homes = [*others, home]
        return None

    def _stood_on(self, point: Point) -> Stood:
        """Return the rest that goes on, or a new one."""
        state = self._state
        if state.was_resting:
            return Stood(point, state.stood.samples + REST_STRIDE)
        goes_on = distance2(point, state.stood.point) < self._same2
        return Stood(point, state.stood.samples + 1 if goes_on else 1)

    def _turn_round(self, index: int) -> Excursion | None:
        """Take the pose where the path turned round, a moment ago, as a home; return what `_rest` does."""
        state = self._state
        at = index - TURN_ROUND_SAMPLES
        if at - TURN_ROUND_SAMPLES < state.first or index - state.turned_round <= TURN_ROUND_SAMPLES:
            return None
        if not self._reverses(at, index):
            return None
        state.turned_round = index
        point = state.points[at - state.first]
        if self._same(point)[0] is not None:
            return None
        passed = self._since_passed(point, at, index, state.stood, rested=TURNED_ROUND)
        home = Home(*point, since=at, stood=state.stood, rested=TURNED_ROUND)
        for later in range(at - state.first, index - state.first + 1):
            self._move_away(home, state.points[later])
        self._add(home)
        return passed

    def _since_passed(self, home: Point, at: int, index: int, stood: Stood, *, rested: float) -> Excursion | None:
        """Return the excursion that ends where a new home is found, if the path passed there on the way out."""
        state = self._state
        # What is kept of the path depends on the chunks, what is younger than the oldest home does not.
        oldest = max(min((other.since for other in state.homes), default=at), at - LONGEST_FIRST_SAMPLES)
        end = at - state.first + 1
        back = islice(reversed(state.points), len(state.points) - end, state.first + len(state.points) - oldest)
        ago = since_passed(back, home, least=self._parameters.out, near=self._parameters.back)
        if ago is None:
            return None
        excursion = measured(
            state.times[end - 1 - ago : end],
            state.points[end - 1 - ago : end],
            home,
            known=state.times[index - state.first],
            rested=rested,
            stood=stood.point,
            stood_s=stood.samples / MOVEMENT_HZ,
        )
        return replace(excursion, only_passed=True)

    def _reverses(self, at: int, index: int) -> bool:
        """Whether the path goes back where it came from at a point, and goes far enough to tell."""
        state = self._state
        here = at - state.first
        before = max(here - TURN_ROUND_SAMPLES, 0)
        x, y, z = state.points[here]
        from_x, from_y, from_z = state.points[before]
        to_x, to_y, to_z = state.points[index - state.first]
        if (x - from_x) * (to_x - x) + (y - from_y) * (to_y - y) + (z - from_z) * (to_z - z) > 0:
            return False
        length = dist((from_x, from_y, from_z), (x, y, z)) + dist((x, y, z), (to_x, to_y, to_z))
        return length > FAR_ENOUGH * self._parameters.out

    def _resting(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return, shape (n,), where the signal has hardly moved within `REST_SAMPLES`, for points to come."""
        before = self._state.points[-REST_SAMPLES:]
        path = np.concatenate([np.reshape(before, (-1, N_AXES)), points])
        resting = np.zeros(len(path), dtype=np.bool_)
        now = path[REST_SAMPLES:]
        resting[REST_SAMPLES:] = True
        for ago in (REST_SAMPLES, REST_SAMPLES // 2):
            moved = now - path[REST_SAMPLES - ago :][: len(now)]
            resting[REST_SAMPLES:] &= np.einsum("ni,ni->n", moved, moved) < self._rest2
        return resting[len(before) :]

    def _same(self, point: Point) -> tuple[Home | None, list[Home]]:
        """Return the home that a pose is, the nearest where it is several, and the homes that it is not."""
        nearest, least, others = None, self._same2, []
        to_x, to_y, to_z = point
        for home in self._state.homes:
            x, y, z = to_x - home.x, to_y - home.y, to_z - home.z
            distance = x * x + y * y + z * z
            if distance > self._same2:
                others.append(home)
            elif nearest is None or distance < least:
                nearest, least = home, distance
        return nearest, others

    def _add(self, home: Home) -> None:
        """Keep the latest homes of each kind, and those that the path has come back to from farthest.

        Wobbling in a hold, thus, pushes out neither where the wearer rested nor where repetitions begin.
        """
        homes = [*self._state.homes, home]
        kind = [other for other in homes if (other.rested == RESTED) == (home.rested == RESTED)]
        most = MOST_RESTS if home.rested == RESTED else MOST_TURNS
        if len(kind) > most + PROVEN:
            proven = sorted(kind, key=lambda other: -other.come_back_from)[:PROVEN]
            homes.remove(next(other for other in kind if other not in proven))
        self._state.homes = homes

    def _forget(self) -> None:
        """Forget the path before the oldest home."""
        state = self._state
        newest = state.first + len(state.points)
        kept = min([home.since for home in state.homes] + [newest]) - 2 * REST_SAMPLES
        drop = kept - state.first
        if drop > 0:
            state.first = kept
            del state.times[:drop], state.points[:drop]
