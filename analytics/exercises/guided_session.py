"""A guided session: through a plan from one exercise to the next, by what the sensor sees and what the wearer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.exercises import guided_agenda as agenda
from analytics.exercises import guided_words as words
from analytics.exercises.guided_flow import SessionFlow
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
from analytics.exercises.guided_standing import standing_of
from analytics.exercises.records import ExerciseSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.guided_flow import Seen

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
