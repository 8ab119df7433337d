"""Any good recording opens, says what it is, and streams as it was written."""

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import RecordingError, SettingsError
from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import Recorder, Units, open_recording, parse_units
from firmware_bridge.recordings.rows import Rows, cut

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def test_parquet_comes_back_as_written(still, write_parquet):
    table = still()
    recording = open_recording(write_parquet(table))
    assert (recording.has_gyro, recording.n_samples, recording.start_time_s) == (True, 500, 0.0)
    assert recording.duration_s == pytest.approx(4.99)
    whole = concatenate(list(recording.chunks()))
    np.testing.assert_array_equal(whole.time, table["time_s"])
    np.testing.assert_array_equal(whole.acc[:, 2], table["acc_z"])
    np.testing.assert_array_equal(whole.gyr[:, 0], table["gyr_x"])


def test_csv_comes_back_as_written(still, write_csv):
    table = still()
    recording = open_recording(write_csv(table))
    assert (recording.has_gyro, recording.n_samples, recording.duration_s) == (True, None, None)
    whole = concatenate(list(recording.chunks()))
    np.testing.assert_array_equal(whole.time, table["time_s"])
    np.testing.assert_array_equal(whole.acc[:, 1], table["acc_y"])
    np.testing.assert_array_equal(whole.gyr[:, 2], table["gyr_z"])


def test_a_csv_of_many_blocks_has_no_seams(still, write_csv):
    table = still(90_000) | {"note": ["x" * 60] * 90_000}
    path = write_csv(table)
    assert path.stat().st_size > 2 << 22
    whole = concatenate(list(open_recording(path).chunks()))
    np.testing.assert_array_equal(whole.time, table["time_s"])
    np.testing.assert_array_equal(whole.acc[:, 0], table["acc_x"])


def test_other_columns_and_column_order_do_not_matter(still, write_csv, write_parquet):
    table = {"note": ["text, with a comma"] * 500} | dict(reversed(still().items())) | {"battery": range(500)}
    for path in (write_csv(table), write_parquet(table)):
        whole = concatenate(list(open_recording(path).chunks()))
        np.testing.assert_array_equal(whole.acc[:, 0], table["acc_x"])


def test_without_gyroscope_columns_there_is_no_gyroscope(still, write_csv, write_parquet):
    table = still(gyro=False)
    for path in (write_csv(table), write_parquet(table)):
        recording = open_recording(path)
        assert not recording.has_gyro
        assert all(chunk.gyr is None for chunk in recording.chunks())


def test_the_gyroscope_may_be_left_out(still, write_csv, write_parquet, sensor, tmp_path):
    table = still()
    with Recorder(tmp_path / "own", "test", 100.0, 1 / 1024, 1 / 102_400) as recorder:
        recorder.append(sensor(0, 500))
    for path in (write_csv(table), write_parquet(table), tmp_path / "own"):
        recording = open_recording(path)
        whole, part = (concatenate(list(recording.chunks(gyro=gyro))) for gyro in (True, False))
        assert part.gyr is None
        np.testing.assert_array_equal(part.time, whole.time)
        np.testing.assert_array_equal(part.acc, whole.acc)


def test_spreadsheet_habits_are_understood(still, write_csv):
    path = write_csv(still(), quoting=1)
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n").replace("acc_x", " acc_x ")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert sum(len(chunk) for chunk in open_recording(path).chunks()) == 500


def test_whole_numbers_are_numbers(still, write_parquet):
    counts = {"acc_x": np.full(500, 1000), "acc_y": np.zeros(500, np.int16), "acc_z": np.zeros(500, np.uint8)}
    path = write_parquet({"time_s": still()["time_s"]} | counts)
    whole = concatenate(list(open_recording(path, Units("mg")).chunks()))
    np.testing.assert_allclose(whole.acc[:, 0], 9.80665, rtol=1e-6)


