"""Steps and cadence against initial contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.walking import WalkingBout
from lumbar.validation.detection import Counts, detection, share, total, worst_person
from lumbar.validation.labels import is_activity, is_within
from lumbar.validation.matching import match_times
from lumbar.validation.report import StepScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumbar.validation.case import Case, Named

__all__ = ["BoutScore", "StepCounts", "count_steps", "report_steps"]

TOLERANCE_S = 0.5
CONTACT, BOUT, WALKING = "initial_contact", "walking_bout", "walking"
CONTACTS_OF_TWO_STRIDES = 4
CLOSE_PERCENT = 5.0


@dataclass(frozen=True, slots=True)
class BoutScore:
    """Steps of one labelled bout, and cadences in steps a minute where both are known."""

    labelled_n: int
    found_n: int
    labelled_spm: float | None
    found_spm: float | None

    @property
    def count_error_percent(self) -> float:
        """Found less labelled."""
        return 100 * (self.found_n / self.labelled_n - 1)

    @property
    def cadence_error_percent(self) -> float | None:
        """Without sign."""
        if self.labelled_spm is None or self.found_spm is None:
            return None
        return 100 * abs(self.found_spm / self.labelled_spm - 1)


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Steps of one recording: counts, bouts, and how late each matched step is in s."""

    counts: Counts
    bouts: tuple[BoutScore, ...]
    late_s: tuple[float, ...]


def count_steps(case: Case) -> StepCounts | None:
    """Return what was found of the steps of a recording; None where its set labels none, or it has no labels.

    Where the set marks walking bouts, its reference covers those only.
    """
    if CONTACT not in case.set_labels or not len(case.labels):
        return None
    bouts = case.labels.of(BOUT if BOUT in case.set_labels else WALKING)
    contacts = case.labels.of(CONTACT)
    steps = np.array(case.analysis.review.findings.step_times)
    pairs = match_times(contacts, steps, TOLERANCE_S)
    alone = np.delete(steps, pairs[:, 1])
    wrong = alone[is_within(alone, bouts if BOUT in case.set_labels else case.labels.where(is_activity))]
    found = case.analysis.review.findings.of(WalkingBout)
    scored = [
        _bout(start, end, contacts[:, 0], contacts[pairs[:, 0], 0], wrong, found) for start, end in bouts.tolist()
    ]
    return StepCounts(
        counts=Counts(len(contacts), len(pairs), len(wrong), len(alone) - len(wrong)),
        bouts=tuple(bout for bout in scored if bout.labelled_n > 0),
        late_s=tuple((steps[pairs[:, 1]] - contacts[pairs[:, 0], 0]).tolist()),
    )


def _bout(
    start: float,
    end: float,
    contacts: NDArray[np.float64],
    matched: NDArray[np.float64],
    wrong: NDArray[np.float64],
    found: Sequence[WalkingBout],
) -> BoutScore:
    inside = contacts[_between(contacts, start, end)]
    n_found = int(_between(matched, start, end).sum() + _between(wrong, start, end).sum())
    overlaps = [min(bout.end, end) - max(bout.start, start) for bout in found]
    best = int(np.argmax(overlaps)) if overlaps and max(overlaps) > 0 else None
    strides_s = inside[2:] - inside[:-2]
    return BoutScore(
        labelled_n=len(inside),
        found_n=n_found,
        labelled_spm=float(120 / np.median(strides_s)) if len(inside) >= CONTACTS_OF_TWO_STRIDES else None,
        found_spm=None if best is None else found[best].cadence_spm,
    )


def _between(times: NDArray[np.float64], start: float, end: float) -> NDArray[np.bool_]:
    """Return where times are within the bout; its ends, being contacts themselves, belong to it."""
    return np.asarray((times >= start) & (times <= end))


def report_steps(scores: Sequence[Named[StepCounts]]) -> StepScores | None:
    """Return the scores of several recordings together; None where no step is labelled."""
    counts = total(each.score.counts for each in scores)
    worst = worst_person([(each.person, each.score.counts) for each in scores])
    bouts = [bout for each in scores for bout in each.score.bouts]
    if counts.labelled == 0 or worst is None:
        return None
    late_ms = 1000 * np.array([late_s for each in scores for late_s in each.score.late_s])
    off = np.abs([bout.count_error_percent for bout in bouts])
    cadence = [error for bout in bouts if (error := bout.cadence_error_percent) is not None]
    return StepScores(
        contacts=detection(counts),
        bouts_n=len(bouts),
        count_error_percent=100 * ((counts.matched + counts.wrong) / counts.labelled - 1),
        bout_count_median_error_percent=float(np.median(off)) if bouts else None,
        bout_count_mean_error_percent=float(np.mean(off)) if bouts else None,
        bouts_within_5_percent=share(float((off <= CLOSE_PERCENT).sum()), len(bouts)),
        cadence_bouts_n=len(cadence),
        cadence_median_error_percent=float(np.median(cadence)) if cadence else None,
        timing_bias_ms=float(late_ms.mean()) if len(late_ms) else None,
        timing_sd_ms=float(late_ms.std()) if len(late_ms) else None,
        worst=worst,
    )
