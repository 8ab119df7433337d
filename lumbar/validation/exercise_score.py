"""Exercises told: the repetitions of labelled sets, their holds and sides, and how soon each was known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.records import CountedRepetition, ExerciseSet, Side
from config.errors import SettingsError
from firmware_bridge.recordings.labelled import SET
from lumbar.analysis import analyze_recording
from lumbar.exercises_sought import ExercisesSought
from lumbar.validation.detection import share
from lumbar.validation.exercise_report import CountScores, ExerciseScores, ToldExercise, ToldScores
from lumbar.validation.recognition_score import (
    RecognitionCounts,
    count_recognition,
    report_recognition,
)
from lumbar.validation.report_parts import Worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from analytics.exercises.records import Repetition
    from config.exercise import Exercise
    from config.exercise_library import ExerciseLibrary
    from config.settings import Settings
    from lumbar.analysis import Analysis
    from lumbar.validation.case import Case, Named
    from lumbar.validation.labels import Labels

__all__ = [
    "ExerciseCounts",
    "LabelledSet",
    "SetCount",
    "ToldCounts",
    "count_exercises",
    "count_told",
    "labelled_sets",
    "report_exercises",
]

REPETITION, HOLD = "rep:", "hold:"
MARGIN_S = 1.5
"""How far outside of its labelled set a repetition's peak may be."""