def test_units_are_converted(still, write_csv, write_parquet):
    table = still()
    in_g = {name: column / 9.80665 if name.startswith("acc") else column for name, column in table.items()}
    in_g |= {name: np.rad2deg(column) for name, column in table.items() if name.startswith("gyr")}
    for path in (write_csv(in_g), write_parquet(in_g)):
        whole = concatenate(list(open_recording(path, parse_units("g, deg/s")).chunks()))
        np.testing.assert_allclose(whole.acc[:, 0], table["acc_x"], rtol=1e-6)
        np.testing.assert_allclose(whole.gyr[:, 1], table["gyr_y"], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("text", ["furlong", "g,g", "", "g,deg/s,m", "deg/s,g"])
def test_unknown_units_are_named(text):
    with pytest.raises(SettingsError, match="unit"):
        parse_units(text)


def test_the_start_moves_the_time(still, write_parquet):
    recording = open_recording(write_parquet(still()), start_s=1_800_000_000.0)
    assert recording.start_time_s == 1_800_000_000.0
    assert recording.duration_s == pytest.approx(4.99)
    assert next(iter(recording.chunks())).time[1] == pytest.approx(1_800_000_000.01, abs=1e-6)


def test_a_start_for_times_that_carry_the_date_is_refused(still, write_parquet):
    table = still()
    table["time_s"] += 1_700_000_000.0
    with pytest.raises(RecordingError, match="already carry the date"):
        open_recording(write_parquet(table), start_s=1_800_000_000.0)


def test_a_recording_can_be_read_again(still, write_parquet):
    recording = open_recording(write_parquet(still()))
    assert [len(chunk) for chunk in recording.chunks(1)] == [len(chunk) for chunk in recording.chunks(1)] == [100] * 5


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
def test_chunks_need_a_length(still, write_parquet, seconds):
    with pytest.raises(ValueError, match="chunk of"):
        open_recording(write_parquet(still())).chunks(seconds)


@given(
    steps=st.lists(st.sampled_from([0.01, 0.5, 1.0, 3.0, 1e6]), min_size=1, max_size=40),
    edges=st.lists(st.integers(0, 40), max_size=4),
    seconds=st.sampled_from([0.02, 0.7, 2.0, 60.0]),
)
def test_chunks_depend_on_time_alone(steps, edges, seconds):
    time = np.cumsum(steps)
    rows = Rows(time, np.ones((len(time), 3), np.float32), None)
    stops = [0, *sorted(min(edge, len(time)) for edge in edges), len(time)]
    batches = [rows.part(start, stop) for start, stop in pairwise(stops)]
    chunks = list(cut(batches, seconds))
    np.testing.assert_array_equal(np.concatenate([chunk.time for chunk in chunks]), time)
    spans = [set(np.floor_divide(chunk.time - time[0], seconds)) for chunk in chunks]
    assert all(len(span) == 1 for span in spans)
    assert len(set.union(*spans)) == len(spans)


MEMORY = """
import resource, sys
from firmware_bridge.recordings import open_recording
recording = open_recording(sys.argv[1])
for chunk in recording.chunks():
    if chunk.time[0] >= 3600:
        break
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
samples = sum(len(chunk) for chunk in recording.chunks())
print(samples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, "pandas" in sys.modules)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of a Unix system")
def test_memory_stays_flat_in_one_giant_row_group(tmp_path, run_python):
    n = 4_000_000  # eleven hours at 100 Hz, 112 MB of samples
    table = {"time_s": np.arange(n) / 100} | {
        name: np.tile(np.linspace(5, 6, 1000, dtype=np.float32), n // 1000)
        for name in ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
    }
    path = tmp_path / "day.parquet"
    pq.write_table(pa.table(table), path, row_group_size=n)
    samples, grown_kb, has_pandas = run_python(MEMORY, path).split()
    assert (int(samples), has_pandas) == (n, "False")
    assert int(grown_kb) < 20_000


@pytest.mark.skipif(not DATA.is_dir(), reason="the labelled recordings are not beside the repository")
def test_the_labelled_recordings_open_and_stream():
    paths = sorted(DATA.glob("*/*.parquet"))
    for path in [*paths[::8], *DATA.glob("harth/*.parquet")]:
        recording = open_recording(path)
        assert sum(len(chunk) for chunk in recording.chunks()) == recording.n_samples > 0
