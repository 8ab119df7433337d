"""The virtual air: sensors without a radio, for tests and for `lumbar demo --bluetooth`."""

from firmware_bridge.virtual.air.air import Air
from firmware_bridge.virtual.air.backend import bumble_backends
from firmware_bridge.virtual.air.clock import VirtualLoop, run_virtually, utc_from
from firmware_bridge.virtual.air.link import Conditions
from firmware_bridge.virtual.air.motion import CodedMotion, Motion, PlayedMotion
from firmware_bridge.virtual.air.oscillator import Oscillator
from firmware_bridge.virtual.air.peripheral import Pulse, Specimen, VirtualSensor
from firmware_bridge.virtual.air.processes import SharedLoop, backends_over, open_to_hosts
from firmware_bridge.virtual.air.sensors import SENSORS
from firmware_bridge.virtual.air.truth import Fate, TrueSamples, Truth
from firmware_bridge.virtual.air.world import World, virtual_world

__all__ = [
    "SENSORS",
    "Air",
    "CodedMotion",
    "Conditions",
    "Fate",
    "Motion",
    "Oscillator",
    "PlayedMotion",
    "Pulse",
    "SharedLoop",
    "Specimen",
    "TrueSamples",
    "Truth",
    "VirtualLoop",
    "VirtualSensor",
    "World",
    "backends_over",
    "bumble_backends",
    "open_to_hosts",
    "run_virtually",
    "utc_from",
    "virtual_world",
]
