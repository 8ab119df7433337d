"""Rotations, and the signs of the body frame: x up, y right, z forward; bends forward and right, turns left > 0."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from posture.rotations import (
    angle_between,
    flexion,
    from_up_and_forward,
    inclination,
    lateral_bend,
    quaternion_from_up,
    rotate,
    turn,
    turns_about_vertical,
    unit,
    up_from_quaternion,
)

UP, RIGHT, FORWARD = np.eye(3)


def directions():
    parts = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
    return parts.map(lambda v: np.asarray(v) / np.linalg.norm(v))


def rotations():
    quaternions = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1)
    return quaternions.map(Rotation.from_quat)


def wxyz(rotation):
    return np.roll(rotation.as_quat(), 1)[np.newaxis]


def test_the_body_frame_is_right_handed():
    np.testing.assert_array_equal(np.cross(UP, RIGHT), FORWARD)


@pytest.mark.parametrize("degrees", [5, 30, 90, 150])
def test_bending_forward_is_flexion(degrees):
    """The head goes where the face looks, so that up then points towards the back."""
    bent = np.cos(np.radians(degrees)) * UP - np.sin(np.radians(degrees)) * FORWARD
    assert np.degrees(flexion(bent[np.newaxis]))[0] == pytest.approx(degrees)
    assert np.degrees(inclination(bent[np.newaxis]))[0] == pytest.approx(degrees)
    assert lateral_bend(bent[np.newaxis])[0] == pytest.approx(0)


def test_the_head_of_one_who_bows_moves_forward():
    """World view: the trunk's axis, turned so that it points to where the face looked, is flexion."""
    trunk_to_world = Rotation.align_vectors([[1, 0, 1], [0, 1, 0]], [UP, RIGHT])[0]  # up axis leans to +z = forward
    assert np.degrees(flexion(trunk_to_world.inv().apply(UP)[np.newaxis]))[0] == pytest.approx(45)


def test_the_head_of_one_who_bends_right_moves_right():
    trunk_to_world = Rotation.align_vectors([[1, 1, 0], [0, 0, 1]], [UP, FORWARD])[0]
    assert np.degrees(lateral_bend(trunk_to_world.inv().apply(UP)[np.newaxis]))[0] == pytest.approx(45)


@pytest.mark.parametrize("degrees", [-120, -30, 30, 120])
def test_turning_left_is_positive(degrees):
    """Seen from above, a turn to the left is counter-clockwise: right-handed about up."""
    body_to_world = Rotation.align_vectors([[0, 0, 1], [1, 0, 0]], [UP, FORWARD])[0]  # upright, facing world x
    turned = Rotation.from_rotvec([0, 0, np.radians(degrees)]) * body_to_world
    assert np.degrees(turn(wxyz(turned), np.eye(3)))[0] == pytest.approx(degrees)


def test_turn_of_one_who_lies_follows_the_trunk():
    on_the_back = Rotation.align_vectors([[1, 0, 0], [0, 0, 1]], [UP, FORWARD])[0]  # head to world x, face up
    turned = Rotation.from_rotvec([0, 0, 0.5]) * on_the_back
    assert turn(wxyz(turned), np.eye(3))[0] == pytest.approx(0.5)


@given(rotations(), st.lists(st.floats(-3, 3), min_size=1, max_size=5), st.booleans())
def test_turns_about_the_vertical_are_seen_in_any_posture(start, angles, flips):
    orientations = [start]
    for angle in angles:
        orientations.append(Rotation.from_rotvec([0, 0, angle]) * orientations[-1])
    quat = np.vstack([wxyz(each) for each in orientations])
    quat[1::2] *= -1 if flips else 1
    np.testing.assert_allclose(turns_about_vertical(quat), angles, atol=1e-9)


@given(rotations(), st.floats(-1, 1), st.floats(0, 2 * np.pi))
def test_tilting_is_no_turn_about_the_vertical(start, angle, towards):
    tilted = Rotation.from_rotvec(angle * np.array([np.cos(towards), np.sin(towards), 0.0])) * start
    assert turns_about_vertical(np.vstack([wxyz(start), wxyz(tilted)]))[0] == pytest.approx(0, abs=1e-9)


@given(up=directions())
def test_up_survives_the_way_through_a_quaternion(up):
    quat = quaternion_from_up(up[np.newaxis])
    np.testing.assert_allclose(np.linalg.norm(quat), 1, atol=1e-12)
    np.testing.assert_allclose(up_from_quaternion(quat)[0], up, atol=1e-6)


def test_upside_down_has_a_quaternion_too():
    np.testing.assert_allclose(up_from_quaternion(quaternion_from_up(np.array([[0.0, 0.0, -1.0]]))), [[0, 0, -1]])


@given(rotation=rotations(), vector=directions())
def test_quaternions_turn_as_scipy_does(rotation, vector):
    np.testing.assert_allclose(rotate(wxyz(rotation), vector)[0], rotation.apply(vector), atol=1e-12)
    np.testing.assert_allclose(up_from_quaternion(wxyz(rotation))[0], rotation.inv().apply([0, 0, 1]), atol=1e-12)


@given(rotation=rotations())
def test_the_body_frame_is_found_from_two_directions(rotation):
    sensor_to_body = rotation.as_matrix()
    found = from_up_and_forward(sensor_to_body.T @ UP * 3.0, sensor_to_body.T @ (FORWARD * 0.2 + UP))
    np.testing.assert_allclose(found, sensor_to_body, atol=1e-9)
    assert np.linalg.det(found) == pytest.approx(1)


@given(up=directions())
def test_angles_are_consistent(up):
    assume(abs(up[1]) < 0.999)
    bend, side, tilt = flexion(up[np.newaxis])[0], lateral_bend(up[np.newaxis])[0], inclination(up[np.newaxis])[0]
    assert np.cos(tilt) == pytest.approx(np.cos(bend) * np.cos(side), abs=1e-9)
    assert angle_between(up, UP) == pytest.approx(tilt, abs=1e-6)
    mirrored = up * [1, -1, 1]
    assert lateral_bend(mirrored[np.newaxis])[0] == pytest.approx(-side)
    assert flexion(mirrored[np.newaxis])[0] == pytest.approx(bend)


@pytest.mark.parametrize("radians", [0.0, 1e-9, 1e-5, 0.1, 1.0, np.pi - 1e-5])
def test_small_angles_are_exact(radians):
    other = np.array([np.cos(radians), np.sin(radians), 0.0])
    assert angle_between(UP, other) == pytest.approx(radians, rel=1e-6, abs=1e-15)


@given(vector=directions(), length=st.floats(1e-3, 1e3))
def test_unit_keeps_the_direction(vector, length):
    np.testing.assert_allclose(unit(vector * length), vector, atol=1e-12)
