"""Posture per second, and sedentary minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.case import FOUND, middles
from lumbar.validation.labels import CLASS_LABELS, CLASSES, UPRIGHT_LABELS
from lumbar.validation.report import (
    AnswerScores,
    Confused,
    PersonScore,
    PostureScores,
    SedentaryScores,
)
from lumbar.validation.report_parts import Worst
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lumbar.validation.case import Case, Named

__all__ = [
    "PostureCounts",
    "SedentaryCounts",
    "count_posture",
    "count_sedentary",
    "report_posture",
    "report_sedentary",
]

TRUE_COLUMNS = np.array([FOUND.index(activity) for activity in CLASSES])
"""Which column of a confusion matrix is right for each row."""
SITTING, STANDING = CLASSES.index(Activity.SITTING), CLASSES.index(Activity.STANDING)
UNKNOWN = FOUND.index(Activity.UNKNOWN)
LARGEST_CONFUSIONS = 3
SEVERAL_ACTIVITIES = 2

SEDENTARY = np.array([FOUND.index(Activity.SITTING), FOUND.index(Activity.LYING)])
SEDENTARY_LABELS: Mapping[str, int] = {
    **{name: int(CLASSES[number] in (Activity.SITTING, Activity.LYING)) for name, number in CLASS_LABELS.items()},
    **dict.fromkeys(UPRIGHT_LABELS, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class PostureCounts:
    """Seconds by what is true (rows, `CLASSES`) and by what was found (columns, `FOUND`), for both answers."""

    live: NDArray[np.int64]
    smoothed: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SedentaryCounts:
    """Sedentary seconds, labelled and found."""

    labelled_s: int
    found_s: int


def count_posture(case: Case) -> PostureCounts | None:
    """Return the confusion of a recording; None where none of the four activities is labelled.

    A second counts where one of the four is labelled at its middle and no other of them.
    """
    seconds = case.covered_seconds()
    truth = case.labels.numbers(middles(seconds), CLASS_LABELS)
    known = truth >= 0
    if not known.any():
        return None
    return PostureCounts(
        live=confusion(truth[known], case.live_activity(seconds)[known]),
        smoothed=confusion(truth[known], case.smoothed_activity(seconds)[known]),
    )


def confusion(truth: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the counts of each pair of indices into `CLASSES` and `FOUND`."""
    cells = np.bincount(truth * len(FOUND) + found, minlength=len(CLASSES) * len(FOUND))
    return cells.astype(np.int64).reshape(len(CLASSES), len(FOUND))


def count_sedentary(case: Case) -> SedentaryCounts | None:
    """Return the sedentary seconds of a recording; None where there are none."""
    seconds = case.covered_seconds()
    truth = case.labels.numbers(middles(seconds), SEDENTARY_LABELS)
    known = truth >= 0
    labelled_s = int(truth[known].sum())
    if labelled_s == 0:
        return None
    found = np.isin(case.smoothed_activity(seconds)[known], SEDENTARY)
    return SedentaryCounts(labelled_s, int(found.sum()))


def report_posture(scores: Sequence[Named[PostureCounts]]) -> PostureScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    return PostureScores(
        live=_answer([(each.person, each.score.live) for each in scores]),
        smoothed=_answer([(each.person, each.score.smoothed) for each in scores]),
    )


def report_sedentary(scores: Sequence[Named[SedentaryCounts]]) -> SedentaryScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    labelled_s = np.array([each.score.labelled_s for each in scores])
    found_s = np.array([each.score.found_s for each in scores])
    percent = 100 * (found_s - labelled_s) / labelled_s
    worst = int(np.abs(percent).argmax())
    return SedentaryScores(
        recordings_n=len(scores),
        labelled_min=float(labelled_s.sum() / 60),
        found_min=float(found_s.sum() / 60),
        error_percent=float(100 * (found_s.sum() / labelled_s.sum() - 1)),
        median_error_percent=float(np.median(np.abs(percent))),
        worst=Worst(name=scores[worst].recording, value=float(percent[worst])),
    )


def _answer(matrices: Sequence[tuple[str, NDArray[np.int64]]]) -> AnswerScores:
    people: dict[str, NDArray[np.int64]] = {}
    for person, matrix in matrices:
        people[person] = people.get(person, 0) + matrix
    total = np.sum([matrix for _, matrix in matrices], axis=0)
    scored = [_person(person, matrix) for person, matrix in people.items()]
    telling = [person for person in scored if person.activities_n >= SEVERAL_ACTIVITIES] or scored
    answered = np.delete(total, UNKNOWN, axis=1)
    all_answered = ((total.sum(axis=1) > 0) == (answered.sum(axis=1) > 0)).all()
    either = total[[SITTING, STANDING]].sum(axis=1)
    return AnswerScores(
        balanced_accuracy=balanced_accuracy(total),
        recall=recalls(total),
        sitting_v_standing=balanced_accuracy(total[[SITTING, STANDING]], TRUE_COLUMNS[[SITTING, STANDING]])
        if either.all()
        else None,
        unknown_share=float(total[:, UNKNOWN].sum() / total.sum()),
        answered_balanced_accuracy=balanced_accuracy(answered) if all_answered else None,
        seconds_n=int(total.sum()),
        confusion={
            truth: dict(zip(FOUND, row.tolist(), strict=True)) for truth, row in zip(CLASSES, total, strict=True)
        },
        people=tuple(scored),
        worst=min(telling, key=lambda person: person.balanced_accuracy),
    )


def _person(person: str, matrix: NDArray[np.int64]) -> PersonScore:
    return PersonScore(
        person=person,
        balanced_accuracy=balanced_accuracy(matrix),
        activities_n=int((matrix.sum(axis=1) > 0).sum()),
        seconds_n=int(matrix.sum()),
        confused=largest_confusions(matrix),
    )


def recalls(matrix: NDArray[np.int64]) -> dict[Activity, float]:
    """Return the share of right seconds of each activity that is labelled."""
    seconds = matrix.sum(axis=1)
    right = matrix[np.arange(len(CLASSES)), TRUE_COLUMNS]
    return {CLASSES[row]: float(right[row] / seconds[row]) for row in np.flatnonzero(seconds)}


def balanced_accuracy(matrix: NDArray[np.int64], true_columns: NDArray[np.intp] = TRUE_COLUMNS) -> float:
    """Return the mean recall over the rows with seconds; `true_columns`, one for each row, are right."""
    seconds = matrix.sum(axis=1)
    right = matrix[np.arange(len(matrix)), true_columns]
    return float(np.mean(right[seconds > 0] / seconds[seconds > 0]))


def largest_confusions(matrix: NDArray[np.int64]) -> tuple[Confused, ...]:
    """Return the largest cells off the right ones, the largest first."""
    wrong = matrix.copy()
    wrong[np.arange(len(CLASSES)), TRUE_COLUMNS] = 0
    order = np.argsort(-wrong, axis=None, kind="stable")[:LARGEST_CONFUSIONS]
    cells = [divmod(int(cell), len(FOUND)) for cell in order]
    return tuple(
        Confused(truth=CLASSES[row], found=FOUND[column], seconds_n=int(wrong[row, column]))
        for row, column in cells
        if wrong[row, column] > 0
    )
