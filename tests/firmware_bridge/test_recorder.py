"""What is recorded comes back: every sample once, in order, within a microsecond and to the sensor's own resolution."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import RecordingError
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.recordings import Recorder, open_recording

REPOSITORY = Path(__file__).parents[2]
ACC_RESOLUTION, GYR_RESOLUTION = 1 / 1024, 1 / 102400


def record(folder, *chunks, gyro=True, device="test"):
    with Recorder(folder, device, 100.0, ACC_RESOLUTION, GYR_RESOLUTION if gyro else None) as recorder:
        for chunk in chunks:
            recorder.append(chunk)
    return folder


def read(folder):
    return concatenate(list(open_recording(folder).chunks()))


def assert_same(found, given):
    np.testing.assert_allclose(found.time, given.time, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found.acc, given.acc)
    if given.gyr is None:
        assert found.gyr is None
    else:
        np.testing.assert_allclose(found.gyr, given.gyr, rtol=1e-6)


@pytest.mark.parametrize("gyro", [True, False])
def test_samples_come_back_exactly(tmp_path, sensor, gyro):
    samples = sensor(0, 1234, gyro=gyro)
    folder = record(tmp_path / "day", samples, gyro=gyro)
    assert_same(read(folder), samples)
    recording = open_recording(folder)
    assert (recording.has_gyro, recording.n_samples) == (gyro, 1234)
    assert recording.duration_s == pytest.approx(12.33)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 1000), max_size=12))
def test_how_the_samples_arrive_does_not_matter(tmp_path, sensor, cuts):
    samples = sensor(0, 1000)
    edges = [0, *sorted(cuts), 1000]
    folder = tmp_path / "day"
    shutil.rmtree(folder, ignore_errors=True)
    record(folder, *(samples.rows(start, stop) for start, stop in pairwise(edges)))
    assert_same(read(folder), samples)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.floats(0, 4e9), steps=st.lists(st.floats(1e-3, 100), min_size=150, max_size=150))
def test_time_is_kept_to_a_microsecond(tmp_path, start, steps):
    time = np.unique(start + np.cumsum(steps) / 200)
    samples = ImuChunk(time, np.tile([9.75, 0, 0], (len(time), 1)))
    folder = tmp_path / "day"
    shutil.rmtree(folder, ignore_errors=True)
    record(folder, samples, gyro=False)
    files = [pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    kept = np.concatenate([table["time_us"].to_numpy() for table in files]) / 1e6
    np.testing.assert_allclose(kept, time, rtol=0, atol=1e-6)


def test_values_between_the_counts_are_rounded_to_the_nearest(tmp_path):
    acc = np.random.default_rng(3).uniform(-9, 9, (500, 3)) + np.array([9.8, 0, 0])
    folder = record(tmp_path / "day", ImuChunk(1e9 + np.arange(500) / 100, acc), gyro=False)
    assert np.abs(read(folder).acc - acc.astype(np.float32)).max() <= ACC_RESOLUTION / 2 * 1.001


def test_each_hour_becomes_a_parquet_file_that_others_can_read(tmp_path, sensor):
    hours = sensor(0, 3 * 3600 * 5 - 7, rate_hz=5)
    folder = tmp_path / "day"
    with Recorder(folder, "test", 5.0, ACC_RESOLUTION, GYR_RESOLUTION) as recorder:
        recorder.append(hours.rows(0, 37_000))
        assert [path.name for path in sorted(folder.glob("segment-*"))] == [
            "segment-000001.parquet",
            "segment-000002.parquet",
            "segment-000003.arrows",
        ]
        recorder.append(hours.rows(37_000, len(hours)))
    assert [path.suffix for path in sorted(folder.glob("segment-*"))] == [".parquet"] * 3
    found = concatenate(list(open_recording(folder / "segment-000001.parquet").chunks()))
    assert len(found) == 18_000
    table = pq.read_table(folder / "segment-000003.parquet")
    assert table.schema.metadata[b"lumbar.device"] == b"test"
    assert table["acc_x"].type == pa.int16()


def test_the_current_hour_is_a_plain_arrow_stream(tmp_path, sensor):
    with Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION, GYR_RESOLUTION) as recorder:
        recorder.append(sensor(0, 500))
        (path,) = (tmp_path / "day").glob("*.arrows")
        with pa.ipc.open_stream(path.read_bytes()) as stream:
            batches = list(stream)
    assert [batch.num_rows for batch in batches] == [100] * 5


def test_a_recording_can_be_read_while_it_is_written(tmp_path, sensor):
    samples = sensor(0, 1050)
    with Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION, GYR_RESOLUTION) as recorder:
        recorder.append(samples)
        assert_same(read(tmp_path / "day"), samples.rows(0, 1000))
        (path,) = (tmp_path / "day").glob("*.arrows")
        assert open_recording(path).n_samples == 1000


def test_what_is_synced_survives_up_to_the_last_sample(tmp_path, sensor):
    samples = sensor(0, 350)
    with Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION, GYR_RESOLUTION) as recorder:
        recorder.append(samples)
        assert len(read(tmp_path / "day")) == 300, "the last second is incomplete"
        recorder.sync()
        assert_same(read(tmp_path / "day"), samples)
        recorder.append(sensor(350, 100))
    assert_same(read(tmp_path / "day"), sensor(0, 450))


def test_an_existing_recording_is_continued(tmp_path, sensor):
    samples = sensor(0, 1000)
    record(tmp_path / "day", samples.rows(0, 400))
    record(tmp_path / "day", samples.rows(400, 1000))
    assert_same(read(tmp_path / "day"), samples)


def test_samples_from_before_the_last_are_refused(tmp_path, sensor):
    record(tmp_path / "day", sensor(0, 400))
    with pytest.raises(RecordingError, match="not later"):
        record(tmp_path / "day", sensor(399, 400))
    assert_same(read(tmp_path / "day"), sensor(0, 400))


def test_another_sensor_needs_another_recording(tmp_path, sensor):
    record(tmp_path / "day", sensor(0, 400))
    with pytest.raises(RecordingError, match="'test', not with 'other'"):
        record(tmp_path / "day", sensor(400, 400), device="other")
    with pytest.raises(RecordingError, match="recording of its own"):
        record(tmp_path / "day", sensor(400, 400, gyro=False), gyro=False)
    with pytest.raises(RecordingError, match="no gyroscope"):
        record(tmp_path / "day", sensor(400, 400, gyro=False))


def test_values_beyond_the_range_are_refused_and_left_out(tmp_path, sensor):
    with Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION) as recorder:
        recorder.append(sensor(0, 250, gyro=False))
        with pytest.raises(RecordingError, match=r"acceleration 40 is beyond 31\.99"):
            recorder.append(ImuChunk(np.array([2e9]), np.array([[0, 40, 0]])))
        recorder.append(sensor(250, 250, gyro=False))
    assert_same(read(tmp_path / "day"), sensor(0, 500, gyro=False))


def test_a_folder_of_something_else_is_left_alone(tmp_path, sensor):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RecordingError, match=r"holds other files .letter.txt"):
        record(tmp_path, sensor(0, 100))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_one_program_writes_at_a_time(tmp_path, sensor):
    with Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION, GYR_RESOLUTION) as recorder:
        recorder.append(sensor(0, 300))
        with pytest.raises(RecordingError, match="another program"):
            record(tmp_path / "day")
    assert_same(read(tmp_path / "day"), sensor(0, 300))


def test_a_closed_recorder_says_so(tmp_path, sensor):
    recorder = Recorder(tmp_path / "day", "test", 100.0, ACC_RESOLUTION, GYR_RESOLUTION)
    recorder.close()
    recorder.close()
    with pytest.raises(ValueError, match="closed"):
        recorder.append(sensor(0, 100))
    with pytest.raises(RecordingError, match="no samples"):
        open_recording(tmp_path / "day")


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_is_positive(tmp_path, rate):
    with pytest.raises(ValueError, match="positive"):
        Recorder(tmp_path / "day", "test", rate, ACC_RESOLUTION)


def test_a_day_is_small(tmp_path):
    """An hour with 15 min of brisk movement, and the noise of a +-8 g, 500 deg/s sensor (BMI270 data sheet)."""
    n = 360_000
    random = np.random.default_rng(1)
    time = 1.8e9 + np.arange(n) / 100 + random.normal(0, 2e-6, n)
    sway = np.stack([np.sin(np.arange(n) / 100 * rate) for rate in (0.7, 6.0, 11.0)], axis=1)
    sway[n // 4 :] /= 50
    acc = np.array([9.7, 0.2, 1.0]) + 2 * sway + random.normal(0, 160e-6 * 9.81 * 50**0.5, (n, 3))
    gyr = sway + random.normal(0, np.deg2rad(0.008) * 50**0.5, (n, 3))
    with Recorder(tmp_path / "day", "test", 100.0, 8 * 9.80665 / 32768, np.deg2rad(500) / 32768) as recorder:
        recorder.append(ImuChunk(time, acc, gyr))
    assert 24 * sum(path.stat().st_size for path in (tmp_path / "day").iterdir()) < 50e6


DISK_FULL = """
import os, sys
from pathlib import Path
import numpy as np
from config.errors import RecordingError
from firmware_bridge.imu import ImuChunk
from firmware_bridge.recordings import Recorder, open_recording
folder = Path(sys.argv[1])
limit = len(sys.argv) > 2
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
else:
    (folder / "ballast").write_bytes(bytes(37_000))
