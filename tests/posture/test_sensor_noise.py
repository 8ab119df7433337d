"""A noisy sensor does not make who sits still seem to sway."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import SensorModel, Sit, Stand, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.events import Activity
from posture.shaking import INDIFFERENT_MS2

RATE_HZ = 100.0
NOISY_MS2 = 0.12


def movement_of(analyse, noise_ms2, sway_ms2, seed=1, rate_hz=RATE_HZ):
    """Return the movement in each second of an upright sensor that sways to and fro."""
    # No sensor's clock strikes with ours.
    time = np.arange(0.0, 60.0, 1 / rate_hz) + 0.0037
    acc = np.random.default_rng(seed).normal(0.0, noise_ms2, (len(time), 3))
    acc[:, 0] += 9.81
    acc[:, 2] += np.sqrt(2) * sway_ms2 * np.sin(2 * np.pi * 1.0 * time)
    return analyse(ImuChunk(1000.0 + time, acc, np.zeros_like(acc)), rate_hz).seconds.movement[5:-5]


@pytest.mark.parametrize("sway_ms2", [0.15, 0.4, 2.0])
def test_movement_is_told_through_noise(analyse, sway_ms2):
    clean, noisy = (movement_of(analyse, noise_ms2, sway_ms2) for noise_ms2 in (0.001, NOISY_MS2))
    assert np.median(clean) == pytest.approx(sway_ms2, rel=0.02)
    assert np.median(noisy) == pytest.approx(sway_ms2, rel=0.2)


def noise_in_rows(noise_ms2):
    """Return what noise, all axes together, is left of in rows of 50 Hz: of three samples half and two quarters."""
    return noise_ms2 * np.sqrt(3) * np.sqrt(0.5**2 + 2 * 0.25**2)


@pytest.mark.parametrize("rate_hz", [50.0, 52.0, 100.0, 200.0])
@pytest.mark.parametrize("noise_ms2", [NOISY_MS2, 0.2])
def test_noise_alone_speaks_no_more_for_standing_than_for_sitting(analyse, rate_hz, noise_ms2):
    assert np.median(movement_of(analyse, noise_ms2, 0.0, rate_hz=rate_hz)) < INDIFFERENT_MS2


def test_the_noise_of_usual_sensors_is_left_as_it_is(analyse):
    """People's movement at rest has been seen with it."""
    usual_ms2 = 0.03
    assert np.median(movement_of(analyse, usual_ms2, 0.0)) == pytest.approx(noise_in_rows(usual_ms2), rel=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_sits_with_a_noisy_sensor_sits(play, defaults, seed):
    sensor = replace(SensorModel.drawn(seed), acc_noise_ms2=NOISY_MS2)
    script = (Stand(5.0), Calibrate(), Stand(10.0), Walk(20.0), Sit(300.0), Stand(20.0))
    played = play(script, seed, RATE_HZ, sensor=sensor)
    pipeline = LivePipeline(defaults, RATE_HZ, sections=played.sections)
    pipeline.push(played.chunk)
    pipeline.flush()
    seconds = review(pipeline, defaults, []).seconds
    *_, sitting = (part for part in played.truth.activities if part.activity == "sitting")
    inside = (seconds.second > sitting.start + 5) & (seconds.second < sitting.end - 5)
    found = [activity for activity, is_inside in zip(seconds.activity, inside, strict=True) if is_inside]
    assert found.count(Activity.SITTING) >= 0.9 * len(found)
