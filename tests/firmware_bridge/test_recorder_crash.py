"""A crash at any moment loses at most the last second, and doubles nothing."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from config.errors import RecordingError
from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.recordings.stream_file import read_stream

REPOSITORY = Path(__file__).parents[2]
RATE_HZ = 25

WRITERS = """
import os, sys
from pathlib import Path
import numpy as np
from firmware_bridge.imu import ImuChunk
from firmware_bridge.recordings import Recorder

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # in one piece, whoever else writes

def write(folder, size, first):
    say("writer", os.getpid())
    recorder = Recorder(folder, "test", 25.0, 1 / 1024, 1 / 102400)
    say(first)
    while True:
        index = np.arange(first, first + size)
        counts = (index[:, None] * np.array([7919, 104729, 1299709]) % 2000) - 1000 + np.array([10_000, 0, 0])
        acc = (counts / 1024).astype(np.float32)
        recorder.append(ImuChunk(1.8e9 + index / 25, acc, acc[:, ::-1] / 100))
        first += size
        say(first)

for line in sys.stdin:
    folder, size, first = line.split()
    assert "pandas" not in sys.modules, "half a second and 50 MB that recording does not need"
    writer = os.fork()
    if writer == 0:
        write(Path(folder), int(size), int(first))
    os.waitpid(writer, 0)
    say("dead")
"""


def assert_prefix(folder, acknowledged, sensor):
    """Check that the folder holds the samples from the first on, all but the last second of those acknowledged."""
    found = concatenate(list(open_recording(folder).chunks()))
    assert len(found) > acknowledged - RATE_HZ
    expected = sensor(0, len(found), rate_hz=RATE_HZ)
    np.testing.assert_allclose(found.time, expected.time, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found.acc, expected.acc)
    np.testing.assert_allclose(found.gyr, expected.gyr, rtol=1e-6)
    return len(found)


LEAST_KILLS, LEAST_ROLLED = 24, 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is a Unix thing")
def test_killed_at_random_moments(tmp_path, sensor):
    """Live-sized appends, and appends of minutes so that hours end and are rolled within the time of the test."""
    chance = random.Random(20261122)  # noqa: S311 - moments to kill at, no secrets
    folder = tmp_path / "day"
    kept = 0
    command = [sys.executable, "-W", "error", "-c", WRITERS]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writers:
        # A loaded machine gets less far before each kill, and so takes more of them to have rolled hours.
        for kill in range(120):
            if kill >= LEAST_KILLS and len(list(folder.glob("*.parquet"))) >= LEAST_ROLLED:
                break
            print(folder, (3, 20, 1500)[kill % 3], kept, file=writers.stdin, flush=True)
            writer = int(writers.stdout.readline().removeprefix("writer "))
            acknowledged = [int(writers.stdout.readline())]
            # The moment is what is random: there is no condition to wait for.
            time.sleep(chance.uniform(0, 0.25))
            os.kill(writer, signal.SIGKILL)
            acknowledged += [int(line) for line in iter(writers.stdout.readline, "dead\n")]
            assert acknowledged[0] == kept, "the writer did not continue"
            if acknowledged[-1] >= RATE_HZ:
                kept = assert_prefix(folder, acknowledged[-1], sensor)
        writers.stdin.close()
    assert len(list(folder.glob("*.parquet"))) >= LEAST_ROLLED
    assert kept > 3600 * RATE_HZ


@pytest.fixture
def stream(tmp_path, sensor):
    """The stream of a recording that is still open: its bytes, and its length after each second."""
    ends = []
    with Recorder(tmp_path / "written", "test", RATE_HZ, 1 / 1024) as recorder:
        for second in range(4):
            recorder.append(sensor(second * RATE_HZ, RATE_HZ, rate_hz=RATE_HZ, gyro=False))
            (path,) = (tmp_path / "written").glob("*.arrows")
            ends.append(path.stat().st_size)
        return path.read_bytes(), ends


def test_cut_off_at_every_byte(tmp_path, stream):
    data, ends = stream
    path = tmp_path / "segment-000001.arrows"
    path.write_bytes(data)
    for size in range(len(data), -1, -1):
        os.truncate(path, size)
        _format, batches = read_stream(path)
        assert len(batches) == sum(end <= size for end in ends), size


@pytest.mark.parametrize(
    "tail", [b"\0" * 700, b"\xff" * 700, bytes(range(256)) * 3, b"\xff\xff\xff\xff\x10\0\0\0" * 90]
)
@pytest.mark.parametrize("kept", [0, 100, 300])
def test_a_disk_that_wrote_something_else_at_the_end(tmp_path, stream, tail, kept):
    data, ends = stream
    path = tmp_path / "segment-000001.arrows"
    path.write_bytes(data[: ends[2] + kept] + tail)
    assert len(read_stream(path)[1]) == 3


def test_damage_before_the_end_is_no_torn_end(tmp_path, stream):
    data, ends = stream
    path = tmp_path / "segment-000001.arrows"
    for place in range(ends[0] - 900, ends[0], 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            batches = read_stream(path)[1]
        except RecordingError as error:
            assert "damaged" in str(error)  # noqa: PT017 - bytes that only pad do no harm
        else:
            assert len(batches) == 4


def test_a_torn_end_is_repaired_and_the_recording_continued(tmp_path, stream, sensor):
    data, ends = stream
    folder = tmp_path / "day"
    folder.mkdir()
    (folder / "segment-000001.arrows").write_bytes(data[: ends[1] + 200])
    with Recorder(folder, "test", RATE_HZ, 1 / 1024) as recorder:
        recorder.append(sensor(2 * RATE_HZ, 3 * RATE_HZ, rate_hz=RATE_HZ, gyro=False))
    found = concatenate(list(open_recording(folder).chunks()))
    np.testing.assert_array_equal(found.acc, sensor(0, 5 * RATE_HZ, rate_hz=RATE_HZ).acc)


def test_a_damaged_hour_is_never_thrown_away(tmp_path, stream):
    data, ends = stream
    folder = tmp_path / "day"
    folder.mkdir()
    damaged = folder / "segment-000001.arrows"
    damaged.write_bytes(data[: ends[0]] + bytes(50) + data[ends[0] + 50 :])
    with pytest.raises(RecordingError, match=r"segment-000001.arrows: damaged at byte \d+; move this file away"):
        Recorder(folder, "test", RATE_HZ, 1 / 1024)
    assert damaged.exists()


ROLLING = {
    "before it began": {"arrows"},
    "with Parquet half written": {"arrows", "half"},
    "before the rename": {"arrows", "whole"},
    "before the stream was deleted": {"arrows", "parquet"},
    "after all": {"parquet"},
}


@pytest.mark.parametrize("state", ROLLING)
def test_rolling_interrupted(tmp_path, stream, sensor, state):
    data, _ends = stream
    rolled = tmp_path / "rolled"
    rolled.mkdir()
    (rolled / "segment-000001.arrows").write_bytes(data)
    Recorder(rolled, "test", RATE_HZ, 1 / 1024).close()
    parquet = (rolled / "segment-000001.parquet").read_bytes()

    folder = tmp_path / "day"
    folder.mkdir()
    contents = {
        "arrows": ("segment-000001.arrows", data),
        "half": ("segment-000001.parquet.unfinished", parquet[:700]),
        "whole": ("segment-000001.parquet.unfinished", parquet),
        "parquet": ("segment-000001.parquet", parquet),
    }
    for name, content in (contents[key] for key in ROLLING[state]):
        (folder / name).write_bytes(content)

    expected = sensor(0, 4 * RATE_HZ, rate_hz=RATE_HZ, gyro=False)
    for _ in range(2):
        found = concatenate(list(open_recording(folder).chunks()))
        np.testing.assert_array_equal(found.acc, expected.acc)
        Recorder(folder, "test", RATE_HZ, 1 / 1024).close()
    assert sorted(path.name for path in folder.iterdir()) == ["recording.lock", "segment-000001.parquet"]
    shutil.rmtree(folder)


KILL_AT_EACH_STEP = """
import os, shutil, signal, sys
from pathlib import Path
import numpy as np
from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import Recorder, open_recording

