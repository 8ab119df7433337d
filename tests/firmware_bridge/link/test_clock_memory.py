"""What the program knows of a sensor's clock when it starts anew."""

import json

import pytest

from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.time_base import UNKNOWN, Rate

ADDRESS = "D0:00:00:00:00:02"
RATE = Rate(-25e-6, 1200.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "days" / "belt.clock.json"


def test_the_rate_of_a_crystal_is_known_after_a_new_start(path):
    memory = ClockMemory(path)
    memory.learn(ADDRESS, RATE)
    memory.keep(7, [(1.0, 2.0)])
    again = ClockMemory(path)
    assert again.rate_of(ADDRESS) == RATE
    assert again.load(7) == [(1.0, 2.0)]


def test_the_rate_of_a_sensor_that_tells_no_boot_is_kept_as_well(path):
    memory = ClockMemory(path)
    memory.learn(ADDRESS, RATE)
    memory.keep(None, [(1.0, 2.0)])
    assert ClockMemory(path).rate_of(ADDRESS) == RATE


def test_another_sensor_under_the_same_name_has_another_crystal(path):
    memory = ClockMemory(path)
    memory.learn(ADDRESS, RATE)
    memory.keep(7, [(1.0, 2.0)])
    assert ClockMemory(path).rate_of("D0:00:00:00:00:03") == UNKNOWN


@pytest.mark.parametrize("slope", [float("nan"), float("inf"), "fast", None])
def test_a_file_that_makes_no_sense_is_left_out_with_a_word(path, slope, caplog):
    path.parent.mkdir()
    path.write_text(json.dumps({"sensor": ADDRESS, "slope": slope, "learnt_s": 60.0, "boots": []}))
    assert ClockMemory(path).rate_of(ADDRESS) == UNKNOWN
    assert "learnt anew" in caplog.text
