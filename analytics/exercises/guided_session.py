"""A guided session: through a plan from one exercise to the next, by what the sensor sees and what the wearer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.exercises import guided_agenda as agenda
from analytics.exercises import guided_words as words
from analytics.exercises.guided_flow import SessionFlow
from analytics.exercises.guided_ledger import OpenSet
from analytics.exercises.guided_records import (
    Command,
    CueKind,
    Did,
    Ending,
    FinishSet,
    Pain,
    Pause,
    Phase,
    Ready,
    Resume,
    Skip,
    Standing,
    Stop,
    StopReason,
    Told,
)
from analytics.exercises.guided_standing import standing_of, title_of
from analytics.exercises.records import UNKNOWN_EXERCISE, ExerciseSet
from config.exercise_plan import PlannedExercise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.guided_flow import Seen
    from analytics.exercises.records import Holding
    from config.exercise_plan import PlannedWalk

__all__ = ["GuidedSession"]


class GuidedSession(SessionFlow):
    """Stage: from repetitions, steps and the wearer's commands to cues, sets and, at the end, the session.

    It has no clock of its own: time is that of the samples. A pause and time without samples are not the wearer's time.

    Parameters
    ----------
    plan
        What is to be done.
    parameters
        How long things take.

    """

    @property
    def standing(self) -> Standing:
        """How it stands."""
        return standing_of(self._state, self._plan)

    def push(self, start: float, end: float, seen: Sequence[Seen]) -> list[Told]:
        """Return what is to be told after samples from `start` to `end`.

        Parameters
        ----------
        start, end
            Times of the first and the last sample, on from those before.
        seen
            What the sensor saw in them.

        """
        state = self._state
        if self.done:
            return []
        told: list[Told] = []
        if state.start is None:
            state.start = state.now = start
            told += self._begin_item()
        elif start - state.now >= self._parameters.gap_s:
            told += self._wait_through_gap(start)
        for one in sorted(seen, key=_known):
            told += self._until(min(max(_known(one), state.now), end))
            if not self.done:
                told += self._see(one)
        return told + self._until(end)

    @property
    def asked_hold_s(self) -> float:
        """How long the exercise that is on is to be held; 0 where nothing is held now that the sensor could see."""
        state = self._state
        if state.phase not in (Phase.COUNTING, Phase.TIMED) or self.follows is None:
            return 0.0
        return self._exercise.dose.hold_s

    def hold(self, holding: Holding | None) -> list[Told]:
        """Return what is to be told of what is held now, in samples that were pushed; None: nothing.

        Where the session does not keep the time itself, the wearer hears when the hold has been as long as was asked.
        """
        state, asked_s = self._state, self.asked_hold_s
        is_seen = holding is not None and asked_s > 0 and holding.since >= state.valid_from
        state.holding = holding if is_seen else None
        if state.holding is None or state.phase is not Phase.COUNTING:
            return []
        since, held_s = state.holding.since, state.holding.held_s
        if held_s >= asked_s and since > state.released:
            state.released = state.half_told = state.now
            return [self._cue(state.now, CueKind.RELEASE, words.LET_GO)]
        if held_s >= asked_s / 2 and asked_s >= self._parameters.long_hold_s and since > state.half_told:
            state.half_told = state.now
            return [self._cue(state.now, CueKind.HOLD_ON, words.HALF)]
        return []

    def found(self, seen: ExerciseSet) -> list[Told]:
        """Return what is to be told of a set that was recognised, of whatever exercise, by somebody who only looks on.

        Where it is of a later exercise of the plan, and the session has counted nothing meanwhile, it counts, and the
        session goes on from there. What was counted as another exercise stays so; but it is said.
        """
        state = self._state
        if state.start is None or self.done or state.paused_at is not None or seen.exercise == UNKNOWN_EXERCISE:
            return []
        counted_as = self._counted_as(seen)
        if seen.exercise in counted_as or (not counted_as and seen.exercise == self.current):
            return []
        ids = [item.exercise.id if isinstance(item, PlannedExercise) else None for item in self._plan.items]
        if not counted_as and seen.exercise in ids[state.item + 1 :]:
            return self._go_on_with(seen, self._plan.items[ids.index(seen.exercise, state.item + 1)])
        text = words.looked_like(seen.exercise, seen.count, sorted(counted_as), is_planned=seen.exercise in ids)
        return [self._cue(state.now, CueKind.NOTICE, text)]

    def _go_on_with(self, seen: ExerciseSet, item: PlannedExercise | PlannedWalk) -> list[Told]:
        state = self._state
        told: list[Told] = [self._cue(state.now, CueKind.NOTICE, words.going_on_with(title_of(item), seen.count))]
        while self._item is not item:
            if state.open_set is not None and not state.open_set.seen:
                state.open_set = None  # nothing was done in it
            ending = Ending.DONE if self._is_through else Ending.SKIPPED
            told += [*self._close_walk(), *self._end_item(ending, None)]
        state.open_set = OpenSet(1, seen.start)
        state.open_set.settle(seen.repetitions)
        return told + self._end_set()

    def _counted_as(self, seen: ExerciseSet) -> set[str]:
        """Return the exercises that the session has counted while a set was done."""
        state = self._state
        sets = [*state.ledger.sets, *(one for item in state.ledger.items for one in item.sets)]
        known = [(one.exercise, one.repetitions) for one in sets]
        if state.open_set is not None and self.current is not None:
            known.append((self.current, tuple(state.open_set.seen)))
        return {
            exercise
            for exercise, repetitions in known
            if any(one.start < seen.end and seen.start < one.end for one in repetitions)
        }

    def flush(self) -> list[Told]:
        """Return the session as it stands: there are no more samples."""
        if self._state.start is None or self.done:
            return []
        return self._finish(self._state.now)

    def command(self, command: Command) -> list[Told]:  # noqa: PLR0911 - one line for each command
        """Return what is to be told to a command of the wearer; what does not fit the moment is let pass."""
        state = self._state
        if state.start is None or self.done:
            return []
        match command:
            case Pause() if state.paused_at is None:
                state.paused_at = state.now
                return [self._cue(state.now, CueKind.PAUSED, "Paused.")]
            case Resume() if state.paused_at is not None:
                return self._resume()
            case Stop(reason=reason):
                return self._stop(reason)
            case Pain(score=score):
                return self._take_pain(score)
            case Did(repetitions=repetitions):
                return self._take_report(repetitions)
            case Ready() if state.paused_at is None:
                return self._go_on()
            case FinishSet() if state.paused_at is None:
                return self._finish_set()
            case Skip(reason=reason):
                return self._skip(reason)
            case _:
                return []

    # The wearer's wishes.

    def _go_on(self) -> list[Told]:
        """Wait no longer."""
        state = self._state
        if state.phase is Phase.REST:
            turn = state.agenda[-1].turn
            return [*self._close_set(), *self._turn(turn)]
        if state.phase in (Phase.POSITION, Phase.COUNTDOWN, Phase.CLOSING):
            return self._turn(state.agenda[-1].turn)
        return []

    def _finish_set(self) -> list[Told]:
        match self._state.phase:
            case Phase.COUNTING | Phase.TIMED:
                return self._end_set()
            case Phase.WALKING:
                return self._end_walk()
            case _:
                return []

    def _skip(self, reason: StopReason | None) -> list[Told]:
        state = self._state
        told: list[Told] = self._resume() if state.paused_at is not None else []
        if state.phase is Phase.CLOSING or (state.phase is Phase.REST and self._is_through):
            return told + self._go_on()
        told += [*self._close_set(), *self._close_walk()]
        if state.ledger.sets or state.ledger.walk is not None:
            told.append(self._cue(state.now, CueKind.PAIN_QUESTION, words.PAIN_QUESTION))
        return told + self._next_item(Ending.SKIPPED, reason)

    def _stop(self, reason: StopReason) -> list[Told]:
        """End the session, but for the question how much it hurt."""
        state = self._state
        if state.phase is Phase.CLOSING:
            return self._finish(state.now)
        state.stopped, state.paused_at = reason, None
        told = [*self._close_set(), *self._close_walk()]
        is_done = state.phase is Phase.REST and self._is_through
        state.ledger.end_item(self._item, Ending.DONE if is_done else Ending.STOPPED, None if is_done else reason)
        told.append(self._cue(state.now, CueKind.PAIN_QUESTION, words.PAIN_QUESTION))
        return told + self._enter(Phase.CLOSING, agenda.closing(state.now, self._parameters))

    def _take_pain(self, score: int) -> list[Told]:
        state = self._state
        is_late = state.phase in (Phase.POSITION, Phase.COUNTDOWN, Phase.CLOSING)
        asked = bool(state.ledger.items) and state.ledger.items[-1].pain is None
        state.ledger.take_pain(score, of_last=is_late and asked)
        told: list[Told] = [self._cue(state.now, CueKind.NOTICE, words.pain_answer(score))]
        if state.phase is Phase.CLOSING and state.paused_at is None:
            told += self._finish(state.now)
        return told

    def _take_report(self, repetitions: int) -> list[Told]:
        state = self._state
        told = self._close_set() if state.phase is Phase.REST else []
        if state.ledger.take_report(repetitions):
            told.append(self._cue(state.now, CueKind.NOTICE, f"{repetitions}, noted."))
        return told


def _known(seen: Seen) -> float:
    """Return when it was known."""
    return seen.end if isinstance(seen, ExerciseSet) else seen.time
