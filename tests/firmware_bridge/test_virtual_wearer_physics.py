"""Acceleration, angular rate and orientation of the simulated wearer come from one and the same movement."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from config.units import GRAVITY_MS2
from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import (
    Bend,
    ExerciseSet,
    Lie,
    LyingPosture,
    NotWorn,
    Person,
    SensorModel,
    SimulatedWearer,
    Sit,
    SittingPosture,
    SlipAxis,
    Stand,
    StrapSlip,
    Walk,
    mounting_matrix,
)

EVERYTHING = (
    Stand(5),
    Walk(20, 112, turns_per_min=6),
    Sit(20, SittingPosture.SLOUCHED, 20, 5),
    StrapSlip(25),
    StrapSlip(40, SlipAxis.TURN),
    Lie(8),
    Lie(8, LyingPosture.LEFT_SIDE),
    Bend(70, 4),
    ExerciseSet("cat_cow", 2),
    ExerciseSet("bridge", 2),
    ExerciseSet("sit_to_stand", 2),
    ExerciseSet("side_bend", 2),
    NotWorn(10),
    Walk(10, asymmetry=0.2),
)


def recorded(wearer):
    return concatenate(list(wearer.chunks()))


def true_rotation(wearer, times):
    return Rotation.from_quat(np.roll(wearer.orientation(times), -1, axis=1))


def mean_acc(script, first_s, last_s, **options):
    wearer = SimulatedWearer(script, sensor=SensorModel.ideal(), **options)
    chunk = recorded(wearer)
    inside = (chunk.time >= wearer.start + first_s) & (chunk.time < wearer.start + last_s)
    return chunk.acc[inside].mean(axis=0)


@pytest.mark.parametrize("mounting", ["nominal", "quarter_turn"])
def test_the_angular_rate_is_the_derivative_of_the_orientation(mounting):
    wearer = SimulatedWearer(
        EVERYTHING, 3, rate_hz=400, mounting=mounting, misalignment_deg=(5, -3, 8), sensor=SensorModel.ideal()
    )
    chunk = recorded(wearer)
    rotation = true_rotation(wearer, chunk.time)
    turned_rad_s = (rotation[:-1].inv() * rotation[1:]).as_rotvec() * wearer.rate_hz
    measured_rad_s = (chunk.gyr[1:].astype(float) + chunk.gyr[:-1]) / 2
    assert np.abs(measured_rad_s).max() > 2
    np.testing.assert_allclose(turned_rad_s, measured_rad_s, atol=5e-4)


def test_integrating_the_angular_rate_over_the_whole_script_ends_at_the_true_orientation():
    wearer = SimulatedWearer(EVERYTHING, 4, rate_hz=200, sensor=SensorModel.ideal())
    chunk = recorded(wearer)
    steps = Rotation.from_rotvec((chunk.gyr[1:].astype(float) + chunk.gyr[:-1]) / 2 / wearer.rate_hz)
    truth = true_rotation(wearer, chunk.time[[0, -1]])
    turned = truth[0]
    for step in steps:
        turned = turned * step
    assert np.degrees((turned.inv() * truth[1]).magnitude()) < 0.5


def test_double_integration_of_standing_up_gives_how_far_the_sensor_rose():
    def risen_m(seed):
        person = Person(rise_m=0.4, upright_sit_tilt_deg=5)
        script = (Sit(5, fidgets_per_min=0), Stand(5, fidgets_per_min=0))
        wearer = SimulatedWearer(script, seed, sensor=SensorModel.ideal(), person=person)
        chunk, transition = recorded(wearer), wearer.truth().transitions[0]
        upward_ms2 = true_rotation(wearer, chunk.time).apply(chunk.acc)[:, 2] - GRAVITY_MS2
        during = (chunk.time >= transition.start) & (chunk.time < transition.end)
        assert transition.kind == "sit_to_stand"
        return np.cumsum(np.cumsum(upward_ms2[during]))[-1] / wearer.rate_hz**2

    # The body wanders a little before and while it rises, so that one rise alone is known to a few centimetres.
    assert np.mean([risen_m(seed) for seed in range(12)]) == pytest.approx(0.4, abs=0.04)


@pytest.mark.parametrize(
    ("script", "up_right_forward"),
    [
        ((Stand(6, fidgets_per_min=0),), (1, 0, 0)),
        ((Lie(6),), (0, 0, 1)),
        ((Lie(6, LyingPosture.FRONT),), (0, 0, -1)),
        ((Lie(6, LyingPosture.RIGHT_SIDE),), (0, -1, 0)),
        ((Lie(6, LyingPosture.LEFT_SIDE),), (0, 1, 0)),
        ((Bend(60, hold_s=6, move_s=1),), (0.5, 0, -np.sqrt(0.75))),
    ],
)
def test_at_rest_the_body_axis_that_points_up_reads_gravity(script, up_right_forward):
    acc = mean_acc(script, 2, 6)
    np.testing.assert_allclose(acc / GRAVITY_MS2, up_right_forward, atol=0.05)


def test_slouching_rolls_the_sensor_backward_and_hunching_tips_it_forward():
    person = Person(upright_sit_tilt_deg=8)

    def backward_deg(*posture):
        acc = mean_acc((Sit(15, *posture, fidgets_per_min=0),), 5, 15, person=person)
        return np.degrees(np.arctan2(acc[2], acc[0]))

    assert backward_deg() == pytest.approx(8, abs=1.5)
    assert backward_deg(SittingPosture.SLOUCHED, 20) == pytest.approx(28, abs=1.5)
    assert backward_deg(SittingPosture.HUNCHED, 20) == pytest.approx(-12, abs=1.5)


def test_leaning_to_the_right_brings_the_right_axis_down_and_turning_left_is_positive_about_up():
    lean = mean_acc((Sit(15, SittingPosture.LEANING_RIGHT, 20, fidgets_per_min=0),), 5, 15)
    assert np.degrees(np.arcsin(-lean[1] / GRAVITY_MS2)) == pytest.approx(20, abs=1.5)
    wearer = SimulatedWearer((ExerciseSet("standing_rotation", 1),), sensor=SensorModel.ideal())
    chunk, repetition = recorded(wearer), wearer.truth().sets[0].repetitions[0]
    out = (chunk.time >= repetition.start) & (chunk.time < repetition.peak)
    turned_deg = np.degrees(chunk.gyr[out, 0].sum() / wearer.rate_hz)
    assert repetition.side == "left"
    assert turned_deg == pytest.approx(repetition.range_deg, abs=3)


@given(rotation_vector=st.tuples(*[st.floats(-3, 3)] * 3))
@settings(max_examples=15, deadline=None)
def test_any_mounting_only_turns_the_samples(rotation_vector):
    matrix = Rotation.from_rotvec(rotation_vector).as_matrix()
    script = (Stand(2), Bend(50, 1))
    nominal = recorded(SimulatedWearer(script, 5, rate_hz=50, sensor=SensorModel.ideal()))
    turned = recorded(SimulatedWearer(script, 5, rate_hz=50, sensor=SensorModel.ideal(), mounting=matrix))
    np.testing.assert_allclose(turned.acc, nominal.acc @ matrix, atol=1e-4)
    np.testing.assert_allclose(turned.gyr, nominal.gyr @ matrix, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "up_right_forward_signs"),
    [("nominal", (1, 1, 1)), ("upside_down", (-1, -1, 1)), ("inside_out", (1, -1, -1))],
)
def test_named_mountings_flip_the_axes_they_say(name, up_right_forward_signs):
    np.testing.assert_allclose(mounting_matrix(name), np.diag(up_right_forward_signs), atol=1e-12)


def test_a_quarter_turn_puts_the_vertical_on_another_axis():
    acc = mean_acc((Stand(3, fidgets_per_min=0),), 0, 3, mounting="quarter_turn")
    assert np.abs(acc).argmax() == 1


def test_a_strap_slip_tips_the_sensor_and_not_the_wearer():
    script = (Stand(5, fidgets_per_min=0), StrapSlip(30), Stand(5, fidgets_per_min=0))
    before, after = mean_acc(script, 0, 5), mean_acc(script, 6, 11)
    angle_deg = np.degrees(np.arccos(before @ after / np.linalg.norm(before) / np.linalg.norm(after)))
    assert angle_deg == pytest.approx(30, abs=2)


def test_the_sensor_lies_quite_still_on_the_table():
    wearer = SimulatedWearer((Stand(3), NotWorn(30), Stand(3)), sensor=SensorModel.ideal())
    chunk, truth = recorded(wearer), wearer.truth()
    off = truth.not_worn[0]
    lying = (chunk.time > off.end - 29) & (chunk.time < off.end)
    assert chunk.acc[lying].std(axis=0).max() < 1e-3
    assert np.abs(chunk.gyr[lying]).max() < 1e-3
    assert truth.total_s("standing") == pytest.approx(6)


def test_the_orientation_of_a_still_sensor_turns_its_reading_upright():
    wearer = SimulatedWearer((Sit(10, fidgets_per_min=0),), sensor=SensorModel.ideal(), misalignment_deg=(9, 4, -20))
    chunk = recorded(wearer)
    world = true_rotation(wearer, chunk.time).apply(chunk.acc).mean(axis=0)
    np.testing.assert_allclose(world, (0, 0, GRAVITY_MS2), atol=0.05)


def test_the_orientation_is_known_only_within_the_script():
    wearer = SimulatedWearer((Stand(5),))
    assert wearer.orientation(np.empty(0)).shape == (0, 4)
    for times in ([-1.0], [6.0], [3.0, 2.0]):
        with pytest.raises(ValueError, match="within the script"):
            wearer.orientation(wearer.start + np.array(times))
