"""What a whole recording says at its end: its walking bouts, and when the sensor was worn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics.steps import Step
from analytics.walking import WalkingBout, WalkingBouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["bouts_of", "worn"]


def bouts_of(step_times: Sequence[float]) -> list[WalkingBout]:
    """Return the walking bouts of all steps of a recording."""
    bouts = WalkingBouts()
    return [*bouts.push([Step(time) for time in step_times], np.inf), *bouts.flush()]


def worn(
    covered: Sequence[tuple[float, float]], not_worn_seconds: NDArray[np.int64]
) -> tuple[tuple[float, float], ...]:
    """Return the covered stretches without the seconds in which the sensor was not worn."""
    cuts = np.flatnonzero(np.diff(not_worn_seconds) != 1) + 1
    stretches = [(float(part[0]), float(part[-1] + 1)) for part in np.split(not_worn_seconds, cuts) if len(part)]
    kept: list[tuple[float, float]] = []
    for start, end in covered:
        inside = [(max(a, start), min(b, end)) for a, b in stretches if a < end and b > start]
        edges = [start, *(edge for pair in inside for edge in pair), end]
        kept += [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return tuple(kept)
