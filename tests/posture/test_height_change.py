"""How far the body rose, from the seconds at rest before and after a movement."""

from dataclasses import replace

import numpy as np
import pytest

from config.units import GRAVITY_MS2
from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Bend, SensorModel, Sit, SittingPosture, Stand
from posture.height_change import LONGEST_AFTER_S, LONGEST_BEFORE_S, height_change

RATE_HZ = 100.0


def lifted(height_m, duration_s, bias_ms2=0.0, *, has_gyro=True):
    """Return an upright sensor lifted once, smoothly, from second 10 on; its accelerometer reads too much."""
    time = np.arange(0.0, 22.0, 1 / RATE_HZ)
    phase = np.clip((time - 10.0) / duration_s, 0.0, 1.0)
    # Minimum jerk (Flash & Hogan 1985).
    vertical = height_m * (60 * phase - 180 * phase**2 + 120 * phase**3) / duration_s**2
    noise = np.random.default_rng(1).normal(0.0, 0.01, (len(time), 3))
    acc = noise + np.outer(vertical + GRAVITY_MS2 + bias_ms2, [1.0, 0.0, 0.0])
    return ImuChunk(1000.0 + time, acc, np.zeros_like(acc) if has_gyro else None)


@pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
@pytest.mark.parametrize("duration_s", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("height_m", [0.4, -0.35])
@pytest.mark.parametrize("bias_ms2", [0.0, 0.3])
def test_what_is_lifted_is_seen(analyse, has_gyro, duration_s, height_m, bias_ms2):
    seconds = analyse(lifted(height_m, duration_s, bias_ms2, has_gyro=has_gyro), RATE_HZ).seconds
    change, error = height_change(seconds)
    during = (seconds.second >= 1010) & (seconds.second < 1010 + duration_s)
    assert change[during][np.argmin(error[during])] == pytest.approx(height_m, abs=0.03)
    still = (seconds.second < 1006) | (seconds.second > 1016)
    assert np.abs(change[still]).max() < 0.03


def test_a_bow_ends_where_it_began_and_standing_up_does_not(play, analyse):
    script = (Sit(12.0), Stand(12.0), Bend(60.0, 1.0), Stand(12.0), Sit(12.0))
    played = play(script, 4, RATE_HZ, sensor=SensorModel.ideal())
    seconds = analyse(played.chunk, RATE_HZ).seconds
    change, error = height_change(seconds)
    up, bow, down = (played.truth.activities[1].start, played.truth.bends[0], played.truth.activities[-1].start)

    def furthest(start, end):
        inside = (seconds.second + 1 > start) & (seconds.second < end) & (error < 0.1)
        return change[inside][np.abs(change[inside]).argmax()]

    assert furthest(up - 4.0, up) > 0.25
    assert furthest(down - 4.0, down) < -0.25
    assert abs(furthest(bow.start, bow.end)) < 0.1


def test_a_sensor_that_was_turned_is_trusted_less(play, analyse):
    """What is left of the accelerometer's zero then becomes vertical in part, and grows with the square of the time."""
    played = play((Stand(12.0), Bend(80.0, 4.0), Stand(12.0)), 4, RATE_HZ)
    seconds = analyse(played.chunk, RATE_HZ).seconds
    _, error = height_change(seconds)
    _, as_if_never_turned = height_change(replace(seconds, up=np.tile(seconds.up[0], (len(seconds), 1))))
    added = error - as_if_never_turned
    (bend,) = played.truth.bends
    bending = np.abs(seconds.second - bend.start) <= 1
    assert added[bending].max() > 0.01
    assert np.abs(added[seconds.second < bend.start - 8]).max() < 0.01


GAINS = np.array([[1.02, 0.01, 0.0], [0.01, 0.98, 0.01], [0.0, 0.01, 1.01]])
"""No accelerometer's axes are exactly at right angles and equally long; phones are off by this much."""


@pytest.mark.parametrize(("way", "lean_deg"), [("up", 15.0), ("up", 45.0), ("down", 15.0), ("down", 45.0)])
def test_a_sensor_that_reads_gravity_longer_in_one_direction_is_seen_to_rise_all_the_same(play, analyse, way, lean_deg):
    """What it reads wrongly is that of the direction it is in, and goes over from the one to the other in the turn."""
    seated = Sit(12.0, SittingPosture.SLOUCHED, lean_deg)
    script = (seated, Stand(12.0)) if way == "up" else (Stand(12.0), seated)
    played = play(script, 4, RATE_HZ, sensor=SensorModel.ideal())
    skewed = replace(played.chunk, acc=(played.chunk.acc @ GAINS).astype(np.float32))
    first, last = played.truth.activities
    seconds = analyse(skewed, RATE_HZ).seconds
    change, error = height_change(seconds)
    during = (seconds.second + 1 > first.end) & (seconds.second < last.start) & (error < 0.1)
    furthest = change[during][np.abs(change[during]).argmax()]
    assert furthest == pytest.approx(0.35 if way == "up" else -0.35, abs=0.15)


def test_nothing_is_known_at_the_ends(analyse):
    seconds = analyse(lifted(0.4, 2.0), RATE_HZ).seconds
    for n in range(2 + 1):
        assert (height_change(seconds.rows(0, n))[1] > 1.0).all()
    _, error = height_change(seconds)
    assert error[0] > 1.0
    assert error[-1] > 1.0


def test_only_so_many_seconds_around_count(analyse):
    seconds = analyse(lifted(0.4, 2.0), RATE_HZ).seconds
    whole = height_change(seconds)
    for row in range(LONGEST_BEFORE_S, len(seconds) - LONGEST_AFTER_S):
        part = height_change(seconds.rows(row - LONGEST_BEFORE_S, row + LONGEST_AFTER_S + 1))
        for one, other in zip(part, whole, strict=True):
            assert one[LONGEST_BEFORE_S] == other[row]
