"""Transitions, steps, slouches, alerts, gaps."""

import numpy as np
import pytest

from analytics.walking import WalkingBout
from lumbar.validation.alert_score import count_alerts, report_alerts
from lumbar.validation.case import Named
from lumbar.validation.plausibility_score import count_plausibility, report_plausibility
from lumbar.validation.slouch_score import count_slouch, report_slouch
from lumbar.validation.step_score import count_steps, report_steps
from lumbar.validation.transition_score import count_transitions, report_transitions
from lumbar.validation.wear_score import count_wear, report_wear
from posture.decoder import DECODER_DELAY_S
from posture.events import (
    Activity,
    Alert,
    AlertKind,
    AlertResolved,
    PostureEpisode,
    PostureState,
    Transition,
    TransitionKind,
)

UP, DOWN, LIE = TransitionKind.SIT_TO_STAND, TransitionKind.STAND_TO_SIT, TransitionKind.STAND_TO_LIE


def reported(count, report, case):
    counts = count(case)
    return None if counts is None else report([Named("desk/p1", "desk/p1-day", counts)])


class TestTransitions:
    LABELS = ((0, 20, "sitting"), (20, 22, "sit_to_stand"), (22, 40, "standing"), (40, 42, "stand_to_sit"))

    def score(self, case, *times_and_kinds, labels=LABELS, **more):
        found = [Transition(time, kind, 2.0) for time, kind in times_and_kinds]
        report = reported(count_transitions, report_transitions, case(labels, found=found, **more))
        return report and report.smoothed

    def test_found_within_3_s_of_the_labelled_interval(self, case):
        score = self.score(case, (17.5, UP), (44.9, DOWN))
        assert (score.sit_stand.recall, score.sit_stand.precision) == (1.0, 1.0)
        assert score.worst.value == 1.0

    def test_the_wrong_kind_is_wrong_and_does_not_count_as_found(self, case):
        score = self.score(case, (21.0, DOWN), (41.0, DOWN))
        assert (score.by_kind[UP].recall, score.by_kind[UP].precision) == (0.0, None)
        assert (score.by_kind[DOWN].recall, score.by_kind[DOWN].precision) == (1.0, 0.5)
        assert score.wrong_during == {"sit_to_stand": 1}
        assert score.worst.name == "desk/p1"

    def test_one_found_twice_is_found_once_and_wrong_once(self, case):
        score = self.score(case, (20.5, UP), (23.0, UP))
        assert (score.by_kind[UP].matched_n, score.by_kind[UP].wrong_n) == (1, 1)

    def test_in_unlabelled_time_nothing_is_wrong(self, case):
        score = self.score(case, (21.0, UP), (55.0, UP))
        assert (score.sit_stand.wrong_n, score.sit_stand.outside_n, score.sit_stand.precision) == (0, 1, 1.0)

    def test_lying_down_counts_only_among_all_kinds(self, case):
        score = self.score(case, (30.0, LIE))
        assert (score.sit_stand.wrong_n, score.all_kinds.wrong_n) == (0, 1)

    def test_how_long_they_took_is_scored_where_it_was_told(self, case):
        labels = [(20, 22, "sit_to_stand"), (40, 43, "stand_to_sit"), (50, 52, "sit_to_stand")]
        found = [Transition(21.5, UP, 2.0), Transition(41.0, DOWN, None), Transition(51.0, UP, 3.0)]
        score = reported(count_transitions, report_transitions, case(labels, found=found)).smoothed
        assert score.sit_stand.matched_n == 3
        assert set(score.durations) == {UP}
        told = score.durations[UP]
        assert (told.timed_n, told.labelled_median_s, told.median_error_s, told.bias_s) == (2, 2.0, 0.5, 0.5)
        assert told.agreement_s == pytest.approx((0.5 - 0.98, 0.5 + 0.98))
        # Half a second late at both ends, and half a second too long at each.
        assert (told.start_late_median_s, told.end_late_median_s) == (0.0, 0.5)

    def test_a_set_that_never_labels_transitions_does_not_say_there_were_none(self, case):
        assert self.score(case, (21.0, UP), labels=[(0, 60, "sitting")]) is None

    def test_but_a_recording_without_one_in_a_set_that_does_has_none(self, case):
        score = self.score(case, (21.0, UP), labels=[(0, 60, "sitting")], set_labels=["sit_to_stand"])
        assert (score.sit_stand.wrong_n, score.sit_stand.recall) == (1, None)


