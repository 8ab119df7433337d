"""One emulator for each family of sensors."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from firmware_bridge.virtual.air.sensors.capture2go import Capture2GoSensor
from firmware_bridge.virtual.air.sensors.dot import DotSensor
from firmware_bridge.virtual.air.sensors.lsp import LspSensor
from firmware_bridge.virtual.air.sensors.metamotion import MetaMotionSensor
from firmware_bridge.virtual.air.sensors.movesense import MovesenseSensor
from firmware_bridge.virtual.air.sensors.polar import PolarH10, PolarVeritySense
from firmware_bridge.virtual.air.sensors.thingy52 import Thingy52Sensor
from firmware_bridge.virtual.air.sensors.witmotion import WitMotionSensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware_bridge.virtual.air.peripheral import VirtualSensor

__all__ = [
    "SENSORS",
    "Capture2GoSensor",
    "DotSensor",
    "LspSensor",
    "MetaMotionSensor",
    "MovesenseSensor",
    "PolarH10",
    "PolarVeritySense",
    "Thingy52Sensor",
    "WitMotionSensor",
]

SENSORS: Mapping[str, type[VirtualSensor]] = MappingProxyType(
    {
        "witmotion": WitMotionSensor,
        "movesense": MovesenseSensor,
        "metamotion": MetaMotionSensor,
        "dot": DotSensor,
        "polar": PolarVeritySense,
        "capture2go": Capture2GoSensor,
        "thingy52": Thingy52Sensor,
        "lsp": LspSensor,
    }
)
"""Emulators by the id of the driver that reads them."""
