"""Exercises not told: whether sets are found and named, and what is found where there are none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from analytics.exercises.records import ExerciseSet
from firmware_bridge.recordings.labelled import SET
from lumbar.validation.detection import Counts, f1, share
from lumbar.validation.exercise_report import NoExerciseScores, RecognitionScores, RecognizedExercise
from lumbar.validation.labels import CLASS_LABELS, UPRIGHT_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lumbar.validation.case import Case, Named
    from lumbar.validation.exercise_score import LabelledSet

__all__ = [
    "NoExerciseCounts",
    "RecognitionCounts",
    "RecognizedSet",
    "count_no_exercise",
    "count_recognition",
    "report_no_exercise",
    "report_recognition",
]

LEAST_SHARED = 0.3
"""A set found belongs to a labelled one of which it shares more than this."""

NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class RecognizedSet:
    """A labelled set with what was found in its time: `found` is an exercise or `NOT_FOUND`."""

    exercise: str
    found: str
    labelled_count: int | None
    found_count: int


@dataclass(frozen=True, slots=True)
class RecognitionCounts:
    """One recording: its labelled sets, and the sets found beside them as (exercise, what the labels say)."""

    mounting_known: bool
    sets: tuple[RecognizedSet, ...]
    false: Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class NoExerciseCounts:
    """What was counted in a recording without exercise."""

    mounting_known: bool
    duration_s: float
    repetitions: int
    false: Counter[tuple[str, str]]


def count_recognition(case: Case, labelled: Iterable[LabelledSet]) -> RecognitionCounts:
    """Return which of the labelled sets of exercises that are counted were found, and as what."""
    found = case.analysis.review.findings.of(ExerciseSet)
    used: set[int] = set()
    sets: list[RecognizedSet] = []
    for each in labelled:
        index = _nearest(each, found)
        if index is None:
            sets.append(RecognizedSet(each.exercise, NOT_FOUND, each.count, 0))
            continue
        used.add(index)
        sets.append(RecognizedSet(each.exercise, found[index].exercise, each.count, found[index].count))
    false = [its for index, its in enumerate(found) if index not in used]
    return RecognitionCounts(_mounting_known(case), tuple(sets), _false(case, false))


def _nearest(labelled: LabelledSet, found: Sequence[ExerciseSet]) -> int | None:
    shares = [
        (min(each.end, labelled.end) - max(each.start, labelled.start), index) for index, each in enumerate(found)
    ]
    shared_s, nearest = max(shares, default=(0.0, 0))
    return nearest if shared_s > LEAST_SHARED * (labelled.end - labelled.start) else None


def _mounting_known(case: Case) -> bool:
    return case.analysis.live.calibration.sensor_to_body is not None


def _false(case: Case, sets: Iterable[ExerciseSet]) -> Counter[tuple[str, str]]:
    return Counter(
        (each.exercise, " + ".join(case.labels.at((each.start + each.end) / 2)) or "no label") for each in sets
    )


def report_recognition(recordings: Sequence[RecognitionCounts]) -> RecognitionScores:
    """Return the scores of several recordings together."""
    known = [each for each in recordings if each.mounting_known]
    sets = [labelled for each in known for labelled in each.sets]
    false = sum((each.false for each in known), start=Counter[tuple[str, str]]())
    exercises = {name: _report_exercise(name, sets, false) for name in sorted({each.exercise for each in sets})}
    counted = [
        abs(each.found_count - each.labelled_count) <= 1
        for each in sets
        if each.found == each.exercise and each.labelled_count is not None
    ]
    return RecognitionScores(
        recordings_n=len(known),
        mounting_unknown_n=len(recordings) - len(known),
        sets_n=len(sets),
        macro_f1=fmean(each.f1 for each in exercises.values()) if exercises else None,
        exercises=exercises,
        within_one_share=share(sum(counted), len(counted)),
        false_sets=_named(false),
    )


def _report_exercise(name: str, sets: Sequence[RecognizedSet], false: Counter[tuple[str, str]]) -> RecognizedExercise:
    labelled = [each for each in sets if each.exercise == name]
    right = sum(each.found == name for each in labelled)
    wrong = sum(each.found == name for each in sets) - right
    wrong += sum(count for (exercise, _), count in false.items() if exercise == name)
    return RecognizedExercise(
        sets_n=len(labelled),
        f1=f1(Counts(len(labelled), right, wrong, outside=0)) or 0.0,
        found_as=dict(Counter(each.found for each in labelled).most_common()),
    )


def _named(false: Counter[tuple[str, str]]) -> dict[str, int]:
    return {f"{exercise} while {during}": count for (exercise, during), count in false.most_common()}


def count_no_exercise(case: Case) -> NoExerciseCounts | None:
    """Return what was counted in a recording without exercise; None where it has some, or activities are not labelled.

    Nobody says of a recording without labelled activities that there was no exercise in it.
    """
    names = case.labels.names
    if any(name.startswith(SET) for name in names) or names.isdisjoint((*CLASS_LABELS, *UPRIGHT_LABELS)):
        return None
    found = case.analysis.review.findings.of(ExerciseSet)
    return NoExerciseCounts(
        mounting_known=_mounting_known(case),
        duration_s=sum(end - start for start, end in case.analysis.live.coverage.covered),
        repetitions=sum(each.count for each in found),
        false=_false(case, found),
    )


def report_no_exercise(scores: Sequence[Named[NoExerciseCounts]]) -> NoExerciseScores | None:
    """Return the figures of several recordings together."""
    duration_h = sum(each.score.duration_s for each in scores) / 3600
    if not duration_h:
        return None
    repetitions = sum(each.score.repetitions for each in scores)
    false = sum((each.score.false for each in scores), start=Counter[tuple[str, str]]())
    return NoExerciseScores(
        recordings_n=len(scores),
        mounting_known_n=sum(each.score.mounting_known for each in scores),
        duration_h=duration_h,
        repetitions_n=repetitions,
        repetitions_per_hour=repetitions / duration_h,
        false_sets=_named(false),
    )
