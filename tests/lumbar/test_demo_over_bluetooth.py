"""The demo's day from a virtual sensor, over the real link."""

import re

import numpy as np
import pytest

from firmware_bridge.virtual import SensorModel, SimulatedWearer, Sit, Stand
from lumbar.demo_air import WearerOverBluetooth


@pytest.fixture
def sitter():
    return SimulatedWearer((Stand(5.0), Sit(25.0)), 2, sensor=SensorModel.ideal())


def test_the_link_brings_the_wearers_own_samples_at_the_wearers_own_times(sitter):
    with WearerOverBluetooth(sitter) as air:
        chunks = list(air.chunks(1.0))
        status = air.status()
    time = np.concatenate([chunk.time for chunk in chunks])
    acc = np.concatenate([chunk.acc for chunk in chunks])
    assert time[0] - sitter.start < 3.0
    assert sitter.start + sitter.duration_s - time[-1] < 0.2
    assert (np.diff(time) < 0.02).all()
    true = next(sitter.chunks(sitter.duration_s))
    for axis in range(3):
        played = np.interp(time, true.time, true.acc[:, axis])
        assert np.sqrt(np.mean((played - acc[:, axis]) ** 2)) < 0.05
    assert status == "sensor connected, battery 80 %, signal -58 dBm"


def test_a_nudge_is_felt_as_soon_as_the_clock_moves_on(sitter):
    with WearerOverBluetooth(sitter) as air:
        chunks = air.chunks(5.0)
        next(chunks)
        air.nudge(0.7, 0.4)
        assert air.pulses_n == 0
        next(chunks)
        assert air.pulses_n == 1


def test_the_demo_over_bluetooth_ends_with_the_days_summary_and_one_pulse_for_each_alert(lumbar):
    code, out, err = lumbar("demo", "--bluetooth", "--hours", "0.25", "--seed", "3")
    assert (code, err) == (0, "")
    assert "every message has been delivered" in out
    alerts_n = int(re.search(r"Alerts\s+(\d+) given", out)[1])
    assert alerts_n == 1
    assert f"Pulses of the virtual sensor's motor: {alerts_n}." in out
    assert "guided" in out
