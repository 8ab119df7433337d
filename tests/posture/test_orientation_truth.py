"""Tilt against the truth: a generated wearer, a sensor turned by hand, and the optical truth of BROAD."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from config.units import GRAVITY_MS2
from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Bend, ExerciseSet, Lie, SensorModel, Sit, Stand, Walk
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row
from posture.rotations import angle_between, up_from_quaternion

SETTLED_S = 3.0
MOVING_RAD_S = 0.2
BROAD = ("board-02_undisturbed_slow_rotation_B", "board-21_undisturbed_fast_combined")
NOISY = replace(SensorModel(), acc_bias_ms2=(0.0, 0.0, 0.0), scale_error=(0.0, 0.0, 0.0))
"""Noise, gyroscope bias and drift as usual; what the accelerometer's offset costs is shown apart."""

RESTING = (Stand(20.0, fidgets_per_min=0.0), Sit(40.0, fidgets_per_min=0.0), Lie(20.0))
MOVING = (
    Stand(8.0),
    Walk(40.0),
    Bend(80.0, 3.0, 1.0),
    ExerciseSet("trunk_flexion", 8, out_s=0.6, hold_s=0.1, back_s=0.6, rest_s=0.2),
    ExerciseSet("squat", 8),
    Walk(30.0, 135.0),
    Sit(10.0),
    Lie(10.0),
)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def frames_of(chunk, rate_hz, acc_offset_ms2=None):
    per_row = cells_per_row(rate_hz)
    orientation = OrientationFilter(per_row, acc_offset_ms2)
    return [orientation.push(segment) for segment in Resampler(per_row).push(chunk)]


def errors_deg(played, acc_offset_ms2=None):
    """Return the tilt error of each row from 3 s after the start on, and whether the sensor turns."""
    found, turning = [], []
    for frame in frames_of(played.chunk, played.rate_hz, acc_offset_ms2):
        time = frame.segment.time
        inside = (time > played.wearer.start + SETTLED_S) & (time < played.wearer.start + played.wearer.duration_s)
        true_up = up_from_quaternion(played.wearer.orientation(time[inside]))
        found.append(np.degrees(angle_between(frame.up[inside], true_up)))
        if frame.segment.gyr is not None:
            turning.append(np.linalg.norm(frame.segment.gyr[inside], axis=1) > MOVING_RAD_S)
    return np.concatenate(found), np.concatenate(turning) if turning else None


@pytest.mark.parametrize("rate_hz", [25.0, 52.0, 100.0, 286.0])
@pytest.mark.parametrize("mounting", ["nominal", "upside_down", "quarter_turn", "inside_out"])
def test_a_still_sensor_is_within_a_degree(play, rate_hz, mounting):
    error_deg, _ = errors_deg(play(RESTING, 3, rate_hz, mounting=mounting, sensor=NOISY))
    assert rms(error_deg) <= 1.0


@pytest.mark.parametrize("rate_hz", [52.0, 100.0, 286.0])
def test_a_moving_sensor_is_within_two_degrees(play, rate_hz):
    error_deg, turning = errors_deg(play(MOVING, 3, rate_hz, sensor=NOISY))
    assert turning.mean() > 0.2
    assert rms(error_deg[turning]) <= 2.0
    assert rms(error_deg[~turning]) <= 1.0
    assert error_deg.max() <= 4.0


def test_a_known_accelerometer_offset_is_taken_off(play):
    sensor = replace(NOISY, acc_bias_ms2=(0.4, -0.5, 0.45))
    played = play(RESTING, 3, sensor=sensor)
    without, _ = errors_deg(played)
    corrected, _ = errors_deg(played, np.array(sensor.acc_bias_ms2))
    assert rms(without) > 3.0
    assert rms(corrected) <= 1.0


def test_without_gyroscope_a_still_sensor_is_within_a_degree(play):
    """Low-passed gravity needs some 5 s after a change of posture; here there is none."""
    played = play((Sit(60.0, fidgets_per_min=0.0),), 3, sensor=replace(NOISY, has_gyro=False))
    error_deg, _ = errors_deg(played)
    assert rms(error_deg) <= 1.0


