"""Find the sets of exercises and count their repetitions: live, with the answer so far, and at the end of each set."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.exercises.candidates import Signal, candidate_of, seen_of, signal_of, sought_of
from analytics.exercises.chains import Chain
from analytics.exercises.enough import is_enough
from analytics.exercises.excursion import held_now
from analytics.exercises.excursions import HEIGHT, TILT, TURN, ExcursionFinder
from analytics.exercises.found_set import FoundSet
from analytics.exercises.held_chain import HeldChain
from analytics.exercises.holds import FOUND, TOLD, HoldFinder
from analytics.exercises.lately import Lately
from analytics.exercises.movement import MovementSignals
from analytics.exercises.recognition import chosen
from analytics.exercises.records import UNKNOWN_EXERCISE, CountedRepetition, ExerciseSet, Holding
from analytics.exercises.sets import joined, parts_of, repetitions_of, sets_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from analytics.exercises.candidates import Candidate, Sought
    from analytics.exercises.chains import Node, Taken
    from analytics.exercises.excursion import Excursion
    from analytics.exercises.movement import Movement
    from config.exercise import Exercise
    from posture.events import Activity
    from posture.frame import PostureFrame

__all__ = ["ExerciseFinder", "FinderState"]

LEAST_SCORE = 0.5
"""What is told at once, a repetition or a hold, scores at least this."""

ACTIVITY_DELAY_S = 10.0
"""What the wearer did is known so much later at the latest."""

FAINT = -0.5
"""Where nobody said what is done, movements that fit an exercise worse are not taken for its repetitions."""

DRIFT_CM_S2 = 0.25
"""Slower changes of height are drift: what 0.02 m/s^2 of error make in a movement there and back."""

LEAST_OF_A_SET = 1.1
"""A set scores at least this: one repetition that fits well, begun from rest, and ended at rest."""

MOST_ACTIVITY_S = 2 * 3600
"""No set takes an hour: what the wearer did longer ago is not needed."""

PARAMETERS = {Signal.TILT: TILT, Signal.TURN: TURN, Signal.HEIGHT: HEIGHT}


@dataclass(slots=True)
class FinderState:
    """All that an `ExerciseFinder` remembers beside the states of its signals and their excursions.

    Parameters
    ----------
    chains
        Of each exercise.
    lately
        Which way was up, and which way the wearer faced, lately.
    mountings
        From when on which mounting is known.
    waiting, waiting_end
        Finished sets that compete with others that are not finished yet, and when the last of them ended.
    awaited
        The exercise whose unfinished chain they wait for.
    activity
        What the wearer did in each second, as far as needed.

    """

    chains: dict[str, Chain]
    lately: Lately = field(default_factory=lambda: Lately([], [], []))
    mountings: list[tuple[float, NDArray[np.float64] | None]] = field(default_factory=list)
    waiting: list[FoundSet] = field(default_factory=list)
    waiting_end: float = -np.inf
    awaited: str = ""
    activity: dict[int, Activity] = field(default_factory=dict)


class ExerciseFinder:
    """Find sets and count repetitions.

    Parameters
    ----------
    exercises
        Those looked for; those that the sensor does not see are passed over.
    told
        Whether the wearer has said that it is these that are done: each repetition is told at once, and none is
        doubted. Else the exercises compete, and a set is told once it is over.
    planned
        Ids of the exercises on the wearer's plan: preferred where it is not said what is done.

    """

    def __init__(self, exercises: Sequence[Exercise], *, told: bool, planned: Collection[str] = ()) -> None:
        self._exercises = {exercise.id: exercise for exercise in exercises if exercise.is_counted}
        self._told = told
        self._planned = frozenset(planned)
        self._signals = MovementSignals()
        self._by_signal: dict[Signal, list[tuple[str, Sought]]] = {}
        for name, exercise in self._exercises.items():
            self._by_signal.setdefault(signal_of(exercise), []).append((name, sought_of(exercise)))
        self._paths = {
            signal: ExcursionFinder(parameters)
            for signal, parameters in PARAMETERS.items()
            if signal in self._by_signal
        }
        self._holds = HoldFinder(TOLD if told else FOUND) if Signal.STILL in self._by_signal else None
        self._state = FinderState(
            {
                name: HeldChain(exercise) if signal_of(exercise) is Signal.STILL else Chain(exercise)
                for name, exercise in self._exercises.items()
            }
        )

    @property
    def state(self) -> tuple[Any, ...]:
        """A copy of all that the finder remembers; set it to go on where another one of the same exercises stopped."""
        paths = {signal: path.state for signal, path in self._paths.items()}
        holds = None if self._holds is None else self._holds.state
        return self._signals.state, paths, holds, deepcopy(self._state)

    @state.setter
    def state(self, state: tuple[Any, ...]) -> None:
        self._signals.state, paths, holds, own = state
        for signal, path in self._paths.items():
            path.state = paths[signal]
        if self._holds is not None:
            self._holds.state = holds
        self._state = deepcopy(own)

    def calibrate(self, time: float, sensor_to_body: NDArray[np.float64] | None, *, shown: bool = True) -> None:
        """Take the mounting, shape (3, 3) or None, for what becomes known from `time` on.

        Before the first call nothing is counted: the wearer is still being calibrated.

        Parameters
        ----------
        time
            Seconds since the Unix epoch.
        sensor_to_body
            Rotation matrix; None where the mounting is unknown.
        shown
            Whether the wearer has shown the mounting. What was only learnt from walking and sitting may have forward
            wrong; where it is told what is done, counting without knowing the mounting errs less.

        """
        self._state.mountings.append((time, sensor_to_body if shown or not self._told else None))

    def know_activity(self, seconds: Iterable[tuple[int, Activity]]) -> None:
        """Take what the wearer did in some seconds, of which sets are told once they are known."""
        activity = self._state.activity
        activity.update(seconds)
        if len(activity) > MOST_ACTIVITY_S:
            for second in sorted(activity)[: -MOST_ACTIVITY_S // 2]:
                del activity[second]

    def push(self, frame: PostureFrame) -> list[CountedRepetition | ExerciseSet]:
        """Return the repetitions and sets that the frame completes."""
        movement = self._signals.push(frame)
        self._state.lately.keep(movement)
        found: list[CountedRepetition | ExerciseSet] = []
        for signal, excursion in self._excursions(frame, movement):
            found += self._take(signal, excursion)
        if len(movement):
            found += self._over(float(movement.time[-1]))
        self._state.lately.forget()
        return found

    def flush(self) -> list[CountedRepetition | ExerciseSet]:
        """Return the sets still open."""
        return self._over(np.inf)

    @property
    def holding(self) -> Holding | None:
        """What is held with the last sample, where the wearer has said what is done; nothing changes by asking.

        It is what would be the hold of the repetition that goes on, if it ended now; so nothing is said of the first
        second, nor of less than the shortest hold of the exercise.
        """
        times = self._state.lately.times
        if not self._told or not times:
            return None
        going = [(signal, excursion) for signal, path in self._paths.items() for excursion in path.going()]
        if self._holds is not None:
            going += [(Signal.STILL, hold) for hold in self._holds.going(times[-1])]
        held = [pair for pair in going if held_now(pair[1], times[-1])]
        found = [
            (chain.alone(candidate), name, excursion.hold_start)
            for signal, excursion in held
            for name, candidate, chain in self._candidates(signal, excursion)
            if chain.goes_from_home(candidate)
        ]
        score, name, since = max(found, default=(0.0, "", 0.0))
        return Holding(name, since, times[-1]) if score >= LEAST_SCORE else None

    def _excursions(self, frame: PostureFrame, movement: Movement) -> list[tuple[Signal, Excursion]]:
        """Return the excursions that end in some samples, in the order in which they become known."""
        values = {Signal.TILT: movement.up, Signal.TURN: movement.turn, Signal.HEIGHT: movement.height}
        found = [
            (signal, excursion)
            for signal, path in self._paths.items()
            for excursion in path.push(movement.time, values[signal], restarts=movement.restarts)
        ]
        if self._holds is not None and len(frame):
            found += [(Signal.STILL, hold) for hold in self._holds.push(frame, movement)]
        return sorted(found, key=lambda pair: pair[1].known)

    def _take(self, signal: Signal, excursion: Excursion) -> list[CountedRepetition | ExerciseSet]:
        found = self._over(excursion.known)
        for name, candidate, chain in self._candidates(signal, excursion):
            if not (self._told or self._is_clear(candidate, signal, chain)):
                continue
            node = chain.link(candidate)
            if self._told and node is chain.state.best and node.score >= LEAST_SCORE:
                found += self._announce(node, self._exercises[name])
        return found

    def _candidates(self, signal: Signal, excursion: Excursion) -> list[tuple[str, Candidate, Chain]]:
        """Return the exercises that an excursion can be a repetition of, and their chains."""
        mounting = self._mounting(excursion.known)
        if mounting is None and not (self._told and self._is_calibrated(excursion.known)):
            return []
        is_held = signal is Signal.STILL
        up = np.radians(excursion.far) if is_held else self._state.lately.up_at(excursion.start)
        seen = seen_of(excursion, is_tilt=signal is Signal.TILT, sensor_to_body=mounting, up=up)
        if mounting is not None and not self._told and not is_held:
            seen = replace(seen, manner=self._state.lately.manner(excursion, seen.body, mounting))
        candidates = ((name, candidate_of(seen, sought)) for name, sought in self._by_signal[signal])
        return [(name, candidate, self._state.chains[name]) for name, candidate in candidates if candidate is not None]

    @staticmethod
    def _is_clear(candidate: Candidate, signal: Signal, chain: Chain) -> bool:
        """Whether a movement could be a repetition although nobody has said that any is done."""
        if signal is Signal.HEIGHT and candidate.size < DRIFT_CM_S2 * candidate.duration_s**2:
            return False
        return chain.alone(candidate) >= FAINT

    def _mounting(self, time: float) -> NDArray[np.float64] | None:
        mounting = None
        for since, sensor_to_body in self._state.mountings:
            if since <= time:
                mounting = sensor_to_body
        return mounting

    def _is_calibrated(self, time: float) -> bool:
        return any(since <= time for since, _ in self._state.mountings)

    def _announce(self, node: Node, exercise: Exercise) -> list[CountedRepetition | ExerciseSet]:
        repetitions = repetitions_of(node.chain(), exercise)
        last = repetitions[-1] if repetitions else None
        if last is None or last.end != node.candidate.excursion.end:
            return []
        number = sum(repetition.complete for repetition in repetitions)
        return [CountedRepetition(node.candidate.excursion.known, exercise.id, number, last)]

    def _over(self, time: float) -> list[CountedRepetition | ExerciseSet]:
        """Take the chains that are over; tell those sets that no unfinished chain competes with."""
        found: list[CountedRepetition | ExerciseSet] = []
        for name, chain in self._state.chains.items():
            while chain.is_over(time):
                best = chain.state.best
                taken = chain.take()
                if best is None or best.score < LEAST_OF_A_SET:
                    continue
                exercise = self._exercises[name]
                if self._told:
                    found += sets_of(taken.chain, taken.others, exercise, confidence=1.0)
                else:
                    self._wait(taken, exercise, best.score)
        if self._state.waiting:
            found += self._decide(time)
        return found

    def _wait(self, taken: Taken, exercise: Exercise, score: float) -> None:
        state, is_planned = self._state, exercise.id in self._planned
        for part in parts_of(taken.chain, exercise):
            found = FoundSet(exercise, tuple(part), taken.others, score * len(part) / len(taken.chain), is_planned)
            state.waiting.append(found)
            state.waiting_end = max(state.waiting_end, found.end)

    def _decide(self, time: float) -> list[CountedRepetition | ExerciseSet]:
        """Decide between the waiting sets, once nothing that may overlap with them is unfinished."""
        state = self._state
        end = state.waiting_end
        if time < end + ACTIVITY_DELAY_S or self._is_awaited(end):
            return []
        waiting, state.waiting, state.waiting_end = state.waiting, [], -np.inf
        told: list[ExerciseSet] = []
        for winner in chosen(waiting, lambda at: state.activity.get(int(at))):
            sets = sets_of(
                winner.found.chain,
                winner.found.others,
                winner.found.exercise,
                confidence=round(winner.confidence, 3),
            )
            told += sets if winner.known else [replace(each, exercise=UNKNOWN_EXERCISE) for each in sets]
        state.activity = {second: activity for second, activity in state.activity.items() if second > end}
        return [found for found in joined(told) if is_enough(found, self._exercises.get(found.exercise))]

    def _is_awaited(self, end: float) -> bool:
        """Whether what begins before a time is still in play: mostly for the exercise for which it last was."""
        state = self._state
        if state.awaited and state.chains[state.awaited].begins_before(end):
            return True
        state.awaited = next((name for name, chain in state.chains.items() if chain.begins_before(end)), "")
        return bool(state.awaited)
