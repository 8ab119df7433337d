"""Late samples that were acknowledged survive a crash at any moment, each once, and may be read while they come."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from config.errors import RecordingError
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.recordings.raw_source import RawSource

REPOSITORY = Path(__file__).parents[2]
RATE_HZ = 25
HOUR_EDGE_S = 1_800_003_600.0

COMMON = """
import os, shutil, signal, stat, sys
from pathlib import Path
import numpy as np
from config.errors import RecordingError
from firmware_bridge.imu import ImuChunk
from firmware_bridge.recordings import Recorder
from firmware_bridge.recordings.raw_source import RawSource

def samples(start, stop):
    index = np.arange(start, stop)
    acc = (index[:, None] * np.array([7919, 104729, 1299709]) % 2000 - 1000 + np.array([10_000, 0, 0])) / 1024
    return ImuChunk(1_800_003_600.0 + index / 25, acc)

def held(folder):
    # The numbers of the samples in the folder; all in order, each with its values.
    try:
        rows = list(RawSource(folder).rows(gyro=True))
    except RecordingError as error:
        assert "holds no samples" in str(error)
        return set()
    time, acc = (np.concatenate([getattr(piece, name) for piece in rows]) for name in ("time", "acc"))
    assert (np.diff(time) > 0).all()
    numbers = np.rint((time - 1_800_003_600.0) * 25).astype(int)
    expected = samples(int(numbers[0]), int(numbers[-1]) + 1)
    np.testing.assert_allclose(time, expected.time[numbers - numbers[0]], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(acc, expected.acc[numbers - numbers[0]])
    return set(numbers.tolist())
"""

KILL_AT_EACH_STEP = (
    COMMON
    + """
SILENT = ("write", "fsync", "fdatasync", "ftruncate")

def kill_at(step, power_fails):
    # Die before the step of this number that changes the folder, be it one that Python reports or one that it does not.
    steps, synced, unsynced, new = 0, {}, set(), set()
    def count():
        nonlocal steps
        steps += 1
        if steps == step:
            for descriptor in unsynced if power_fails else ():  # the disk never got these
                truncate(descriptor, synced.get(descriptor, 0))
            for path in new if power_fails else ():
                unlink(path)
            os.kill(os.getpid(), signal.SIGKILL)
    def audit(event, arguments):
        if steps < step and event in ("os.rename", "os.remove"):
            count()
        if steps < step and event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            count()
            if arguments[2] & os.O_EXCL:
                new.add(arguments[0])
    truncate, unlink = os.ftruncate, os.unlink
    sys.addaudithook(audit)
    for name in SILENT:
        def stepped(descriptor, *arguments, name=name, real=getattr(os, name)):
            count()
            result = real(descriptor, *arguments)
            if name == "write":
                unsynced.add(descriptor)
            elif name != "ftruncate" and stat.S_ISDIR(os.fstat(descriptor).st_mode):
                new.clear()
            elif name != "ftruncate":
                unsynced.discard(descriptor)
                synced[descriptor] = os.fstat(descriptor).st_size
            return result
        setattr(os, name, stepped)
    def close(descriptor, real=os.close):
        assert descriptor not in unsynced
        synced.pop(descriptor, None)
        real(descriptor)
    os.close = close

LATE = [(-150, -60), (-60, 0), (0, 90), (40, 120), (-170, -140)]  # both sides of a full hour, and back to the first
ALL = set(range(-200, 200))

def insert_all(folder, say):
    with Recorder(folder, "test", 25, 1 / 1024) as recorder:
        recorder.append(samples(-200, -150))
        recorder.append(samples(100, 190))
        say(-200, -150 - 24), say(100, 190 - 24)
        for start, stop in LATE:
            recorder.insert(samples(start, stop))
            say(start, stop)
            if (start, stop) == (0, 90):
                recorder.append(samples(190, 200))

def roll_all(folder, say):
    Recorder(folder, "test", 25, 1 / 1024).close()

def check(folder, acknowledged):
    found = held(folder)
    assert acknowledged <= found <= ALL, (acknowledged - found, found - ALL)
    Recorder(folder, "test", 25, 1 / 1024).close()
    assert held(folder) == found
    assert RawSource(folder).n_samples == len(found) if found else True
    assert not list(folder.glob("*.arrows")) + list(folder.glob("*.unfinished"))
    with Recorder(folder, "test", 25, 1 / 1024) as recorder:
        assert recorder.insert(samples(-200, 200)) == len(ALL - found)
    assert held(folder) == ALL

def kill_each_step(original, folder, work, acknowledged, power_fails=False):
    step, killed, states = 0, True, set()
    while killed:
        step += 1
        shutil.copytree(original, folder)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            write = os.write
            kill_at(step, power_fails)
            work(folder, lambda start, stop: write(writer, f"{start} {stop}\\n".encode()))
            os._exit(0)
        os.close(writer)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        with os.fdopen(reader) as lines:
            told = {number for line in lines for number in range(*map(int, line.split()))}
        states.add(tuple(sorted(path.name for path in folder.iterdir())))
        check(folder, acknowledged | told)
        shutil.rmtree(folder)
    return step - 1, len(states)

scratch = Path(sys.argv[1])
(scratch / "empty").mkdir()
inserting = kill_each_step(scratch / "empty", scratch / "day", insert_all, set())
kill_each_step(scratch / "empty", scratch / "day", insert_all, set(), power_fails=True)

child = os.fork()
if child == 0:
    recorder = Recorder(scratch / "left", "test", 25, 1 / 1024)
    recorder.append(samples(-200, -150))
    recorder.append(samples(100, 150))
    recorder.insert(samples(-140, 50))
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
assert len(list((scratch / "left").glob("*.arrows"))) == 2
rolling = kill_each_step(scratch / "left", scratch / "day", roll_all, held(scratch / "left"))
print(*inserting, *rolling)
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is a Unix thing")
def test_killed_before_each_step_of_inserting_and_of_rolling(tmp_path, run_python):
    inserting, inserting_states, rolling, rolling_states = map(int, run_python(KILL_AT_EACH_STEP, tmp_path).split())
    assert inserting > 30
    assert inserting_states > 10
    assert rolling > 8
    assert rolling_states > 5


INSERTERS = (
    COMMON
    + """
def insert(folder, kill, sizes):
    order = np.random.default_rng(kill)
    with Recorder(folder, "test", 25, 1 / 1024) as recorder:
        os.write(1, f"pid {os.getpid()}\\n".encode())
        while True:
            start = int(order.integers(-90_000, 90_000))
            stop = start + int(order.choice(sizes))
            recorder.insert(samples(start, stop))
            os.write(1, f"{start} {stop}\\n".encode())

kept = set()
for line in sys.stdin:
    folder, kill = Path(line.split()[0]), int(line.split()[1])
    child = os.fork()
    if child == 0:
        insert(folder, kill, (1, 30, 2000))
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
    spans = [line.split() for line in sys.stdin.readline().split(";")]
    told = {number for span in spans if span for number in range(*map(int, span))}
    found = held(folder)
    assert kept | told <= found, sorted((kept | told) - found)[:10]
    kept = found
    os.write(1, f"{len(kept)}\\n".encode())
"""
)


LEAST_KILLS, LEAST_TOLD = 6, 16


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is a Unix thing")
def test_killed_at_random_moments_while_inserting(tmp_path):
    chance = random.Random(20261122)  # noqa: S311 - moments to kill at, no secrets
    command = [sys.executable, "-W", "error", "-c", INSERTERS]
    n_held, n_told = 0, 0
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writers:
        # A loaded machine gets less far before each kill.
        for kill in range(60):
            if kill >= LEAST_KILLS and n_told >= LEAST_TOLD:
                break
            print(tmp_path / "day", kill, file=writers.stdin, flush=True)
            inserter = int(writers.stdout.readline().removeprefix("pid "))
            # The moment is what is random: there is no condition to wait for.
            time.sleep(chance.uniform(0, 0.2))
            os.kill(inserter, signal.SIGKILL)
            told = [line.strip() for line in iter(writers.stdout.readline, "dead\n")]
            n_told += len(told)
            print(";".join(told), file=writers.stdin, flush=True)
            n_held = int(writers.stdout.readline())
        writers.stdin.close()
    assert n_told >= LEAST_TOLD
    assert n_held > n_told


@pytest.fixture
def late_stream(tmp_path, sensor):
    """A late stream as it is while the recorder is open: its bytes, and its length after each insert."""
    ends = []
    with Recorder(tmp_path / "written", "test", RATE_HZ, 1 / 1024) as recorder:
        for start in (100, 0):
            recorder.insert(sensor(start, 20, rate_hz=RATE_HZ, gyro=False))
            (path,) = (tmp_path / "written").glob("late-*.arrows")
            ends.append(path.stat().st_size)
        return path.read_bytes(), ends


def test_a_late_file_cut_off_at_every_byte(tmp_path, late_stream, sensor):
    data, ends = late_stream
    folder = tmp_path / "day"
    with Recorder(folder, "test", RATE_HZ, 1 / 1024) as recorder:
        recorder.append(sensor(260, 40, rate_hz=RATE_HZ, gyro=False))
    path = folder / "late-500000-001.arrows"
    path.write_bytes(data)
    for size in range(len(data), -1, -1):
        os.truncate(path, size)
        source = RawSource(folder)
        assert source.n_samples == 40 + 20 * sum(end <= size for end in ends), size
        times = np.concatenate([rows.time for rows in source.rows(gyro=False)])
        assert len(times) == source.n_samples
        assert (np.diff(times) > 0).all()


def test_a_damaged_late_file_is_never_thrown_away(tmp_path, late_stream):
    data, ends = late_stream
    damaged = tmp_path / "day" / "late-500000-001.arrows"
    damaged.parent.mkdir()
    damaged.write_bytes(data[: ends[0] - 150] + bytes(50) + data[ends[0] - 100 :])
    with pytest.raises(RecordingError, match=r"late-500000-001.arrows: damaged at byte \d+; move this file away"):
        Recorder(damaged.parent, "test", RATE_HZ, 1 / 1024)
    with pytest.raises(RecordingError, match="damaged"):
        open_recording(damaged.parent)
    assert damaged.exists()


DISK_FULL = (
    COMMON
    + """
import resource
folder = Path(sys.argv[1])
recorder = Recorder(folder, "test", 25, 1 / 1024)
recorder.append(samples(-50, -25))
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
start = faults = 0
while faults < 3:
    try:
        recorder.insert(samples(start, start + 100))
        start += 100
    except RecordingError as error:
        assert "what was recorded so far is safe" in str(error)
        faults += 1
    assert held(folder) == {*range(-50, -25), *range(start)}
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert recorder.insert(samples(0, start + 100)) == 100
recorder.close()
assert held(folder) == {*range(-50, -25), *range(start + 100)}
assert start > 0
"""
)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_when_the_disk_refuses_late_samples_they_can_be_inserted_again(tmp_path, run_python):
    run_python(DISK_FULL, tmp_path / "day")


WRITER = (
    COMMON
    + """
folder = Path(sys.argv[1])
with Recorder(folder, "test", 25, 1 / 1024) as recorder:
    recorder.append(samples(-1000, 100))
    print("begun", flush=True)
    live = 30_000
    for start in range(100, 30_000, 130):
        recorder.append(samples(live, live + 25))
        live += 25
        recorder.insert(samples(start - 50_000 * (start % 3), start - 50_000 * (start % 3) + 130))
        recorder.insert(samples(start, start + 130))
print("done", flush=True)
"""
)


def test_a_recording_is_read_while_late_samples_come(tmp_path):
    """Another process inserts and rolls all the time; a reader finds all it found before, in order."""
    command = [sys.executable, "-W", "error", "-c", WRITER, tmp_path / "day"]
    n_before, reads = 0, 0
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "begun\n"
        while writer.poll() is None:
            found = concatenate(list(open_recording(tmp_path / "day").chunks()))
            assert len(found) >= n_before
            n_before, reads = len(found), reads + 1
        assert writer.stdout.read() == "done\n"
    assert reads > 3
    found = concatenate(list(open_recording(tmp_path / "day").chunks()))
    numbers = np.rint((found.time - HOUR_EDGE_S) * RATE_HZ).astype(int)
    starts = range(100, 30_000, 130)
    inserted = [range(start - 50_000 * (start % 3), start - 50_000 * (start % 3) + 130) for start in starts]
    expected = {*range(-1000, starts[-1] + 130), *range(30_000, 30_000 + 25 * len(starts))}.union(*inserted)
    assert numbers.tolist() == sorted(expected)


ANALYSE = """
import sys
from lumbar.cli import main
for folder in sys.argv[1:]:
    sys.argv = ["lumbar", "analyze", folder]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
    print("END", flush=True)
"""


def test_lumbar_analyses_a_recording_with_late_samples(tmp_path, still, run_python):
    table = still(6000, gyro=True)
    acc, gyr = (np.stack([table[f"{kind}_{axis}"] for axis in "xyz"], axis=1) for kind in ("acc", "gyr"))
    samples = ImuChunk(HOUR_EDGE_S - 20 + table["time_s"], acc, gyr)
    for name, resumes in (("live", 1000), ("late", 5000)):
        with Recorder(tmp_path / name, "test", 100.0, 1 / 2048, 1 / 8192) as recorder:
            recorder.append(samples.rows(0, 1000))
            recorder.append(samples.rows(resumes, 6000))
            assert recorder.insert(samples.rows(500, 5500)) == resumes - 1000
    live, late, _ = run_python(ANALYSE, tmp_path / "live", tmp_path / "late").split("END\n")
    assert json.loads(live) == json.loads(late)
    assert json.loads(late)["recording"]["gaps"] == []
