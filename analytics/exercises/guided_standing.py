"""How a guided session stands, for whoever watches."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from analytics.exercises.guided_agenda import Turn
from analytics.exercises.guided_records import Phase, Standing
from config.exercise_plan import PlannedExercise

if TYPE_CHECKING:
    from analytics.exercises.guided_state import GuidedState
    from config.exercise_plan import Plan, PlannedWalk

__all__ = ["standing_of", "title_of"]

UNSEEN_TURNS = (Turn.NOTHING, Turn.REMIND, Turn.SETTLE, Turn.CLOSE_SET)
"""These do not end a phase."""


def standing_of(state: GuidedState, plan: Plan) -> Standing:
    """Return how a session stands."""
    item = plan.items[state.item]
    ends = [due.time for due in state.agenda if due.turn not in UNSEEN_TURNS]
    waits = state.phase in (Phase.COUNTING, Phase.WALKING) or state.paused_at is not None
    last = None if state.open_set is None else state.open_set.last
    sets_n = item.dose.sets if isinstance(item, PlannedExercise) else 1
    return Standing(
        phase=state.phase,
        paused=state.paused_at is not None,
        title=title_of(item),
        item=state.item + 1,
        items_n=len(plan.items),
        set_number=min(state.set_number, sets_n),
        sets_n=sets_n,
        count=_count(state, item),
        planned=item.dose.repetitions if isinstance(item, PlannedExercise) else ceil(item.minutes),
        last_hold_s=None if last is None else last.hold_s,
        held_s=None if state.holding is None else state.holding.held_s,
        asked_hold_s=item.dose.hold_s if isinstance(item, PlannedExercise) else 0.0,
        until=None if waits or not ends else min(ends),
        sentence=state.sentence,
    )


def title_of(item: PlannedExercise | PlannedWalk) -> str:
    """Return what an item of a plan is called."""
    return item.exercise.title if isinstance(item, PlannedExercise) else "Walking"


def _count(state: GuidedState, item: PlannedExercise | PlannedWalk) -> int | None:
    if state.open_walk is not None:
        return int(state.open_walk.walked_s // 60)
    if state.open_set is None or not isinstance(item, PlannedExercise):
        return None
    return state.open_set.count if item.exercise.is_counted else state.open_set.timed_n