samples = lambda first: ImuChunk(1.8e9 + np.arange(first, first + 50) / 50, np.tile([9.75, 0, 0], (50, 1)))
recorder, first, safe, faults = Recorder(folder / "day", "test", 50.0, 1 / 1024), 0, 0, []
while len(faults) < 3:
    try:
        recorder.append(samples(first))
        safe = first + 50
    except RecordingError as error:
        faults.append(str(error))
        assert open_recording(folder / "day").n_samples == safe, "lost what was written"
    first += 50
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
else:
    (folder / "ballast").unlink()
recorder.append(samples(first))
recorder.close()
times = np.concatenate([chunk.time for chunk in open_recording(folder / "day").chunks()])
np.testing.assert_allclose(times, 1.8e9 + np.arange(first + 50) / 50, atol=1e-6, rtol=0)
print(faults[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_when_the_disk_refuses_nothing_is_lost(tmp_path, run_python):
    assert "what was recorded so far is safe" in run_python(DISK_FULL, tmp_path, "limit")


def small_disk(folder, command):
    """Run a command with a disk of 160 kB at `folder`, in a namespace of its own."""
    script = 'mount -t tmpfs -o size=160k tmpfs "$0" && exec "$@"'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, folder, *command],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare of util-linux")
def test_a_full_disk_is_named_and_loses_nothing(tmp_path):
    if small_disk(tmp_path, ["true"]).returncode:
        pytest.skip("this system does not let users mount a disk of their own")
    result = small_disk(tmp_path, [sys.executable, "-W", "error", "-c", DISK_FULL, tmp_path])
    assert result.returncode == 0, result.stderr
    assert "the disk is full; free some space" in result.stdout
