"""Alerts on generated days, samples to alerts: one for each long slouch and long sitting, none at any other time."""

import numpy as np
import pytest

from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import (
    ExerciseSet,
    Gap,
    Lie,
    Person,
    SensorModel,
    Sit,
    SittingPosture,
    SlipAxis,
    Stand,
    StrapSlip,
    Walk,
    desk_day,
)
from lumbar.pipeline import LivePipeline
from posture.events import Alert, AlertKind, AlertResolved

SEEDS = range(6)
LONG_SLOUCH_S = 75.0
SHORT_SLOUCH_S = 45.0
SLOUCH = (AlertKind.SLOUCH, AlertKind.PROLONGED_SLOUCH)
SITTING = (AlertKind.SITTING, AlertKind.PROLONGED_SITTING)


@pytest.fixture(scope="module")
def live(play, defaults):
    """Play a script through the pipeline, calibrated by its own guided procedure: truth and alerts."""

    def run(script, seed, **options):
        played = play(script, seed, person=Person.drawn(seed), **options)
        pipeline = LivePipeline(defaults, played.rate_hz, sections=played.sections)
        events = [event for chunk in played.chunk.split(60.0) for event in pipeline.push(chunk)]
        return played, [*events, *pipeline.flush()]

    return run


@pytest.fixture(scope="module")
def days(live):
    """Days of an hour and a half, each of another wearer with another sensor."""
    return [live(desk_day(seed, 1.5), seed) for seed in SEEDS]


def alerts(events, *kinds):
    return [event for event in events if isinstance(event, Alert) and event.kind in kinds]


def activity_at(truth, time):
    return next((part.activity for part in truth.activities if part.start <= time < part.end), None)


def slouches_of(played, shortest_s):
    """Return the slouches after the calibration that last so long."""
    calibrated_at = played.sections[-1].end + 1
    return [
        part for part in played.truth.slouches if part.start > calibrated_at and part.end - part.settled >= shortest_s
    ]


def sitting_bouts(truth):
    """Return start, end and sitting seconds of each true bout: what is less than two minutes apart is one."""
    bouts = []
    for part in truth.activities:
        if part.activity != "sitting":
            continue
        if bouts and part.start - bouts[-1][1] < 120:
            start, _, sat = bouts.pop()
            bouts.append((start, part.end, sat + part.end - part.start))
        else:
            bouts.append((part.start, part.end, part.end - part.start))
    return bouts


def test_the_days_hold_what_is_judged(days):
    assert sum(len(slouches_of(played, LONG_SLOUCH_S)) for played, _ in days) >= 8
    assert sum(sat > 32 * 60 for played, _ in days for *_, sat in sitting_bouts(played.truth)) >= 4


def test_each_long_slouch_is_exactly_one_alert(days):
    for played, events in days:
        told = alerts(events, AlertKind.SLOUCH)
        for slouch in slouches_of(played, LONG_SLOUCH_S):
            during = [alert for alert in told if slouch.start - 5 <= alert.since <= slouch.end]
            assert len(during) == 1, f"{slouch}"
            assert during[0].since == pytest.approx(slouch.settled, abs=max(10.0, slouch.settled - slouch.start + 5))
            assert during[0].time == during[0].since + 60.0
        assert len(told) <= len(slouches_of(played, SHORT_SLOUCH_S)), "no alert without a slouch"


def test_each_alert_is_resolved_once_when_the_slouch_ends(days):
    for played, events in days:
        ended = [event for event in events if isinstance(event, AlertResolved) and event.kind is AlertKind.SLOUCH]
        told = alerts(events, AlertKind.SLOUCH)
        assert [event.raised for event in ended] == [alert.time for alert in told]
        for alert, end in zip(told, ended, strict=True):
            slouch = next(part for part in played.truth.slouches if part.start - 5 <= alert.since <= part.end)
            assert end.time == pytest.approx(slouch.end, abs=10)


def test_nobody_is_told_of_sitting_or_slouching_but_sitting(days):
    for played, events in days:
        for alert in alerts(events, *SLOUCH, *SITTING):
            assert activity_at(played.truth, alert.time - 6) == "sitting"
            for each in played.truth.sets:
                assert not each.start <= alert.time <= each.end


def test_long_sitting_is_told_once(days):
    for played, events in days:
        told = alerts(events, AlertKind.SITTING)
        bouts = sitting_bouts(played.truth)
        for start, end, sat in bouts:
            during = [alert for alert in told if start <= alert.time <= end]
            if sat > 32 * 60:
                assert len(during) == 1
            elif sat < 28 * 60:
                assert not during
            else:
                assert len(during) <= 1
        assert len(told) <= sum(sat > 28 * 60 for *_, sat in bouts)


NOT_SITTING = (
    Stand(5.0),
    Calibrate(),
    Stand(5.0),
    Walk(150.0),
    Stand(150.0),
    Lie(150.0),
    Stand(10.0),
    ExerciseSet("trunk_flexion", 12),
    ExerciseSet("squat", 12),
    ExerciseSet("sit_to_stand", 10),
    ExerciseSet("bridge", 15),
    ExerciseSet("cat_cow", 15),
    Walk(60.0),
)


@pytest.mark.parametrize("seed", range(3))
def test_on_the_feet_the_mat_and_the_bed_nobody_slouches(live, seed):
    _, events = live(NOT_SITTING, seed, sensor=SensorModel())
    assert not alerts(events, *SLOUCH, *SITTING)


@pytest.mark.parametrize("hole_s", [0.5, 4.0, 40.0])
def test_lost_radio_does_not_make_two_of_one(live, hole_s):
    slouch = (Sit(70.0, SittingPosture.SLOUCHED, 22.0), Gap(hole_s), Sit(70.0, SittingPosture.SLOUCHED, 22.0))
    _, events = live((Stand(5.0), Calibrate(), Sit(60.0), *slouch, Sit(60.0)), 1, sensor=SensorModel())
    assert len(alerts(events, AlertKind.SLOUCH)) == 1


@pytest.mark.parametrize("axis", list(SlipAxis))
def test_a_slipped_sensor_is_named_before_more_than_one_scolding(live, axis):
    """A strap that slips while sitting looks like a slouch once; walking shows what it is."""
    script = (Stand(5.0), Calibrate(), Sit(60.0), StrapSlip(30.0, axis), Sit(300.0), Stand(5.0), Walk(60.0), Stand(5.0))
    _, events = live(script, 1, sensor=SensorModel())
    assert len(alerts(events, AlertKind.STRAP_MOVED)) == 1
    assert len(alerts(events, AlertKind.SLOUCH)) <= 1


@pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
def test_the_sensor_need_not_have_a_gyroscope(live, has_gyro):
    script = (Stand(5.0), Calibrate(), Sit(60.0), Sit(150.0, SittingPosture.SLOUCHED, 22.0), Sit(60.0))
    played, events = live(script, 2, sensor=SensorModel(has_gyro=has_gyro), rate_hz=52.0)
    assert len(alerts(events, AlertKind.SLOUCH)) == 1
    assert np.isfinite(played.chunk.acc).all()