class TestSteps:
    WALK = np.arange(10.0, 20.01, 0.5)

    def labels(self, *more):
        return [*((time, time, "initial_contact") for time in self.WALK.tolist()), *more]

    def score(self, case, steps, labels, found=()):
        made = case(labels, step_times=tuple(np.asarray(steps).tolist()), found=found)
        return reported(count_steps, report_steps, made)

    def test_all_steps_found_a_little_late(self, case):
        bout = WalkingBout(10.0, 20.0, 21, 120.0)
        score = self.score(case, self.WALK + 0.02, self.labels((10, 20, "walking")), found=[bout])
        assert (score.contacts.recall, score.contacts.precision, score.count_error_percent) == (1.0, 1.0, 0.0)
        assert (score.timing_bias_ms, score.timing_sd_ms) == (pytest.approx(20), pytest.approx(0, abs=1e-6))
        assert (score.cadence_median_error_percent, score.bouts_within_5_percent) == (pytest.approx(0), 1.0)

    def test_outside_of_reference_bouts_a_step_is_neither_right_nor_wrong(self, case):
        steps = [*self.WALK, 40.0, 40.5]
        within_bouts = self.score(case, steps, self.labels((10, 20, "walking_bout")))
        assert (within_bouts.contacts.wrong_n, within_bouts.contacts.outside_n) == (0, 2)

    def test_where_the_reference_is_complete_a_step_while_sitting_is_wrong(self, case):
        steps = [*self.WALK, 40.0, 55.0]
        score = self.score(case, steps, self.labels((10, 20, "walking"), (30, 50, "sitting")))
        assert (score.contacts.wrong_n, score.contacts.outside_n) == (1, 1)

    def test_the_count_of_a_bout_has_its_missed_and_its_extra_steps(self, case):
        steps = np.sort([*self.WALK[3:], 10.24, 12.76])
        score = self.score(case, steps, self.labels((10, 20, "walking")))
        assert (score.contacts.matched_n, score.contacts.wrong_n) == (19, 1)
        assert score.count_error_percent == pytest.approx(100 * (20 / 21 - 1))
        assert score.bout_count_median_error_percent == pytest.approx(100 / 21)

    def test_cadence_is_off_by_as_much_as_the_bout_found_says(self, case):
        bout = WalkingBout(11.0, 20.0, 19, 114.0)
        score = self.score(case, self.WALK, self.labels((10, 20, "walking")), found=[bout])
        assert score.cadence_median_error_percent == pytest.approx(5.0)

    def test_a_walk_not_found_is_missed(self, case):
        score = self.score(case, [], self.labels((10, 20, "walking")))
        assert (score.contacts.recall, score.contacts.precision, score.count_error_percent) == (0.0, None, -100.0)
        assert (score.cadence_median_error_percent, score.timing_bias_ms) == (None, None)

    def test_walking_without_contacts_is_only_looked_at_for_plausibility(self, case):
        labels = [(10, 20, "walking"), (20, 50, "sitting")]
        found = [WalkingBout(10.0, 19.5, 20, 118.0)]
        made = case(labels, step_times=(*self.WALK.tolist()[:-1], 30.0), found=found)
        assert count_steps(made) is None
        score = reported(count_plausibility, report_plausibility, made)
        assert (score.steps_per_walking_min, score.cadence_median_spm) == (120.0, 118.0)
        assert score.steps_per_hour == {Activity.SITTING: 120.0}
        assert score.cadence_lowest.name == "desk/p1"


