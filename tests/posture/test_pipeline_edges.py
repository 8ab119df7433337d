"""Recordings that hardly are any: the pipeline says little, and never fails."""

import numpy as np
import pytest

from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Gap, SensorModel, Sit, Stand, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.events import Activity, ActivityEpisode

GYROSCOPE = pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])


@pytest.fixture(scope="module")
def walked(play):
    def recording(*, has_gyro):
        script = (Stand(10.0), Walk(40.0), Sit(60.0), Gap(3.0), Sit(60.0), Walk(30.0))
        return play(script, 1, sensor=SensorModel(has_gyro=has_gyro)).chunk

    return recording


def analysed(chunk, defaults, rate_hz=100.0):
    pipeline = LivePipeline(defaults, rate_hz)
    events = [*pipeline.push(chunk), *pipeline.flush()]
    return events, review(pipeline, defaults, []), pipeline


def with_acc(chunk, change):
    acc = chunk.acc.copy()
    change(acc)
    return ImuChunk(chunk.time, acc, chunk.gyr)


def test_nothing_at_all(defaults):
    pipeline = LivePipeline(defaults, 100.0)
    assert pipeline.flush() == []
    assert pipeline.features is None
    assert review(pipeline, defaults, []).findings.events == ()


@GYROSCOPE
@pytest.mark.parametrize("n", [0, 1, 2, 50, 99])
def test_less_than_a_second(walked, defaults, has_gyro, n):
    events, reviewed, pipeline = analysed(walked(has_gyro=has_gyro).rows(0, n), defaults)
    assert events == []
    assert len(reviewed.seconds) == 0
    assert pipeline.coverage.n_samples == n


@GYROSCOPE
@pytest.mark.parametrize("shift_s", [-1_767_600_000.0, -3_000_000_000.0], ids=["clock of the file", "before 1970"])
def test_the_clock_does_not_matter(walked, defaults, has_gyro, shift_s):
    chunk = walked(has_gyro=has_gyro)
    moved = ImuChunk(chunk.time + shift_s, chunk.acc, chunk.gyr)
    found = analysed(moved, defaults)[1].seconds
    expected = analysed(chunk, defaults)[1].seconds
    np.testing.assert_array_equal(found.second, expected.second + round(shift_s))
    assert np.mean([a is b for a, b in zip(found.activity, expected.activity, strict=True)]) > 0.97


@GYROSCOPE
@pytest.mark.parametrize("place", ["start", "after the gap", "middle"])
def test_a_sensor_that_reads_zero_for_a_moment_spoils_no_more(walked, defaults, has_gyro, place):
    chunk = walked(has_gyro=has_gyro)
    first = {"start": 0, "after the gap": int(np.argmax(np.diff(chunk.time))) + 1, "middle": 4000}[place]
    zeroed = with_acc(chunk, lambda acc: acc.__setitem__(slice(first, first + 20), 0.0))
    found, expected = (analysed(each, defaults)[1].seconds.activity for each in (zeroed, chunk))
    assert np.mean([a is b for a, b in zip(found, expected, strict=True)]) > 0.9


@GYROSCOPE
@pytest.mark.parametrize("level", [0.0, 9.8])
def test_a_broken_sensor_is_no_wearer(walked, defaults, has_gyro, level):
    broken = with_acc(walked(has_gyro=has_gyro), lambda acc: acc.fill(level))
    events, reviewed, _ = analysed(broken, defaults)
    assert {event.activity for event in events if isinstance(event, ActivityEpisode)} == {Activity.UNKNOWN}
    assert set(reviewed.seconds.activity) == {Activity.UNKNOWN}


def test_a_wrong_nominal_rate_changes_little(walked, defaults):
    chunk = walked(has_gyro=True)
    found, expected = (analysed(chunk, defaults, rate)[1].seconds.activity for rate in (250.0, 100.0))
    assert np.mean([a is b for a, b in zip(found, expected, strict=True)]) > 0.95
