"""How soon a change of activity is told live."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumbar.validation.case import FOUND, middles
from lumbar.validation.labels import CLASS_LABELS, CLASSES
from lumbar.validation.report import ChangeDelays, ChangeScores
from lumbar.validation.transition_score import TOLERANCE_S
from posture.decoder import DECODER_DELAY_S
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lumbar.validation.case import Case, Named

__all__ = ["LATE_PERCENT", "LabelledChange", "count_changes", "report_changes"]

LASTS_S = 10
"""What lasts for less is over when the live answer can first be looked at."""
LONGEST_CHANGE_S = 10
"""Where more is without a label between two activities, nobody knows when the one became the other."""
LATE_PERCENT = 95
UNKNOWN = FOUND.index(Activity.UNKNOWN)
TOLERANCE_ROWS = int(TOLERANCE_S)


class Stretch(NamedTuple):
    """Rows [start, stop) of consecutive seconds with one label; its number is -1 where there is none."""

    number: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class LabelledChange:
    """One labelled change to an activity that lasts.

    Parameters
    ----------
    activity
        The new one.
    late_s
        From where its label begins to the moment at which the live answer has said it, >= 0; None where it was not said
        while it lasted.
    was_unknown
        Whether all that was said of it is that it is not known.

    """

    activity: Activity
    late_s: float | None
    was_unknown: bool


def count_changes(case: Case) -> list[LabelledChange] | None:
    """Return the changes of a recording; None where none is labelled.

    The answer for a second is told `DECODER_DELAY_S` after its end. What was said before the label began counts where
    the label before had ended, or within its last 3 s: labels are no more exact than that.
    """
    seconds = case.covered_seconds()
    truth = case.labels.numbers(middles(seconds), CLASS_LABELS)
    told = case.live_activity(seconds)
    changes = [
        _change(seconds, told, before.stop - TOLERANCE_ROWS, stretch) for before, stretch in _pairs(seconds, truth)
    ]
    return changes or None


def _pairs(seconds: NDArray[np.int64], truth: NDArray[np.int64]) -> Iterator[tuple[Stretch, Stretch]]:
    """Yield the stretches that last with the ones of another activity right before them."""
    known = [stretch for stretch in _stretches(seconds, truth) if stretch.number >= 0]
    for before, stretch in pairwise(known):
        between_s = seconds[stretch.start] - seconds[before.stop - 1] - 1
        lasts = stretch.stop - stretch.start >= LASTS_S
        if lasts and before.number != stretch.number and between_s <= LONGEST_CHANGE_S:
            yield before, stretch


def _stretches(seconds: NDArray[np.int64], truth: NDArray[np.int64]) -> list[Stretch]:
    cuts = np.flatnonzero((np.diff(truth) != 0) | (np.diff(seconds) != 1)) + 1
    edges = np.unique([0, *cuts, len(truth)]).tolist()
    return [Stretch(int(truth[start]), start, stop) for start, stop in pairwise(edges)]


def _change(seconds: NDArray[np.int64], told: NDArray[np.int64], earliest: int, stretch: Stretch) -> LabelledChange:
    activity = CLASSES[stretch.number]
    of_it = told[stretch.start : stretch.stop]
    right = np.flatnonzero(of_it == FOUND.index(activity))
    late_s = None
    if len(right):
        first = stretch.start + int(right[0])
        while first > max(earliest, 0) and told[first - 1] == told[stretch.start + right[0]]:
            first -= 1
        late_s = float(max(seconds[first] + 1 + DECODER_DELAY_S - seconds[stretch.start], 0))
    in_time = late_s is not None and late_s < stretch.stop - stretch.start
    return LabelledChange(activity, late_s if in_time else None, was_unknown=bool((of_it == UNKNOWN).all()))


def report_changes(scores: Sequence[Named[list[LabelledChange]]]) -> ChangeScores | None:
    """Return the scores of several recordings together."""
    changes = [change for each in scores for change in each.score]
    if not changes:
        return None
    by_activity = {activity: [its for its in changes if its.activity is activity] for activity in CLASSES}
    return ChangeScores(
        all=_delays(changes), by_activity={activity: _delays(its) for activity, its in by_activity.items() if its}
    )


def _delays(changes: Sequence[LabelledChange]) -> ChangeDelays:
    late_s = [change.late_s for change in changes if change.late_s is not None]
    unseen = [change for change in changes if change.late_s is None]
    return ChangeDelays(
        changes_n=len(changes),
        unseen_share=len(unseen) / len(changes),
        unknown_n=sum(change.was_unknown for change in unseen),
        median_s=float(np.median(late_s)) if late_s else None,
        late_s=float(np.percentile(late_s, LATE_PERCENT)) if late_s else None,
    )