class TestSlouch:
    LABELS = (
        (0, 150, "sitting"),
        (0, 50, "posture:upright"),
        (50, 120, "posture:slouch"),
        (120, 150, "posture:recline"),
    )

    def score(self, case, *episodes, alerts=(), **more):
        found = [PostureEpisode(start, end, PostureState.SLOUCHED, 12.0) for start, end in episodes]
        told = [Alert(time + DECODER_DELAY_S, AlertKind.SLOUCH, time - 60) for time in alerts]
        made = case(self.LABELS, duration_s=150, found=found, events=told, **more)
        return reported(count_slouch, report_slouch, made)

    def test_one_slouch_one_episode_one_alert(self, case):
        score = self.score(case, (50, 120), alerts=[110])
        assert (score.error_percent, score.episodes.recall, score.episodes.precision) == (0.0, 1.0, 1.0)
        assert (score.alerts_per_episode, score.alerts_outside_n) == ({"1": 1}, 0)

    def test_minutes_found_in_another_posture_are_named(self, case):
        score = self.score(case, (50, 120), (132, 150))
        assert score.found_min_during["posture:recline"] == pytest.approx(0.3)
        assert score.error_percent == pytest.approx(100 * 18 / 70)
        assert (score.episodes.matched_n, score.episodes.found_n) == (1, 2)

    def test_a_slouch_that_is_none_is_named_by_what_it_mostly_is(self, case):
        score = self.score(case, (45, 120), (125, 150))
        assert score.wrong_episodes_during == {"posture:recline": 1}
        assert score.episodes.precision == 0.5

    def test_a_slouch_where_no_posture_is_labelled_is_neither_right_nor_wrong(self, case):
        labels = [(0, 150, "sitting"), (5, 40, "calibration:slouched_sit"), *self.LABELS[2:]]
        found = [PostureEpisode(start, end, PostureState.SLOUCHED, 12.0) for start, end in ((5, 41), (50, 120))]
        score = reported(count_slouch, report_slouch, case(labels, duration_s=150, found=found))
        assert (score.episodes.found_n, score.episodes.matched_n) == (1, 1)
        assert score.wrong_episodes_during == {}

    def test_a_slouch_told_of_twice_is_seen(self, case):
        assert self.score(case, (50, 120), alerts=[110, 119]).alerts_per_episode == {"2": 1}

    def test_a_slouch_nobody_was_told_of_is_seen(self, case):
        score = self.score(case)
        assert (score.alerts_per_episode, score.told_before_n) == ({"0": 1}, 0)

    def test_a_slouch_begun_while_an_alert_is_active_was_told_of_before(self, case):
        earlier = [
            Alert(30.0 + DECODER_DELAY_S, AlertKind.SLOUCH, 0.0),
            AlertResolved(120.0, AlertKind.SLOUCH, 30.0 + DECODER_DELAY_S, heeded=False),
        ]
        score = reported(count_slouch, report_slouch, case(self.LABELS, duration_s=150, events=earlier))
        assert (score.alerts_per_episode, score.told_before_n, score.alerts_outside_n) == ({"0": 1}, 1, 1)

    def test_an_alert_just_after_a_slouch_belongs_to_it_and_a_later_one_to_none(self, case):
        score = self.score(case, alerts=[40, 125, 145])
        assert (score.alerts_per_episode, score.alerts_outside_n) == ({"1": 1}, 2)

    def test_a_slouch_that_lost_samples_cut_in_two_is_one(self, case):
        score = self.score(case, (50, 80), (90, 120), gap=(80.0, 90.0))
        assert (score.episodes.found_n, score.episodes.matched_n) == (1, 1)

    def test_a_slouch_left_for_ten_seconds_is_two(self, case):
        assert self.score(case, (50, 80), (90, 120)).episodes.found_n == 2

    def test_without_a_slouch_every_alert_belongs_to_none(self, case):
        told = [Alert(30.0 + DECODER_DELAY_S, AlertKind.SLOUCH, 0.0)]
        made = case([(0, 60, "posture:upright")], events=told, set_labels=["posture:slouch"])
        score = reported(count_slouch, report_slouch, made)
        assert (score.alerts_per_episode, score.alerts_outside_n, score.error_percent) == ({}, 1, None)

    def test_short_slouches_need_no_alert(self, case):
        made = case([(0, 30, "posture:slouch")])
        assert reported(count_slouch, report_slouch, made).alerts_per_episode == {}

    def test_without_labelled_slouches_there_is_no_score(self, case):
        assert count_slouch(case([(0, 60, "posture:upright")])) is None


