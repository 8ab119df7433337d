"""Who walks leaning, over a frame or stooped, still stands upright: short stops within a walk show it."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.virtual import Person, Sit, Stand, Walk
from lumbar.review import review
from posture.calibration import Calibration, CalibrationSource
from posture.events import Activity, ActivityEpisode
from posture.own_standing import standing_up
from posture.rotations import angle_between
from posture.self_calibration import learn_calibration
from posture.stepping import is_walked

BODY_UP = np.array([1.0, 0.0, 0.0])
STOP_AND_GO = (Stand(5.0), *(Walk(15.0, turns_per_min=0.0), Stand(6.0)) * 6, Walk(15.0, turns_per_min=0.0))
STANDS_AND_SITS = (Stand(40.0), Walk(15.0, turns_per_min=0.0), Sit(120.0), Walk(15.0, turns_per_min=0.0), Stand(40.0))


def who_leans(lean_deg, seed):
    return replace(Person.drawn(seed), walking_lean_deg=lean_deg, upright_sit_tilt_deg=15.0)


@pytest.fixture(scope="module")
def learn(play, kept_seconds):
    def from_script(script, lean_deg, seed=0):
        played = play(script, seed, person=who_leans(lean_deg, seed), sensor=None)
        return learn_calibration(kept_seconds(played))

    return from_script


def degrees_between(first, second):
    return float(np.degrees(angle_between(first, second)))


@pytest.mark.parametrize("lean_deg", [-10.0, 12.0, 20.0])
@pytest.mark.parametrize("seed", range(2))
def test_upright_is_how_they_stand_where_they_walk_leaning(learn, lean_deg, seed):
    calibration = learn(STOP_AND_GO, lean_deg, seed)
    assert degrees_between(calibration.walking, BODY_UP) == pytest.approx(abs(lean_deg), abs=4.0)
    assert degrees_between(calibration.upright, BODY_UP) < abs(lean_deg) / 2


@pytest.mark.parametrize("seed", range(2))
def test_who_walks_as_they_stand_is_told_by_their_walking(learn, seed):
    calibration = learn(STOP_AND_GO, 2.0, seed)
    assert calibration.upright is not None
    assert calibration.walking is None


def test_a_long_stop_shows_nothing_as_one_may_have_sat_down(learn):
    calibration = learn((Walk(30.0), Stand(30.0), Walk(30.0), Stand(30.0), Walk(30.0)), 20.0)
    assert calibration.upright is not None
    assert calibration.walking is None


def test_one_walk_without_a_stop_shows_nothing(play, kept_seconds):
    seconds = kept_seconds(play((Stand(60.0), Walk(30.0), Stand(60.0)), person=who_leans(20.0, 0)))
    assert standing_up(seconds, is_walked(seconds), BODY_UP) is None


@pytest.mark.parametrize("seed", range(3))
def test_who_walks_leaning_is_seen_to_stand_and_to_sit(lived, defaults, seed):
    script = (*STOP_AND_GO, *STANDS_AND_SITS)
    _, pipeline, played = lived(script, seed, person=who_leans(20.0, seed))
    told = [each for each in review(pipeline, defaults, []).findings.events if isinstance(each, ActivityEpisode)]
    for activity in (Activity.STANDING, Activity.SITTING):
        true_s = played.truth.total_s(activity)
        told_s = sum(each.end - each.start for each in told if each.activity is activity)
        assert told_s == pytest.approx(true_s, rel=0.25)


def test_a_slip_tilts_standing_and_walking_alike():
    walking = np.array([np.cos(0.3), 0.0, -np.sin(0.3)])
    known = Calibration(CalibrationSource.WALKING, BODY_UP, walking=walking)
    slipped = np.array([np.cos(0.8), 0.0, -np.sin(0.8)])
    moved = known.moved_to(slipped)
    assert degrees_between(moved.upright, moved.walking) == pytest.approx(np.degrees(0.3))
    assert degrees_between(moved.upright, BODY_UP) == pytest.approx(np.degrees(0.5))
    assert moved.known_walking is slipped


def test_walking_is_as_standing_while_nothing_else_is_known():
    assert Calibration(CalibrationSource.GUIDED, BODY_UP).known_walking is BODY_UP
    with pytest.raises(ValueError, match="which way is up"):
        _ = Calibration(CalibrationSource.NONE).known_walking
