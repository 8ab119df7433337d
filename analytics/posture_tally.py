"""How long the trunk was where: what of the angles adds up over a day and is in no episode."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from posture.events import ON_FEET, Activity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.calibration import SittingRange
    from posture.timeline import PostureSeconds

__all__ = ["RANGE_EDGES_PERCENT", "TALLY_S", "PostureTallier", "PostureTallierState", "PostureTally"]

RANGE_EDGES_PERCENT = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
"""Edges of the bins of the own sitting range: 0 is the wearer's upright, 100 the wearer's slouched sitting."""

TALLY_S = 900
"""A tally ends with the quarter hour (UTC), and so never reaches over midnight in any of today's time zones."""


@dataclass(frozen=True, slots=True)
class PostureTally:
    """Seconds in each band and bin within one quarter hour.

    Parameters
    ----------
    start, end
        Seconds since the Unix epoch, from the first to after the last second seen.
    bands_deg
        Edges between the bands of trunk inclination.
    inclination_s
        Seconds on the feet in each band: below the first edge, between the edges, from the last edge on.
    range_s
        Seconds of sitting in each bin that `RANGE_EDGES_PERCENT` bound, the outer two open. None where the wearer's
        range is not known.

    """

    start: float
    end: float
    bands_deg: tuple[float, ...]
    inclination_s: tuple[int, ...]
    range_s: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class PostureTallierState:
    """The tally not yet given out."""

    start: int
    end: int
    inclination_s: tuple[int, ...]
    range_s: tuple[int, ...] | None


class PostureTallier:
    """Count the seconds in each band and bin, one tally for each quarter hour.

    Parameters
    ----------
    bands_deg
        Rising edges between the bands of trunk inclination.

    Attributes
    ----------
    sitting
        The wearer's sitting range; None where it is unknown. May be replaced between pushes.
    state
        A `PostureTallierState`, or None where no tally is begun. May be saved and set.

    """

    def __init__(self, bands_deg: tuple[float, ...]) -> None:
        self.bands_deg = bands_deg
        self.sitting: SittingRange | None = None
        self.state: PostureTallierState | None = None

    def push(self, seconds: PostureSeconds) -> list[PostureTally]:
        """Return the tallies of the quarter hours that the seconds complete."""
        inclination_deg = np.where(_is_any(seconds, ON_FEET), seconds.inclination_deg, np.nan)
        range_percent = self._range_percent(seconds)
        quarter = seconds.second // TALLY_S
        edges = [0, *(np.flatnonzero(np.diff(quarter)) + 1).tolist(), len(seconds)]
        tallies: list[PostureTally] = []
        for start, stop in pairwise(edges):
            if start == stop:
                continue
            if self.state is not None and self.state.start // TALLY_S != quarter[start]:
                tallies += self.flush()
            self._add(
                PostureTallierState(
                    start=int(seconds.second[start]),
                    end=int(seconds.second[stop - 1]) + 1,
                    inclination_s=_histogram(inclination_deg[start:stop], self.bands_deg),
                    range_s=None
                    if range_percent is None
                    else _histogram(range_percent[start:stop], RANGE_EDGES_PERCENT),
                )
            )
        return tallies

    def flush(self) -> list[PostureTally]:
        """Return the tally begun, if any."""
        state, self.state = self.state, None
        if state is None:
            return []
        return [PostureTally(state.start, state.end, self.bands_deg, state.inclination_s, state.range_s)]

    def _range_percent(self, seconds: PostureSeconds) -> NDArray[np.float64] | None:
        if self.sitting is None:
            return None
        percent = 100.0 * self.sitting.past_upright_deg(seconds.flexion_deg) / self.sitting.range_deg
        return np.where(_is_any(seconds, frozenset({Activity.SITTING})), percent, np.nan)

    def _add(self, new: PostureTallierState) -> None:
        old = self.state
        if old is None:
            self.state = new
            return
        self.state = PostureTallierState(
            start=old.start,
            end=new.end,
            inclination_s=_sum(old.inclination_s, new.inclination_s),
            range_s=new.range_s if old.range_s is None else _sum(old.range_s, new.range_s),
        )


def _is_any(seconds: PostureSeconds, activities: frozenset[Activity]) -> NDArray[np.bool_]:
    return np.fromiter((activity in activities for activity in seconds.activity), dtype=np.bool_, count=len(seconds))


def _histogram(values: NDArray[np.float64], edges: tuple[float, ...]) -> tuple[int, ...]:
    bins = np.searchsorted(edges, values[~np.isnan(values)], side="right")
    return tuple(np.bincount(bins, minlength=len(edges) + 1).tolist())


def _sum(one: tuple[int, ...], other: tuple[int, ...] | None) -> tuple[int, ...]:
    return one if other is None else tuple(a + b for a, b in zip(one, other, strict=True))
