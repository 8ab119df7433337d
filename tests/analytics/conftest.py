"""Guided sessions that are played to, for the tests of what they tell."""

import pytest

from analytics.exercises.guided_records import Cue, FinishSet, Pause, Ready, SessionDone, Skip, Stop
from analytics.exercises.guided_session import GuidedSession
from analytics.exercises.records import CountedRepetition, ExerciseSet, Repetition
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise, PlannedWalk

LIBRARY = load_exercises()
T0 = 1_767_600_000.0


def planned_with(name, **dose):
    exercise = LIBRARY[name]
    return PlannedExercise(exercise, exercise.dose.model_copy(update=dose))


@pytest.fixture(scope="session")
def planned():
    """``planned(name, **dose)`` returns an exercise of a plan."""
    return planned_with


def plan_of(*items):
    return Plan("test", "For the test", None, items)


@pytest.fixture(scope="session")
def plan():
    """``plan(*items)`` returns a plan."""
    return plan_of


@pytest.fixture(scope="session")
def bridges():
    return planned_with("bridge", sets=2, repetitions=3, hold_s=0.0, rest_s=30.0)


@pytest.fixture(scope="session")
def tucks():
    return planned_with("chin_tuck", sets=1, repetitions=2, hold_s=3.0, rest_s=10.0)


@pytest.fixture(scope="session")
def planks():
    return planned_with("plank", sets=1, repetitions=2, hold_s=20.0, rest_s=10.0)


@pytest.fixture(scope="session")
def minute_walk():
    return PlannedWalk(1.0)


def repetition_ending(end, *, length_s=2.0, complete=True, hold_s=0.0):
    start = end - length_s
    return Repetition(start, start + length_s / 2, end, None, 30.0, None, hold_s, 1.0, 1.0, None, complete)


@pytest.fixture(scope="session")
def repetition():
    """``repetition(end, length_s, complete, hold_s)`` returns a repetition that ends then."""
    return repetition_ending


class Told:
    """Plays a session beside an engine that counts, and keeps what it tells; times count from its beginning."""

    def __init__(self, *items):
        self.session = GuidedSession(plan_of(*items))
        self.told = []
        self.now = 0.0
        self.followed = None
        self.chain = []
        self.told += self.session.push(T0, T0, [])
        self.follow()

    def follow(self):
        """Begin with another exercise where that is wished for, and hand over what was found of the last."""
        if self.session.follows is not self.followed:
            self.hand_over()
            self.followed = self.session.follows

    def hand_over(self):
        chain, self.chain = self.chain, []
        if chain:
            found = ExerciseSet(self.followed.id, chain[0].start, chain[-1].end, tuple(chain), 1.0)
            self.told += self.session.push(T0 + self.now, T0 + self.now, [found])

    def wait(self, seconds, seen=()):
        steps = max(1, int(seconds / 0.4))
        for i in range(steps):
            start, end = self.now + seconds * i / steps, self.now + seconds * (i + 1) / steps
            inside = [one for one in seen if T0 + start < one.time <= T0 + end]
            if self.followed is not None:
                self.chain += [one.repetition for one in inside if isinstance(one, CountedRepetition)]
            self.told += self.session.push(T0 + start, T0 + end, inside)
            self.now, before = end, self.now
            self.follow()
            self.now = before
        self.now += seconds

    def until(self, phase, within_s=400.0):
        for _ in range(int(within_s / 0.5)):
            if self.session.standing.phase is phase:
                return
            self.wait(0.5)
        raise AssertionError(f"never came to {phase}")

    def announce(self, repetition, exercise="bridge"):
        number = 1 + sum(each.complete for each in self.chain) if repetition.complete else 0
        return CountedRepetition(repetition.end + 0.3, exercise, number, repetition)

    def repeat(self, n=1, exercise="bridge", **how):
        length_s = how.get("length_s", 2.0)
        for _ in range(n):
            sees = self.followed is not None and self.followed.id == exercise
            seen = [self.announce(repetition_ending(T0 + self.now + length_s, **how), exercise)] if sees else []
            self.wait(length_s + 0.5, seen)

    def say(self, command):
        if self.session.counts and isinstance(command, Pause | FinishSet | Skip | Stop | Ready):
            self.hand_over()
            self.followed = None
        self.told += self.session.command(command)
        self.follow()

    def end(self):
        if not self.session.done:
            self.hand_over()
        self.told += self.session.flush()
        return self.done

    def of(self, kind):
        return [one for one in self.told if isinstance(one, kind)]

    def texts(self, kind):
        return [cue.text for cue in self.of(Cue) if cue.kind is kind]

    @property
    def done(self):
        (session,) = self.of(SessionDone)
        return session


@pytest.fixture(scope="session")
def begin():
    """``begin(*items)`` begins a session of a plan of these items: see `Told`."""
    return Told
