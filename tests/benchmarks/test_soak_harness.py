"""An hour of `lumbar wear` through all mishaps, midnight among them: totals, account and messages as they should be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.fixture(scope="module")
def report():
    command = [sys.executable, str(SOAK), "--hours", "1", "--every", "4", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_totals_are_those_of_the_wearers_script(report):
    assert [row["figure"] for row in report["figures"] if not row["ok"]] == [], report["figures"]
    assert report["days"] == ["2026-01-05", "2026-01-06"]


def test_absences_are_filled_from_the_sensors_log(report):
    assert report["mishaps"]["absence"] >= 1
    away_s = 3600 * report["hours"] - report["samples"] / 100
    assert report["gaps_s"] < away_s / 2, "25 samples a second are there of an absence, and no gap"
    assert report["longest_gap_s"] < 180


def test_the_broker_has_every_message(report):
    assert report["delivered"]
    assert report["dropped_messages"] == 0