STEPS = ("open", "os.rename", "os.remove")
original, folder = Path(sys.argv[1]), Path(sys.argv[2])
read = lambda: concatenate(list(open_recording(folder).chunks()))

def roll_until(last):
    steps = 0
    def count(event, arguments):
        nonlocal steps
        steps += event in STEPS
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    Recorder(folder, "test", 25, 1 / 1024).close()
    os._exit(0)

shutil.copytree(original, folder)
expected, last, states = read(), 0, []
while not states or states[-1] != ["recording.lock", "segment-000001.parquet"] or killed:
    last += 1
    shutil.rmtree(folder)
    shutil.copytree(original, folder)
    child = os.fork()
    if child == 0:
        roll_until(last)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    states.append(sorted(path.name for path in folder.iterdir()))
    for _ in range(2):
        np.testing.assert_array_equal(read().time, expected.time)
        np.testing.assert_array_equal(read().acc, expected.acc)
        Recorder(folder, "test", 25, 1 / 1024).close()
print(last - 1, *sorted({name for state in states for name in state}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is a Unix thing")
def test_killed_before_each_step_of_rolling(tmp_path, stream, run_python):
    original = tmp_path / "original"
    original.mkdir()
    (original / "segment-000001.arrows").write_bytes(stream[0])
    kills, *files = run_python(KILL_AT_EACH_STEP, original, tmp_path / "day").split()
    assert int(kills) >= 7
    assert files == [
        "recording.lock",
        "segment-000001.arrows",
        "segment-000001.parquet",
        "segment-000001.parquet.unfinished",
    ]
