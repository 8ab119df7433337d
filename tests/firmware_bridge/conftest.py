"""Samples and files for the tests of the recordings."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firmware_bridge.imu import ImuChunk

REPOSITORY = Path(__file__).parents[2]
COLUMNS = ("time_s", "acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")


def still_table(n=500, rate_hz=100.0, *, gyro=True):
    """A wearer at rest, x up, with sensor noise: one column of numbers for each name."""
    random = np.random.default_rng(7)
    table = {"time_s": np.arange(n) / rate_hz}
    for name, value in zip(COLUMNS[1:4], (9.7, 0.3, 1.2), strict=True):
        table[name] = (value + random.normal(0, 0.05, n)).astype(np.float32)
    for name in COLUMNS[4:] if gyro else ():
        table[name] = random.normal(0, 0.02, n).astype(np.float32)
    return table


@pytest.fixture
def still():
    return still_table


@pytest.fixture
def write_parquet(tmp_path):
    def write(table, name="recording.parquet", **options):
        path = tmp_path / name
        pq.write_table(pa.table(table), path, **options)
        return path

    return write


@pytest.fixture
def write_csv(tmp_path):
    def write(table, name="recording.csv", **options):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, **options)
            writer.writerow(table)
            writer.writerows(zip(*table.values(), strict=True))
        return path

    return write


@pytest.fixture
def sensor():
    """Samples that lie exactly on the counts of a sensor with these resolutions."""

    def samples(first, n, rate_hz=100.0, *, gyro=True, start_s=1_800_000_000.0, resolution=1 / 1024):
        index = np.arange(first, first + n)
        counts = (index[:, None] * np.array([7919, 104729, 1299709]) % 2000) - 1000 + np.array([10_000, 0, 0])
        acc = (counts * resolution).astype(np.float32)
        return ImuChunk(start_s + index / rate_hz, acc, acc[:, ::-1] / 100 if gyro else None)

    return samples


@pytest.fixture
def run_python():
    """Run a script with the house's packages in a process of its own and return what it prints."""

    def run(script, *arguments):
        command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
        result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
