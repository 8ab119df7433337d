"""Samples that come late fill the holes of a recording, each once, in order of time with those that came live."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import RecordingError
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.recordings import Recorder, open_recording

ACC_RESOLUTION, GYR_RESOLUTION = 1 / 1024, 1 / 102400
START_S = 1_800_000_000.0
HOUR_S = 3600


def recorder_in(folder, rate_hz=100.0):
    return Recorder(folder, "test", rate_hz, ACC_RESOLUTION, GYR_RESOLUTION)


def read(path, **options):
    return concatenate(list(open_recording(path).chunks(**options)))


def assert_same(found, given):
    np.testing.assert_allclose(found.time, given.time, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found.acc, given.acc)
    np.testing.assert_allclose(found.gyr, given.gyr, rtol=1e-6)


def moved(chunk, seconds):
    return ImuChunk(chunk.time + seconds, chunk.acc, chunk.gyr)


@pytest.fixture
def outage(tmp_path, sensor):
    """A recorder with a hole from 3 s to 7 s, and all 10 s of samples."""
    samples = sensor(0, 1000)
    with recorder_in(tmp_path / "day") as recorder:
        recorder.append(samples.rows(0, 300))
        recorder.append(samples.rows(700, 1000))
        yield recorder, tmp_path / "day", samples


def test_a_hole_is_filled(outage):
    recorder, folder, samples = outage
    assert recorder.insert(samples.rows(300, 700)) == 400
    assert_same(read(folder), samples)
    assert open_recording(folder).n_samples == 1000
    recorder.close()
    assert_same(read(folder), samples)
    assert open_recording(folder).duration_s == pytest.approx(9.99)
    names = [path.name for path in sorted(folder.glob("*-*"))]
    assert names == ["late-500000-001.parquet", "segment-000001.parquet"]


def test_the_gyroscope_may_be_left_unread(outage):
    recorder, folder, samples = outage
    recorder.insert(samples.rows(300, 700))
    found = read(folder, gyro=False)
    np.testing.assert_array_equal(found.acc, samples.acc)
    assert found.gyr is None


def test_what_comes_twice_is_dropped(outage):
    recorder, folder, samples = outage
    assert recorder.insert(samples) == 400
    assert recorder.insert(samples) == 0
    assert_same(read(folder), samples)


@pytest.mark.parametrize("error_s", [-0.0049, -0.004, 0.001, 0.0049, 0.006])
def test_clocks_that_differ_by_milliseconds_double_no_sample(outage, error_s):
    recorder, folder, samples = outage
    assert recorder.insert(moved(samples.rows(0, 999), error_s)) == 400
    found = read(folder)
    assert len(found) == 1000
    assert np.diff(found.time).min() > 0.005


def test_a_sensor_that_is_slower_than_its_rate_says_is_not_doubled(tmp_path, sensor):
    """96 Hz where 100 Hz are nominal, and a log half a sample off: further than half a nominal interval."""
    samples = sensor(0, 960, rate_hz=96)
    with recorder_in(tmp_path / "day") as recorder:
        recorder.append(samples)
        assert recorder.insert(moved(samples.rows(0, 959), 0.5 / 96)) == 0


def test_a_single_lost_sample_is_filled_in(tmp_path, sensor):
    samples = sensor(0, 500)
    with recorder_in(tmp_path / "day") as recorder:
        recorder.append(samples.rows(0, 250))
        recorder.append(samples.rows(251, 500))
        assert recorder.insert(moved(samples, 0.003)) == 1
        assert recorder.insert(samples) == 0
    assert len(read(tmp_path / "day")) == 500


def test_late_samples_may_lie_before_the_first_and_after_the_last(tmp_path, sensor):
    samples = sensor(0, 1000)
    with recorder_in(tmp_path / "day") as recorder:
        assert recorder.end_time_s is None
        assert recorder.insert(samples.rows(700, 900)) == 200
        assert recorder.end_time_s == samples.time[899]
        recorder.append(samples.rows(400, 500))
        assert recorder.end_time_s == samples.time[899]
        assert recorder.insert(samples.rows(0, 700)) == 600
        recorder.append(samples.rows(850, 1000))
        assert recorder.end_time_s == samples.time[999]
    assert_same(read(tmp_path / "day"), samples)


def test_a_recording_of_late_samples_alone_is_one(tmp_path, sensor):
    samples = sensor(0, 1000)
    for part in (samples.rows(500, 1000), samples.rows(0, 500)):
        with recorder_in(tmp_path / "day") as recorder:
            recorder.insert(part)
    assert_same(read(tmp_path / "day"), samples)


def test_an_insert_beside_samples_not_yet_written_writes_them(outage):
    recorder, folder, samples = outage
    more = moved(samples.rows(0, 50), 10)
    recorder.append(more)
    recorder.insert(samples.rows(300, 400))
    assert len(read(folder)) == 700, "a log of long ago needs no extra writing"
    assert recorder.insert(more) == 0
    assert len(read(folder)) == 750, "these would be lost in a crash, and the sensor would have forgotten them"


def test_hours_of_a_log_go_to_files_by_the_hour(tmp_path, sensor):
    rate_hz = 5.0
    samples = sensor(0, 6 * 3600 * 5, rate_hz=rate_hz, start_s=START_S + 1800)
    for start, stop in ((20_000, 22_000), (60_000, 80_000)):
        with recorder_in(tmp_path / "day", rate_hz) as recorder:
            recorder.append(samples.rows(start, stop))
    with recorder_in(tmp_path / "day", rate_hz) as recorder:
        assert sum(recorder.insert(piece) for piece in samples.split(1000)) == len(samples) - 22_000
        assert recorder.insert(samples) == 0
        streams = [path.name for path in (tmp_path / "day").glob("*.arrows")]
        assert streams == ["late-500006-001.arrows"]
        assert_same(read(tmp_path / "day"), samples)
    assert_same(read(tmp_path / "day"), samples)
    assert len(list((tmp_path / "day").glob("late-*.parquet"))) == 7
    for path in (tmp_path / "day").glob("*.parquet"):
        assert np.ptp(read(path).time) <= HOUR_S


def test_each_file_of_late_samples_is_in_order_of_time(outage):
    recorder, folder, samples = outage
    for start in (600, 300, 500, 400):
        recorder.insert(samples.rows(start, start + 100))
    (stream,) = folder.glob("late-*.arrows")
    assert_same(read(stream), samples.rows(300, 700))
    recorder.close()
    (rolled,) = folder.glob("late-*.parquet")
    assert_same(read(rolled), samples.rows(300, 700))


def test_a_coarser_log_fills_holes_as_coarsely_as_it_is(outage):
    recorder, folder, samples = outage
    log = concatenate([samples.rows(row, row + 1) for row in range(1, 1000, 4)])
    assert recorder.insert(log, rate_hz=25.0) == 99, (
        "301 to 693; 697 is nearer to the next live sample than half of 40 ms"
    )
    assert recorder.insert(log, rate_hz=25.0) == 0
    assert recorder.insert(moved(log, 0.021), rate_hz=25.0) <= 1, "fetched anew, with other errors of the clock"
    assert recorder.gaps(START_S, START_S + 10) == ()
    recorder.close()
    assert len(read(folder)) in (699, 700)


def test_a_finer_log_fills_holes_with_all_it_has(tmp_path, sensor):
    live, log = sensor(0, 250, rate_hz=25), sensor(0, 1000, rate_hz=100)
    with recorder_in(tmp_path / "day", 25.0) as recorder:
        recorder.append(live.rows(0, 100))
        recorder.append(live.rows(200, 250))
        assert sum(recorder.insert(piece, rate_hz=100.0) for piece in log.split(0.37)) == 403 + 3
        assert recorder.insert(log, rate_hz=100.0) == 0


def test_a_log_without_gyroscope_is_refused(outage):
    recorder, folder, samples = outage
    with pytest.raises(RecordingError, match="log has no gyroscope, the recording has; set the sensor"):
        recorder.insert(ImuChunk(samples.time, samples.acc))
    assert len(read(folder)) == 600


def test_impossible_late_samples_are_refused(outage):
    recorder, folder, samples = outage
    with pytest.raises(RecordingError, match="check the sensor's clock"):
        recorder.insert(moved(samples, -2e9))
    with pytest.raises(RecordingError, match="beyond"):
        recorder.insert(ImuChunk(samples.time, samples.acc + 40, samples.gyr))
    with pytest.raises(ValueError, match="positive"):
        recorder.insert(samples, rate_hz=0.0)
    assert recorder.insert(samples.rows(0, 0)) == 0
    assert len(read(folder)) == 600
    recorder.close()
    with pytest.raises(ValueError, match="closed"):
        recorder.insert(samples)
    with pytest.raises(ValueError, match="closed"):
        recorder.gaps(0, 1)


def test_late_samples_of_another_sensor_are_refused(outage):
    recorder, folder, samples = outage
    recorder.insert(samples.rows(300, 400))
    recorder.close()
    for path in folder.glob("segment-*"):
        path.unlink()
    with pytest.raises(RecordingError, match="'test', not with 'other'"):
        Recorder(folder, "other", 100.0, ACC_RESOLUTION, GYR_RESOLUTION)


def test_gaps_are_the_stretches_to_ask_the_sensor_for(outage):
    recorder, folder, samples = outage
    edges = (samples.time[299], samples.time[700])
    assert recorder.gaps(START_S, START_S + 10) == (edges,)
    assert recorder.gaps(START_S - 5, START_S + 12) == (
        (START_S - 5, START_S),
        edges,
        (samples.time[999], START_S + 12),
    )
    assert recorder.gaps(START_S + 4, START_S + 6) == ((START_S + 4, START_S + 6),)
    assert recorder.gaps(START_S, START_S + 3.9) == ()
    assert recorder.gaps(START_S + 6.5, START_S + 7.2) == ()
    recorder.insert(samples.rows(300, 390))
    assert recorder.gaps(START_S, START_S + 10) == ((samples.time[389], samples.time[700]),)
    recorder.insert(samples)
    assert recorder.gaps(START_S, START_S + 10) == ()
    recorder.append(moved(samples.rows(0, 30), 11.5))
    assert recorder.gaps(START_S + 5, START_S + 12) == ((samples.time[999], START_S + 11.5),)
    recorder.close()
    with recorder_in(folder) as again:
        assert again.end_time_s == pytest.approx(START_S + 11.79)
        far = again.gaps(0, 1e12)
        assert [round(edge - START_S, 2) for edge in (far[0][1], *far[1], far[2][0])] == [0, 9.99, 11.5, 11.79]
        assert (len(far), far[0][0], far[-1][1]) == (3, 0, 1e12)


def test_an_empty_recording_is_one_gap(tmp_path):
    with recorder_in(tmp_path / "day") as recorder:
        assert recorder.gaps(START_S, START_S + 10) == ((START_S, START_S + 10),)


PIECES = st.lists(st.tuples(st.integers(0, 1200), st.booleans()), max_size=9)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, order=st.randoms(use_true_random=False), restarts=st.booleans(), jitter=st.integers(0, 2**32 - 1))
def test_what_comes_live_and_what_comes_late_and_when_does_not_matter(
    tmp_path, sensor, pieces, order, restarts, jitter
):
    """Any cuts; of each piece whether it comes live or late; late ones at any moment, some twice; new runs between."""
    # Three seconds on both sides of a full hour; an hour without samples; the same again.
    time = START_S + HOUR_S - 3 + np.arange(600) / 100
    time = np.concatenate([time, time + 2 * HOUR_S]) + np.random.default_rng(jitter).uniform(-2e-3, 2e-3, 1200)
    values = sensor(0, 1200)
    samples = ImuChunk(time, values.acc, values.gyr)
    edges = [0, *sorted(edge for edge, _ in pieces), 1200]
    late_ones = [*(is_late for _, is_late in pieces), True]
    spans = [span for span in zip(pairwise(edges), late_ones, strict=True) if span[0][0] < span[0][1]]
    live = [span for span, is_late in spans if not is_late]
    late = [span for span, is_late in spans if is_late]
    late += [span for span in late + live if order.random() < 0.3]
    order.shuffle(late)
    actions = [("append", span) for span in live]
    for span in late:
        actions.insert(order.randint(0, len(actions)), ("insert", span))

    folder = tmp_path / "day"
    shutil.rmtree(folder, ignore_errors=True)
    recorder = recorder_in(folder)
    for action, (start, stop) in actions:
        getattr(recorder, action)(samples.rows(start, stop))
        if restarts:
            recorder.close()
            recorder = recorder_in(folder)
    recorder.close()
    assert_same(read(folder), samples)
    assert open_recording(folder).n_samples == 1200
