"""The simulated wearer's body: personal measures, and the postures in which it rests."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from firmware_bridge.virtual.randomness import Stream, random_stream
from firmware_bridge.virtual.script import LyingPosture, SittingPosture
from firmware_bridge.virtual.tracks import Channel

__all__ = ["Family", "Person", "Stance", "stances"]


@dataclass(frozen=True, slots=True)
class Person:
    """What differs from wearer to wearer.

    Parameters
    ----------
    upright_sit_tilt_deg
        How far the pelvis tilts backward in own upright sitting against standing. Sitting upright flexes the lumbar
        spine some 20 deg against standing, part of it at the pelvis (Alshehri 2025), so 5 to 15.
    rise_m
        How far the lower back rises in standing up.
    lever_m
        Height of the sensor above the hip joints, about which the trunk tips.
    sit_to_stand_s
        Mean duration of standing up; 1.5 to 3 s in healthy adults (Kralj 1990, doi:10.1016/0021-9290(90)90005-N).
    walking_lean_deg
        Forward tilt of the pelvis while walking, against standing.
    breathing_hz
        Breaths per second at rest.

    """

    upright_sit_tilt_deg: float = 10.0
    rise_m: float = 0.36
    lever_m: float = 0.12
    sit_to_stand_s: float = 2.2
    walking_lean_deg: float = 3.0
    breathing_hz: float = 0.25

    @classmethod
    def drawn(cls, seed: int) -> Person:
        """Return one of many healthy adults."""
        random = random_stream(seed, Stream.PERSON)
        return cls(
            upright_sit_tilt_deg=random.uniform(5, 15),
            rise_m=random.uniform(0.3, 0.42),
            lever_m=random.uniform(0.09, 0.15),
            sit_to_stand_s=random.uniform(1.8, 2.7),
            walking_lean_deg=random.uniform(0, 6),
            breathing_hz=random.uniform(0.2, 0.3),
        )


class Family(StrEnum):
    """Postures between which the wearer changes without getting up or down."""

    STANDING = "standing"
    SITTING = "sitting"
    LYING = "lying"
    HANDS_AND_KNEES = "hands_and_knees"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Stance:
    """A posture at rest, and how still it is.

    Angles turn in the order heading, pitch (forward > 0), roll (right > 0), twist about the trunk's own long axis (left
    > 0), and are 0 in upright standing; lying is pitched back by 90 deg and twisted. Root mean squares: `sway_deg` of
    the slow wander of each angle, `unrest_ms2` of the jolts along each axis; `breath_deg` is an amplitude.
    """

    family: Family
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    twist_deg: float = 0.0
    height_m: float = 0.0
    forward_m: float = 0.0
    sway_deg: float = 0.0
    breath_deg: float = 0.0
    unrest_ms2: float = 0.0

    def targets(self) -> dict[Channel, float]:
        """Return where each channel rests, angles in rad."""
        return {
            Channel.PITCH: math.radians(self.pitch_deg),
            Channel.ROLL: math.radians(self.roll_deg),
            Channel.TWIST: math.radians(self.twist_deg),
            Channel.HEIGHT: self.height_m,
            Channel.FORWARD: self.forward_m,
            Channel.SWAY: math.radians(self.sway_deg),
            Channel.BREATH: math.radians(self.breath_deg),
            Channel.UNREST: self.unrest_ms2,
        }

    def seated(self, posture: SittingPosture, degrees: float) -> Stance:
        """Return this upright sitting changed into `posture` by `degrees`."""
        pitch_sign, roll_sign = _SEATED_SIGNS[posture]
        return replace(
            self, pitch_deg=self.pitch_deg + pitch_sign * degrees, roll_deg=self.roll_deg + roll_sign * degrees
        )


_SEATED_SIGNS = {
    SittingPosture.UPRIGHT: (0.0, 0.0),
    SittingPosture.SLOUCHED: (-1.0, 0.0),
    SittingPosture.HUNCHED: (1.0, 0.0),
    SittingPosture.LEANING_FORWARD: (1.0, 0.0),
    SittingPosture.LEANING_LEFT: (0.0, -1.0),
    SittingPosture.LEANING_RIGHT: (0.0, 1.0),
}

_LYING_TWIST_DEG = {
    LyingPosture.BACK: 0.0,
    LyingPosture.FRONT: 180.0,
    LyingPosture.LEFT_SIDE: 90.0,
    LyingPosture.RIGHT_SIDE: -90.0,
}


def stances(person: Person) -> dict[str, Stance]:
    """Return the postures at rest by name.

    How still they are: the lower back's acceleration wanders by 0.05 to 0.1 m/s^2 in quiet standing
    (Mancini 2012, doi:10.1186/1743-0003-9-59), less when the seat or a mat carries it.
    """
    lying = Stance(
        Family.LYING,
        pitch_deg=-90.0,
        height_m=-person.rise_m - 0.05,
        forward_m=-0.4,
        sway_deg=0.15,
        breath_deg=0.4,
        unrest_ms2=0.045,
    )
    standing = Stance(Family.STANDING, sway_deg=0.8, breath_deg=0.1, unrest_ms2=0.095)
    sitting = Stance(
        Family.SITTING,
        pitch_deg=-person.upright_sit_tilt_deg,
        height_m=-person.rise_m,
        forward_m=-0.3,
        sway_deg=0.5,
        breath_deg=0.25,
        unrest_ms2=0.062,
    )
    hands_and_knees = Stance(
        Family.HANDS_AND_KNEES,
        pitch_deg=88.0,
        height_m=-0.35,
        forward_m=0.1,
        sway_deg=0.5,
        breath_deg=0.3,
        unrest_ms2=0.05,
    )
    table = Stance(Family.TABLE, pitch_deg=-88.0, roll_deg=1.0, twist_deg=25.0, height_m=-0.3)
    lies = {f"lying_{posture}": replace(lying, twist_deg=twist) for posture, twist in _LYING_TWIST_DEG.items()}
    return {
        "standing": standing,
        "sitting": sitting,
        "hands_and_knees": hands_and_knees,
        "table": table,
        **lies,
    }
