"""The tables of the report that are about exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumbar.validation.cells import NOTHING, number, ratio, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumbar.validation.exercise_report import CountScores, RecognizedExercise, ToldExercise
    from lumbar.validation.report import GroupReport

__all__ = [
    "EXERCISE_COLUMNS",
    "NO_EXERCISE_COLUMNS",
    "TOLD_COLUMNS",
    "UNTOLD_COLUMNS",
    "exercise_rows",
    "no_exercise_rows",
    "told_rows",
    "untold_rows",
]

TOLD_COLUMNS = (
    "sets", "exact", "within 1", "mean error", "worst exercise, within 1", "outside",
    "holds", "hold error s", "sides", "right", "known after s", "95 %", "not counted",
)  # fmt: skip
UNTOLD_COLUMNS = (
    "recordings", "mounting unknown", "sets", "macro F1", "recognised: within 1", "false sets", "while",
)  # fmt: skip
EXERCISE_COLUMNS = (
    "exercise", "told: sets", "exact", "within 1", "mean error", "outside", "hold error s", "not told: F1", "found as",
)  # fmt: skip
NO_EXERCISE_COLUMNS = ("recordings", "mounting known", "hours", "repetitions", "an hour", "false sets")
MOST_NAMED = 6


def told_rows(group: GroupReport) -> list[list[str]]:
    """Return the row of a group whose exercises were told."""
    if group.exercises is None or group.exercises.told is None:
        return []
    score = group.exercises.told
    return [
        [
            *_counts(score.counts),
            worst(score.worst, ".3f"),
            str(score.outside_n),
            f"{score.holds_found_n} of {score.holds_n}" if score.holds_n else NOTHING,
            number(score.hold_median_error_s, ".2f"),
            f"{score.sides_told_n} of {score.sides_n}" if score.sides_n else NOTHING,
            ratio(score.sides_right_share),
            number(score.delay_median_s, ".2f"),
            number(score.delay_95_percent_s, ".2f"),
            str(sum(group.exercises.not_counted.values())),
        ]
    ]


def _counts(counts: CountScores) -> list[str]:
    return [
        str(counts.sets_n),
        ratio(counts.exact_share),
        ratio(counts.within_one_share),
        f"{counts.mean_absolute_error:.2f}",
    ]


def untold_rows(group: GroupReport) -> list[list[str]]:
    """Return the row of a group with sets of exercises."""
    if group.exercises is None:
        return []
    score = group.exercises.untold
    return [
        [
            str(score.recordings_n),
            str(score.mounting_unknown_n),
            str(score.sets_n),
            ratio(score.macro_f1),
            ratio(score.within_one_share),
            str(sum(score.false_sets.values())),
            _named(score.false_sets),
        ]
    ]


def exercise_rows(group: GroupReport) -> list[list[str]]:
    """Return a row for each exercise of a group, told and not told."""
    if group.exercises is None:
        return []
    told = {} if group.exercises.told is None else group.exercises.told.exercises
    untold = group.exercises.untold.exercises
    return [_exercise_row(name, told.get(name), untold.get(name)) for name in sorted(told.keys() | untold.keys())]


def _exercise_row(name: str, told: ToldExercise | None, untold: RecognizedExercise | None) -> list[str]:
    counted = [NOTHING] * 6
    if told is not None:
        counted = [*_counts(told.counts), str(told.outside_n), number(told.hold_median_error_s, ".2f")]
    recognized = [NOTHING] * 2 if untold is None else [ratio(untold.f1), _named(untold.found_as)]
    return [name, *counted, *recognized]


def no_exercise_rows(group: GroupReport) -> list[list[str]]:
    """Return the row of a group with recordings without exercise."""
    score = group.no_exercise
    if score is None:
        return []
    return [
        [
            str(score.recordings_n),
            str(score.mounting_known_n),
            f"{score.duration_h:.2f}",
            str(score.repetitions_n),
            f"{score.repetitions_per_hour:.2f}",
            _named(score.false_sets),
        ]
    ]


def _named(counts: Mapping[str, int]) -> str:
    """Return the first counts with their names, the largest first; how many more there are."""
    shown = [f"{name} {count}" for name, count in list(counts.items())[:MOST_NAMED]]
    if len(counts) > MOST_NAMED:
        shown.append(f"{len(counts) - MOST_NAMED} more")
    return ", ".join(shown) or NOTHING
