"""The accelerometer's offset, where nobody told it: learnt as soon as it shows, and taken off from then on."""

import numpy as np
import pytest

from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import Lie, SensorModel, Sit, SittingPosture, Stand, Walk
from lumbar.pipeline import LivePipeline, noticed_at
from posture.accelerometer_offset import learn_offset, up_without_offset
from posture.calibration import CalibrationSource
from posture.rotations import angle_between, unit

RATE_HZ = 100.0
OFFSET_MS2 = np.array([0.5, -0.1, 0.4])
OFF = SensorModel(acc_bias_ms2=tuple(OFFSET_MS2))
WALKING = (Stand(20.0), Lie(40.0), Stand(10.0), Sit(40.0, SittingPosture.SLOUCHED, 20.0), Walk(60.0), Stand(60.0))
ON_THE_SPOT = (Stand(30.0), Lie(40.0), Stand(20.0))
GUIDED = (Stand(5.0), Calibrate(), Sit(60.0), Stand(20.0))


@pytest.mark.parametrize("chunk_s", [0.7, 30.0, 1000.0])
@pytest.mark.parametrize("script", [WALKING, ON_THE_SPOT, GUIDED], ids=["walking", "not walking", "guided"])
def test_the_same_however_the_samples_are_cut(play, defaults, differs, script, chunk_s):
    played = play(script, 3, RATE_HZ, sensor=OFF)
    known = []
    for pieces in ([played.chunk], played.chunk.split(chunk_s)):
        pipeline = LivePipeline(defaults, RATE_HZ, sections=played.sections)
        events = [event for piece in pieces for event in pipeline.push(piece)]
        events = sorted([*events, *pipeline.flush()], key=lambda event: (noticed_at(event), repr(type(event))))
        known.append((events, pipeline.calibration, pipeline.features))
    assert known[0][1].acc_offset_ms2 is not None
    assert differs(*known) is None


@pytest.mark.parametrize(
    ("script", "mounting_is"),
    [
        pytest.param(WALKING, CalibrationSource.WALKING, id="after walking"),
        pytest.param(ON_THE_SPOT, CalibrationSource.NONE, id="before the mounting is known"),
    ],
)
def test_it_comes_near_the_truth_once_some_postures_have_been_seen(play, defaults, script, mounting_is):
    played = play(script, 3, RATE_HZ, sensor=OFF)
    pipeline = LivePipeline(defaults, RATE_HZ)
    pipeline.push(played.chunk)
    assert pipeline.calibration.source is mounting_is
    learnt = pipeline.calibration.acc_offset_ms2
    assert np.linalg.norm(learnt - OFFSET_MS2) <= 0.5 * np.linalg.norm(OFFSET_MS2)


def test_who_stands_does_not_seem_to_sink_when_it_is_taken_off(play, defaults):
    played = play((Stand(60.0),), 3, RATE_HZ, sensor=OFF)
    pipeline = LivePipeline(defaults, RATE_HZ)
    pipeline.push(played.chunk)
    assert pipeline.calibration.acc_offset_ms2 is not None
    seconds = pipeline.features
    for height in (seconds.rise, seconds.fall, seconds.rise_by_norm, seconds.fall_by_norm):
        assert np.abs(height).max() < 0.1


def test_what_was_told_is_not_learnt_anew(play, defaults):
    played = play(WALKING, 3, RATE_HZ, sensor=OFF)
    pipeline = LivePipeline(defaults, RATE_HZ, acc_offset_ms2=np.zeros(3))
    pipeline.push(played.chunk)
    np.testing.assert_array_equal(pipeline.calibration.acc_offset_ms2, np.zeros(3))


def test_a_good_sensor_is_left_as_it_is(play, defaults):
    played = play(WALKING, 3, RATE_HZ, sensor=SensorModel.ideal())
    pipeline = LivePipeline(defaults, RATE_HZ)
    pipeline.push(played.chunk)
    assert pipeline.calibration.acc_offset_ms2 is None
    assert learn_offset(pipeline.features, None) is None


def test_up_is_freed_of_what_the_offset_tilted():
    true = unit(np.array([[1.0, 0.2, -0.3], [0.0, 0.1, 1.0]]))
    read = unit(9.80665 * true + OFFSET_MS2)
    freed = up_without_offset(read, OFFSET_MS2)
    assert np.degrees(angle_between(read, true)).min() > 1.0
    assert np.degrees(angle_between(freed, true)).max() < 0.1
