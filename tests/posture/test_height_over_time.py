"""The height over time shows what the wearer does, not what the accelerometer reads wrongly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from config.units import GRAVITY_MS2
from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Gap, Lie, SensorModel, Sit, SittingPosture, Stand
from posture.height_over_time import lift_added, trust_at_start
from posture.rotations import unit

RATE_HZ = 100.0
OFFSET_MS2 = np.array([0.5, -0.1, 0.4])
SCRIPT = (Stand(20.0), Lie(20.0), Sit(20.0, SittingPosture.SLOUCHED, 20.0), Gap(4.0), Sit(20.0), Stand(20.0))
HEIGHTS = ("rise", "fall", "rise_by_norm", "fall_by_norm")
DIRECTIONS = arrays(np.float64, 3, elements=st.floats(-1.0, 1.0)).filter(lambda each: np.linalg.norm(each) > 0.1)


def at_rest(reads_too_much_ms2, *, has_gyro):
    """Return an upright sensor that is not moved, with a hole of 3 s in it."""
    time = np.arange(0.0, 40.0, 1 / RATE_HZ)
    time = time[(time < 20.5) | (time > 23.5)]
    acc = np.random.default_rng(1).normal(0.0, 0.01, (len(time), 3))
    acc[:, 0] += GRAVITY_MS2 + reads_too_much_ms2
    return ImuChunk(1000.0 + time, acc, np.zeros_like(acc) if has_gyro else None)


@pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
@pytest.mark.parametrize("reads_too_much_ms2", [0.5, -1.5])
def test_who_is_still_neither_rises_nor_sinks_at_the_beginning_and_after_a_hole(analyse, has_gyro, reads_too_much_ms2):
    seconds = analyse(at_rest(reads_too_much_ms2, has_gyro=has_gyro), RATE_HZ).seconds
    assert {1001, 1024} <= set(seconds.second.tolist())
    assert max(np.abs(getattr(seconds, name)).max() for name in HEIGHTS) < 0.02


@given(st.floats(0.0, 10.0), st.floats(0.01, 10.0))
def test_the_more_one_moves_at_the_beginning_the_less_is_held_for_an_offset(movement, more):
    little, much = trust_at_start(np.array([movement, movement + more]))
    assert 0.0 < much < little <= 1.0
    assert trust_at_start(np.zeros(1)) == 1.0


@given(true=DIRECTIONS, offset_ms2=DIRECTIONS)
def test_an_offset_makes_gravity_so_much_longer(true, offset_ms2):
    read = GRAVITY_MS2 * unit(true) + offset_ms2
    assert lift_added(unit(read), offset_ms2) == pytest.approx(np.linalg.norm(read) - GRAVITY_MS2, abs=1e-9)


def test_seconds_rid_of_an_offset_are_as_if_it_had_never_been(play, analyse):
    biased = SensorModel(acc_bias_ms2=tuple(OFFSET_MS2))
    good, bad = (
        analyse(play(SCRIPT, 3, RATE_HZ, sensor=each).chunk, RATE_HZ).seconds for each in (SensorModel(), biased)
    )
    rid = bad.without_offset(OFFSET_MS2)

    def apart(name, seconds):
        return np.percentile(np.abs(getattr(seconds, name) - getattr(good, name)), 95)

    for name in (*HEIGHTS, "speed_gain", "height_gain", "lift_in_parts"):
        assert apart(name, rid) < 0.5 * apart(name, bad), name
    assert max(apart(name, rid) for name in HEIGHTS) < 0.12
    assert len(bad.rows(0, 0).without_offset(OFFSET_MS2)) == 0
