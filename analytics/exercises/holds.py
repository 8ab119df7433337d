"""Holds: positions that are taken, kept still for seconds, and left again.

A plank differs from the rest on hands and knees, or lying, between planks by a few degrees at the lower back, less
than the wearer sags while holding it. What tells it: getting into it and out of it lifts the pelvis or lets it down,
one way and then the other; the wearer keeps still in between; and the muscles that hold the body tremble more than
those of a body at rest. Each stay between two such moves is judged against the rests before and after it, never
against fixed levels of tremor.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from math import dist, inf, log
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.excursion import Excursion, point_of
from analytics.exercises.movement import MOVEMENT_HZ
from analytics.exercises.stillness import LOOK_BACK, StillnessSignals, squared_lengths
from posture.frame import N_AXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.exercises.excursion import Point
    from analytics.exercises.movement import Movement
    from analytics.exercises.stillness import Stillness, StillnessState
    from posture.frame import PostureFrame

__all__ = ["FOUND", "TOLD", "HoldFinder", "HoldParameters", "HoldsState"]


@dataclass(frozen=True, slots=True)
class HoldParameters:
    """What a stay must show to be a hold.

    Parameters
    ----------
    least_s
        It lasts at least so long.
    evidence
        Of tension, and of being entered and left; see `HoldFinder`.
    lifted
        Whether it must be entered and left by lifting the pelvis and letting it down, or the other way round.
    at_once
        Evidence that is enough as soon as it is left, before the rest after it is known; infinity to wait for that.

    """

    least_s: float
    evidence: float
    lifted: bool
    at_once: float


TOLD = HoldParameters(least_s=2.0, evidence=1.25, lifted=False, at_once=1.25)
FOUND = HoldParameters(least_s=8.0, evidence=2.5, lifted=True, at_once=inf)
"""Where the wearer has said that a position is held, and where it is to be noticed."""

SETTLED = 12
"""After so many still samples a move is over."""

TENSION_FROM = 4
"""So many samples of a stay the filters still see the move before it."""

SAME_CM, SAME_DEG, SAME_TENSION = 4.0, 2.5, 0.8
"""A move that changes height, tilt and tension (octaves) by less has changed nothing: the stay goes on."""

SAME_TENSE_DEG = 6.0
"""The same for tilt, where the muscles are clearly tenser than at rest before and after the move."""

CHANGED_CM, CHANGED_DEG = 5.0, 3.0
ARRIVED_DEG = 35.0
"""A larger tilt is getting down, getting up or turning over: what comes after has no rest before it."""

GONE_CM, GONE_DEG, NEAR = 4.0, 8.0, 0.5
"""Who has come so far out of a position has left it, when it was last within this share of it."""

LONGEST_MOVE_S = 8.0
"""Height from acceleration is not known after longer moves."""

MOST_TENSION = 2.0
"""Octaves of tremor beyond rest that count."""

TENSER = 1.0
"""After a hold comes a rest, unless it is tenser by so many octaves."""

CM, OCTAVE = 100.0, 2.0 * log(2.0)
STEP_S = 1.0 / MOVEMENT_HZ


@dataclass(slots=True, eq=False)
class Stay:
    """Some seconds of stillness: sums over its samples, of up relative to the first one's."""

    start: float
    end: float
    n: int = 0
    origin: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_AXES))
    away: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_AXES))
    squares: float = 0.0
    tremor: float = 0.0
    tremor_n: int = 0

    def mean(self) -> Point:
        """Return the mean direction of up."""
        return point_of(self.origin + self.away / self.n)

    def tension(self) -> float | None:
        """Return the mean tremor in octaves of its amplitude; None where the stay is too short."""
        return self.tremor / self.tremor_n / OCTAVE if self.tremor_n else None

    def unsteadiness(self) -> float:
        """Return the root mean square of the distance from the mean direction of up, in deg."""
        mean = self.away / self.n
        return float(max(self.squares / self.n - float(mean @ mean), 0.0) ** 0.5)

    def add(self, other: Stay) -> None:
        """Go on with another stay in the same position."""
        self.end = other.end
        off = other.origin - self.origin
        self.squares += other.squares + 2.0 * float(off @ other.away) + other.n * float(off @ off)
        self.away = self.away + other.away + other.n * off
        self.n += other.n
        self.tremor += other.tremor
        self.tremor_n += other.tremor_n


