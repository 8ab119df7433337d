"""The sensor's motion: orientation, angular rate and specific force, all from one trajectory.

Intermediate axes are forward, left, up (FLU). The orientation is the product of turns about up (heading), left (pitch),
forward (roll) and up again (twist), then of the slip of the strap about left and forward; the angular rate is its exact
derivative, and the specific force is the acceleration plus gravity seen from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from config.units import GRAVITY_MS2
from firmware_bridge.virtual.impacts import Impacts
from firmware_bridge.virtual.sway import KNOTS_PER_BLOCK, Sway
from firmware_bridge.virtual.tracks import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.virtual.body import Person
    from firmware_bridge.virtual.choreography import Choreography
    from firmware_bridge.virtual.sway import SwayCourse
    from firmware_bridge.virtual.tracks import Course

__all__ = ["FLU_FROM_BODY", "Kinematics", "Motion"]

FLU_FROM_BODY = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
"""Turns body axes (x up, y right, z forward) into forward, left, up."""

_Turned = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True, eq=False)
class Kinematics:
    """The trunk and the sensor on it at points in time.

    Parameters
    ----------
    angles, rates
        Heading, pitch, roll, twist, slip tipping, slip turning, in rad and rad/s; each of shape (n,), or () where it
        rests.
    acceleration
        Shape (n, 3): of the sensor, m/s^2, forward, left, up of the heading.

    """

    angles: _Turns
    rates: _Turns
    acceleration: NDArray[np.float64]

    def specific_force(self) -> NDArray[np.float64]:
        """Return acceleration plus gravity in the slipped sensor's FLU axes, m/s^2, shape (n, 3)."""
        forward, left, up = self.acceleration.T
        _, pitch, roll, twist, tip, turn = self.angles
        vector = _about_left((forward, left, up + GRAVITY_MS2), pitch)
        vector = _about_up(_about_forward(vector, roll), twist)
        return self._stacked(_about_forward(_about_left(vector, tip), turn))

    def angular_rate(self) -> NDArray[np.float64]:
        """Return the angular rate in the slipped sensor's FLU axes, rad/s, shape (n, 3)."""
        _, pitch, roll, twist, tip, turn = self.angles
        heading_rate, pitch_rate, roll_rate, twist_rate, tip_rate, turn_rate = self.rates
        zero = np.zeros(())
        forward, left, up = _about_left((zero, zero, heading_rate), pitch)
        forward, left, up = _about_forward((forward, left + pitch_rate, up), roll)
        forward, left, up = _about_up((forward + roll_rate, left, up), twist)
        forward, left, up = _about_left((forward, left, up + twist_rate), tip)
        forward, left, up = _about_forward((forward, left + tip_rate, up), turn)
        return self._stacked((forward + turn_rate, left, up))

    def orientation(self) -> Rotation:
        """Return the rotations from the slipped sensor's FLU axes to the world (z up)."""
        n = self.acceleration.shape[0]
        heading, pitch, roll, twist, tip, turn = (np.broadcast_to(angle, (n,)) for angle in self.angles)
        trunk = Rotation.from_euler("ZYX", np.stack([heading, pitch, roll], axis=1))
        return trunk * Rotation.from_euler("ZYX", np.stack([twist, tip, turn], axis=1))

    def _stacked(self, vector: _Turned) -> NDArray[np.float64]:
        out = np.empty(self.acceleration.shape)
        for column, component in enumerate(vector):
            out[:, column] = component
        return out


_Turns = tuple[
    "NDArray[np.float64]",
    "NDArray[np.float64]",
    "NDArray[np.float64]",
    "NDArray[np.float64]",
    "NDArray[np.float64]",
    "NDArray[np.float64]",
]


