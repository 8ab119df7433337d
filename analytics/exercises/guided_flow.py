"""How a guided session goes on: items, sets and walks, and the time between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from analytics.exercises import guided_agenda as agenda
from analytics.exercises import guided_words as words
from analytics.exercises.form_feedback import feedback_after
from analytics.exercises.guided_agenda import Due, GuidedParameters, Turn
from analytics.exercises.guided_ledger import OpenSet, OpenWalk, without_overlap
from analytics.exercises.guided_records import (
    Cue,
    CueKind,
    Ending,
    Phase,
    StopReason,
    Told,
)
from analytics.exercises.guided_standing import title_of
from analytics.exercises.guided_state import GuidedState
from analytics.exercises.records import CountedRepetition, ExerciseSet
from analytics.steps import Step
from config.exercise_plan import PlannedExercise, PlannedWalk
from posture.stage import Stage

if TYPE_CHECKING:
    from analytics.exercises.records import Repetition
    from config.exercise import Exercise
    from config.exercise_plan import Plan

__all__ = ["Seen", "SessionFlow"]

Seen: TypeAlias = CountedRepetition | ExerciseSet | Step

ENOUGH_TO_START = 2
"""So many repetitions in a row begin a set before its time; one may be anything."""

TOLD_GAP_S = 5.0


class SessionFlow(Stage[GuidedState]):
    """How a session goes on from one thing to the next; `GuidedSession` is what it is used through.

    Parameters
    ----------
    plan
        What is to be done.
    parameters
        How long things take.

    """

    def __init__(self, plan: Plan, parameters: GuidedParameters | None = None) -> None:
        super().__init__(GuidedState())
        self._plan = plan
        self._parameters = parameters or GuidedParameters()

    @property
    def done(self) -> bool:
        """Whether the session is over."""
        return self._state.phase is Phase.DONE

    @property
    def follows(self) -> Exercise | None:
        """The exercise whose repetitions are to be found now, by a finder that begins with it.

        None where there is nothing to count. Whoever ends with an exercise because this becomes None hands over the set
        that was open; a pause and the end of a set ask for that.
        """
        state, item = self._state, self._item
        if state.settling or state.paused_at is not None or state.phase in (Phase.CLOSING, Phase.DONE):
            return None
        if state.phase is Phase.REST and self._is_through and state.open_set is None and not self._is_last_item:
            item = self._plan.items[state.item + 1]
        if not isinstance(item, PlannedExercise):
            return None
        return item.exercise if item.exercise.is_counted else None

    @property
    def counts(self) -> bool:
        """Whether a set is open whose repetitions are counted: its end is to be preceded by what there is in it."""
        return self._state.open_set is not None and self.follows is not None

    @property
    def current(self) -> str | None:
        """Id of the exercise that is on; None in a walk."""
        return self._item.exercise.id if isinstance(self._item, PlannedExercise) else None

    # What the moment is.

    @property
    def _item(self) -> PlannedExercise | PlannedWalk:
        return self._plan.items[self._state.item]

    @property
    def _exercise(self) -> PlannedExercise:
        item = self._item
        if not isinstance(item, PlannedExercise):
            raise TypeError("a walk has no sets")
        return item

    @property
    def _is_last_item(self) -> bool:
        return self._state.item + 1 == len(self._plan.items)

    @property
    def _is_through(self) -> bool:
        """Whether the last set of the exercise is over, whether closed or not."""
        state = self._state
        return state.phase is Phase.REST and state.set_number > self._exercise.dose.sets

    # Time.

    def _until(self, end: float) -> list[Told]:
        """Go through all that is due."""
        state = self._state
        told: list[Told] = []
        if state.paused_at is not None and end - state.paused_at >= self._parameters.longest_pause_s:
            told += self._finish(state.paused_at + self._parameters.longest_pause_s)
        while state.paused_at is None and state.agenda and state.agenda[0].time <= end:
            due = state.agenda.pop(0)
            state.now = due.time
            if due.text:
                told.append(self._cue(due.time, due.kind, due.text))
            told += self._turn(due.turn, due.kind)
        if not self.done:
            state.now = end
        return told

    def _turn(self, turn: Turn, kind: CueKind = CueKind.NOTICE) -> list[Told]:
        match turn:
            case Turn.COUNT_DOWN:
                told = self._enter(Phase.COUNTDOWN, agenda.countdown(self._state.now, self._parameters))
            case Turn.START:
                told = self._start_set()
            case Turn.END_SET:
                told = self._end_set()
            case Turn.SETTLE:
                self._state.settling, told = True, []
            case Turn.CLOSE_SET:
                told = self._close_set()
            case Turn.NEXT:
                told = self._next_item(Ending.DONE, None)
            case Turn.END_WALK:
                told = self._end_walk()
            case Turn.FINISH:
                told = self._finish(self._state.now)
            case _:
                told = []
                if self._state.open_set is not None and kind is CueKind.HOLD:
                    self._state.open_set.timed_n += 1
        return told

    def _enter(self, phase: Phase, due: list[Due]) -> list[Told]:
        self._state.phase, self._state.agenda = phase, due
        return self._until(self._state.now)

    def _shift(self, seconds: float) -> None:
        self._state.agenda = [replace(due, time=due.time + seconds) for due in self._state.agenda]

    def _wait_through_gap(self, until: float) -> list[Told]:
        state = self._state
        gap_s, state.now = until - state.now, until
        if state.paused_at is not None:
            return []
        self._shift(gap_s)
        if gap_s < TOLD_GAP_S:
            return []
        return [self._cue(until, CueKind.NOTICE, f"The sensor was away for {gap_s:.0f} seconds.")]

    def _resume(self) -> list[Told]:
        state = self._state
        if state.paused_at is not None:
            self._shift(state.now - state.paused_at)
        state.paused_at, state.valid_from = None, state.now
        return [self._cue(state.now, CueKind.RESUMED, "Going on.")]

    def _cue(self, time: float, kind: CueKind, text: str) -> Cue:
        self._state.sentence = text
        return Cue(time, kind, text)

    # Items.

    def _begin_item(self) -> list[Told]:
        state, item, time = self._state, self._item, self._state.now
        if isinstance(item, PlannedExercise):
            before = self._plan.items[state.item - 1] if state.item else None
            is_same = isinstance(before, PlannedExercise) and before.exercise.start is item.exercise.start
            due = agenda.position(time, item, is_same=is_same, parameters=self._parameters)
            return self._enter(Phase.POSITION, due)
        state.open_walk = OpenWalk(time)
        return self._enter(Phase.WALKING, agenda.walking(time, item, self._parameters))

    def _next_item(self, ending: Ending, reason: StopReason | None) -> list[Told]:
        told = self._end_item(ending, reason)
        if self._state.phase is Phase.CLOSING:
            return told + self._enter(Phase.CLOSING, agenda.closing(self._state.now, self._parameters))
        return told + self._begin_item()

    def _end_item(self, ending: Ending, reason: StopReason | None) -> list[Told]:
        """Go on to the next item, if there is one; the finder may be at it already."""
        state = self._state
        told = self._close_set()
        followed = self.follows
        state.ledger.end_item(self._item, ending, reason)
        if self._is_last_item:
            state.phase = Phase.CLOSING
            return told
        state.item += 1
        state.set_number, state.phase = 1, Phase.POSITION
        if self.follows is not followed:
            state.early, state.announced_n, state.valid_from = [], 0, state.now
        return told

    def _finish(self, time: float) -> list[Told]:
        state = self._state
        state.now, state.paused_at = time, None
        told = [*self._close_set(), *self._close_walk()]
        if len(state.ledger.items) == state.item:
            is_done = isinstance(self._item, PlannedExercise) and self._is_through
            state.ledger.end_item(self._item, Ending.DONE if is_done else Ending.STOPPED, state.stopped)
        session = state.ledger.session(self._plan, time if state.start is None else state.start, time, state.stopped)
        state.phase, state.agenda = Phase.DONE, []
        return [*told, self._cue(time, CueKind.FINISHED, words.finished(completed=session.completed)), session]

    # Sets.

    def _start_set(self) -> list[Told]:
        """Begin a set; repetitions just before belong to it where the wearer goes straight on."""
        state, item = self._state, self._exercise
        early, state.early = state.early, []
        if early and state.now - early[-1].end > self._parameters.straight_on_s:
            early = []
        state.open_set = OpenSet(state.set_number, early[0].start if early else state.now)
        state.open_set.before = state.announced_n - len(early)
        numbers = range(state.open_set.before + 1, state.announced_n + 1)
        told = [
            one
            for each, number in zip(early, numbers, strict=True)
            for one in self._count(state.open_set, each, number)
        ]
        if agenda.is_timed(item):
            return told + self._enter(Phase.TIMED, agenda.timed(state.now, item, self._parameters))
        self._enter(Phase.COUNTING, agenda.counting(state.now, item.dose, len(early), self._parameters))
        if not early:
            return [self._cue(state.now, CueKind.START, "Go.")]
        return told + self._after_repetition(state.open_set, is_new=True)

    def _see(self, seen: Seen) -> list[Told]:
        state = self._state
        if isinstance(seen, Step):
            return self._step(seen.time) if state.paused_at is None else []
        if isinstance(seen, ExerciseSet):
            state.announced_n = 0
            if state.open_set is not None and seen.exercise == self.current:
                state.open_set.settle([each for each in seen.repetitions if each.start >= state.valid_from])
            return []
        is_followed = self.follows is not None and seen.exercise == self.follows.id
        return self._repeat(seen) if is_followed and seen.repetition.start >= state.valid_from else []

    def _repeat(self, seen: CountedRepetition) -> list[Told]:
        """Take a repetition of the exercise that is done now."""
        state, repetition = self._state, seen.repetition
        state.announced_n = seen.number
        if state.open_set is None:
            return self._before_start(repetition) if repetition.complete else []
        if state.open_set.knows(repetition):
            return []
        told = self._count(state.open_set, repetition, seen.number)
        if state.phase is Phase.COUNTING:
            told += self._after_repetition(state.open_set, is_new=bool(told))
        elif state.phase is Phase.REST:
            # Beyond those planned, straight on: the rest begins anew.
            self._shift(state.now - (state.agenda[0].time - self._parameters.straight_on_s))
            if told and repetition.complete:
                told.append(self._cue(state.now, CueKind.REPETITION, str(state.open_set.count)))
        return told

    def _count(self, open_set: OpenSet, repetition: Repetition, number: int) -> list[Told]:
        """Count a repetition; nothing is told where the engine only corrects what was told."""
        n_before = len(open_set.live)
        open_set.announce(repetition, number)
        count = open_set.count
        is_new = count > open_set.told_n if repetition.complete else len(open_set.live) > n_before
        if not is_new:
            return []
        open_set.told_n = max(open_set.told_n, count)
        return [CountedRepetition(self._state.now, self._exercise.exercise.id, count, repetition)]

    def _after_repetition(self, open_set: OpenSet, *, is_new: bool) -> list[Told]:
        state, item, last = self._state, self._exercise, open_set.last
        state.agenda = agenda.counting(state.now, item.dose, open_set.count, self._parameters)
        if last is None or not is_new:
            return []
        asked = item.exercise.model_copy(update={"dose": item.dose})
        advice = feedback_after(last, open_set.seen[:-1], asked)
        if not last.complete:
            return [] if advice is None else [self._cue(state.now, CueKind.REMINDER, advice)]
        text = words.counted(open_set.count, item.dose.repetitions, advice)
        told: list[Told] = [self._cue(state.now, CueKind.REPETITION, text)]
        return told + (self._end_set() if open_set.count >= item.dose.repetitions else [])

    def _before_start(self, repetition: Repetition) -> list[Told]:
        """Begin the set before its time where the wearer plainly does."""
        state = self._state
        early = without_overlap(state.early, repetition)
        goes_on = bool(early) and repetition.start - early[-1].end <= self._parameters.straight_on_s
        state.early = [*early, repetition] if goes_on else [repetition]
        if len(state.early) < ENOUGH_TO_START or (self._is_through and self._is_last_item):
            return []
        told = self._end_item(Ending.DONE, None) if self._is_through else []
        return told + self._start_set()

    def _end_set(self) -> list[Told]:
        """Go into the rest; the set is closed once it is sure that the wearer does not go straight on."""
        state, item = self._state, self._exercise
        count = None if state.open_set is None or not item.exercise.is_counted else state.open_set.count
        told: list[Told] = [self._cue(state.now, CueKind.SET_DONE, words.set_done(count, item.dose.repetitions))]
        state.set_number += 1
        state.phase = Phase.REST
        if not self._is_through:
            due = agenda.resting(state.now, item.dose.rest_s, Turn.COUNT_DOWN, None, self._parameters)
            return told + self._enter(Phase.REST, due)
        told.append(self._cue(state.now, CueKind.PAIN_QUESTION, words.PAIN_QUESTION))
        if self._is_last_item:
            return told + self._enter(Phase.REST, agenda.last_rest(state.now, self._parameters))
        following = title_of(self._plan.items[state.item + 1])
        due = agenda.resting(state.now, item.dose.rest_s, Turn.NEXT, following, self._parameters)
        return told + self._enter(Phase.REST, due)

    def _close_set(self) -> list[Told]:
        state = self._state
        state.settling = False
        if state.open_set is None:
            return []
        state.announced_n = 0
        done = state.open_set.closed(self._exercise, state.now)
        state.ledger.sets.append(done)
        state.open_set, state.valid_from = None, done.end
        return [done]

    # Walks.

    def _step(self, time: float) -> list[Told]:
        state, item = self._state, self._item
        walk = state.open_walk
        if walk is None or not isinstance(item, PlannedWalk):
            return []
        before_s, planned_s = walk.walked_s, 60 * item.minutes
        walk.step(time, self._parameters.walking_pause_s)
        state.agenda = agenda.walked_on(state.agenda, state.now, self._parameters)
        if walk.walked_s >= planned_s:
            return self._end_walk()
        if before_s < planned_s / 2 <= walk.walked_s:
            return [self._cue(state.now, CueKind.HOLD_ON, words.HALF)]
        return []

    def _end_walk(self) -> list[Told]:
        state = self._state
        told = self._close_walk()
        told.append(self._cue(state.now, CueKind.SET_DONE, "That was the walk: well done."))
        told.append(self._cue(state.now, CueKind.PAIN_QUESTION, words.PAIN_QUESTION))
        return told + self._next_item(Ending.DONE, None)

    def _close_walk(self) -> list[Told]:
        state, item = self._state, self._item
        walk, state.open_walk = state.open_walk, None
        if walk is None or not isinstance(item, PlannedWalk):
            return []
        state.ledger.walk = walk.closed(item, state.now)
        return [state.ledger.walk]
