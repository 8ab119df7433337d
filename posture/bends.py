"""Deep bends of the trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from posture.events import ON_FEET, Bend
from posture.stage import Stage

if TYPE_CHECKING:
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
        limit_deg = self._settings.inclination_deg
        bent = (seconds.flexion_deg > limit_deg) | (np.abs(seconds.lateral_deg) > limit_deg)
        if self._state is None and not bent.any():
            return []
        bends: list[Bend] = []
        for second, activity, flexion_deg, lateral_deg, inclination_deg in seconds:
            on_feet = activity in ON_FEET and inclination_deg == inclination_deg  # noqa: PLR0124 - NaN is unknown
            is_bent = on_feet and max(flexion_deg, abs(lateral_deg)) > self._settings.inclination_deg
            if self._state is not None and (not is_bent or second != self._state.end):
                bends += self.flush()
            if is_bent:
                before = self._state or OpenBend(second, second, inclination_deg)
                self._state = OpenBend(before.start, second + 1, max(before.peak_deg, inclination_deg))
        return bends

    def flush(self) -> list[Bend]:
        """Return the bend still open, if it has lasted long enough."""
        current, self._state = self._state, None
        if current is None or current.end - current.start <= self._settings.minimum_s:
            return []
        return [Bend(current.start, current.end, current.peak_deg)]