class TestAlerts:
    LABELS = ((0, 20, "sitting"), (20, 40, "standing"), (40, 60, "set:squat"))

    def score(self, case, *alerts, labels=LABELS, **more):
        told = [Alert(time + DECODER_DELAY_S, kind, 0.0) for time, kind in alerts]
        return reported(count_alerts, report_alerts, case(labels, events=told, **more))

    def test_an_alert_for_a_seated_second_told_while_already_standing_is_right(self, case):
        assert self.score(case, (18, AlertKind.SLOUCH)).false_n[AlertKind.SLOUCH] == 0

    @pytest.mark.parametrize("time", [25, 45])
    @pytest.mark.parametrize("kind", [AlertKind.SLOUCH, AlertKind.PROLONGED_SITTING])
    def test_standing_or_training_nobody_slouches_or_sits_too_long(self, case, time, kind):
        score = self.score(case, (time, kind))
        assert score.false_n[kind] == sum(score.false_n.values()) == 1
        assert score.false_during == {"standing" if time == 25 else "set:squat": 1}

    def test_a_sensor_labelled_not_worn_may_be_called_so(self, case):
        labels = [(0, 30, "not_worn"), (30, 60, "sitting")]
        score = self.score(case, (10, AlertKind.NOT_WORN), labels=labels, set_labels=["standing"])
        assert sum(score.false_n.values()) == 0

    def test_a_worn_sensor_called_not_worn_is_wrong(self, case):
        assert self.score(case, (10, AlertKind.NOT_WORN)).false_n[AlertKind.NOT_WORN] == 1

    def test_strap_alerts_stand_beside_the_labelled_slips(self, case):
        labels = [(0, 60, "standing"), (5, 6, "event:strap_slip", "-20"), (8, 9, "event:strap_slip", "4")]
        score = self.score(case, (30, AlertKind.STRAP_MOVED), labels=labels)
        assert (score.strap_moved_n, score.strap_slips_n, sum(score.false_n.values())) == (1, 1, 0)

    def test_only_sitting_labelled_rules_nothing_out(self, case):
        assert self.score(case, labels=[(0, 60, "sitting")]) is None


class TestWear:
    def test_gaps_are_found_where_they_are_labelled(self, case):
        labels = [(20.0, 25.0, "note:gap"), (40.0, 40.5, "note:gap")]
        score = reported(count_wear, report_wear, case(labels, gap=(20.0, 25.0)))
        assert (score.gaps.labelled_n, score.gaps.found_n, score.gaps.matched_n) == (1, 1, 1)
        assert score.not_worn_labelled_s is None

    def test_time_not_worn_is_counted_in_seconds(self, case):
        made = case([(0, 30, "not_worn"), (30, 60, "sitting")], wear=((20.0, 50.0),))
        score = reported(count_wear, report_wear, made)
        assert (score.not_worn_labelled_s, score.not_worn_found_s, score.worn_found_not_worn_s) == (30, 20, 10)
        assert score.gaps is None

    def test_without_either_label_there_is_no_score(self, case):
        assert count_wear(case([(0, 60, "sitting")])) is None
