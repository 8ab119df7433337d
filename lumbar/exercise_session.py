"""A guided exercise session as it runs: samples and the wearer's wishes in; view, broker and history told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from analytics.exercises.guided_records import FinishSet, Pause, Phase, Ready, SessionDone, SetDone, Skip, Stop
from analytics.exercises.records import CountedRepetition, ExerciseSet
from analytics.steps import Step
from config.errors import MessagingError
from firmware_bridge.imu import concatenate
from lumbar.days import keep_session
from lumbar.exercise_session_document import session_record
from lumbar.exercises_sought import ExercisesSought
from lumbar.publishing import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import JsonValue

    from analytics.exercises.guided_records import Command, Standing, Told
    from analytics.exercises.guided_session import GuidedSession
    from analytics.exercises.records import Holding
    from config.exercise import Exercise
    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from lumbar.history.store import History
    from lumbar.messaging.client import MessageClient
    from lumbar.pipeline import Noticed

__all__ = ["ExerciseRun", "Follower", "RunOutputs", "SessionView", "set_command"]

STEP_S = 0.1
"""The session goes on in steps of so much, on the clock of the samples, however they come: so the recording of a live
session, replayed, is counted as it was live."""

LOOK_AT_HOLD_S = 0.5
RECOGNISE_EVERY_S = 5.0


class Follower(Protocol):
    """Finds what the wearer does; `LivePipeline` is one."""

    @property
    def holding(self) -> Holding | None:
        """What is held with the last sample; None where nothing is."""

    def push(self, *chunks: ImuChunk) -> list[Noticed]:
        """Return what the samples let one notice."""

    def flush(self) -> list[Noticed]:
        """Return what is still open at the end."""

    def seek(self, exercises: ExercisesSought | None) -> list[Noticed]:
        """Look for other exercises from now on; return what is still open of those before."""


class SessionView(Protocol):
    """Shows a session: on the terminal, or as JSON lines."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def tell(self, told: Told) -> None:
        """Show what the session tells."""

    def show(self, standing: Standing, now: float) -> None:
        """Show how the session stands."""

    def show_link(self, text: str) -> None:
        """Show how the link to the sensor stands."""

    def show_hint(self, text: str) -> None:
        """Show what there is to type."""


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Where a session is told; None leaves one out.

    Parameters
    ----------
    view
        Terminal, or JSON lines.
    client
        To the broker.
    history
        Where the session is kept, and the settings by which its day is summed up.

    """

    view: SessionView
    client: MessageClient | None = None
    history: tuple[History, Settings] | None = None


class ExerciseRun:
    """Takes samples and commands, and tells what comes of them.

    Parameters
    ----------
    session
        Fresh.
    follower
        Finds repetitions and steps.
    outputs
        Where the session is told.
    name
        Identifies the session.
    source
        Where the samples come from, for the history.
    recogniser
        Finds sets of any exercise, for a recording that may be out of step with the session; None where the wearer is
        led.

    """

    def __init__(
        self,
        session: GuidedSession,
        follower: Follower,
        outputs: RunOutputs,
        name: str,
        source: str,
        recogniser: Follower | None = None,
    ) -> None:
        self.session = session
        self.result: SessionDone | None = None
        self._follower = follower
        self._outputs = outputs
        self._publisher = None if outputs.client is None else Publisher(outputs.client)
        self._name = name
        self._source = source
        self._now = 0.0
        self._begun: ImuChunk | None = None
        self._followed: Exercise | None = None
        self._recogniser = recogniser
        self._unrecognised: list[ImuChunk] = []
        self._follow()

    @property
    def done(self) -> bool:
        """Whether the session is over."""
        return self.session.done

    def show_link(self, text: str) -> None:
        """Show how the link to the sensor stands."""
        self._outputs.view.show_link(text)

    def samples(self, chunk: ImuChunk) -> None:
        """Take samples, in order of time."""
        if len(chunk) == 0:
            return
        *whole, self._begun = _steps(chunk if self._begun is None else concatenate([self._begun, chunk]))
        for piece in whole:
            self._step(piece)
        self._outputs.view.show(self.session.standing, self._now)

    def take(self, command: Command) -> None:
        """Take a command of the wearer; what ends a set finds it counted to its end."""
        if self.session.counts and isinstance(command, Pause | FinishSet | Skip | Stop | Ready):
            self._followed = None
            self._settle(self._follower.seek(None))
        self._tell(self.session.command(command))
        self._follow()
        self._outputs.view.show(self.session.standing, self._now)

    def close(self) -> SessionDone | None:
        """End the session where it is; return it, or None where there were no samples."""
        if self._begun is not None:
            self._step(self._begun)
            self._begun = None
        if not self.done:
            self._settle(self._follower.flush())
        if self._recogniser is not None:
            last = self._recogniser.push(*self._unrecognised)
            self._recognise([*last, *self._recogniser.flush()])
        self._tell(self.session.flush())
        return self.result

    def _step(self, piece: ImuChunk) -> None:
        if self.done:
            return
        noticed = self._follower.push(piece)
        before, self._now = self._now, float(piece.time[-1])
        self._tell(self.session.push(float(piece.time[0]), self._now, _seen(noticed)))
        self._follow()
        if self._now // LOOK_AT_HOLD_S > before // LOOK_AT_HOLD_S:
            self._look_at_hold()
        if self._recogniser is not None:
            self._unrecognised.append(piece)
            if self._now // RECOGNISE_EVERY_S > before // RECOGNISE_EVERY_S:
                self._recognise(self._recogniser.push(*self._unrecognised))
                self._unrecognised = []

    def _recognise(self, noticed: list[Noticed]) -> None:
        for one in noticed:
            if isinstance(one, ExerciseSet):
                self._tell(self.session.found(one))
                self._follow()

    def _look_at_hold(self) -> None:
        asked_s = self.session.asked_hold_s
        holding = self._follower.holding if asked_s else None
        self._tell(self.session.hold(holding))
        if self._publisher is not None and holding is not None:
            self._publisher.publish_hold(holding, asked_s)

    def _tell(self, told: list[Told]) -> None:
        for one in told:
            self._outputs.view.tell(one)
            if isinstance(one, SessionDone):
                self._keep(one)
            elif self._publisher is not None:
                if isinstance(one, CountedRepetition):
                    self._publisher.publish(one)
                elif isinstance(one, SetDone):
                    self._publisher.publish_set(one)

    def _keep(self, session: SessionDone) -> None:
        self.result = session
        if self._publisher is not None:
            self._publisher.publish_session(self._name, session)
        if self._outputs.history is not None:
            history, settings = self._outputs.history
            keep_session(history, session_record(self._name, session), self._source, settings)

    def _settle(self, noticed: list[Noticed]) -> None:
        """Hand over what the follower made of the repetitions in the end."""
        if self._now:
            self._tell(self.session.push(self._now, self._now, _seen(noticed)))

    def _follow(self) -> None:
        """Have the exercise counted that is on."""
        wanted = self.session.follows
        if wanted is not self._followed:
            self._followed = wanted
            self._settle(self._follower.seek(None if wanted is None else ExercisesSought((wanted,), told=True)))


def set_command(
    verb: str, arguments: Mapping[str, JsonValue], session: GuidedSession, take: Callable[[Command], None]
) -> dict[str, JsonValue]:
    """Carry out ``start_set`` or ``stop_set``, which come in another thread.

    Raises
    ------
    MessagingError
        It does not fit what the wearer does now.

    """
    standing = session.standing
    match verb:
        case "start_set":
            if arguments.get("exercise") != session.current:
                on = session.current or "the walk"
                raise MessagingError(f"start_set: {on} is on now, not {arguments.get('exercise')}")
            if standing.phase not in (Phase.POSITION, Phase.COUNTDOWN, Phase.REST) or standing.paused:
                raise MessagingError(f"start_set: no set can begin now ({_what_is_on(standing)})")
            take(Ready())
        case "stop_set":
            if standing.phase not in (Phase.COUNTING, Phase.TIMED, Phase.WALKING) or standing.paused:
                raise MessagingError(f"stop_set: no set is on ({_what_is_on(standing)})")
            take(FinishSet())
        case _:
            raise MessagingError(f"{verb}: an exercise session takes start_set and stop_set only")
    return {"exercise": session.current, "set": standing.set_number}


def _what_is_on(standing: Standing) -> str:
    return "paused" if standing.paused else standing.phase.value


def _seen(noticed: list[Noticed]) -> list[CountedRepetition | ExerciseSet | Step]:
    return [one for one in noticed if isinstance(one, CountedRepetition | ExerciseSet | Step)]


def _steps(chunk: ImuChunk) -> list[ImuChunk]:
    """Return the samples of each step; the last one may go on."""
    number = np.floor(chunk.time / STEP_S)
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(chunk)]
    return [chunk.rows(start, stop) for start, stop in pairwise(edges)]
