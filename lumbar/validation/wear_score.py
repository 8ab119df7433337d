"""Gaps and time not worn, against labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.case import middles
from lumbar.validation.labels import is_within
from lumbar.validation.matching import match_episodes
from lumbar.validation.report import WearScores
from lumbar.validation.slouch_score import EpisodeCounts, report_episodes
from posture.resample import GAP_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumbar.validation.case import Case, Named

__all__ = ["WearCounts", "count_wear", "report_wear"]

GAP, NOT_WORN = "note:gap", "not_worn"


@dataclass(frozen=True, slots=True)
class NotWornSeconds:
    """Seconds labelled not worn, those of them found, and those found although worn."""

    labelled: int
    found: int
    found_though_worn: int


@dataclass(frozen=True, slots=True)
class WearCounts:
    """Gaps and not-worn time of one recording; None for what its set does not label."""

    gaps: EpisodeCounts | None
    not_worn: NotWornSeconds | None


def count_wear(case: Case) -> WearCounts | None:
    """Return what was found of gaps and not-worn time; None where the set labels neither, or there are no labels."""
    if case.set_labels.isdisjoint((GAP, NOT_WORN)) or not len(case.labels):
        return None
    return WearCounts(
        gaps=_gaps(case) if GAP in case.set_labels else None,
        not_worn=_not_worn(case) if NOT_WORN in case.set_labels else None,
    )


def _gaps(case: Case) -> EpisodeCounts:
    truth = case.labels.of(GAP)
    truth = truth[truth[:, 1] - truth[:, 0] > GAP_S]
    found = np.array(case.analysis.review.findings.gaps, dtype=np.float64).reshape(-1, 2)
    return EpisodeCounts(len(truth), len(found), len(match_episodes(truth, found)))


def _not_worn(case: Case) -> NotWornSeconds:
    times = middles(case.covered_seconds())
    labelled = is_within(times, case.labels.of(NOT_WORN))
    worn = np.array(case.analysis.review.findings.wear, dtype=np.float64).reshape(-1, 2)
    found = ~is_within(times, worn)
    return NotWornSeconds(int(labelled.sum()), int((found & labelled).sum()), int((found & ~labelled).sum()))


def report_wear(scores: Sequence[Named[WearCounts]]) -> WearScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    gaps = [each.score.gaps for each in scores if each.score.gaps is not None]
    not_worn = [each.score.not_worn for each in scores if each.score.not_worn is not None]
    return WearScores(
        gaps=report_episodes(gaps) if gaps else None,
        not_worn_labelled_s=sum(each.labelled for each in not_worn) if not_worn else None,
        not_worn_found_s=sum(each.found for each in not_worn) if not_worn else None,
        worn_found_not_worn_s=sum(each.found_though_worn for each in not_worn) if not_worn else None,
    )