@dataclass(slots=True)
class Move:
    """From one stay to the next; velocity in m/s and height in m as integrated since its onset."""

    onset: float
    before: Point
    n: int = 0
    velocity: float = 0.0
    height: float = 0.0
    tilt: Point = (0.0, 0.0, 0.0)
    gone: bool = False
    told: bool = False

    def height_cm(self) -> float:
        """Return how much higher the pelvis is after the move than before, at rest both times; 0 where not known."""
        duration_s = self.n * STEP_S
        return CM * (self.height - 0.5 * self.velocity * duration_s) if duration_s <= LONGEST_MOVE_S else 0.0

    def tilted_deg(self) -> float:
        """Return the size of its tilt."""
        return dist(self.tilt, (0.0, 0.0, 0.0))

    def changes(self) -> bool:
        """Whether it leads to another position."""
        return abs(self.height_cm()) >= CHANGED_CM or self.tilted_deg() >= CHANGED_DEG


@dataclass(slots=True)
class HoldsState:
    """The stay that goes on or was left last, how it was entered and is left, and what came after it so far."""

    stay: Stay | None = None
    entry: Move | None = None
    move: Move | None = None
    after: Stay | None = None
    rest: float | None = None
    held: float | None = None
    rested_s: float = 0.0


class HoldFinder:
    """Find holds.

    The evidence for a hold is the sum of: by how many octaves it is tenser than the rests before and after, two at
    most; half a point each for a move into it and one out of it that change the position, or as much against it; and
    half a point where one of the two lifts the pelvis and the other lets it down, against it where they do not. Where
    neither does, tilting farther the same way counts against it, but tilting back not for it: who shifts about at rest
    does that, too. With no sign of tension two moves that lift and let down are enough.

    Parameters
    ----------
    parameters
        What a stay must show.

    """

    def __init__(self, parameters: HoldParameters) -> None:
        self._parameters = parameters
        self._signals = StillnessSignals()
        self._state = HoldsState()

    @property
    def state(self) -> tuple[StillnessState, HoldsState]:
        """A copy of all that the finder remembers; set it to go on where another one of equal settings stopped."""
        return self._signals.state, deepcopy(self._state)

    @state.setter
    def state(self, state: tuple[StillnessState, HoldsState]) -> None:
        self._signals.state = state[0]
        self._state = deepcopy(state[1])

    def push(self, frame: PostureFrame, movement: Movement) -> list[Excursion]:
        """Return the holds that become known in a frame, which is not empty, and its movement."""
        still = self._signals.push(frame, movement)
        if still.restarts:
            self._state = HoldsState()
        if not len(still.time):
            return []
        edges = np.flatnonzero(np.diff(still.moves)) + 1
        found: list[Excursion] = []
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(still.time)], strict=True):
            if still.moves[start]:
                found += self._moving(still, start, stop)
            else:
                found += self._staying(still, start, stop)
        return found

    def flush(self) -> list[Excursion]:
        """Return nothing: what has not been left is no hold yet."""
        return []

    def going(self, now: float) -> list[Excursion]:
        """Return the stay that goes on, where it would be a hold if it were left now the way it was entered."""
        stay, entry, move = self._state.stay, self._state.entry, self._state.move
        if stay is None or entry is None or stay.n == 0 or (move is not None and move.gone):
            return []
        left = Move(now, stay.mean(), height=-entry.height_cm() / CM, tilt=point_of(-np.array(entry.tilt)))
        return self._judge(left, None, now, self._parameters.evidence)

    def _staying(self, still: Stillness, start: int, stop: int) -> list[Excursion]:
        state = self._state
        if state.move is None or state.stay is None:
            if state.stay is None:
                state.stay = Stay(float(still.time[start]), float(still.time[start]))
            _extend(state.stay, still, start, stop)
            return []
        if state.after is None:
            begun = float(still.time[start]) - (LOOK_BACK - 1) * STEP_S
            state.after = Stay(begun, begun)
        settles = start + SETTLED - state.after.n
        _extend(state.after, still, start, min(stop, settles))
        if stop < settles:
            return []
        found = self._settle(float(still.time[settles - 1]))
        if settles < stop and self._state.stay is not None:
            _extend(self._state.stay, still, settles, stop)
        return found

    def _moving(self, still: Stillness, start: int, stop: int) -> list[Excursion]:
        state = self._state
        if state.stay is None:
            return []
        if state.move is None:
            state.move = Move(float(still.time[start]), point_of(still.before[start]))
        elif state.after is not None:
            # Too short a rest to be one: the move goes on.
            state.move.n += state.after.n
            state.after = None
        move = state.move
        acceleration = still.vertical[start:stop] * STEP_S
        velocity = np.cumsum(np.concatenate([[move.velocity], acceleration]))[1:]
        height = np.cumsum(np.concatenate([[move.height], velocity * STEP_S]))[1:]
        out = self._out(CM * height, still.up[start:stop] - move.before)
        gone = np.flatnonzero(out > 1.0)
        near = np.flatnonzero(out[: gone[0]] < NEAR) if len(gone) else np.flatnonzero(out < NEAR)
        if len(near) and not move.gone:
            move.onset = float(still.time[start + near[-1]])
        move.n += stop - start
        move.velocity, move.height = float(velocity[-1]), float(height[-1])
        if not len(gone) or move.gone:
            return []
        move.gone = True
        first = int(gone[0])
        tilt = point_of(still.up[start + first] - move.before)
        left = Move(move.onset, move.before, height=float(height[first]), tilt=tilt)
        found = self._judge(left, None, float(still.time[start + first]), self._parameters.at_once)
        move.told = bool(found)
        return found

    def _out(self, height_cm: NDArray[np.float64], tilt: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far a move has led out of the position, and not farther in; 1 is out of it."""
        entry = self._state.entry
        entered_cm = 0.0 if entry is None else entry.height_cm()
        out_cm = np.abs(height_cm) if abs(entered_cm) < CHANGED_CM else -height_cm * np.sign(entered_cm)
        return np.asarray(np.maximum(out_cm / GONE_CM, np.sqrt(squared_lengths(tilt)) / GONE_DEG))

    def _settle(self, time: float) -> list[Excursion]:
        """Take the move as over: the stay goes on, or it is left and the next one begins."""
        state, stay, move, after = self._state, self._state.stay, self._state.move, self._state.after
        if stay is None or move is None or after is None:
            return []
        x, y, z = after.mean()
        move.tilt = (x - move.before[0], y - move.before[1], z - move.before[2])
        state.move, state.after = None, None
        if self._is_same(stay, move, after):
            stay.add(after)
            return []
        before, now = stay.tension(), after.tension()
        arrives = move.tilted_deg() > ARRIVED_DEG
        found = [] if move.told else self._judge(move, None if arrives else now, time, self._parameters.evidence)
        state.stay, state.entry, state.rested_s = after, move, stay.end - stay.start
        if arrives:
            state.entry, state.rest, state.held = None, None, None
        elif found or move.told:
            state.held = before
        else:
            state.rest, state.held = (state.rest if before is None else before), None
        return found

    def _is_same(self, stay: Stay, move: Move, after: Stay) -> bool:
        """Whether the wearer only moved a little in a position, and stays in it."""
        before, now, rest = stay.tension(), after.tension(), self._state.rest
        if move.gone or abs(move.height_cm()) >= SAME_CM or before is None or now is None:
            return False
        tense = rest is not None and min(before, now) > rest + TENSER
        return abs(before - now) < SAME_TENSION and move.tilted_deg() < (SAME_TENSE_DEG if tense else SAME_DEG)

    def _judge(self, left: Move, tension_after: float | None, time: float, least: float) -> list[Excursion]:
        """Return the stay as a hold, where it is one."""
        stay, entry = self._state.stay, self._state.entry
        if stay is None or left.onset - stay.start < self._parameters.least_s:
            return []
        if self._evidence(stay, left, tension_after) < least or (self._parameters.lifted and not self._is_lifted(left)):
            return []
        home = stay.mean() if entry is None else entry.before
        return [
            Excursion(
                start=stay.start,
                peak=0.5 * (stay.start + left.onset),
                end=left.onset,
                known=time,
                home=home,
                far=stay.mean(),
                size=left.onset - stay.start,
                hold_s=left.onset - stay.start,
                hold_start=stay.start,
                hold_end=left.onset,
                unsteadiness=stay.unsteadiness(),
                rested=2.0,
                stood=home,
                stood_s=0.0 if entry is None else self._state.rested_s,
            )
        ]

    def _is_lifted(self, left: Move) -> bool:
        entered_cm = 0.0 if self._state.entry is None else self._state.entry.height_cm()
        left_cm = left.height_cm()
        return entered_cm * left_cm < 0 and min(abs(entered_cm), abs(left_cm)) >= CHANGED_CM

    def _evidence(self, stay: Stay, left: Move, tension_after: float | None) -> float:
        state, tension = self._state, stay.tension()
        rests = [rest for rest in (state.rest, tension_after) if rest is not None]
        tenser = 0.0
        if tension is not None and rests:
            tenser = tension - sum(rests) / len(rests)
            tenser = max(min(tenser, MOST_TENSION), -MOST_TENSION)
        if state.held is not None and (tension is None or tension - state.held < TENSER):
            return -MOST_TENSION
        evidence = tenser + (0.5 if left.changes() else -0.5)
        if left.tilted_deg() > ARRIVED_DEG:
            evidence -= 0.5
        if state.entry is None:
            return evidence - 0.5
        return evidence + (0.5 if state.entry.changes() else -0.5) + _opposite(state.entry, left)


def _opposite(into: Move, out: Move) -> float:
    """Return the evidence that one move undoes the other: by height where either changes it, else by tilt."""
    heights_cm = into.height_cm(), out.height_cm()
    if max(map(abs, heights_cm)) >= CHANGED_CM:
        if min(map(abs, heights_cm)) < SAME_CM:
            return -0.5
        return 0.5 if heights_cm[0] * heights_cm[1] < 0 else -1.0
    if min(into.tilted_deg(), out.tilted_deg()) < CHANGED_DEG or out.tilted_deg() > ARRIVED_DEG:
        return 0.0
    return 0.0 if sum(a * b for a, b in zip(into.tilt, out.tilt, strict=True)) < 0 else -0.5


def _extend(stay: Stay, still: Stillness, start: int, stop: int) -> None:
    """Add samples to a stay, one after the other: the sums do not depend on how they are cut."""
    if stay.n == 0:
        stay.origin = still.up[start].copy()
    away = still.up[start:stop] - stay.origin
    stay.away = np.cumsum(np.concatenate([stay.away[np.newaxis], away]), axis=0)[-1]
    stay.squares = _added(stay.squares, squared_lengths(away))
    first = start + max(TENSION_FROM - stay.n, 0)
    if first < stop:
        stay.tremor = _added(stay.tremor, still.tremor[first:stop])
        stay.tremor_n += stop - first
    stay.n += stop - start
    stay.end = float(still.time[stop - 1])


def _added(total: float, values: NDArray[np.float64]) -> float:
    return float(np.cumsum(np.concatenate([[total], values]))[-1])
