"""How the sensor sits on the wearer: the rotation sensor -> body and the wearer's own angles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from posture.rotations import angle_between, flexion, from_up_and_forward, shortest_turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from posture.events import Activity

__all__ = ["Calibration", "CalibrationSource", "Mounting", "ShownActivity", "SittingRange", "by_mounting"]

MOST_SLIP_DEG = 45.0


class CalibrationSource(StrEnum):
    """Where a calibration comes from."""

    GUIDED = "guided"
    WALKING = "walking"
    PROFILE = "profile"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SittingRange:
    """The wearer's own sitting, as flexion at the sensor against upright standing.

    Parameters
    ----------
    upright_deg
        Flexion when sitting upright.
    slouched_deg
        Flexion when sitting slouched; usually below `upright_deg`, since the pelvis rolls backward.
    error_deg
        How far off the angle between the two may be, at which a slouch begins; 0 where both have been shown.

    """

    upright_deg: float
    slouched_deg: float
    error_deg: float = 0.0

    @property
    def direction(self) -> float:
        """Return 1.0 where slouching flexes the sensor forward, -1.0 where it rolls it backward."""
        return 1.0 if self.slouched_deg > self.upright_deg else -1.0

    @property
    def range_deg(self) -> float:
        """Return the angle between upright and slouched, > 0."""
        return abs(self.slouched_deg - self.upright_deg)

    def past_upright_deg(self, flexion_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far past upright sitting each flexion is, along the wearer's slouch."""
        return self.direction * (flexion_deg - self.upright_deg)


@dataclass(frozen=True, slots=True)
class ShownActivity:
    """One of these activities it was in [start, end), seconds since the Unix epoch."""

    start: float
    end: float
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What is known of the mounting and the wearer.

    Parameters
    ----------
    source
        Where it comes from.
    upright
        Shape (3,): up in the sensor frame while the wearer stands upright; None where unknown.
    forward
        Shape (3,): the wearer's forward in the sensor frame, perpendicular to `upright`; None where unknown.
    acc_offset_ms2
        Shape (3,): zero offset of the accelerometer, already taken off the samples that the rest was learnt from.
    gyr_bias_rad_s
        Shape (3,): gyroscope reading at rest; None without a gyroscope.
    sitting
        The wearer's sitting range; None where it has not been shown.
    profile
        Name of the profile, where one was used.
    shown
        What the wearer was told to do, and when.
    walking
        Shape (3,): up in the sensor frame while the wearer walks; None where that is not known to differ.
    turns_standing
        Whether the wearer is known to turn about the vertical more while they stand than while they sit.

    Attributes
    ----------
    sensor_to_body
        Shape (3, 3): rotation matrix sensor -> body; None where upright or forward is unknown.

    """

    source: CalibrationSource
    upright: NDArray[np.float64] | None = None
    forward: NDArray[np.float64] | None = None
    acc_offset_ms2: NDArray[np.float64] | None = None
    gyr_bias_rad_s: NDArray[np.float64] | None = None
    sitting: SittingRange | None = None
    profile: str | None = None
    shown: tuple[ShownActivity, ...] = ()
    walking: NDArray[np.float64] | None = None
    turns_standing: bool = False
    sensor_to_body: NDArray[np.float64] | None = field(init=False)

    def __post_init__(self) -> None:
        """Put up and forward together."""
        matrix = None
        if self.upright is not None and self.forward is not None:
            matrix = from_up_and_forward(self.upright, self.forward)
        object.__setattr__(self, "sensor_to_body", matrix)

    @property
    def is_shown(self) -> bool:
        """Return whether the wearer has shown it, now or before, and it is not what was learnt of them today."""
        return self.source in (CalibrationSource.GUIDED, CalibrationSource.PROFILE)

    @property
    def known_upright(self) -> NDArray[np.float64]:
        """Return `upright` for what cannot do without.

        Raises
        ------
        ValueError
            It is not known.

        """
        if self.upright is None:
            raise ValueError("it is not known which way is up")
        return self.upright

    @property
    def known_walking(self) -> NDArray[np.float64]:
        """Return up while the wearer walks: as they stand, where it is not known to differ.

        Raises
        ------
        ValueError
            Neither is known.

        """
        return self.known_upright if self.walking is None else self.walking

    def moved_to(self, walking: NDArray[np.float64]) -> Calibration:
        """Return what is still known once the sensor sits otherwise and this, shape (3,), is up in walking.

        The wearer's own angles are not. A strap that slips tilts the sensor and hardly turns it about the vertical, so
        that upright and forward go along; of a sensor tilted by more than `MOST_SLIP_DEG`, put on anew, nobody knows.
        """
        moved = Calibration(
            CalibrationSource.WALKING,
            walking,
            acc_offset_ms2=self.acc_offset_ms2,
            gyr_bias_rad_s=self.gyr_bias_rad_s,
            turns_standing=self.turns_standing,
        )
        if self.upright is None or not _is_slip(self.known_walking, walking):
            return moved
        along = self.turned_to(walking)
        moved = replace(moved, forward=along.forward)
        return moved if self.walking is None else replace(moved, upright=along.upright, walking=walking)

    def turned_to(self, walking: NDArray[np.float64]) -> Calibration:
        """Return the same, whose `upright` is known, of a sensor so tilted that this, shape (3,), is up in walking."""
        turn = shortest_turn(self.known_walking, walking)
        forward = None if self.forward is None else turn @ self.forward
        return replace(self, upright=turn @ self.known_upright, forward=forward, walking=walking)

    def added_to(self, before: Calibration) -> Calibration:
        """Return what is known of a mounting, learnt anew, where so much of it was known before."""
        if self.upright is None:
            return before
        forward = before.forward if self.forward is None else self.forward
        turns = self.turns_standing or before.turns_standing
        return replace(self, forward=forward, gyr_bias_rad_s=before.gyr_bias_rad_s, turns_standing=turns)

    def is_mounted_as(self, other: Calibration) -> bool:
        """Return whether the sensor sits as the other calibration, whose `upright` is known, has it."""
        return np.array_equal(self.known_upright, other.known_upright)

    def up_in_body(self, up: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return up, shape (n, 3), in the body frame; None where the mounting is unknown."""
        matrix = self.sensor_to_body
        if matrix is None:
            return None
        # Added up axis by axis: a matrix product rounds one row otherwise than many.
        x, y, z = (np.multiply.outer(up[:, axis], matrix[:, axis]) for axis in range(3))
        return np.asarray(x + y + z)

    def flexion_deg(self, up: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return flexion in degrees for up, shape (n, 3), in the sensor frame; None where the mounting is unknown."""
        body = self.up_in_body(up)
        return None if body is None else np.degrees(flexion(body))


class Mounting(NamedTuple):
    """How the sensor sits from a second on, since the Unix epoch."""

    start: int
    calibration: Calibration


def by_mounting(
    time: NDArray[np.int64] | NDArray[np.float64], mountings: Sequence[Mounting]
) -> Iterator[tuple[int, int, Calibration]]:
    """Yield the rows [start, stop) of times, shape (n,) in order, in each mounting, and what is known of it.

    The first mounting has what is before it, too.
    """
    starts = np.searchsorted(time, [each.start for each in mountings[1:]]).tolist()
    for (start, stop), (_, calibration) in zip(pairwise([0, *starts, len(time)]), mountings, strict=True):
        if stop > start:
            yield start, stop, calibration


def _is_slip(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    return bool(np.degrees(angle_between(before, after)) <= MOST_SLIP_DEG)
