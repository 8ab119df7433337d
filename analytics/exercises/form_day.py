"""The exercises of a day for its summary: each set, sessions, and the plan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analytics.exercises.form_measures import mean_range, median_hold_s, median_repetition_s, side_balance
from analytics.local_day import local_time
from analytics.spans import SpanSet
from analytics.summary_model import Exercises, ExerciseSetDone, PlannedSets
from config.exercise_plan import PlannedExercise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from analytics.exercises.records import ExerciseSet
    from analytics.spans import Span
    from config.exercise_plan import Plan

__all__ = ["exercises_of_day"]

MINUTE_S = 60.0

SESSION_PAUSE_S = 600.0
"""A longer pause between two sets makes two sessions."""


def exercises_of_day(sets: Iterable[ExerciseSet], day: Span, zone: ZoneInfo, plan: Plan | None) -> Exercises:
    """Return the exercises of a day: sets and sessions that begin on it, and its share of the minutes in sets.

    Parameters
    ----------
    sets
        Those known, in any order, also before and after the day.
    day
        Its time.
    zone
        The wearer's time zone.
    plan
        What is planned for a day; None without a plan.

    """
    ordered = sorted(sets, key=lambda one: one.start)
    today = [one for one in ordered if day.holds(one.start)]
    planned = None if plan is None else _planned(today, plan)
    return Exercises(
        sessions_n=sum(day.holds(start) for start in _session_starts(ordered)),
        sets_n=len(today),
        repetitions_n=sum(one.count for one in today),
        exercising_min=SpanSet((one.start, one.end) for one in ordered).within(day).duration_s / MINUTE_S,
        sets=tuple(_done(one, zone) for one in today),
        planned=planned,
        share_of_plan=_share_done(planned) if planned else None,
    )


def _session_starts(sets: Sequence[ExerciseSet]) -> list[float]:
    """Return when the sessions begin that sets, in order, belong to."""
    starts: list[float] = []
    last_end = float("-inf")
    for one in sets:
        if one.start - last_end > SESSION_PAUSE_S:
            starts.append(one.start)
        last_end = max(last_end, one.end)
    return starts


def _done(one: ExerciseSet, zone: ZoneInfo) -> ExerciseSetDone:
    range_deg, range_cm = mean_range(one.repetitions)
    sides = side_balance(one.repetitions)
    return ExerciseSetDone(
        time=local_time(one.start, zone),
        exercise=one.exercise,
        confidence=one.confidence,
        duration_min=(one.end - one.start) / MINUTE_S,
        repetitions_n=one.count,
        incomplete_n=len(one.repetitions) - one.count,
        left_n=sides.left_n if sides else None,
        right_n=sides.right_n if sides else None,
        repetition_s=median_repetition_s(one.repetitions),
        hold_s=median_hold_s(one.repetitions),
        range_deg=range_deg,
        range_cm=range_cm,
    )


def _planned(sets: Iterable[ExerciseSet], plan: Plan) -> tuple[PlannedSets, ...]:
    """Return the plan's exercises, each once; the walks of a plan are with the walking."""
    done = Counter(one.exercise for one in sets)
    planned = Counter[str]()
    for item in plan.items:
        if isinstance(item, PlannedExercise):
            planned[item.exercise.id] += item.dose.sets
    return tuple(PlannedSets(exercise=name, planned_n=n, done_n=done[name]) for name, n in planned.items())


def _share_done(planned: Sequence[PlannedSets]) -> float:
    return sum(min(each.done_n, each.planned_n) for each in planned) / sum(each.planned_n for each in planned)