SIDES = frozenset(side.value for side in Side)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A set as the labels have it; `count` is None where the number of repetitions is not known."""

    exercise: str
    start: float
    end: float
    count: int | None


@dataclass(frozen=True, slots=True)
class SetCount:
    """Repetitions of one set."""

    labelled: int
    found: int

    @property
    def error(self) -> int:
        """Return how many were counted too many or too few."""
        return abs(self.found - self.labelled)


@dataclass(frozen=True, slots=True)
class ToldCounts:
    """One exercise of one recording, told."""

    sets: tuple[SetCount, ...]
    outside: int
    holds: int
    hold_errors_s: tuple[float, ...]
    sides: tuple[tuple[str, str | None], ...]
    delays_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExerciseCounts:
    """The exercises of one recording, told one after the other, and not told."""

    told: dict[str, ToldCounts]
    untold: RecognitionCounts
    not_counted: Counter[str]


def count_exercises(case: Case, settings: Settings, library: ExerciseLibrary) -> ExerciseCounts | None:
    """Return what was counted of the sets of a recording; None where it has none labelled.

    Each exercise is told in an analysis of its own.

    Raises
    ------
    LumbarError
        The recording cannot be analysed.

    """
    not_counted: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    for name in sorted(name.removeprefix(SET) for name in case.labels.names if name.startswith(SET)):
        exercise = _known(library, name)
        if exercise is None or not exercise.is_counted:
            not_counted[name] += len(case.labels.named(SET + name))
        else:
            names.setdefault(exercise.id, []).append(name)
    if not names and not not_counted:
        return None
    sets = {exercise: labelled_sets(case.labels, exercise, its) for exercise, its in names.items()}
    return ExerciseCounts(
        told={
            exercise: count_told(case.labels, its, sets[exercise], _told(case, settings, library[exercise]))
            for exercise, its in names.items()
        },
        untold=count_recognition(case, [each for its in sets.values() for each in its]),
        not_counted=not_counted,
    )


def _known(library: ExerciseLibrary, name: str) -> Exercise | None:
    try:
        return library.find(name)
    except SettingsError:
        return None


def labelled_sets(labels: Labels, exercise: str, names: Iterable[str]) -> list[LabelledSet]:
    """Return the labelled sets of an exercise, whichever of its names the labels use."""
    return [
        LabelledSet(exercise, start, end, int(float(value)) if value else None)
        for name in names
        for start, end, value in labels.named(SET + name)
    ]


def _told(case: Case, settings: Settings, exercise: Exercise) -> Analysis:
    sought = ExercisesSought((exercise,), told=True)
    return analyze_recording(case.recording, settings, sections=case.labels.sections(), exercises=sought)


def count_told(labels: Labels, names: Sequence[str], labelled: Sequence[LabelledSet], analysis: Analysis) -> ToldCounts:
    """Return how an exercise was counted by an analysis that was told it.

    Parameters
    ----------
    labels
        Of the recording.
    names
        What the labels call the exercise.
    labelled
        Its sets.
    analysis
        The analysis.

    """
    found = [its for each in analysis.review.findings.of(ExerciseSet) for its in each.repetitions]
    holds = [hold for name in names for hold in labels.named(HOLD + name)]
    held = [(end - start, _nearest(found, start, end)) for start, end, _ in holds]
    return ToldCounts(
        sets=tuple(
            SetCount(each.count, sum(its.complete and _is_in(its, each) for its in found))
            for each in labelled
            if each.count is not None
        ),
        outside=sum(its.complete and not any(_is_in(its, each) for each in labelled) for its in found),
        holds=len(holds),
        hold_errors_s=tuple(its.hold_s - true_s for true_s, its in held if its is not None),
        sides=tuple(side for name in names for side in _sides(labels, name, found)),
        delays_s=tuple(
            event.time - event.repetition.end for event in analysis.events if isinstance(event, CountedRepetition)
        ),
    )


def _is_in(repetition: Repetition, labelled: LabelledSet) -> bool:
    return labelled.start - MARGIN_S <= repetition.peak <= labelled.end + MARGIN_S


def _nearest(found: Iterable[Repetition], start: float, end: float) -> Repetition | None:
    """Return the repetition that shares most of an interval; None where none does."""
    shares = [(min(each.end, end) - max(each.start, start), index, each) for index, each in enumerate(found)]
    shared_s, _, nearest = max(shares, default=(0.0, 0, None))
    return nearest if shared_s > 0 else None


def _sides(labels: Labels, name: str, found: Sequence[Repetition]) -> Iterable[tuple[str, str | None]]:
    """Yield the labelled side of each repetition found, and the side told."""
    for start, end, side in labels.named(REPETITION + name):
        repetition = _nearest(found, start, end) if side in SIDES else None
        if repetition is not None:
            yield side, repetition.side


def report_exercises(scores: Sequence[Named[ExerciseCounts]]) -> ExerciseScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    not_counted = sum((each.score.not_counted for each in scores), start=Counter[str]())
    return ExerciseScores(
        told=_report_told([each.score.told for each in scores]),
        untold=report_recognition([each.score.untold for each in scores]),
        not_counted=dict(not_counted.most_common()),
    )


def _report_told(recordings: Sequence[dict[str, ToldCounts]]) -> ToldScores | None:
    names = sorted({name for told in recordings for name in told})
    by_name = {name: [told[name] for told in recordings if name in told] for name in names}
    known = {name: told for name, told in by_name.items() if any(each.sets for each in told)}
    if not known:
        return None
    exercises = {name: _report_exercise(told) for name, told in known.items()}
    every = [each for told in known.values() for each in told]
    worst = min(exercises, key=lambda name: _rank(exercises[name].counts))
    sides = [pair for each in every for pair in each.sides]
    sides_told = [(true, told) for true, told in sides if told is not None]
    delays_s = np.array([delay_s for each in every for delay_s in each.delays_s])
    whole = _report_exercise(every)
    return ToldScores(
        counts=whole.counts,
        worst=Worst(name=worst, value=exercises[worst].counts.within_one_share),
        exercises=exercises,
        outside_n=whole.outside_n,
        holds_n=whole.holds_n,
        holds_found_n=whole.holds_found_n,
        hold_median_error_s=whole.hold_median_error_s,
        sides_n=len(sides),
        sides_told_n=len(sides_told),
        sides_right_share=share(sum(true == told for true, told in sides_told), len(sides_told)),
        delay_median_s=_of(delays_s, np.median),
        delay_95_percent_s=_of(delays_s, lambda delays: np.percentile(delays, 95)),
    )


def _rank(counts: CountScores) -> tuple[float, float, float]:
    return counts.within_one_share, counts.exact_share, -counts.mean_absolute_error


def _report_exercise(told: Sequence[ToldCounts]) -> ToldExercise:
    errors = [each.error for counts in told for each in counts.sets]
    hold_errors_s = np.abs([error for each in told for error in each.hold_errors_s])
    return ToldExercise(
        counts=CountScores(
            sets_n=len(errors),
            exact_share=sum(error == 0 for error in errors) / len(errors),
            within_one_share=sum(error <= 1 for error in errors) / len(errors),
            mean_absolute_error=sum(errors) / len(errors),
        ),
        outside_n=sum(each.outside for each in told),
        holds_n=sum(each.holds for each in told),
        holds_found_n=len(hold_errors_s),
        hold_median_error_s=_of(hold_errors_s, np.median),
    )


def _of(values: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], np.floating]) -> float | None:
    return float(statistic(values)) if len(values) else None
