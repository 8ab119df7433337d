"""What has been done in a guided session so far: sets, walks, items, and what the wearer says of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from analytics.exercises.guided_records import Ending, ItemDone, SessionDone, SetDone, StopReason, WalkDone
from config.exercise_plan import PlannedExercise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.records import Repetition
    from config.exercise_plan import Plan, PlannedWalk

__all__ = ["OpenSet", "OpenWalk", "SessionLedger", "without_overlap"]


@dataclass(slots=True)
class OpenSet:
    """A set that goes on.

    While it does, the engine's number counts, which it may still correct; once the engine has made up its mind, what it
    has found in the end.

    Parameters
    ----------
    number
        Which set of the exercise.
    start
        When it began.
    before
        Repetitions of the engine's count from before the start.
    settled
        Found in the end.
    live
        Announced since.
    announced_n
        The engine's latest number, those before the start among it.
    told_n
        The highest count that was told.
    timed_n
        Repetitions that the timer has given.

    """

    number: int
    start: float
    before: int = 0
    settled: list[Repetition] = field(default_factory=list)
    live: list[Repetition] = field(default_factory=list)
    announced_n: int = 0
    told_n: int = 0
    timed_n: int = 0

    @property
    def count(self) -> int:
        """Complete repetitions so far."""
        return _complete(self.settled) + max(0, self.announced_n - self.before)

    @property
    def seen(self) -> list[Repetition]:
        """The repetitions so far, incomplete ones, too."""
        return [*self.settled, *self.live]

    @property
    def last(self) -> Repetition | None:
        """The last repetition; None before the first."""
        return self.seen[-1] if self.seen else None

    def announce(self, repetition: Repetition, number: int) -> None:
        """Take a repetition as announced; it takes the place of those that it overlaps."""
        if number <= self.before:
            self.before = 0  # the engine has begun anew
        self.live = [*without_overlap(self.live, repetition), repetition]
        self.announced_n = number

    def knows(self, repetition: Repetition) -> bool:
        """Return whether what was found in the end reaches to this repetition, or beyond."""
        return bool(self.settled) and repetition.start < self.settled[-1].end

    def settle(self, repetitions: Sequence[Repetition]) -> None:
        """Take what has been found in the end in the place of what was announced."""
        self.settled += [repetition for repetition in repetitions if repetition.end > self.start]
        self.live, self.announced_n, self.before = [], 0, 0

    def closed(self, item: PlannedExercise, now: float) -> SetDone:
        """Return the set as it is now."""
        seen = tuple(self.seen)
        start = min(self.start, seen[0].start) if seen else self.start
        return SetDone(
            exercise=item.exercise.id,
            number=self.number,
            start=start,
            end=max(start, seen[-1].end if seen else now),
            planned=item.dose.repetitions,
            count=_complete(seen) if item.exercise.is_counted else None,
            reported=None,
            planned_hold_s=item.dose.hold_s,
            repetitions=seen,
        )


def without_overlap(repetitions: Sequence[Repetition], newer: Repetition) -> list[Repetition]:
    """Return the repetitions that were over before a newer one began."""
    return [repetition for repetition in repetitions if repetition.end <= newer.start]


def _complete(repetitions: Sequence[Repetition]) -> int:
    return sum(repetition.complete for repetition in repetitions)


@dataclass(slots=True)
class OpenWalk:
    """A walk that goes on: when it began, how long of it was walked, its steps and the last of them."""

    start: float
    walked_s: float = 0.0
    steps: int = 0
    last_step: float = -inf

    def step(self, time: float, pause_s: float) -> None:
        """Take a step; what lies between two that are farther apart than `pause_s` was no walking."""
        if time < self.start:
            return
        between_s = time - self.last_step
        if 0 < between_s <= pause_s:
            self.walked_s += between_s
        self.steps += 1
        self.last_step = time

    def closed(self, item: PlannedWalk, now: float) -> WalkDone:
        """Return the walk as it is now."""
        return WalkDone(self.start, max(now, self.start), 60 * item.minutes, self.walked_s, self.steps)


@dataclass(slots=True)
class SessionLedger:
    """What has been done so far.

    Parameters
    ----------
    items
        Items that are over.
    sets, walk, pain
        Of the item that goes on.

    """

    items: list[ItemDone] = field(default_factory=list)
    sets: list[SetDone] = field(default_factory=list)
    walk: WalkDone | None = None
    pain: int | None = None

    def end_item(self, item: PlannedExercise | PlannedWalk, ending: Ending, reason: StopReason | None) -> None:
        """Close the item that goes on."""
        done = ItemDone(*_planned(item), tuple(self.sets), self.walk, self.pain, ending, reason)
        self.items.append(done)
        self.sets, self.walk, self.pain = [], None, None

    def take_pain(self, score: int, *, of_last: bool) -> None:
        """Keep a pain score of the item that goes on, or of the last one that is over."""
        if of_last and self.items:
            self.items[-1] = replace(self.items[-1], pain=score)
        else:
            self.pain = score

    def take_report(self, repetitions: int) -> bool:
        """Keep what the wearer says of the last set, if that is one the sensor does not see; return whether it is."""
        sets = self.sets or (list(self.items[-1].sets) if self.items else [])
        if not sets or sets[-1].count is not None:
            return False
        sets[-1] = replace(sets[-1], reported=repetitions)
        if not self.sets:
            self.items[-1] = replace(self.items[-1], sets=tuple(sets))
        return True

    def session(self, plan: Plan, start: float, end: float, stopped: StopReason | None) -> SessionDone:
        """Return the session; what is not among the items was not begun."""
        left = plan.items[len(self.items) :]
        not_begun = (ItemDone(*_planned(item), (), None, None, Ending.NOT_BEGUN, None) for item in left)
        return SessionDone(plan.id, plan.title, start, end, (*self.items, *not_begun), stopped)


def _planned(item: PlannedExercise | PlannedWalk) -> tuple[str | None, int]:
    if isinstance(item, PlannedExercise):
        return item.exercise.id, item.dose.sets
    return None, 1
