"""Whether the totals of the long day of `soak.py` are those of the same movements without mishaps.

What may differ follows from what a mishap does to the program, not from how much did; each bound is summed over the
stretches it speaks of, in the day at hand:

- After a gap the search for steps begins anew, and takes nothing for walking before it has seen it for up to 10 s
  (`_LONGEST_DOUBT_S` in analytics/steps.py): steps within 10 s of a gap may be lost.
- What came from the sensor's log has 25 samples a second: of steps in it 98 % are to be found (the goal in design.md).
- A second at the edge of a gap is not whole: 1 s a side.
- Who changes between sitting, standing and walking within 5 s of a gap (`DECODER_DELAY_S`) or in it is known to have
  done so only once he moves again: until the script's next change. After a gap of 30 s (`LONG_GAP_S`), and where a day
  begins, nothing is taken for granted: whether somebody sits or stands is open until the next change in any case.
- A slouch begins and ends once it has held for 8 s, with angles averaged over 3 s (posture/slouch.py): within 11 s of a
  gap it may begin or end elsewhere, be cut in two or be too short to be one.
- Midnight ends a day as a gap does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from posture.activity import LONG_GAP_S
from posture.decoder import DECODER_DELAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from soak_stories import Recorded, Story

__all__ = ["Reach", "differences", "figures"]

STEPS_REACH_S = 10.0
SLOUCH_REACH_S = 11.0
EDGE_S = 1.0
LOG_STEPS_SHARE = 0.02
SAME_STEP_S = 0.25
ACCOUNT_TOLERANCE_S = 1.0
"""The summaries' seconds and gaps are whole samples; the span is counted between the first and the last."""


class Reach:
    """Which seconds of the day the mishaps may have changed, and for which figure.

    Parameters
    ----------
    covered
        What was recorded.
    script
        What really happened.
    midnight
        Within the day, or outside it.

    """

    def __init__(self, covered: Recorded, script: Story, midnight: float) -> None:
        self._covered = covered
        self._script = script
        self._cuts = [*covered.gaps, (midnight, midnight)]
        self.without = covered.marked([(np.ceil(a), np.floor(b)) for a, b in covered.gaps if b - a > 1])
        self.edge = self._near(EDGE_S)
        self.steps = self._near(STEPS_REACH_S)
        self.activity = self.edge | covered.marked(list(self._unseen_changes()))
        self.slouch = self.edge | (self._near(SLOUCH_REACH_S) & covered.marked(script.slouches, SLOUCH_REACH_S))

    def slouches_cut(self) -> int:
        """Return how many gaps there are in or beside a slouch."""
        return sum(
            any(a - SLOUCH_REACH_S < end and start < b + SLOUCH_REACH_S for start, end in self._script.slouches)
            for a, b in self._cuts
        )

    def _near(self, reach_s: float) -> NDArray[np.bool_]:
        """Return the seconds so near a gap, those in it left out."""
        return self._covered.marked(self._cuts, reach_s) & ~self.without

    def _unseen_changes(self) -> list[tuple[float, float]]:
        changes = np.array([end for _, _, end in self._script.activities])
        unseen = []
        for start, end in self._cuts:
            around = (start - DECODER_DELAY_S, end + DECODER_DELAY_S)
            forgotten = end - start >= LONG_GAP_S or start == end
            if forgotten or ((changes > around[0]) & (changes < around[1])).any():
                later = changes[changes >= around[1]]
                unseen.append((around[0], later[0] + DECODER_DELAY_S if len(later) else self._covered.span[1]))
        return unseen


def figures(
    found: dict[str, float], script: Story, calm: Story, covered: Recorded, reach: Reach
) -> list[dict[str, Any]]:
    """Return each figure beside those of the undisturbed program, with its tolerance, and of the script."""
    step_seconds = covered.second_of(calm.step_times)
    from_log = covered.coarse & ~reach.without & ~reach.steps
    activity_s = float((reach.activity & ~reach.without).sum())
    tolerances = {
        "steps": float(reach.steps[step_seconds].sum() + LOG_STEPS_SHARE * from_log[step_seconds].sum()),
        "sitting_min": activity_s / 60,
        "walking_min": float((reach.activity & covered.marked(script.of("walking"), STEPS_REACH_S)).sum()) / 60,
        "slouched_min": float((reach.slouch & covered.marked(script.slouches, SLOUCH_REACH_S)).sum()) / 60,
        "slouch_episodes": reach.slouches_cut(),
    }
    told, really = calm.within(covered), script.within(covered)
    rows: list[dict[str, Any]] = [
        {"figure": name, "found": found[name], "undisturbed": told[name], "tolerance": most, "script": really[name]}
        for name, most in tolerances.items()
    ]
    span_s = covered.span[1] - covered.span[0]
    account = {"figure": "wear_s + gaps_s", "found": found["wear_s"] + found["gaps_s"], "undisturbed": span_s}
    rows.append(account | {"tolerance": ACCOUNT_TOLERANCE_S, "script": span_s})
    return [row | {"ok": abs(row["found"] - row["undisturbed"]) <= row["tolerance"]} for row in rows]


def differences(found: Story, calm: Story, script: Story, covered: Recorded, reach: Reach) -> dict[str, dict[str, int]]:
    """Return how many steps and seconds are in one story only, by what may be the cause."""
    both = {
        "sitting_s": (found.of("sitting"), calm.of("sitting"), reach.activity),
        "walking_s": (found.of("walking"), calm.of("walking"), reach.activity),
        "slouched_s": (found.slouches, calm.slouches, reach.slouch),
    }
    causes = {
        name: _causes(np.flatnonzero(covered.marked(one) ^ covered.marked(other)), near, covered, reach)
        for name, (one, other, near) in both.items()
    }
    walks = covered.marked(script.of("walking"), 1.0)
    for name, one, other in (("steps_missing", calm, found), ("steps_added", found, calm)):
        alone = covered.second_of(_unmatched(one.step_times, other.step_times))
        causes[name] = _causes(alone[walks[alone]], reach.steps, covered, reach)
        causes[f"{name}_where_nobody_walks"] = _causes(alone[~walks[alone]], reach.steps, covered, reach)
    return causes


def _causes(seconds: NDArray[np.int64], near: NDArray[np.bool_], covered: Recorded, reach: Reach) -> dict[str, int]:
    seconds = seconds[~reach.without[seconds]]
    by_gap = near[seconds]
    by_log = ~by_gap & covered.coarse[seconds]
    return {"gap": int(by_gap.sum()), "log": int(by_log.sum()), "neither": int((~by_gap & ~by_log).sum())}


def _unmatched(times: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    after = np.clip(np.searchsorted(others, times), 1, len(others) - 1)
    away_s = np.minimum(np.abs(times - others[after - 1]), np.abs(times - others[after]))
    return times[away_s > SAME_STEP_S]
