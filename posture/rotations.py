"""Rotations and angles of the lower back. Quaternions are w x y z, rotations act on column vectors.

Body frame B (Mobilise-D): x up, y to the wearer's right, z forward. Flexion (bending forward) > 0, lateral bend to the
right > 0, turn to the left > 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "angle_between",
    "around",
    "flexion",
    "from_up_and_forward",
    "inclination",
    "lateral_bend",
    "quaternion_from_up",
    "shortest_turn",
    "turn",
    "turns_about_vertical",
    "unit",
    "up_from_quaternion",
]


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vectors, shape (..., 3), at length one."""
    return np.asarray(vectors / np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., np.newaxis])


def angle_between(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle in rad between unit vectors, shape (..., 3); exact for small angles too."""
    half_chord = 0.5 * np.sqrt(np.sum((first - second) ** 2, axis=-1))
    return np.asarray(2.0 * np.arcsin(np.minimum(half_chord, 1.0)))


def around(direction: NDArray[np.float64], angle_rad: float, n: int) -> list[NDArray[np.float64]]:
    """Return n unit vectors, each of shape (3,), at an angle from a unit vector, evenly spread around it."""
    least = np.zeros(3)
    least[np.abs(direction).argmin()] = 1.0
    first = unit(np.cross(direction, least))
    second = np.cross(direction, first)
    turns = 2 * np.pi * np.arange(n) / n
    across = [np.cos(turn) * first + np.sin(turn) * second for turn in turns]
    return [np.cos(angle_rad) * direction + np.sin(angle_rad) * each for each in across]


def up_from_quaternion(quat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return world up, shape (n, 3), in the sensor frame of the rotations sensor -> world, shape (n, 4)."""
    w, x, y, z = quat.T
    return np.column_stack([2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z])


def quaternion_from_up(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shortest rotations sensor -> world, shape (n, 4), that bring `up`, shape (n, 3), to world z.

    Heading is arbitrary. Upside down, where the shortest rotation is not unique, it turns about the sensor's x axis.
    """
    w = 1.0 + up[:, 2]
    quat = np.column_stack([w, up[:, 1], -up[:, 0], np.zeros(len(up))])
    quat[w < 1e-12] = (0.0, 1.0, 0.0, 0.0)  # noqa: PLR2004 - guards the division below
    return np.asarray(quat / np.sqrt(np.einsum("ni,ni->n", quat, quat))[:, np.newaxis])


def from_up_and_forward(up: NDArray[np.float64], forward: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation matrix sensor -> body from two directions in the sensor frame, shape (3,) each.

    `up` is kept exactly; `forward` is made perpendicular to it.
    """
    x = unit(up)
    z = unit(forward - (forward @ x) * x)
    return np.stack([x, np.cross(z, x), z])


def shortest_turn(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shortest rotation, a matrix of shape (3, 3), from a unit vector to another, not its opposite."""
    across = np.cross(np.eye(3), np.cross(before, after))
    return np.asarray(np.eye(3) + across + across @ across / max(1.0 + float(before @ after), 1e-12))


def flexion(up_body: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return flexion in rad, (-pi, pi], from world up in the body frame, shape (n, 3)."""
    return np.asarray(np.arctan2(-up_body[:, 2], up_body[:, 0]))


def lateral_bend(up_body: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lateral bend in rad, [-pi/2, pi/2], from world up in the body frame, shape (n, 3)."""
    return np.asarray(np.arcsin(np.clip(-up_body[:, 1], -1.0, 1.0)))


def inclination(up_body: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the trunk's angle from vertical in rad, [0, pi], from world up in the body frame, shape (n, 3)."""
    return np.asarray(np.arctan2(np.hypot(up_body[:, 1], up_body[:, 2]), up_body[:, 0]))


def turn(quat: NDArray[np.float64], sensor_to_body: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heading in rad, (-pi, pi], of the body's forward axis, or of its up axis where the trunk lies.

    Relative to the start of the segment and drifting, since no magnetometer is used.

    Parameters
    ----------
    quat
        Shape (n, 4): sensor -> world.
    sensor_to_body
        Shape (3, 3).

    """
    forward = rotate(quat, sensor_to_body[2])
    upward = rotate(quat, sensor_to_body[0])
    upright = np.hypot(forward[:, 0], forward[:, 1]) >= np.hypot(upward[:, 0], upward[:, 1])
    pointer = np.where(upright[:, np.newaxis], forward, upward)
    return np.asarray(np.arctan2(pointer[:, 1], pointer[:, 0]))


def turns_about_vertical(quat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the sensor turns about the vertical from each orientation to the next, to the left > 0.

    Parameters
    ----------
    quat
        Shape (n, 4), sensor to world.

    Returns
    -------
    numpy.ndarray
        Shape (n - 1,), in rad, within half a turn.

    """
    w, x, y, z = quat.T
    real = w[1:] * w[:-1] + x[1:] * x[:-1] + y[1:] * y[:-1] + z[1:] * z[:-1]
    about_up = z[1:] * w[:-1] - w[1:] * z[:-1] - x[1:] * y[:-1] + y[1:] * x[:-1]
    return np.asarray(2.0 * np.arctan2(np.where(real < 0.0, -about_up, about_up), np.abs(real)))


def rotate(quat: NDArray[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector, shape (3,), turned by each rotation, shape (n, 4): shape (n, 3)."""
    w, axis = quat[:, :1], quat[:, 1:]
    across = 2.0 * np.cross(axis, vector)
    return np.asarray(vector + w * across + np.cross(axis, across))
