"""The two ways in which a wearer sits, upright and slouched, told apart by how long they have sat in which angle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import hypot, pi, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from posture.calibration import SittingRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from config.settings import SlouchSettings

__all__ = ["ENOUGH_SITTING_S", "SittingKnowledge", "SittingSource", "Stay", "learn_from_stays", "needed_s"]

ENOUGH_SITTING_S = 1800
"""Sitting for less than half an hour shows a task, not how somebody sits."""
ENOUGH_STAYS = 4.0
"""In each of the two ways. Three equal stays may all be one accident; a mean of four is known to half its spread."""
SHORTEST_STAY_S = 10
LONGEST_WORTH_S = 300
"""One long film in one armchair is one look at the wearer, not many."""

LEAST_RANGE_DEG = 8.0
"""Below it two groups of stays may be one way of sitting: the angle wanders by some 3 deg from stay to stay with the
strap and the seat, and halves of one bell of 3 deg lie 5 deg apart."""
ONE_BELL = 2 / pi
ONE_BELL_BY_CHANCE = 0.7
"""Share of the variance of the angle that lies between the two ways (Otsu, IEEE Trans Syst Man Cybern 9 (1979)): 2 / pi
where one bell is cut into halves. Few stays of one bell come out farther apart by chance: one time in twenty by more
than 0.7 over the root of their number (simulated for 10 to 250 stays)."""
FORWARD_DEG = 3.0
"""In front of the wearer's own walking by so much is leaning forward: upright sitting has the pelvis rolled back from
standing (Alshehri 2025)."""
STANDARD_ERRORS = 2.0


class SittingSource(StrEnum):
    """Where the wearer's sitting range is from, or why it is not known.

    Not distinct is sitting in which no two ways have been seen, or not in enough stays.
    """

    SHOWN = "shown"
    LEARNT = "learnt"
    NOT_ENOUGH_SEEN = "not_enough_seen"
    NOT_DISTINCT = "not_distinct"


def needed_s(source: SittingSource) -> int:
    """Return how much sitting must at least have been seen to learn from; 0 where the range was shown."""
    return 0 if source is SittingSource.SHOWN else ENOUGH_SITTING_S


@dataclass(frozen=True, slots=True)
class SittingKnowledge:
    """What is known of how the wearer sits.

    Parameters
    ----------
    source
        Where it is from, or why there is none.
    sitting
        The range; None where it is not known, and then nobody is said to slouch.
    seen_s
        How much sitting it has been, or may be, learnt from; 0 where it was shown.

    """

    source: SittingSource = SittingSource.NOT_ENOUGH_SEEN
    sitting: SittingRange | None = None
    seen_s: int = 0

    @property
    def needed_s(self) -> int:
        """Return how much sitting must at least have been seen to learn from; 0 where the range was shown."""
        return needed_s(self.source)


class Stay(NamedTuple):
    """Sitting for so many seconds in one angle: the sums of flexion and lateral bend, in degrees."""

    n: int
    flexion_deg_s: float
    lateral_deg_s: float

    @property
    def flexion_deg(self) -> float:
        """Return the mean flexion."""
        return self.flexion_deg_s / self.n

    @property
    def lateral_deg(self) -> float:
        """Return the mean lateral bend."""
        return self.lateral_deg_s / self.n

    def joined(self, n: int, flexion_deg_s: float, lateral_deg_s: float) -> Stay:
        """Return the stay with so many more seconds."""
        return Stay(self.n + n, self.flexion_deg_s + flexion_deg_s, self.lateral_deg_s + lateral_deg_s)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of sitting: its angle, its spread, and of how many equally long stays that is worth."""

    mean_deg: float
    sd_deg: float
    n: float

    @property
    def error_deg(self) -> float:
        """Return the standard error of the angle."""
        return self.sd_deg / float(np.sqrt(self.n))


def learn_from_stays(stays: Sequence[Stay], walking_deg: float, settings: SlouchSettings) -> SittingKnowledge:
    """Return what stays tell of how the wearer sits.

    The more flexed of the two ways is upright sitting, the other one slouched: nothing else can be told of angles that
    nobody has named. What counts is in how many stays each was seen, not for how many seconds, since the seconds of one
    stay are all alike.

    Parameters
    ----------
    stays
        All stays of one mounting.
    walking_deg
        The wearer's flexion in walking.
    settings
        At which angle, or share of the range, a slouch begins; how well that is known is the range's error.

    """
    seen_s = sum(stay.n for stay in stays)
    kept = [stay for stay in stays if stay.n >= SHORTEST_STAY_S and stay.flexion_deg < walking_deg + FORWARD_DEG]
    flexion_deg = np.array([stay.flexion_deg for stay in kept])
    worth_s = np.array([min(stay.n, LONGEST_WORTH_S) for stay in kept], dtype=np.float64)
    if seen_s < ENOUGH_SITTING_S:
        return SittingKnowledge(SittingSource.NOT_ENOUGH_SEEN, seen_s=seen_s)
    if len(kept) < 2 * ENOUGH_STAYS:
        return SittingKnowledge(SittingSource.NOT_DISTINCT, seen_s=seen_s)
    slouched, upright, told_apart = _two_ways(flexion_deg, worth_s)
    range_deg = upright.mean_deg - slouched.mean_deg
    share = settings.entry_share_of_range
    entry_deg = min(settings.entry_deg, share * range_deg)
    error_deg = STANDARD_ERRORS * hypot((1 - share) * upright.error_deg, share * slouched.error_deg)
    if told_apart < ONE_BELL + ONE_BELL_BY_CHANCE / sqrt(slouched.n + upright.n):
        # It may all be one way, wide: then no share of it is a slouch, only what is far enough from upright.
        error_deg += settings.entry_deg - entry_deg
    is_distinct = range_deg > max(LEAST_RANGE_DEG, entry_deg + error_deg)
    if min(slouched.n, upright.n) < ENOUGH_STAYS or not is_distinct:
        return SittingKnowledge(SittingSource.NOT_DISTINCT, seen_s=seen_s)
    sitting = SittingRange(upright.mean_deg, slouched.mean_deg, error_deg)
    return SittingKnowledge(SittingSource.LEARNT, sitting, seen_s)


def _two_ways(flexion_deg: NDArray[np.float64], worth_s: NDArray[np.float64]) -> tuple[Way, Way, float]:
    """Return the slouched and the upright way that lie farthest apart, and the share of the variance between them."""
    order = np.argsort(flexion_deg, kind="stable")
    angle, weight = flexion_deg[order], worth_s[order]
    below = np.cumsum(weight)[:-1]
    above = weight.sum() - below
    sum_below = np.cumsum(weight * angle)[:-1]
    apart = sum_below / below - ((weight * angle).sum() - sum_below) / above
    between = below * above * apart**2 / weight.sum() ** 2
    cut = int(between.argmax()) + 1
    whole = _way(angle, weight)
    told_apart = float(between[cut - 1]) / whole.sd_deg**2 if whole.sd_deg > 0 else 0.0
    return _way(angle[:cut], weight[:cut]), _way(angle[cut:], weight[cut:]), told_apart


def _way(angle: NDArray[np.float64], weight: NDArray[np.float64]) -> Way:
    total = weight.sum()
    mean = float((weight * angle).sum() / total)
    variance = float((weight * (angle - mean) ** 2).sum() / total)
    return Way(mean, float(np.sqrt(variance)), float(total**2 / (weight**2).sum()))
