"""All that a guided session remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from analytics.exercises.guided_ledger import SessionLedger
from analytics.exercises.guided_records import Phase

if TYPE_CHECKING:
    from analytics.exercises.guided_agenda import Due
    from analytics.exercises.guided_ledger import OpenSet, OpenWalk
    from analytics.exercises.guided_records import StopReason
    from analytics.exercises.records import Holding, Repetition

__all__ = ["GuidedState"]


@dataclass(slots=True)
class GuidedState:
    """All that `GuidedSession` remembers.

    Parameters
    ----------
    start, now
        The first sample's time and the time until which all has been gone through; None before the first.
    phase, item, set_number
        Where the session stands; `set_number` counts from 1.
    agenda
        What is due, in order of time.
    paused_at, valid_from
        Since when it stands still; repetitions that began before `valid_from` do not count.
    open_set, open_walk
        What goes on.
    early
        Repetitions before the start, which count if the wearer goes straight on.
    announced_n
        The engine's latest number.
    settling
        Whether the engine is to make up its mind about the set that is over.
    ledger
        What has been done.
    stopped
        Why the session was stopped.
    sentence
        The last cue.
    holding
        What is held now; None where nothing is.
    half_told, released
        When, last, half of a hold was told, and that a hold had been long enough.

    """

    start: float | None = None
    now: float = 0.0
    phase: Phase = Phase.POSITION
    item: int = 0
    set_number: int = 1
    agenda: list[Due] = field(default_factory=list)
    paused_at: float | None = None
    valid_from: float = -inf
    open_set: OpenSet | None = None
    open_walk: OpenWalk | None = None
    early: list[Repetition] = field(default_factory=list)
    announced_n: int = 0
    settling: bool = False
    ledger: SessionLedger = field(default_factory=SessionLedger)
    stopped: StopReason | None = None
    sentence: str = ""
    holding: Holding | None = None
    half_told: float = -inf
    released: float = -inf