def turned_by_hand(rate_rad_s, axis, rate_hz=100.0, duration_s=30.0, seed=1):
    """Return a noisy sensor that rests 3 s and then turns back and forth about an axis, and its true up."""
    random = np.random.default_rng(seed)
    time = np.arange(round(duration_s * rate_hz)) / rate_hz
    swing = np.sin(2 * np.pi * 0.3 * np.maximum(time - SETTLED_S, 0.0))
    angle = rate_rad_s / (2 * np.pi * 0.3) * swing
    axis = np.asarray(axis) / np.linalg.norm(axis)
    sensor_to_world = Rotation.from_rotvec(angle[:, np.newaxis] * axis)
    up = sensor_to_world.inv().apply([0.0, 0.0, 1.0])
    gyr = np.gradient(angle, time)[:, np.newaxis] * axis + np.radians([0.8, -0.6, 0.4])
    acc = GRAVITY_MS2 * up + random.normal(0, 0.0125, up.shape)
    return ImuChunk(1000.0 + time, acc, gyr + random.normal(0, np.radians(0.05), up.shape)), up


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (1, 2, 3)], ids=["x", "y", "skew"])
@pytest.mark.parametrize(("rate_rad_s", "bound_deg"), [(0.1, 1.0), (1.0, 1.0), (8.0, 2.0)])
def test_turned_slowly_and_quickly(axis, rate_rad_s, bound_deg):
    chunk, true_up = turned_by_hand(rate_rad_s, axis)
    (frame,) = frames_of(chunk, 100.0)
    row = np.round((frame.segment.time - 1000.0) * 100.0).astype(int)
    error_deg = np.degrees(angle_between(frame.up, true_up[row]))
    assert rms(error_deg[frame.segment.time > 1000.0 + SETTLED_S]) <= bound_deg


def test_the_gyroscope_bias_outlives_a_gap():
    chunk, _ = turned_by_hand(0.0, (1, 0, 0), duration_s=60.0)
    later = ImuChunk(chunk.time + 65.0, chunk.acc, chunk.gyr)
    orientation, resampler = OrientationFilter(2), Resampler(2)
    for segment in [*resampler.push(chunk), *resampler.push(later)]:
        frame = orientation.push(segment)
    heading_deg = np.degrees(2 * np.arctan2(frame.quat[:, 3], frame.quat[:, 0]))
    assert abs(heading_deg[500] - heading_deg[0]) < 0.5, "a bias of 0.4 deg/s not known would turn it by 4 deg"


def test_vertical_acceleration_is_free_of_gravity(play):
    played = play(RESTING, 2, sensor=NOISY)
    for frame in frames_of(played.chunk, 100.0):
        assert abs(np.mean(frame.vertical[150:])) < 0.05
        np.testing.assert_allclose(np.linalg.norm(frame.up, axis=1), 1.0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(frame.quat, axis=1), 1.0, atol=1e-9)


@pytest.fixture(scope="module")
def broad(data_folder, labelled):
    """Tilt errors of both recordings, still and moving as the set's authors label it."""
    still, moving = [], []
    for name in BROAD:
        chunk, labels, table = labelled(data_folder / "broad" / f"{name}.parquet")
        true_quat = table[["quat_w", "quat_x", "quat_y", "quat_z"]].to_numpy(dtype=np.float64)
        true_up = up_from_quaternion(true_quat)
        for frame in frames_of(chunk, 286.0):
            time = frame.segment.time
            columns = [np.interp(time, chunk.time, column) for column in true_up.T]
            up = np.stack(columns, axis=1)
            error_deg = np.degrees(angle_between(frame.up, up / np.linalg.norm(up, axis=1)[:, np.newaxis]))
            parts = labels[labels["label"] == "movement"]
            within = np.any([(time >= row.start_s) & (time < row.end_s) for row in parts.itertuples()], axis=0)
            known = np.isfinite(error_deg)
            moving.append(error_deg[known & within])
            still.append(error_deg[known & ~within & (time > SETTLED_S)])
    return np.concatenate(still), np.concatenate(moving)


def test_broad_still_is_within_a_degree(broad):
    assert len(broad[0]) > 1000
    assert rms(broad[0]) <= 1.0


def test_broad_moving_is_within_two_degrees(broad):
    assert len(broad[1]) > 5000
    assert rms(broad[1]) <= 2.0
