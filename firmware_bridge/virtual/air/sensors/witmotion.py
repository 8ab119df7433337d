"""A WitMotion WT901BLECL 5.0 as the host sees it. Source: see the driver."""

from __future__ import annotations

import asyncio
import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from config.units import GRAVITY_MS2
from firmware_bridge.devices.witmotion import NOTIFY, SERVICE, WRITE
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["WitMotionSensor"]

_COMMAND = struct.Struct("<BBBH")
_HEAD = (0xFF, 0xAA)
_SAVE, _RATE, _READ, _UNLOCK = 0x00, 0x03, 0x27, 0x69
_KEY = 0xB588
_UNLOCKED_S = 10.0
_RATES_HZ = {1: 0.2, 2: 0.5, 3: 1.0, 4: 2.0, 5: 5.0, 6: 10.0, 7: 20.0, 8: 50.0, 9: 100.0, 0x0B: 200.0}
_FACTORY_RATE = 6
_BATTERY, _VERSION = 0x64, 0x2E
_BATTERY_VOLTS = ((100, 3.96), (90, 3.93), (75, 3.87), (60, 3.82), (50, 3.79), (40, 3.77), (30, 3.73), (20, 3.70))
_FLAT_VOLTS = 3.5

_FRAME_BYTES = 20
_SHARED_FROM_HZ = 50
_NOTIFICATIONS_A_SECOND = 25
_ACC_COUNT_MS2 = 16 * GRAVITY_MS2 / 32768
_GYR_COUNT_RAD_S = math.radians(2000) / 32768
_ANGLE_COUNT_RAD = math.pi / 32768


class WitMotionSensor(VirtualSensor):
    """A WitMotion: sends as long as somebody listens, without time or counter.

    What is written without unlocking first is ignored, as is what it does not know; what is not saved is forgotten at
    a restart.
    """

    NAME = "WT901BLE67"
    MAKER = "WITMOTION"
    ADVERTISED = (SERVICE,)

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._registers = {_RATE: _FACTORY_RATE, _VERSION: 1}
        self._saved = dict(self._registers)
        self._unlocked_until_s = 0.0
        self._listening = False

    def _services(self) -> list[Service]:
        write = Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE
        return [
            self._service(
                SERVICE,
                [
                    self._characteristic(NOTIFY, Properties.NOTIFY, subscribed=self._subscribed),
                    self._characteristic(WRITE, write, written=self._written),
                ],
            )
        ]

    def _disconnected(self) -> None:
        self._listening = False
        super()._disconnected()

    def _restarted(self) -> None:
        self._registers = dict(self._saved)

    def _subscribed(self, wanted: bool) -> None:  # noqa: FBT001 - what bumble tells
        self._listening = wanted
        if wanted:
            self._begin()
        else:
            self._stop_measuring()

    def _begin(self) -> None:
        rate_hz = _RATES_HZ[self._registers[_RATE]]
        shared = round(rate_hz / _NOTIFICATIONS_A_SECOND) if rate_hz >= _SHARED_FROM_HZ else 1
        self._measure("imu", rate_hz, min(shared, self._payload_bytes // _FRAME_BYTES), self._taken)

    def _written(self, data: bytes) -> None:
        if len(data) != _COMMAND.size or (data[0], data[1]) != _HEAD:
            return
        _, _, register, value = _COMMAND.unpack(data)
        now_s = asyncio.get_running_loop().time()
        if register == _READ:
            self._tell(value)
        elif register == _UNLOCK:
            self._unlocked_until_s = now_s + _UNLOCKED_S if value == _KEY else 0.0
        elif now_s <= self._unlocked_until_s:
            self._set(register, value)

    def _set(self, register: int, value: int) -> None:
        if register == _SAVE:
            self._saved = dict(self._registers)
        elif register != _RATE:
            self._registers[register] = value
        elif value in _RATES_HZ:
            self._registers[_RATE] = value
            if self._listening:
                self._begin()

    def _tell(self, first: int) -> None:
        volts = next((volts for percent, volts in _BATTERY_VOLTS if self.battery_percent >= percent), _FLAT_VOLTS)
        registers = self._registers | {_BATTERY: round(volts * 100)}
        values = [registers.get(first + offset, 0) for offset in range(8)]
        self._send(NOTIFY, struct.pack("<BBH8H", 0x55, 0x71, first, *values))

    def _taken(self, felt: Felt) -> None:
        acc, gyr = to_counts(felt.acc, _ACC_COUNT_MS2), to_counts(felt.gyr, _GYR_COUNT_RAD_S)
        taken = Taken(
            self.boots, felt.first, felt.times_s, to_values(acc, _ACC_COUNT_MS2), to_values(gyr, _GYR_COUNT_RAD_S)
        )
        truth = self._truth("imu")
        truth.add(taken)
        roll = np.arctan2(felt.acc[:, 1], felt.acc[:, 2])
        pitch = np.arctan2(-felt.acc[:, 0], np.hypot(felt.acc[:, 1], felt.acc[:, 2]))
        angles = to_counts(np.column_stack((roll, pitch, np.zeros_like(roll))), _ANGLE_COUNT_RAD)
        rows = np.hstack((acc, gyr, angles)).astype("<i2")
        self._send(NOTIFY, b"".join(b"\x55\x61" + row.tobytes() for row in rows), taken, truth=truth)
