"""The accelerometer's zero offset: found where the postures tell it, never invented where they do not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.units import GRAVITY_MS2
from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Lie, LyingPosture, SensorModel, Sit, Stand, Walk
from posture.accelerometer_offset import RestSurvey, accelerometer_offset

THREE = (Stand(60.0, fidgets_per_min=0.0), Lie(60.0), Lie(60.0, LyingPosture.RIGHT_SIDE))


def surveyed(chunk):
    survey = RestSurvey()
    survey.push(chunk)
    return survey.offset()


def drawn(seed):
    """A sensor as it comes: up to 0.06 g of offset an axis, and up to a percent of scale error."""
    return SensorModel.drawn(seed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate_hz", [25.0, 100.0])
def test_found_within_a_hundredth_of_g_when_three_postures_are_seen(play, seed, rate_hz):
    sensor = drawn(seed)
    offset = surveyed(play(THREE, seed, rate_hz, sensor=sensor).chunk)
    np.testing.assert_allclose(offset, sensor.acc_bias_ms2, atol=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_one_posture_tells_nothing_across_gravity(play, seed):
    """Along gravity the offset shows (and does no harm there); across it, nothing may be made up."""
    sensor = replace(drawn(seed), scale_error=(0.0, 0.0, 0.0))
    offset = surveyed(play((Stand(180.0),), seed, sensor=sensor).chunk)
    np.testing.assert_allclose(offset[1:], [0.0, 0.0], atol=0.05)
    assert offset[0] == pytest.approx(sensor.acc_bias_ms2[0], abs=0.1)


def test_a_good_sensor_needs_none(play):
    offset = surveyed(play(THREE, 1, sensor=SensorModel.ideal()).chunk)
    np.testing.assert_allclose(offset, 0.0, atol=0.02)


def test_no_rest_no_offset(play):
    np.testing.assert_array_equal(surveyed(play((Walk(60.0),), 1).chunk), np.zeros(3))
    np.testing.assert_array_equal(RestSurvey().offset(), np.zeros(3))


def test_seconds_of_which_hardly_a_sample_came_are_no_rest(play):
    """One sample in a second is always equal to its own mean, also of one who runs."""
    chunk = play((Walk(300.0, 150.0),), 1).chunk
    rare = np.flatnonzero(np.diff(np.floor(chunk.time), prepend=0) > 0)
    alone = ImuChunk(chunk.time[rare], chunk.acc[rare])
    np.testing.assert_array_equal(surveyed(alone), np.zeros(3))


@given(
    offset=st.tuples(*[st.floats(-0.6, 0.6)] * 3),
    directions=st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_more_is_never_taken_off_than_is_there(offset, directions):
    vectors = np.array([direction for direction in directions if np.linalg.norm(direction) > 0.2] or [(1.0, 0.0, 0.0)])
    gravity = GRAVITY_MS2 * vectors / np.linalg.norm(vectors, axis=1)[:, np.newaxis]
    seconds = np.repeat(gravity + offset, 30, axis=0)
    found = accelerometer_offset(seconds, np.zeros(len(seconds)))
    assert np.linalg.norm(found - offset) <= np.linalg.norm(offset) * 1.05 + 1e-9


@given(offset=st.tuples(*[st.floats(-0.6, 0.6)] * 3))
@settings(max_examples=30, deadline=None)
def test_six_faces_tell_all(offset):
    seconds = np.repeat(GRAVITY_MS2 * np.vstack([np.eye(3), -np.eye(3)]) + offset, 30, axis=0)
    np.testing.assert_allclose(accelerometer_offset(seconds, np.zeros(180)), offset, atol=0.03)


def test_movement_taken_for_rest_does_little_harm(play):
    """A lift that speeds up is still, and heavier; the odd one must not pull the offset along."""
    sensor = drawn(2)
    chunk = play(THREE, 2, sensor=sensor).chunk
    acc = chunk.acc.copy()
    acc[2000:2800] *= 1.12
    offset = surveyed(ImuChunk(chunk.time, acc))
    np.testing.assert_allclose(offset, sensor.acc_bias_ms2, atol=0.2)


def test_a_day_in_one_chair_weighs_no_more_than_a_minute_elsewhere(play):
    sensor = replace(drawn(3), scale_error=(0.0, 0.0, 0.0))
    script = (Sit(1500.0, fidgets_per_min=0.0), *THREE)
    offset = surveyed(play(script, 3, sensor=sensor).chunk)
    np.testing.assert_allclose(offset, sensor.acc_bias_ms2, atol=0.1)
