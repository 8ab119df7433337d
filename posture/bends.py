"""Deep bends of the trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from posture.events import ON_FEET, Bend
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import BendSettings
    from posture.timeline import PostureSeconds

__all__ = ["BendTracker", "OpenBend"]


@dataclass(frozen=True, slots=True)
class OpenBend:
    """A bend that goes on, in seconds since the Unix epoch."""

    start: int
    end: int
    peak_deg: float


class BendTracker(Stage[OpenBend | None]):
    """Find bends of the trunk while on the feet (ISO 11226; RULA bands).

    A bend is more than `inclination_deg` of forward flexion or lateral bend for more than `minimum_s`. Sitting and
    lying do not count: there a tilted pelvis is no bent trunk.
    """

    def __init__(self, settings: BendSettings) -> None:
        super().__init__(None)
        self._settings = settings

    def push(self, seconds: PostureSeconds) -> list[Bend]:
        """Return the bends that have ended."""
        bends: list[Bend] = []
        for start, stop in self._bent(seconds):
            first, last = int(seconds.second[start]), int(seconds.second[stop - 1])
            if self._state is not None and first != self._state.end:
                bends += self.flush()
            peak_deg = float(seconds.inclination_deg[start:stop].max())
            before = self._state or OpenBend(first, first, peak_deg)
            self._state = OpenBend(before.start, last + 1, max(before.peak_deg, peak_deg))
        if self._state is not None and len(seconds) and self._state.end <= seconds.second[-1]:
            bends += self.flush()
        return bends

    def flush(self) -> list[Bend]:
        """Return the bend still open, if it has lasted long enough."""
        current, self._state = self._state, None
        if current is None or current.end - current.start <= self._settings.minimum_s:
            return []
        return [Bend(current.start, current.end, current.peak_deg)]

    def _bent(self, seconds: PostureSeconds) -> Iterator[tuple[int, int]]:
        """Yield the rows [start, stop) of each stretch of bent seconds on the feet, without a hole."""
        angle_deg = np.maximum(seconds.flexion_deg, np.abs(seconds.lateral_deg))
        rows = np.flatnonzero((angle_deg > self._settings.inclination_deg) & ~np.isnan(seconds.inclination_deg))
        rows = rows[np.array([seconds.activity[row] in ON_FEET for row in rows.tolist()], dtype=np.bool_)]
        for run in np.split(rows, np.flatnonzero(np.diff(seconds.second[rows]) != 1) + 1):
            if len(run):
                yield int(run[0]), int(run[-1]) + 1
