"""A Movella DOT as the host sees it. Source: see the driver; table numbers are those of XD0506P."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np
from bumble import att

from config.units import GRAVITY_MS2
from firmware_bridge.devices.dot import BATTERY, CONTROL, DEVICE_CONTROL, DEVICE_INFO, DEVICE_REPORT
from firmware_bridge.devices.dot_payloads import LONG_PAYLOAD, MEDIUM_PAYLOAD, SHORT_PAYLOAD
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["DotSensor"]

_CONFIGURATION_SERVICE = "15171000-4947-11e9-8646-d663bd873d93"
_MEASUREMENT_SERVICE = "15172000-4947-11e9-8646-d663bd873d93"
_BATTERY_SERVICE = "15173000-4947-11e9-8646-d663bd873d93"
_LENGTHS = {LONG_PAYLOAD: 63, MEDIUM_PAYLOAD: 40, SHORT_PAYLOAD: 20}
"""A payload is padded with zeros up to the length of its characteristic, as in the captured one (protocols.md, 1.9)."""
_CUSTOM_MODE_5 = 26
_WITH_FIELD = 20
_MODES = {21: MEDIUM_PAYLOAD, _WITH_FIELD: MEDIUM_PAYLOAD, _CUSTOM_MODE_5: LONG_PAYLOAD}
_RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)
_DEVICE_CONTROL = struct.Struct("<B6xB16sHB5x")
_DEVICE_INFO = struct.Struct("<6sBBB7x4xQ6s")
_VISIT_RATE = 1 << 4
_CONTROL_BYTES = 3
_MEASUREMENT, _START = 1, 1
_ACC_COUNT_MS2 = 16 * GRAVITY_MS2 / 32768
_GYR_COUNT_DPS = 2000 / 32768


class DotSensor(VirtualSensor):
    """A DOT: a sample a notification; measures on when the link breaks, and takes no rate meanwhile."""

    NAME = "Movella DOT"
    MAKER = "Movella"
    ADVERTISED = ()

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._rate_hz = 60
        self._control = bytes([_MEASUREMENT, 0, 0])

    def _services(self) -> list[Service]:
        readable = Properties.READ | Properties.WRITE
        return [
            self._service(
                _CONFIGURATION_SERVICE,
                [
                    self._characteristic(DEVICE_INFO, Properties.READ, read=self._device_info),
                    self._characteristic(
                        DEVICE_CONTROL, readable, read=self._device_control, written=self._device_controlled
                    ),
                    self._characteristic(DEVICE_REPORT, Properties.NOTIFY),
                ],
            ),
            self._service(
                _MEASUREMENT_SERVICE,
                [
                    self._characteristic(CONTROL, readable, read=lambda: self._control, written=self._controlled),
                    *(self._characteristic(uuid, Properties.NOTIFY) for uuid in _LENGTHS),
                ],
            ),
            self._service(
                _BATTERY_SERVICE,
                [
                    self._characteristic(
                        BATTERY,
                        Properties.READ | Properties.NOTIFY,
                        read=lambda: bytes([self.battery_percent, 0]),
                    )
                ],
            ),
        ]

    def _disconnected(self) -> None:
        """Measure on."""

    def _restarted(self) -> None:
        self._control = bytes([_MEASUREMENT, 0, 0])

    def _device_info(self) -> bytes:
        address = bytes.fromhex(self.specimen.address.replace(":", ""))[::-1]
        return _DEVICE_INFO.pack(address, 3, 0, 0, int(self.specimen.serial, 16), b"DOT-1")

    def _device_control(self) -> bytes:
        name = self.name.encode()
        return _DEVICE_CONTROL.pack(0, len(name), name, self._rate_hz, 0)

    def _device_controlled(self, data: bytes) -> None:
        if len(data) != _DEVICE_CONTROL.size:
            raise att.ATT_Error(att.ATT_INVALID_ATTRIBUTE_LENGTH_ERROR)
        visit, _, _, rate_hz, _ = _DEVICE_CONTROL.unpack(data)
        if visit & _VISIT_RATE and rate_hz in _RATES_HZ and not self._measures("imu"):
            self._rate_hz = rate_hz

    def _controlled(self, data: bytes) -> None:
        if len(data) != _CONTROL_BYTES:
            raise att.ATT_Error(att.ATT_INVALID_ATTRIBUTE_LENGTH_ERROR)
        kind, action, mode = data
        if kind != _MEASUREMENT:
            return
        if action != _START:
            self._stop_measuring()
        elif mode in _MODES and not self._measures("imu"):
            self._measure("imu", self._rate_hz, 1, self._taken)
        self._control = data

    def _taken(self, felt: Felt) -> None:
        acc_ms2 = (to_counts(felt.acc, _ACC_COUNT_MS2) * _ACC_COUNT_MS2).astype("<f4")
        gyr_dps = (to_counts(np.degrees(felt.gyr), _GYR_COUNT_DPS) * _GYR_COUNT_DPS).astype("<f4")
        taken = Taken(
            self.boots,
            felt.first,
            felt.times_s,
            acc_ms2.astype(np.float64),
            gyr_dps.astype(np.float64) * math.radians(1),
        )
        truth = self._truth("imu")
        truth.add(taken)
        mode = self._control[2]
        ticks_us = round(float(felt.clock_s[0]) * 1e6) & 0xFFFFFFFF
        upright = np.array([1, 0, 0, 0], dtype="<f4").tobytes() if mode == _CUSTOM_MODE_5 else b""
        field = bytes(6) if mode == _WITH_FIELD else b""
        payload = struct.pack("<I", ticks_us) + upright + acc_ms2.tobytes() + gyr_dps.tobytes() + field
        self._send(_MODES[mode], payload.ljust(_LENGTHS[_MODES[mode]], b"\0"), taken, truth=truth)
