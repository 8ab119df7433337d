"""How much of the rise and fall of the trunk may be that of steps: walking's all, squats' next to nothing."""

import numpy as np
import pytest

from config.units import GRAVITY_MS2
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.seconds import SecondSummarizer
from posture.stepping import STEPPING_S, stepping_gait


def seconds_of(vertical, tilt_deg=0.0):
    """Return the seconds of a trunk that rises and falls and tilts."""
    tilt = np.broadcast_to(np.radians(tilt_deg), vertical.shape)
    up = np.stack([np.cos(tilt), np.zeros_like(tilt), np.sin(tilt)], axis=1)
    segment = GridSegment(0, restarts=True, acc=up * (vertical + GRAVITY_MS2)[:, None], gyr=None)
    return SecondSummarizer().push(PostureFrame(segment, np.zeros((len(vertical), 4)), up, vertical))


def clock(duration_s):
    return np.arange(round(duration_s * GRID_HZ)) / GRID_HZ


def swing(duration_s, frequency_hz, rise_m, phase_rad=0.0):
    """Return the vertical acceleration of a trunk that rises and falls by `rise_m` in all."""
    rate = 2 * np.pi * frequency_hz
    return rise_m / 2 * rate**2 * np.sin(rate * clock(duration_s) + phase_rad)


def steps(duration_s, cadence_spm, rise_m):
    """Return the same of steps, each with its strike."""
    smooth = swing(duration_s, cadence_spm / 60, rise_m)
    since_s = (clock(duration_s) * cadence_spm / 60) % 1 / cadence_spm * 60
    return smooth + 1.5 * smooth.max() * (np.exp(-(((since_s - 0.05) / 0.03) ** 2)) - 0.05)


def share_of(seconds):
    """Return the part of the gait that may be steps, without the first and last seconds."""
    inner = slice(STEPPING_S, -STEPPING_S)
    return stepping_gait(seconds)[inner] / seconds.gait[inner]


@pytest.mark.parametrize("cadence_spm", [50, 66, 80, 95, 110, 130, 170])
def test_walking_at_any_pace_is_steps(cadence_spm):
    rise_m = 0.02 if cadence_spm < 70 else 0.04
    assert share_of(seconds_of(steps(30.0, cadence_spm, rise_m))).min() > 0.95


def test_a_slow_limp_is_steps():
    stride_s, long_s = 2.2, 1.35
    since = clock(30.0) % stride_s
    strong, weak = (np.exp(-(((since - at) / 0.15) ** 2)) for at in (0.3, 0.3 + long_s))
    vertical = 1.5 * strong + 0.9 * weak
    assert share_of(seconds_of(vertical - vertical.mean())).min() > 0.8


@pytest.mark.parametrize("period_s", [1.6, 1.9, 2.2])
@pytest.mark.parametrize("phase_rad", [0.0, 0.8, 1.6])
def test_squats_are_no_steps(period_s, phase_rad):
    down_and_up = swing(40.0, 1 / period_s, 0.35, phase_rad)
    harmonics = swing(40.0, 2 / period_s, 0.04, phase_rad) + swing(40.0, 3 / period_s, 0.02, 1.0)
    seconds = seconds_of(down_and_up + harmonics)
    assert np.median(seconds.gait) > 0.5
    assert (stepping_gait(seconds)[STEPPING_S:-STEPPING_S] < 0.4).all()


def test_a_trunk_that_swings_makes_no_steps():
    bows_deg = 20 * np.sin(2 * np.pi * 0.3 * clock(40.0))
    assert share_of(seconds_of(steps(40.0, 110, 0.04), bows_deg)).max() < 0.4


def test_walking_begins_right_after_getting_up():
    getting_up = swing(2.0, 0.5, 0.3)
    seconds = seconds_of(np.concatenate([np.zeros(10 * GRID_HZ), getting_up, steps(20.0, 110, 0.04)]))
    share = stepping_gait(seconds) / np.maximum(seconds.gait, 1e-9)
    assert share[12:28].min() > 0.95
    assert share[10] < 0.5


def test_a_few_seconds_are_taken_as_they_are():
    seconds = seconds_of(steps(3.0, 110, 0.04))
    np.testing.assert_array_equal(stepping_gait(seconds), seconds.gait)
    assert len(stepping_gait(seconds.rows(0, 0))) == 0


def test_what_a_second_shows_depends_on_its_neighbours_alone():
    random = np.random.default_rng(3)
    seconds = seconds_of(
        steps(60.0, 100, 0.03) + random.normal(0, 0.5, 60 * GRID_HZ), random.normal(0, 3, 60 * GRID_HZ)
    )
    whole = stepping_gait(seconds)
    for start in (5, 17, 30):
        around = stepping_gait(seconds.rows(start - STEPPING_S + 1, start + STEPPING_S))
        assert around[STEPPING_S - 1] == whole[start]
