"""What the history keeps: one plain record for everything that happens at a time."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["ExerciseSession", "ExerciseSetRecord", "HistoryRecord", "JsonValue"]

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """An episode, or an event where `start` equals `end`.

    Parameters
    ----------
    kind
        What sort of record it is, such as ``activity``, ``posture``, ``bend``, ``alert`` or ``wear``.
    start, end
        Seconds since the Unix epoch, UTC.
    label
        Which one of its kind, such as ``sitting`` or ``slouched``; empty where there is only one.
    value
        The one number that belongs to it, such as the peak of a bend; None where there is none.
    detail
        Whatever else belongs to it, as JSON.

    Raises
    ------
    ValueError
        A number is not finite, or the record ends before it starts.

    """

    kind: str
    start: float
    end: float
    label: str = ""
    value: float | None = None
    detail: JsonValue = None

    def __post_init__(self) -> None:
        # SQLite would keep NaN as "nothing", so a bad number would come back as an honest unknown.
        if not (math.isfinite(self.start) and math.isfinite(self.end) and self.start <= self.end):
            raise ValueError(f"a record of kind {self.kind!r} cannot last from {self.start} to {self.end}")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a record of kind {self.kind!r} at {self.start} cannot have the value {self.value}")


@dataclass(frozen=True, slots=True)
class ExerciseSetRecord:
    """A set of a guided session.

    Parameters
    ----------
    exercise
        Its id.
    start, end
        Seconds since the Unix epoch, UTC.
    planned
        Repetitions that were planned.
    repetitions
        Complete ones that the sensor saw; None for an exercise that it does not see.
    reported
        Those that the wearer said were done; None where nothing was said.
    detail
        The repetitions one by one, as JSON.

    """

    exercise: str
    start: float
    end: float
    planned: int
    repetitions: int | None = None
    reported: int | None = None
    detail: JsonValue = None


@dataclass(frozen=True, slots=True)
class ExerciseSession:
    """A guided session.

    Parameters
    ----------
    name
        Identifies it, everywhere.
    plan
        Id of its plan.
    start, end
        Seconds since the Unix epoch, UTC.
    document
        How it went, item by item, as JSON.
    sets
        In order of time.

    Raises
    ------
    ValueError
        It or a set of it ends before it starts, or a number is not finite.

    """

    name: str
    plan: str
    start: float
    end: float
    document: JsonValue
    sets: tuple[ExerciseSetRecord, ...] = ()

    def __post_init__(self) -> None:
        spans = [(self.start, self.end), *((one.start, one.end) for one in self.sets)]
        for start, end in spans:
            if not (math.isfinite(start) and math.isfinite(end) and start <= end):
                raise ValueError(f"a session or set cannot last from {start} to {end}")


def to_json(value: JsonValue) -> str:
    """Return `value` as compact JSON; not-a-number and infinity raise ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
