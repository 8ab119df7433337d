"""A simulated wearer: what a sensor on the lower back reads during a scripted day, and what really happened."""

from firmware_bridge.virtual.body import Person
from firmware_bridge.virtual.desk_day import desk_day
from firmware_bridge.virtual.script import (
    Bend,
    Calibration,
    ExerciseSet,
    Gap,
    Lie,
    LyingPosture,
    NotWorn,
    Scene,
    Script,
    Sit,
    SittingPosture,
    SlipAxis,
    Stand,
    StrapSlip,
    Walk,
)
from firmware_bridge.virtual.sensor import SensorModel, mounting_matrix
from firmware_bridge.virtual.truth import Truth
from firmware_bridge.virtual.wearer import SimulatedWearer

__all__ = [
    "Bend",
    "Calibration",
    "ExerciseSet",
    "Gap",
    "Lie",
    "LyingPosture",
    "NotWorn",
    "Person",
    "Scene",
    "Script",
    "SensorModel",
    "SimulatedWearer",
    "Sit",
    "SittingPosture",
    "SlipAxis",
    "Stand",
    "StrapSlip",
    "Truth",
    "Walk",
    "desk_day",
    "mounting_matrix",
]
