"""Steps where walking is labelled but contacts are not: whether they can be true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.walking import WalkingBout
from lumbar.validation.case import middles
from lumbar.validation.detection import share
from lumbar.validation.labels import CLASS_LABELS, CLASSES, is_within
from lumbar.validation.report import PlausibilityScores
from lumbar.validation.report_parts import Worst
from lumbar.validation.step_score import CONTACT, WALKING
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumbar.validation.case import Case, Named

__all__ = ["PlausibilityCounts", "count_plausibility", "report_plausibility"]

STILL = (Activity.LYING, Activity.SITTING, Activity.STANDING)


@dataclass(frozen=True, slots=True)
class PlausibilityCounts:
    """Seconds and steps found by activity labelled, and the cadences of the bouts found within walking."""

    seconds: dict[Activity, int]
    steps: dict[Activity, int]
    cadences_spm: tuple[float, ...]


def count_plausibility(case: Case) -> PlausibilityCounts | None:
    """Return where steps were found; None where contacts are labelled or walking is not."""
    if CONTACT in case.set_labels or WALKING not in case.set_labels:
        return None
    findings = case.analysis.review.findings
    labelled = case.labels.numbers(middles(case.covered_seconds()), CLASS_LABELS)
    stepped = case.labels.numbers(np.array(findings.step_times), CLASS_LABELS)
    bouts = findings.of(WalkingBout)
    centres = np.array([(bout.start + bout.end) / 2 for bout in bouts])
    walked = is_within(centres, case.labels.of(WALKING)).tolist()
    return PlausibilityCounts(
        seconds={activity: int((labelled == number).sum()) for number, activity in enumerate(CLASSES)},
        steps={activity: int((stepped == number).sum()) for number, activity in enumerate(CLASSES)},
        cadences_spm=tuple(bout.cadence_spm for bout, inside in zip(bouts, walked, strict=True) if inside),
    )


def report_plausibility(scores: Sequence[Named[PlausibilityCounts]]) -> PlausibilityScores | None:
    """Return the figures of several recordings together."""
    if not scores:
        return None
    seconds = {activity: sum(each.score.seconds[activity] for each in scores) for activity in CLASSES}
    steps = {activity: sum(each.score.steps[activity] for each in scores) for activity in CLASSES}
    cadences = sorted((cadence_spm, person) for person, cadence_spm in _cadence_by_person(scores).items())
    return PlausibilityScores(
        walking_min=seconds[Activity.WALKING] / 60,
        steps_per_walking_min=share(60 * steps[Activity.WALKING], seconds[Activity.WALKING]),
        cadence_median_spm=float(np.median([cadence_spm for cadence_spm, _ in cadences])) if cadences else None,
        cadence_lowest=Worst(name=cadences[0][1], value=cadences[0][0]) if cadences else None,
        cadence_highest=Worst(name=cadences[-1][1], value=cadences[-1][0]) if cadences else None,
        steps_per_hour={
            activity: 3600 * steps[activity] / seconds[activity] for activity in STILL if seconds[activity]
        },
    )


def _cadence_by_person(scores: Sequence[Named[PlausibilityCounts]]) -> dict[str, float]:
    people: dict[str, list[float]] = {}
    for each in scores:
        people.setdefault(each.person, []).extend(each.score.cadences_spm)
    return {person: float(np.median(cadences)) for person, cadences in people.items() if cadences}
