"""What the validation report says of exercises."""

from lumbar.validation.report_parts import Amount, Count, Part, Share, Worst

__all__ = [
    "CountScores",
    "ExerciseScores",
    "NoExerciseScores",
    "RecognitionScores",
    "RecognizedExercise",
    "ToldExercise",
    "ToldScores",
]


class CountScores(Part):
    """Complete repetitions counted in labelled sets; one belongs to a set from 1.5 s before it to 1.5 s after it."""

    sets_n: Count
    exact_share: Share
    within_one_share: Share
    mean_absolute_error: Amount


class ToldExercise(Part):
    """One exercise, where the wearer has said that it is done."""

    counts: CountScores
    outside_n: Count
    """Repetitions counted outside of its labelled sets."""
    holds_n: Count
    """Labelled holds."""
    holds_found_n: Count
    """Of those, the ones in which a repetition was found."""
    hold_median_error_s: Amount | None
    """Without sign, over the holds found."""


class ToldScores(Part):
    """The exercise told, as with `lumbar analyze --exercise`, once for each exercise of a recording."""

    counts: CountScores
    worst: Worst
    """The exercise with the fewest sets within one, of these the one with the fewest exact; the share within one."""
    exercises: dict[str, ToldExercise]
    outside_n: Count
    """Repetitions counted outside of the labelled sets of the exercise."""
    holds_n: Count
    holds_found_n: Count
    hold_median_error_s: Amount | None
    sides_n: Count
    """Repetitions with a labelled side that were found."""
    sides_told_n: Count
    """Of those, the ones whose side was told; it takes a known mounting."""
    sides_right_share: Share | None
    """Of those told."""
    delay_median_s: float | None
    delay_95_percent_s: float | None
    """How long after its end a repetition was known."""


class RecognizedExercise(Part):
    """One exercise, where nobody has said what is done."""

    sets_n: Count
    f1: Share
    found_as: dict[str, Count]
    """What its labelled sets were found as; `not found` where nothing was."""


class RecognitionScores(Part):
    """The exercise not told: sets found and named, over the recordings in which the mounting became known."""

    recordings_n: Count
    mounting_unknown_n: Count
    """Further recordings with sets, whose mounting did not become known: without it no exercise is recognised."""
    sets_n: Count
    """Labelled sets of exercises that the sensor sees strongly or medium well."""
    macro_f1: Share | None
    """Mean over the exercises labelled."""
    exercises: dict[str, RecognizedExercise]
    within_one_share: Share | None
    """Of the sets recognised with a known number of repetitions, those counted within one."""
    false_sets: dict[str, Count]
    """Sets found where no such set is labelled, by the exercise and what the labels say."""


class ExerciseScores(Part):
    """Sets of exercises."""

    told: ToldScores | None
    untold: RecognitionScores
    not_counted: dict[str, Count]
    """Labelled sets of exercises that are not counted: guided timers, and what is not in the library."""


class NoExerciseScores(Part):
    """Recordings with activities and no exercise: every repetition counted is false."""

    recordings_n: Count
    mounting_known_n: Count
    """Recordings in which the mounting became known; without it no exercise is recognised."""
    duration_h: Amount
    repetitions_n: Count
    repetitions_per_hour: Amount
    false_sets: dict[str, Count]
    """The sets by exercise and what the labels say."""
