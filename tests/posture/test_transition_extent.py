"""How long a change of posture takes, from where the trunk begins to swing to where it has come to rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import SensorModel, Sit, Stand, Walk
from posture.events import Transition, TransitionKind
from posture.transition_extent import timed

RATE_HZ = 100.0
UP, DOWN = TransitionKind.SIT_TO_STAND, TransitionKind.STAND_TO_SIT


def smooth_step(time, start, end):
    """Return 0 before and 1 after, with the least jerk between (Flash & Hogan 1985)."""
    phase = np.clip((time - start) / (end - start), 0.0, 1.0)
    return 10 * phase**3 - 15 * phase**4 + 6 * phase**5


def swung(*swings, sway_deg=0.0, start_s=1000.0):
    """Return a trunk that swings 35 deg forward and back in each interval, and sways twice a second all the time."""
    time = np.arange(0.0, 30.0, 1 / RATE_HZ)
    angle = np.radians(sway_deg) * np.sin(2 * np.pi * 2.0 * time)
    for start, end in swings:
        turn = start + 0.45 * (end - start)
        angle = angle + np.radians(35.0) * (smooth_step(time, start, turn) - smooth_step(time, turn, end))
    nothing = np.zeros_like(time)
    acc = 9.80665 * np.stack([np.cos(angle), nothing, np.sin(angle)], axis=1)
    return ImuChunk(start_s + time, acc, np.stack([nothing, np.gradient(angle, time), nothing], axis=1))


def change(time, kind=UP):
    return Transition(time, kind, duration_s=None)


@pytest.mark.parametrize("duration_s", [1.5, 2.5, 3.2])
@pytest.mark.parametrize("off_s", [-1.0, 0.0, 1.0])
def test_a_swing_is_timed_though_the_change_is_known_to_the_second_only(analyse, duration_s, off_s):
    seconds = analyse(swung((10.3, 10.3 + duration_s)), RATE_HZ).seconds
    middle = 1010.3 + duration_s / 2
    (told,) = timed([change(round(middle) + off_s)], seconds)
    assert told.time == pytest.approx(middle, abs=0.2)
    # Smoothing adds a little; the first and the last of a smooth swing are too slow to be seen.
    assert told.duration_s == pytest.approx(duration_s, abs=0.4)
    assert told.kind is UP


def test_the_sway_of_steps_is_no_swing(analyse):
    walking = analyse(swung((10.0, 12.5), sway_deg=2.0), RATE_HZ).seconds
    calm = analyse(swung((10.0, 12.5)), RATE_HZ).seconds
    (walked,), (stood,) = timed([change(1011.0)], walking), timed([change(1011.0)], calm)
    assert walked.duration_s == pytest.approx(stood.duration_s, abs=0.25)


def test_what_shows_no_swing_stays_as_it_was(analyse):
    seconds = analyse(swung((10.0, 12.5)), RATE_HZ).seconds
    changes = [change(1003.0), change(1020.0, DOWN)]
    assert timed(changes, seconds) == changes
    assert timed([], seconds) == []


def test_a_swing_belongs_to_one_change(analyse):
    seconds = analyse(swung((10.0, 12.0), (13.5, 15.5)), RATE_HZ).seconds
    up, down = timed([change(1011.0), change(1014.0, DOWN)], seconds)
    assert (up.time, down.time) == (pytest.approx(1011.0, abs=0.2), pytest.approx(1014.5, abs=0.2))


def test_a_swing_that_samples_missing_cut_is_not_timed(analyse):
    whole = swung((10.0, 12.5))
    kept = (whole.time < 1011.0) | (whole.time > 1014.0)
    seconds = analyse(ImuChunk(whole.time[kept], whole.acc[kept], whole.gyr[kept]), RATE_HZ).seconds
    for time in (1010.0, 1011.0, 1014.0):
        assert timed([change(time)], seconds) == [change(time)]


def test_a_recording_that_begins_or_ends_in_a_swing_does_not_say_how_long_it_is(analyse):
    seconds = analyse(swung((-1.0, 1.5), (28.5, 31.0)), RATE_HZ).seconds
    changes = [change(1000.0), change(1029.0)]
    assert timed(changes, seconds) == changes


def test_the_turn_of_the_mounting_does_not_matter(analyse):
    chunk = swung((10.0, 12.5))
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = ImuChunk(chunk.time, chunk.acc @ turn.T, chunk.gyr @ turn.T)
    (one,), (other,) = (timed([change(1011.0)], analyse(each, RATE_HZ).seconds) for each in (chunk, turned))
    assert other.time == pytest.approx(one.time, abs=0.01)
    assert other.duration_s == pytest.approx(one.duration_s, abs=0.01)


@given(shift_s=st.integers(1, 10**9), time=st.integers(1000, 1029))
def test_the_clock_does_not_matter(analyse, shift_s, time):
    seconds = analyse(swung((10.0, 12.5)), RATE_HZ).seconds
    later = replace(seconds, second=seconds.second + shift_s)
    (one,), (other,) = timed([change(float(time))], seconds), timed([change(float(time + shift_s))], later)
    assert other.time - shift_s == pytest.approx(one.time, abs=1e-6)
    assert other.duration_s == pytest.approx(one.duration_s, abs=1e-6)


def test_a_simulated_wearer_gets_up_and_sits_down(play, analyse):
    script = (Stand(5.0), Sit(15.0), Stand(15.0), Sit(15.0), Walk(15.0), Sit(15.0))
    played = play(script, 3, RATE_HZ, sensor=SensorModel.ideal())
    truth = played.truth.transitions
    changes = [change(float(round((each.start + each.end) / 2)), TransitionKind(each.kind)) for each in truth]
    told = timed(changes, analyse(played.chunk, RATE_HZ).seconds)
    assert len(told) >= 4
    for found, true in zip(told, truth, strict=True):
        assert found.time == pytest.approx((true.start + true.end) / 2, abs=0.5)
        assert found.duration_s == pytest.approx(true.end - true.start, abs=0.8)


def test_an_accelerometer_alone_does_not_show_it(analyse):
    chunk = swung((10.0, 12.5))
    seconds = analyse(ImuChunk(chunk.time, chunk.acc), RATE_HZ).seconds
    assert timed([change(1011.0)], seconds) == [change(1011.0)]
