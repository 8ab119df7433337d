"""Exercises: counted, named, held, and not seen where there are none."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from analytics.exercises.records import CountedRepetition, ExerciseSet, Repetition, Side
from lumbar.validation.case import Named
from lumbar.validation.exercise_score import (
    ExerciseCounts,
    LabelledSet,
    count_told,
    labelled_sets,
    report_exercises,
)
from lumbar.validation.recognition_score import (
    count_no_exercise,
    count_recognition,
    report_no_exercise,
    report_recognition,
)
from lumbar.validation.run import validate


def repetition(start, *, side=None, hold_s=0.0, complete=True, length_s=4.0):
    return Repetition(start, start + length_s / 2, start + length_s, side, 20.0, None, hold_s, 1.0, 1.0, None, complete)


def found_set(exercise, *repetitions):
    return ExerciseSet(exercise, repetitions[0].start, repetitions[-1].end, repetitions, 1.0)


def scored(told, untold, **not_counted):
    return report_exercises([Named("mat/p1", "mat/p1-a", ExerciseCounts(told, untold, Counter(not_counted)))])


class TestTold:
    LABELS = (
        (10, 30, "set:bridge", "4"),
        *((start, start + 4, "rep:bridge") for start in (10, 15, 20, 25)),
        *((start + 1, start + 3, "hold:bridge") for start in (10, 15, 20, 25)),
    )

    def score(self, case, *repetitions, labels=LABELS, exercise="bridge", names=("bridge",), events=()):
        found = [found_set(exercise, *repetitions)] if repetitions else []
        made = case(labels, found=found, events=events)
        sets = labelled_sets(made.labels, exercise, names)
        told = count_told(made.labels, names, sets, made.analysis)
        return scored({exercise: told}, count_recognition(made, sets)).told

    def test_all_counted(self, case):
        score = self.score(case, *(repetition(start, hold_s=2.5) for start in (10, 15, 20, 25)))
        assert (score.counts.exact_share, score.counts.mean_absolute_error, score.outside_n) == (1.0, 0.0, 0)
        assert (score.holds_n, score.holds_found_n, score.hold_median_error_s) == (4, 4, pytest.approx(0.5))

    def test_one_missed_is_within_one_and_not_exact(self, case):
        score = self.score(case, *(repetition(start) for start in (10, 15, 20)))
        assert (score.counts.exact_share, score.counts.within_one_share) == (0.0, 1.0)
        assert (score.holds_found_n, score.hold_median_error_s) == (3, pytest.approx(2.0))

    def test_what_did_not_go_far_enough_does_not_count(self, case):
        score = self.score(case, *(repetition(start, complete=start != 20) for start in (10, 15, 20, 25)))
        assert score.counts.mean_absolute_error == 1.0

    @pytest.mark.parametrize(("start", "outside"), [(29.4, 0), (29.6, 1), (6.6, 0), (6.4, 1)])
    def test_a_repetition_belongs_to_a_set_if_its_peak_is_less_than_a_second_and_a_half_outside(
        self, case, start, outside
    ):
        assert self.score(case, repetition(start)).outside_n == outside

    def test_nothing_found_is_a_set_with_none(self, case):
        score = self.score(case)
        assert (score.counts.mean_absolute_error, score.hold_median_error_s, score.delay_median_s) == (4.0, None, None)
        assert (score.worst.name, score.worst.value) == ("bridge", 0.0)

    def test_sides_are_right_wrong_or_not_told(self, case):
        labels = [(10, 25, "set:bird_dog", "3"), *((t, t + 4, "rep:bird_dog", "left") for t in (10, 15, 20))]
        repetitions = (repetition(10, side=Side.LEFT), repetition(15, side=Side.RIGHT), repetition(20))
        score = self.score(case, *repetitions, labels=labels, exercise="bird_dog", names=["bird_dog"])
        assert (score.sides_n, score.sides_told_n, score.sides_right_share) == (3, 2, 0.5)

    def test_the_delay_is_from_the_end_of_a_repetition_to_when_it_was_known(self, case):
        told = repetition(10)
        score = self.score(case, told, events=[CountedRepetition(14.3, "bridge", 1, told)])
        assert score.delay_median_s == pytest.approx(0.3)

    def test_a_set_without_a_known_number_is_not_scored(self, case):
        assert self.score(case, repetition(10), labels=[(10, 30, "set:bridge")]) is None

    def test_another_name_of_the_exercise_is_the_exercise(self, case):
        labels = [(10, 20, "set:deep_squat", "2"), (30, 40, "set:squat", "2")]
        score = self.score(
            case, repetition(10), repetition(15), labels=labels, exercise="squat", names=["deep_squat", "squat"]
        )
        assert (score.counts.sets_n, score.counts.exact_share) == (2, 0.5)

    def test_the_worst_exercise_has_the_fewest_sets_within_one(self, case):
        made = case([(0, 10, "set:squat", "2"), (20, 30, "set:lunge", "4")], found=[found_set("squat", repetition(2))])
        told = {
            name: count_told(made.labels, [name], labelled_sets(made.labels, name, [name]), made.analysis)
            for name in ("squat", "lunge")
        }
        score = scored(told, count_recognition(made, [])).told
        assert (score.worst.name, score.worst.value, score.counts.within_one_share) == ("lunge", 0.0, 0.5)


class TestNotTold:
    SETS = (LabelledSet("bridge", 0, 20, 4), LabelledSet("cat_cow", 30, 50, 4))

    def score(self, case, *found, labels=((0, 20, "set:bridge"), (30, 50, "set:cat_cow")), known=True):
        counts = count_recognition(case(labels, found=found), self.SETS)
        return report_recognition([replace(counts, mounting_known=known)])

    def test_both_found(self, case):
        score = self.score(
            case,
            found_set("bridge", *(repetition(start) for start in (0, 5, 10))),
            found_set("cat_cow", *(repetition(start) for start in (30, 36, 42))),
        )
        assert (score.macro_f1, score.within_one_share, score.false_sets) == (1.0, 1.0, {})

    def test_one_taken_for_the_other_is_wrong_for_both(self, case):
        bridge = found_set("bridge", repetition(0), repetition(10))
        taken = found_set("bridge", repetition(30), repetition(42))
        score = self.score(case, bridge, taken)
        assert score.exercises["bridge"].f1 == pytest.approx(2 / 3)
        assert score.exercises["cat_cow"].f1 == 0.0
        assert score.exercises["cat_cow"].found_as == {"bridge": 1}
        assert score.within_one_share == 0.0

    def test_a_set_found_for_less_than_a_third_is_not_found_and_what_was_found_is_false(self, case):
        score = self.score(case, found_set("bridge", repetition(0)))
        assert score.exercises["bridge"].found_as == {"not found": 1}
        assert score.false_sets == {"bridge while set:bridge": 1}

    def test_a_set_found_in_two_pieces_is_found_once_and_false_once(self, case):
        first, second = (
            found_set("bridge", repetition(start), repetition(start + 6, length_s=3)) for start in (0, 10.5)
        )
        score = self.score(case, first, second)
        assert score.exercises["bridge"].f1 == pytest.approx(2 / 3)
        assert sum(score.false_sets.values()) == 1

    def test_an_unknown_exercise_is_no_answer_and_not_the_wrong_one(self, case):
        score = self.score(case, found_set("unknown", repetition(0), repetition(10)))
        assert score.exercises["bridge"].found_as == {"unknown": 1}
        assert score.false_sets == {}

    def test_without_a_known_mounting_nothing_is_scored_and_that_is_said(self, case):
        score = self.score(case, found_set("bridge", repetition(0), repetition(10)), known=False)
        assert (score.recordings_n, score.mounting_unknown_n, score.macro_f1) == (0, 1, None)


class TestWithoutExercise:
    def score(self, case, labels, *found):
        counts = count_no_exercise(case(labels, found=found))
        return counts and report_no_exercise([Named("desk/p1", "desk/p1-day", counts)])

    def test_every_repetition_is_false(self, case):
        score = self.score(
            case, [(0, 60, "standing")], found_set("squat", repetition(5), repetition(10, complete=False))
        )
        assert (score.repetitions_n, score.false_sets) == (1, {"squat while standing": 1})
        assert score.repetitions_per_hour == pytest.approx(60, rel=0.01)

    def test_nothing_counted_in_a_minute(self, case):
        score = self.score(case, [(0, 60, "standing")])
        assert (score.repetitions_n, score.mounting_known_n, score.duration_h) == (
            0,
            0,
            pytest.approx(1 / 60, rel=0.01),
        )

    @pytest.mark.parametrize("labels", [[(0, 60, "standing"), (5, 9, "set:squat")], [(0, 60, "movement")]])
    def test_with_exercise_or_unlabelled_activity_nothing_is_said(self, case, labels):
        assert self.score(case, labels) is None


def bends(still, times, *, angle_deg=45.0, duration_s=60, length_s=3.0):
    """Return the samples of a sensor that is at rest with x up, and bends about y and back at some times."""
    table = still(duration_s)
    time = table["time_s"]
    angle = np.zeros(len(time))
    for start in times:
        phase = np.clip((time - start) / length_s, 0, 1)
        angle += np.radians(angle_deg) * (1 - np.cos(2 * np.pi * phase)) / 2
    return table | {
        "acc_x": (9.80665 * np.cos(angle)).astype(np.float32),
        "acc_z": (-9.80665 * np.sin(angle)).astype(np.float32),
        "gyr_y": (-np.gradient(angle, time)).astype(np.float32),
    }


def test_a_recording_is_counted_with_the_real_analysis(data_set, still, settings):
    labels = [(9, 40, "set:standing forward bend", "6"), (41, 45, "set:chin_tuck", "3"), (50, 55, "set:juggling", "9")]
    folder = data_set(p1_a=(bends(still, range(10, 40, 5)), labels))
    (score,) = validate(folder, settings).sets
    assert score.exercises.told.exercises.keys() == {"trunk_flexion"}
    assert (score.exercises.told.counts.exact_share, score.exercises.told.outside_n) == (1.0, 0)
    assert score.exercises.told.delay_95_percent_s <= 1.0
    assert score.exercises.not_counted == {"chin_tuck": 1, "juggling": 1}
    assert score.exercises.untold.mounting_unknown_n == 1
    assert score.no_exercise is None


def test_a_recording_without_exercise_is_counted_as_such(data_set, still, settings):
    folder = data_set(p1_a=(still(60), [(0, 60, "standing")]))
    (score,) = validate(folder, settings).sets
    assert score.exercises is None
    assert (score.no_exercise.recordings_n, score.no_exercise.repetitions_n) == (1, 0)
