import numpy as np
import pytest

from firmware_bridge.virtual.air.oscillator import Oscillator
from firmware_bridge.virtual.air.sampling import SensorTime

WARMING = Oscillator(ppm=25, wander_ppm=500)


def test_a_restart_sets_the_clock_to_zero_and_leaves_the_crystal_as_warm_as_it_was():
    ever, restarted = SensorTime(WARMING, 5.0, 5.0), SensorTime(WARMING, 5.0, 1000.0)
    assert restarted.times_s(np.array([0.0]))[0] == pytest.approx(1000.0, abs=1e-6)
    began_s = WARMING.reading_s(995.0)
    same_s = ever.times_s(began_s + np.array([10.0, 400.0]))
    np.testing.assert_allclose(restarted.times_s(np.array([10.0, 400.0])), same_s, atol=1e-6)
