"""What the lower back does in one repetition of each exercise the simulated wearer knows.

Ranges are those of the table of exercises in the design notes; they are assumptions about the movement of the pelvis,
since hardly any amplitudes of lumbar sensors are published.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from firmware_bridge.virtual.tracks import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PATTERNS", "ExercisePattern"]


@dataclass(frozen=True, slots=True)
class ExercisePattern:
    """One repetition as movements that share one course in time.

    Parameters
    ----------
    stance
        Name of the starting posture in `firmware_bridge.virtual.body`.
    primary
        The angle whose range is given with the set.
    usual_range_deg
        Its range where the set names none.
    stations
        Where the primary angle goes before it returns to 0, in parts of the range.
    rise_m
        How far the sensor rises (sinks where negative) at a whole range.
    alternates
        Whether every other repetition goes to the other side.
    rises
        Whether a repetition is standing up and sitting down again.

    """

    stance: str
    primary: Channel
    usual_range_deg: float
    stations: tuple[float, ...] = (1.0,)
    rise_m: float = 0.0
    alternates: bool = field(default=False, kw_only=True)
    rises: bool = field(default=False, kw_only=True)


PATTERNS: Mapping[str, ExercisePattern] = MappingProxyType(
    {
        "bent_knee_side_rotation": ExercisePattern("lying_back", Channel.TWIST, 35.0, alternates=True),
        "bridge": ExercisePattern("lying_back", Channel.PITCH, 25.0, stations=(-1.0,), rise_m=0.18),
        "cat_cow": ExercisePattern("hands_and_knees", Channel.PITCH, 30.0, stations=(0.5, -0.5)),
        "pelvic_tilt": ExercisePattern("lying_back", Channel.PITCH, 9.0, stations=(-1.0,)),
        "press_up": ExercisePattern("lying_front", Channel.PITCH, 25.0, rise_m=0.06),
        "side_bend": ExercisePattern("standing", Channel.ROLL, 25.0, alternates=True),
        "sit_to_stand": ExercisePattern("sitting", Channel.PITCH, 40.0, rises=True),
        "squat": ExercisePattern("standing", Channel.PITCH, 35.0, rise_m=-0.35),
        "standing_l_stretch": ExercisePattern("standing", Channel.PITCH, 80.0, rise_m=-0.05),
        "standing_rotation": ExercisePattern("standing", Channel.TWIST, 30.0, alternates=True),
        "trunk_flexion": ExercisePattern("standing", Channel.PITCH, 65.0),
    }
)
"""The exercises by name."""
