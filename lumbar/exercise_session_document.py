"""A guided session as others get it: over MQTT, in the history, and on standard output."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lumbar.history.records import ExerciseSession, ExerciseSetRecord

if TYPE_CHECKING:
    from analytics.exercises.guided_records import ItemDone, SessionDone, SetDone
    from analytics.exercises.records import Repetition

__all__ = ["session_content", "session_record"]


def session_content(session: SessionDone) -> dict[str, Any]:
    """Return how a session went: the content of its message, but for its name. Times count from its start."""
    return {
        "plan": session.plan,
        "title": session.title,
        "started": datetime.fromtimestamp(session.start, UTC).isoformat(),
        "duration_s": _seconds(session.end - session.start),
        "completed": session.completed,
        "stopped": session.stopped,
        "items": [_item(item, session.start) for item in session.items],
    }


def session_record(name: str, session: SessionDone) -> ExerciseSession:
    """Return a session as the history keeps it."""
    sets = [
        ExerciseSetRecord(
            one.exercise,
            one.start,
            one.end,
            one.planned,
            one.count,
            one.reported,
            [asdict(each) for each in one.repetitions],
        )
        for item in session.items
        for one in item.sets
    ]
    return ExerciseSession(name, session.plan, session.start, session.end, session_content(session), tuple(sets))


def _item(item: ItemDone, origin: float) -> dict[str, Any]:
    walk = item.walk
    return {
        "exercise": item.exercise,
        "planned_sets": item.planned_sets,
        "sets": [_set(one, origin) for one in item.sets],
        "walk": None
        if walk is None
        else {
            "start_s": _seconds(walk.start - origin),
            "end_s": _seconds(walk.end - origin),
            "planned_s": walk.planned_s,
            "walked_s": _seconds(walk.walked_s),
            "steps": walk.steps,
        },
        "pain": item.pain,
        "ending": item.ending.value,
        "reason": item.reason,
    }


def _set(one: SetDone, origin: float) -> dict[str, Any]:
    return {
        "number": one.number,
        "start_s": _seconds(one.start - origin),
        "end_s": _seconds(one.end - origin),
        "planned": one.planned,
        "planned_hold_s": one.planned_hold_s,
        "repetitions": one.count,
        "reported": one.reported,
        "reps": [_repetition(each, origin) for each in one.repetitions],
    }


def _repetition(each: Repetition, origin: float) -> dict[str, Any]:
    return {
        "start_s": _seconds(each.start - origin),
        "peak_s": _seconds(each.peak - origin),
        "end_s": _seconds(each.end - origin),
        "side": each.side,
        "range_deg": each.range_deg if each.range_deg is None else round(each.range_deg, 1),
        "range_cm": each.range_cm if each.range_cm is None else round(each.range_cm, 1),
        "hold_s": _seconds(each.hold_s),
        "complete": each.complete,
    }


def _seconds(value: float) -> float:
    return round(float(value), 3)
