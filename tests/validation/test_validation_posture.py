"""Posture per second and sedentary minutes."""

import pytest

from lumbar.validation.case import Named
from lumbar.validation.posture_score import count_posture, count_sedentary, report_posture, report_sedentary
from posture.events import Activity, ActivityEpisode

SIT, STAND, LIE, WALK = Activity.SITTING, Activity.STANDING, Activity.LYING, Activity.WALKING
LABELS = [(0, 20, "sitting"), (20, 22, "sit_to_stand"), (22, 42, "standing"), (42, 60, "stairs_up")]


def posture(case):
    return report_posture([Named("desk/p1", "desk/p1-day", count_posture(case))])


def test_all_seconds_right(case):
    answer = posture(case(LABELS, activity=[SIT] * 20 + [STAND] * 40)).smoothed
    assert (answer.balanced_accuracy, answer.seconds_n, answer.unknown_share) == (1.0, 40, 0.0)
    assert answer.recall == {SIT: 1.0, STAND: 1.0}
    assert answer.worst.confused == ()


def test_the_mean_recall_counts_the_rare_activity_as_much_as_the_common_one(case):
    labels = [(0, 50, "sitting"), (50, 60, "standing")]
    answer = posture(case(labels, activity=[SIT] * 60)).smoothed
    assert answer.balanced_accuracy == answer.sitting_v_standing == 0.5


def test_transitions_stairs_and_unlabelled_time_do_not_count(case):
    answer = posture(case(LABELS, activity=[SIT] * 20 + [LIE] * 2 + [STAND] * 20 + [LIE] * 18)).smoothed
    assert (answer.balanced_accuracy, answer.seconds_n) == (1.0, 40)


def test_unknown_is_wrong_but_the_answers_given_are_looked_at_apart(case):
    answer = posture(case(LABELS, activity=[Activity.UNKNOWN] * 10 + [SIT] * 10 + [STAND] * 40)).smoothed
    assert answer.recall == {SIT: 0.5, STAND: 1.0}
    assert (answer.unknown_share, answer.answered_balanced_accuracy) == (0.25, 1.0)


def test_seconds_without_an_answer_are_unknown_and_seconds_without_samples_do_not_count(case):
    answer = posture(case(LABELS, gap=(5.0, 10.0), activity=[SIT] * 20)).smoothed
    assert answer.confusion[SIT][SIT] == 15
    assert answer.confusion[STAND][Activity.UNKNOWN] == 20
    assert answer.answered_balanced_accuracy is None


def test_the_live_answer_is_that_of_the_episodes(case):
    told = [ActivityEpisode(0.0, 15.0, SIT), ActivityEpisode(15.0, 60.0, STAND)]
    scores = posture(case(LABELS, events=told, activity=[SIT] * 22 + [STAND] * 38))
    assert scores.live.recall == {SIT: 0.75, STAND: 1.0}
    assert scores.smoothed.recall == {SIT: 1.0, STAND: 1.0}


def test_all_ways_of_lying_are_lying_and_running_is_not_walking(case):
    labels = [(0, 20, "lying_prone"), (20, 40, "lying_side"), (40, 60, "walking")]
    answer = posture(case(labels, activity=[LIE] * 40 + [Activity.RUNNING] * 20)).smoothed
    assert answer.recall == {LIE: 1.0, WALK: 0.0}
    assert answer.sitting_v_standing is None


def test_the_worst_person_is_named_with_what_was_confused(case, tmp_path):
    good = count_posture(case(LABELS, activity=[SIT] * 20 + [STAND] * 40))
    (tmp_path / "data").rename(tmp_path / "done")
    bad = count_posture(case(LABELS, activity=[STAND] * 60))
    scores = [Named("desk/p1", "desk/p1-a", good), Named("desk/p2", "desk/p2-a", bad), Named("desk/p2", "b", good)]
    answer = report_posture(scores).smoothed
    assert (answer.worst.person, answer.worst.balanced_accuracy) == ("desk/p2", 0.75)
    assert [(each.truth, each.found, each.seconds_n) for each in answer.worst.confused] == [(SIT, STAND, 20)]
    assert [person.seconds_n for person in answer.people] == [40, 80]


def test_without_one_of_the_four_activities_posture_is_not_labelled(case):
    silent = case([(0, 60, "stairs_up")], activity=[STAND] * 60)
    assert count_posture(silent) is None
    assert report_posture([]) is None


def test_sedentary_minutes_count_sitting_and_lying_alike(case):
    labels = [(0, 20, "sitting"), (20, 40, "lying"), (40, 60, "running")]
    counts = count_sedentary(case(labels, activity=[LIE] * 20 + [SIT] * 10 + [STAND] * 10 + [SIT] * 5 + [WALK] * 15))
    assert (counts.labelled_s, counts.found_s) == (40, 35)
    report = report_sedentary([Named("desk/p1", "desk/p1-day", counts)])
    assert (report.error_percent, report.median_error_percent) == (pytest.approx(-12.5), 12.5)
    assert (report.worst.name, report.worst.value) == ("desk/p1-day", -12.5)


def test_a_recording_without_sedentary_time_has_no_sedentary_error(case):
    assert count_sedentary(case([(0, 60, "walking")], activity=[SIT] * 60)) is None
