"""What the figures are to be, from section 6 of the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["SCHEMA", "Target", "targets"]

SCHEMA = "lumbar.benchmark/1"

DAY_H = 24.0
DAY_GOAL_S, DAY_LIMIT_S = 6.0, 12.0
FILTER_LIMIT = 3.0
MEMORY_GOAL_MB, MEMORY_LIMIT_MB = 300.0, 400.0
LIVE_LIMIT_PERCENT = 1.0
HELP_LIMIT_S = 0.3


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with what it is to be at most.

    Parameters
    ----------
    name
        What is measured.
    figure, limit
        The figure, and the most it may be.
    unit
        Unit of both.

    """

    name: str
    figure: float
    limit: float
    unit: str

    @property
    def reached(self) -> bool:
        """Return whether the figure keeps within the limit."""
        return self.figure <= self.limit


def targets(results: dict[str, Any]) -> list[Target]:
    """Return the targets that the results speak of; those for a day only where a day was measured."""
    whole, live, start = results["whole"], results["live"], results["start"]
    found = [
        Target("live, share of a core", live["percent_of_core"], LIVE_LIMIT_PERCENT, "%"),
        Target("lumbar --help, wall", start["help_wall_s"], HELP_LIMIT_S, "s"),
    ]
    if whole["hours"] >= DAY_H:
        day_s = whole["times"]["pipeline"]["cpu_s"] * DAY_H / whole["hours"]
        found = [
            Target("24 h, CPU (must)", day_s, DAY_LIMIT_S, "s"),
            Target("24 h, CPU (goal)", day_s, DAY_GOAL_S, "s"),
            Target("24 h, CPU against the orientation filter's", whole["ratio"], FILTER_LIMIT, "x"),
            Target("24 h, peak memory (must)", whole["peak_mb"], MEMORY_LIMIT_MB, "MB"),
            Target("24 h, peak memory (goal)", whole["peak_mb"], MEMORY_GOAL_MB, "MB"),
            *found,
        ]
    return found
