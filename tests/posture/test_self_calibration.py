"""Without a guided procedure: up from walking, forward from sitting, and honest ignorance without walking."""

from itertools import pairwise

import numpy as np
import pytest

from firmware_bridge.virtual import (
    Bend,
    ExerciseSet,
    Lie,
    SensorModel,
    Sit,
    SittingPosture,
    Stand,
    Walk,
    mounting_matrix,
)
from lumbar.pipeline import LivePipeline
from posture.calibration import CalibrationSource
from posture.rotations import angle_between
from posture.seconds_log import SecondsLog
from posture.self_calibration import LEARN_EVERY_S, LOOK_EVERY_S, SelfCalibration, learn_calibration

USUAL = (
    Stand(20.0),
    Walk(60.0),
    Stand(10.0),
    Sit(240.0),
    Sit(60.0, SittingPosture.SLOUCHED, 20.0),
    Stand(5.0),
    Walk(30.0),
)
MOUNTINGS = ("nominal", "upside_down", "quarter_turn", "inside_out")


@pytest.fixture(scope="module")
def learn(play, kept_seconds):
    def from_script(script, seed=0, **options):
        return learn_calibration(kept_seconds(play(script, seed, **options)))

    return from_script


@pytest.mark.parametrize("mounting", MOUNTINGS)
@pytest.mark.parametrize("seed", range(3))
def test_up_and_forward_are_found_at_any_mounting(learn, mounting, seed):
    calibration = learn(USUAL, seed, mounting=mounting, sensor=None)
    body_to_sensor = mounting_matrix(mounting).T
    assert calibration.source is CalibrationSource.WALKING
    assert np.degrees(angle_between(calibration.upright, body_to_sensor[:, 0])) <= 5.0
    assert np.degrees(angle_between(calibration.forward, body_to_sensor[:, 2])) <= 30.0
    assert calibration.sitting is None, "own slouched sitting has not been shown"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((Sit(300.0),), id="sitting"),
        pytest.param((Stand(200.0),), id="standing"),
        pytest.param((Lie(300.0),), id="lying"),
        pytest.param((Stand(30.0), Walk(4.0), Stand(60.0)), id="four steps"),
    ],
)
def test_without_walking_nothing_is_known(learn, script):
    calibration = learn(script)
    assert calibration.source is CalibrationSource.NONE
    assert calibration.upright is None
    assert calibration.forward is None
    assert calibration.sensor_to_body is None


def test_what_shakes_as_walking_does_and_has_no_step_is_not_learnt_from(learn):
    quickly = ExerciseSet("bridge", 15, out_s=0.5, back_s=0.5, hold_s=0.1, rest_s=0.1)
    assert learn((Lie(20.0), quickly, Lie(20.0), quickly, Lie(20.0)), 1).source is CalibrationSource.NONE


def test_without_sitting_forward_is_not_known(learn):
    calibration = learn((Stand(20.0), Walk(120.0), Stand(30.0)))
    assert calibration.source is CalibrationSource.WALKING
    assert calibration.forward is None


@pytest.mark.parametrize(
    "between",
    [
        pytest.param((Sit(240.0, SittingPosture.SLOUCHED, 45.0),), id="reclines far"),
        pytest.param((Sit(60.0, SittingPosture.SLOUCHED, 15.0), Stand(5.0), Bend(52.0, 200.0)), id="bows for long"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_forward_is_found_where_sitting_leans_back_and_not_where_one_bows(learn, between, seed):
    calibration = learn((Stand(20.0), Walk(60.0), Stand(10.0), *between, Stand(10.0), Walk(30.0)), seed, sensor=None)
    assert np.degrees(angle_between(calibration.forward, [0.0, 0.0, 1.0])) <= 30.0


def test_a_sensor_without_gyroscope_learns_as_well(learn):
    calibration = learn(USUAL, 1, sensor=SensorModel(has_gyro=False))
    assert np.degrees(angle_between(calibration.upright, [1.0, 0.0, 0.0])) <= 6.0
    assert np.degrees(angle_between(calibration.forward, [0.0, 0.0, 1.0])) <= 30.0


def test_learning_starts_with_the_first_walking_and_grows_rare(play, kept_seconds):
    seconds = kept_seconds(play((Walk(40.0), Stand(900.0)), 2))
    stage, seen = SelfCalibration(), SecondsLog()
    nothing, learnt_after = stage.calibration.source, []
    for row in range(len(seconds)):
        before = stage.calibration
        seen.append(seconds.rows(row, row + 1))
        stage.push(seen)
        if stage.calibration is not before and stage.calibration.source is not nothing:
            learnt_after.append(row + 1)
    assert learnt_after[0] == LOOK_EVERY_S
    assert all(later - earlier >= LEARN_EVERY_S for earlier, later in pairwise(learnt_after))
    assert learnt_after[-1] - learnt_after[-2] > 2 * LEARN_EVERY_S
    assert stage.calibration.source is CalibrationSource.WALKING


def test_the_accelerometer_offset_is_told_on(play, defaults):
    offset = np.array([0.1, -0.2, 0.3])
    pipeline = LivePipeline(defaults, 100.0, acc_offset_ms2=offset)
    pipeline.push(play(USUAL, 1).chunk)
    assert pipeline.calibration.source is CalibrationSource.WALKING
    np.testing.assert_array_equal(pipeline.calibration.acc_offset_ms2, offset)
