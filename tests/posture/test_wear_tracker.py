"""A sensor on a table, a strap that moved, a sensor turned over; and no false alarm of these."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import (
    ExerciseSet,
    Lie,
    NotWorn,
    Sit,
    SlipAxis,
    Stand,
    StrapSlip,
    Walk,
    desk_day,
)
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.accelerometer_offset import RestSurvey
from posture.calibration import Calibration, CalibrationSource
from posture.events import Activity, Alert, AlertKind, AlertResolved
from posture.rotations import unit
from posture.seconds import SecondFeatures, join_seconds
from posture.strap import StrapTracker
from posture.wear import NOT_WORN_AFTER_S, WearTracker, not_worn

OPENING = (Stand(5.0), Calibrate(), Stand(5.0), Walk(60.0))
START = 1_767_600_000
SHOWN_BY_S = 30
TILTED = tuple(np.cos(np.radians([35.0, 55.0, 90.0])))


def still_seconds(n, start=START, up=(1.0, 0.0, 0.0), movement=0.02, gait=0.0):
    """Return seconds in which nothing moves."""
    nothing = np.zeros(n)
    return SecondFeatures(
        second=start + np.arange(n, dtype=np.int64),
        up=np.tile(np.asarray(up, dtype=float), (n, 1)),
        acc=np.tile(np.asarray(up, dtype=float) * 9.81, (n, 1)),
        movement=np.full(n, movement),
        gait=np.full(n, gait),
        rise=nothing,
        fall=nothing,
        rise_by_norm=nothing,
        speed_gain=nothing,
        height_gain=nothing,
        fall_by_norm=nothing,
        up_in_parts=np.tile(np.asarray(up, dtype=np.float32), (n, 5, 1)),
        lift_in_parts=np.zeros((n, 5), np.float32),
        turn_rad_s=np.zeros(n, np.float32),
        tip_rad_s=np.zeros(n, np.float32),
        steps_known=np.zeros(n, np.uint8),
        has_gyr=True,
    )


def walked_seconds(n, start=START, up=(1.0, 0.0, 0.0)):
    """Return seconds with a step in each, known at once."""
    return replace(still_seconds(n, start, up, movement=2.0, gait=2.0), steps_known=np.ones(n, np.uint8))


def up_tilted(degrees):
    return np.array([np.cos(np.radians(degrees)), 0.0, np.sin(np.radians(degrees))])


def told(events, kind, what=Alert):
    return [event for event in events if isinstance(event, what) and event.kind is kind]


def test_forty_minutes_on_a_table_are_noticed_once(lived, defaults):
    events, pipeline, played = lived((*OPENING, Sit(60.0), NotWorn(2400.0), Stand(5.0), Walk(40.0)))
    (left,) = played.truth.not_worn
    (alert,) = told(events, AlertKind.NOT_WORN)
    assert alert.since == pytest.approx(left.start, abs=15)
    assert alert.time == pytest.approx(alert.since + NOT_WORN_AFTER_S)
    (end,) = told(events, AlertKind.NOT_WORN, AlertResolved)
    assert end.time == pytest.approx(left.end, abs=15)
    reviewed = review(pipeline, defaults, [])
    second, activity = reviewed.seconds.second, np.array(reviewed.seconds.activity)
    on_table = (second > left.start + 15) & (second < left.end - 15)
    assert set(activity[on_table]) == {Activity.UNKNOWN}
    wear_s = sum(stop - start for start, stop in reviewed.findings.wear)
    assert wear_s == pytest.approx(played.wearer.duration_s - left.duration_s, abs=30)


def test_twenty_minutes_are_not(lived):
    events, *_ = lived((*OPENING, NotWorn(1200.0), Stand(5.0), Walk(10.0)))
    assert not told(events, AlertKind.NOT_WORN)


@pytest.mark.parametrize("script", [(Sit(2700.0, fidgets_per_min=0.2),), (Lie(2700.0),)], ids=["sitting", "lying"])
def test_who_keeps_still_for_long_still_wears_it(lived, script):
    events, *_ = lived((*OPENING, *script))
    assert not told(events, AlertKind.NOT_WORN)


@given(before=st.integers(60, 1700), hole=st.integers(61, 4000), after=st.integers(60, 1700))
@settings(max_examples=40, deadline=None)
def test_of_a_hole_in_the_samples_nobody_knows(before, hole, after):
    features = join_seconds([still_seconds(before), still_seconds(after, START + before + hole)])
    assert WearTracker().push(features) == []
    assert not not_worn(features).any()


def test_short_holes_do_not_hide_that_it_lies_there():
    parts = [still_seconds(600, START + 630 * index) for index in range(5)]
    assert len(told(WearTracker().push(join_seconds(parts)), AlertKind.NOT_WORN)) == 1


def test_a_link_lost_while_it_lies_there_does_not_put_it_on_again():
    features = join_seconds([still_seconds(2000), still_seconds(2000, START + 9000)])
    tracker = WearTracker()
    events = tracker.push(features)
    assert len(told(events, AlertKind.NOT_WORN)) == 1
    assert not told(events, AlertKind.NOT_WORN, AlertResolved)
    assert tracker.flush() == []


def test_picked_up_it_is_worn():
    moved = still_seconds(5, START + 2000, movement=1.0)
    events = WearTracker().push(join_seconds([still_seconds(2000), moved]))
    (end,) = told(events, AlertKind.NOT_WORN, AlertResolved)
    assert end.time == START + 2000


@pytest.mark.parametrize("degrees", [-30.0, 30.0, 90.0, 180.0])
@pytest.mark.parametrize("axis", list(SlipAxis))
def test_a_strap_that_moved_is_noticed_in_the_next_walk(lived, degrees, axis):
    events, _, played = lived((*OPENING, Sit(120.0), StrapSlip(degrees, axis), Sit(60.0), Stand(5.0), Walk(60.0)), 2)
    (alert,) = told(events, AlertKind.STRAP_MOVED)
    walk = played.truth.bouts[-1]
    assert played.truth.slips[0].start < alert.time
    assert walk.start < alert.time <= walk.start + SHOWN_BY_S + 15


def test_put_right_again_it_is_resolved(lived):
    events, *_ = lived((*OPENING, StrapSlip(30.0), Walk(60.0), StrapSlip(-30.0), Walk(60.0)), 1)
    assert len(told(events, AlertKind.STRAP_MOVED)) == 1
    assert len(told(events, AlertKind.STRAP_MOVED, AlertResolved)) == 1


def test_stairs_climbed_with_a_strap_that_slipped_are_not_taken_for_putting_it_right():
    tracker = StrapTracker(Calibration(CalibrationSource.GUIDED, np.array([1.0, 0.0, 0.0])))
    slipped, on_stairs = (up_tilted(degrees) for degrees in (22.0, 6.0))
    news = tracker.push(walked_seconds(60, up=slipped))
    tracker.calibration = tracker.calibration.moved_to(news.move.upright)
    assert tracker.push(walked_seconds(SHOWN_BY_S - 1, START + 100, up=on_stairs)) == (29, [], None)
    assert tracker.push(walked_seconds(20, START + 200, up=on_stairs)).move.is_put_right


def test_the_walking_that_shows_a_move_does_not_begin_with_stopping_before_it():
    tracker = StrapTracker(Calibration(CalibrationSource.WALKING, np.array([1.0, 0.0, 0.0])))
    before, stops = walked_seconds(60), walked_seconds(1, START + 60, up=up_tilted(21.0))
    news = tracker.push(join_seconds([before, stops, walked_seconds(60, START + 300, up=up_tilted(40.0))]))
    assert news.move.since == START + 300


def test_only_what_the_wearer_puts_right_is_heeded(lived):
    learnt, *_ = lived((Stand(5.0), Walk(60.0), StrapSlip(30.0), Walk(60.0)), 1)
    shown, *_ = lived((*OPENING, StrapSlip(30.0), Walk(60.0), StrapSlip(-30.0), Walk(60.0)), 1)
    for events, is_put_right in ((learnt, False), (shown, True)):
        (end,) = told(events, AlertKind.STRAP_MOVED, AlertResolved)
        assert end.heeded == is_put_right


@pytest.mark.parametrize("seed", range(4))
def test_no_false_alarm_on_a_day_at_the_desk(lived, seed):
    events, *_ = lived(desk_day(seed, 1.0), seed)
    assert not told(events, AlertKind.STRAP_MOVED)
    assert not told(events, AlertKind.NOT_WORN)


def test_exercises_are_no_slip(lived):
    sets = [ExerciseSet(name, 10, out_s=0.7, back_s=0.7, hold_s=0.1, rest_s=0.2) for name in ("trunk_flexion", "squat")]
    events, *_ = lived((*OPENING, *sets, *sets, Walk(20.0)), 1)
    assert not told(events, AlertKind.STRAP_MOVED)


def test_before_anything_is_known_nothing_is_compared():
    tilted = walked_seconds(100, up=(0.0, 1.0, 0.0))
    assert StrapTracker(Calibration(CalibrationSource.NONE)).push(tilted) == (100, [], None)


def test_a_new_calibration_starts_the_comparison_anew():
    tracker = StrapTracker(Calibration(CalibrationSource.GUIDED, np.array([1.0, 0.0, 0.0])))
    tracker.push(walked_seconds(SHOWN_BY_S - 1, up=TILTED))
    tracker.calibration = Calibration(CalibrationSource.GUIDED, unit(np.array([1.0, 0.01, 0.0])))
    assert tracker.push(walked_seconds(20, START + 100, up=TILTED)) == (20, [], None)


def test_walking_before_the_offset_was_learnt_is_rid_of_it_and_shows_no_move():
    """With an offset of 1 m/s2 the sensor seems tilted by 6 deg, and 6 deg one may lean."""
    read, is_up = up_tilted(-6.0), np.array([1.0, 0.0, 0.0])
    offset_ms2 = 9.80665 * (read - is_up)
    tracker = StrapTracker(Calibration(CalibrationSource.WALKING, read))
    assert tracker.push(walked_seconds(170, up=read)).move is None
    tracker.take_offset(offset_ms2)
    tracker.calibration = Calibration(CalibrationSource.WALKING, up_tilted(5.0))
    assert tracker.push(walked_seconds(60, START + 200)) == (60, [], None)


def test_a_move_ends_what_is_taken_in():
    tracker = StrapTracker(Calibration(CalibrationSource.WALKING, np.array([1.0, 0.0, 0.0])))
    seconds = join_seconds([walked_seconds(100), walked_seconds(100, START + 100, up=TILTED)])
    news = tracker.push(seconds)
    assert news.move.since == START + 100
    assert not news.move.is_put_right
    assert 100 + SHOWN_BY_S // 2 < news.n_taken < 110 + SHOWN_BY_S
    assert [(event.kind, event.since) for event in news.events] == [(AlertKind.STRAP_MOVED, START + 100)]
    assert news.events[0].time == START + news.n_taken


def test_walking_that_nobody_could_step_is_no_walking():
    """As shaken and as tilted, but without a step: cycling, or a ride."""
    tracker = StrapTracker(Calibration(CalibrationSource.WALKING, np.array([1.0, 0.0, 0.0])))
    shaken = still_seconds(200, up=TILTED, movement=2.0, gait=2.0)
    assert tracker.push(shaken) == (200, [], None)


@pytest.mark.parametrize("subject", ["S025", "S029"])
def test_cycling_is_no_slip(data_folder, labelled, defaults, subject):
    """Real cyclists lean forward for minutes and shake as much as walkers do."""
    paths = sorted((data_folder / "harth").glob(f"{subject}-*.parquet"))
    if not paths:
        pytest.skip("this person is not in the set here")
    chunk, labels, _ = labelled(paths[0])
    cycling = labels[labels["label"].str.startswith("cycling")]
    survey = RestSurvey()
    survey.push(chunk)
    pipeline = LivePipeline(defaults, 50.0, acc_offset_ms2=survey.offset())
    events = [event for piece in chunk.split(60.0) for event in pipeline.push(piece)]
    false = [
        event
        for event in told(events, AlertKind.STRAP_MOVED)
        if ((cycling["start_s"] <= event.time) & (cycling["end_s"] >= event.time - SHOWN_BY_S)).any()
    ]
    assert false == []


def test_who_walks_otherwise_than_they_stood_to_show_it_has_not_moved_the_strap():
    """One leans on a walking frame; what is compared is walking with walking."""
    leaning, slipped = ((np.cos(angle), 0.0, np.sin(angle)) for angle in np.radians([15.0, 40.0]))
    tracker = StrapTracker(Calibration(CalibrationSource.GUIDED, np.array([1.0, 0.0, 0.0])))
    assert tracker.push(walked_seconds(600, up=leaning)) == (600, [], None)
    news = tracker.push(walked_seconds(600, START + 600, up=slipped))
    assert news.move.since == START + 600
    tracker.calibration = tracker.calibration.moved_to(news.move.upright)
    back = tracker.push(walked_seconds(600, START + 1200, up=leaning))
    assert back.move.is_put_right
    assert back.move.since == START + 1200


def test_who_leans_on_a_pram_for_minutes_is_learnt_without_a_word_and_keeps_what_they_have_shown():
    leaning = walked_seconds(600, up=up_tilted(14.0))
    shown, learnt = (
        StrapTracker(Calibration(source, up_tilted(0.0)))
        for source in (CalibrationSource.GUIDED, CalibrationSource.WALKING)
    )
    assert shown.push(leaning) == (600, [], None)
    news = learnt.push(leaning)
    assert news.events == []
    assert news.move.since == START