class Motion:
    """Evaluates a choreography at points in time.

    Parameters
    ----------
    choreography
        What the body does.
    person
        Whose body.
    seed
        Of sway and jolts.
    rate_hz
        Sampling rate.

    """

    def __init__(self, choreography: Choreography, person: Person, seed: int, rate_hz: float) -> None:
        self._tracks = choreography.tracks
        self._bouts = choreography.record.bouts
        self._bout_ends_s = np.array([bout.end_s for bout in self._bouts])
        self._impacts = Impacts(choreography.record.jolts)
        self._lever_m = person.lever_m
        self._rate_hz = rate_hz
        self._sway = Sway(self._tracks, seed, rate_hz, person.breathing_hz)
        self.samples_per_block = self._sway.samples_per_knot * KNOTS_PER_BLOCK

    def block_times_s(self, number: int) -> NDArray[np.float64]:
        """Return the sample times of a block, seconds since the script's start."""
        return (number * self.samples_per_block + np.arange(self.samples_per_block)) / self._rate_hz

    def block(self, number: int) -> Kinematics:
        """Return the motion at all samples of a block of `samples_per_block`."""
        return self._evaluate(self.block_times_s(number), self._sway.block(number))

    def at(self, times_s: NDArray[np.float64]) -> Rotation:
        """Return the sensor's FLU orientation at any `times_s`, shape (n,), rising."""
        numbers = np.floor(times_s * self._rate_hz / self.samples_per_block).astype(np.int64).clip(0)
        parts = [
            self._evaluate(times_s[numbers == number], self._sway.at(int(number), times_s[numbers == number]))
            for number in np.unique(numbers)
        ]
        return Rotation.concatenate([part.orientation() for part in parts])

    def _evaluate(self, times_s: NDArray[np.float64], sway: SwayCourse) -> Kinematics:
        courses = {channel: self._tracks[channel].at(times_s) for channel in _MOVING}
        heading, tip, turn = (courses[name] for name in (Channel.HEADING, Channel.SLIP_TIP, Channel.SLIP_TURN))
        swayed = [courses[name] for name in (Channel.PITCH, Channel.ROLL, Channel.TWIST)]
        angles, rates, accelerations = (
            [part[order] + sway.angles[order][:, axis] for axis, part in enumerate(swayed)] for order in range(3)
        )
        acceleration = sway.jolts.copy()
        acceleration[:, 0] += courses[Channel.FORWARD].acceleration
        acceleration[:, 2] += courses[Channel.HEIGHT].acceleration
        self._add_lever(acceleration, angles[0], rates[0], accelerations[0])
        self._add_gait(times_s, acceleration, angles, rates)
        self._impacts.add_to(acceleration, times_s)
        return Kinematics(
            (heading.value, angles[0], angles[1], angles[2], tip.value, turn.value),
            (heading.rate, rates[0], rates[1], rates[2], tip.rate, turn.rate),
            acceleration,
        )

    def _add_lever(
        self,
        acceleration: NDArray[np.float64],
        pitch: NDArray[np.float64],
        rate: NDArray[np.float64],
        angular_acceleration: NDArray[np.float64],
    ) -> None:
        """Add what the sensor feels of tipping about the hips, `lever_m` below it."""
        sine, cosine, square = np.sin(pitch), np.cos(pitch), rate * rate
        acceleration[:, 0] += self._lever_m * (cosine * angular_acceleration - sine * square)
        acceleration[:, 2] -= self._lever_m * (sine * angular_acceleration + cosine * square)

    def _add_gait(
        self,
        times_s: NDArray[np.float64],
        acceleration: NDArray[np.float64],
        angles: list[NDArray[np.float64]],
        rates: list[NDArray[np.float64]],
    ) -> None:
        for bout in self._bouts[int(np.searchsorted(self._bout_ends_s, times_s[0])) :]:
            if bout.start_s > times_s[-1]:
                return
            first, last = np.searchsorted(times_s, (bout.start_s, bout.end_s))
            if first == last:
                continue
            envelope: Course = self._tracks[Channel.GAIT].at(times_s[first:last])
            gait = bout.at(times_s[first:last], envelope.value, envelope.rate)
            acceleration[first:last] += gait.acceleration
            for axis in range(3):
                angles[axis][first:last] += gait.angles[:, axis]
                rates[axis][first:last] += gait.rates[:, axis]


_MOVING = (
    Channel.HEADING,
    Channel.PITCH,
    Channel.ROLL,
    Channel.TWIST,
    Channel.SLIP_TIP,
    Channel.SLIP_TURN,
    Channel.HEIGHT,
    Channel.FORWARD,
)


def _about_forward(vector: _Turned, angle: NDArray[np.float64]) -> _Turned:
    """Express a vector in axes turned by `angle` about forward; nothing to do where it rests at 0."""
    if angle.ndim == 0 and angle == 0:
        return vector
    forward, left, up = vector
    sine, cosine = np.sin(angle), np.cos(angle)
    return forward, left * cosine + up * sine, up * cosine - left * sine


def _about_left(vector: _Turned, angle: NDArray[np.float64]) -> _Turned:
    if angle.ndim == 0 and angle == 0:
        return vector
    forward, left, up = vector
    sine, cosine = np.sin(angle), np.cos(angle)
    return forward * cosine - up * sine, left, up * cosine + forward * sine


def _about_up(vector: _Turned, angle: NDArray[np.float64]) -> _Turned:
    if angle.ndim == 0 and angle == 0:
        return vector
    forward, left, up = vector
    sine, cosine = np.sin(angle), np.cos(angle)
    return forward * cosine + left * sine, left * cosine - forward * sine, up
