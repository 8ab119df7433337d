"""A Nordic Thingy:52 as the host sees it. Source: see the driver."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np
from bumble import att

from config.units import GRAVITY_MS2
from firmware_bridge.devices.thingy52 import MOTION_CONFIG, MOTION_SERVICE, RAW_MOTION
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["Thingy52Sensor"]

_CONFIGURATION_SERVICE = "ef680100-9b35-4933-9b10-52ffa9740042"
_DEVICE_NAME = "ef680101-9b35-4933-9b10-52ffa9740042"
_CONFIG = struct.Struct("<4HB")
_NORDICS_DEFAULTS = (500, 500, 500, 10, 1)
_SLOWEST_HZ, _FASTEST_HZ = 5, 200
_VALUE_NOT_ALLOWED = 0x13
"""Error code (Core 5.4, volume 3, part F, 3.4.1.1)."""
_ACC_COUNT_MS2 = GRAVITY_MS2 / 1024
_GYR_COUNT_RAD_S = math.radians(1) / 32
_NO_FIELD = 3


class Thingy52Sensor(VirtualSensor):
    """A Thingy:52: sends raw motion as long as somebody listens, a sample a notification."""

    NAME = "Thingy"
    MAKER = "Nordic Semiconductor"
    ADVERTISED = (_CONFIGURATION_SERVICE,)
    LARGEST_MTU = 276

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._config = _CONFIG.pack(*_NORDICS_DEFAULTS)
        self._listening = False

    def _services(self) -> list[Service]:
        name = self._characteristic(_DEVICE_NAME, Properties.READ, read=self.name.encode)
        config = self._characteristic(
            MOTION_CONFIG, Properties.READ | Properties.WRITE, read=lambda: self._config, written=self._configured
        )
        raw = self._characteristic(RAW_MOTION, Properties.NOTIFY, subscribed=self._subscribed)
        return [self._service(_CONFIGURATION_SERVICE, [name]), self._service(MOTION_SERVICE, [config, raw])]

    def _configured(self, data: bytes) -> None:
        if len(data) != _CONFIG.size:
            raise att.ATT_Error(att.ATT_INVALID_ATTRIBUTE_LENGTH_ERROR)
        rate_hz = _CONFIG.unpack(data)[3]
        if not _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ:
            raise att.ATT_Error(_VALUE_NOT_ALLOWED)
        self._config = data
        if self._listening:
            self._begin()

    def _subscribed(self, wanted: bool) -> None:  # noqa: FBT001 - what bumble tells
        self._listening = wanted
        if wanted:
            self._begin()
        else:
            self._stop_measuring()

    def _begin(self) -> None:
        self._measure("imu", _CONFIG.unpack(self._config)[3], 1, self._taken)

    def _disconnected(self) -> None:
        self._listening = False
        super()._disconnected()

    def _taken(self, felt: Felt) -> None:
        acc, gyr = to_counts(felt.acc, _ACC_COUNT_MS2), to_counts(felt.gyr, _GYR_COUNT_RAD_S)
        taken = Taken(
            self.boots, felt.first, felt.times_s, to_values(acc, _ACC_COUNT_MS2), to_values(gyr, _GYR_COUNT_RAD_S)
        )
        truth = self._truth("imu")
        truth.add(taken)
        counts = np.hstack((acc, gyr, np.zeros((1, _NO_FIELD), dtype=np.int64)))
        self._send(RAW_MOTION, counts.astype("<i2").tobytes(), taken, truth=truth)
