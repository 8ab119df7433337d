"""Movement that is not the wearer's own: a seat shakes, and hardly turns."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from config.units import GRAVITY_MS2
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import Sit, SittingPosture, Stand, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.activity import LOOK_BACK_S
from posture.events import Activity, ActivityEpisode
from posture.height_evidence import LOOK_AHEAD_S
from posture.shaking import SWING_S, without_shaking
from posture.stepping import STEPPING_S

RATE_HZ = 100.0
SIT_S = 300.0


def in_a_car(played, rms_ms2, pitch_deg, seed=1):
    """Return the recording with the seat shaken: up and down, a third as much to the sides, and tilted a little."""
    *_, sitting = (part for part in played.truth.activities if part.activity == "sitting")
    time = played.chunk.time
    there = (time >= sitting.end - SIT_S) & (time < sitting.end - 10)
    random = np.random.default_rng(seed)

    def band(low_hz, high_hz, rms, n=1):
        noise = random.normal(size=(int(there.sum()), n))
        shaped = sosfiltfilt(butter(2, [low_hz, high_hz], "band", fs=RATE_HZ, output="sos"), noise, axis=0)
        return rms * shaped / shaped.std()

    up = played.chunk.acc[there].mean(axis=0)
    up /= np.linalg.norm(up)
    axis = np.cross(up, [0.3, 0.5, 0.8])
    axis /= np.linalg.norm(axis)
    pitch = band(0.6, 2.5, np.radians(pitch_deg))
    acc, gyr = played.chunk.acc.copy(), played.chunk.gyr.copy()
    acc[there] += band(1.0, 3.0, rms_ms2) * up + band(1.0, 8.0, rms_ms2 / 3, n=3)
    acc[there] += GRAVITY_MS2 * np.cross(pitch * -axis, up)
    gyr[there] += np.gradient(pitch[:, 0], 1 / RATE_HZ)[:, np.newaxis] * axis
    return replace(played.chunk, acc=acc, gyr=gyr), sitting.end - SIT_S + 10, sitting.end - 20


@pytest.mark.parametrize("slouched_deg", [8.0, 25.0])
@pytest.mark.parametrize(("rms_ms2", "pitch_deg"), [(0.1, 0.1), (0.2, 0.1), (0.4, 0.2), (0.7, 0.2)])
def test_who_is_driven_sits_and_does_not_walk(play, defaults, slouched_deg, rms_ms2, pitch_deg):
    seat = Sit(SIT_S + 60.0, SittingPosture.SLOUCHED, slouched_deg)
    played = play((Stand(5.0), Calibrate(), Stand(10.0), Walk(30.0), seat, Stand(10.0)), 3, RATE_HZ)
    chunk, start, end = in_a_car(played, rms_ms2, pitch_deg)
    pipeline = LivePipeline(defaults, RATE_HZ, sections=played.sections)
    events = [*pipeline.push(chunk), *pipeline.flush()]
    live = Counter()
    for each in events:
        if isinstance(each, ActivityEpisode):
            live[each.activity] += max(0.0, min(end, each.end) - max(start, each.start))
    seconds = review(pipeline, defaults, []).seconds
    driven = (seconds.second > start) & (seconds.second < end)
    reviewed = Counter(activity for activity, is_driven in zip(seconds.activity, driven, strict=True) if is_driven)
    for told in (live, reviewed):
        assert told[Activity.SITTING] >= 0.85 * sum(told.values())
    assert sum(start < time < end for time in pipeline.step_times) <= (end - start) / 10


def test_what_a_second_needs_to_be_judged_comes_in_time():
    """The evidence of a second is complete `LOOK_AHEAD_S` later; looking farther would depend on the cuts."""
    assert max(SWING_S, STEPPING_S) - 1 <= min(LOOK_AHEAD_S, LOOK_BACK_S)


def test_what_people_do_is_left_as_it_is(busy, analyse):
    played = busy(RATE_HZ, has_gyro=True)
    seconds = analyse(played.chunk, RATE_HZ).seconds
    own = without_shaking(seconds)
    changed = (own.movement != seconds.movement) | (own.gait != seconds.gait)
    assert changed.mean() < 0.1
    assert (own.movement <= seconds.movement).all()
    assert (own.gait <= seconds.gait).all()


def test_without_a_gyroscope_nothing_is_told_of_shaking(busy, analyse):
    seconds = analyse(busy(RATE_HZ, has_gyro=False).chunk, RATE_HZ).seconds
    assert without_shaking(seconds) is seconds


def test_a_second_depends_on_its_neighbours_alone(busy, analyse):
    seconds = analyse(busy(RATE_HZ, has_gyro=True).chunk, RATE_HZ).seconds.rows(0, 60)
    whole = without_shaking(seconds)
    for row in range(SWING_S, len(seconds) - SWING_S):
        near = without_shaking(seconds.rows(row - SWING_S + 1, row + SWING_S))
        assert near.movement[SWING_S - 1] == whole.movement[row]
        assert near.gait[SWING_S - 1] == whole.gait[row]
