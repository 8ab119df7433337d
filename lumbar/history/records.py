"""What the history keeps: one plain record for everything that happens at a time."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["HistoryRecord", "JsonValue"]

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


def to_json(value: JsonValue) -> str:
    """Return `value` as compact JSON; not-a-number and infinity raise ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
