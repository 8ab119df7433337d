"""A Movesense with the maker's "GATT SensorData" firmware as the host sees it. Source: see the driver."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import numpy as np

from config.units import GRAVITY_MS2
from firmware_bridge.devices.movesense import NOTIFY, SERVICE, WRITE
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["MovesenseSensor"]

_ADVERTISED_SERVICE = "0000fe06-0000-1000-8000-00805f9b34fb"
_HELLO, _SUBSCRIBE, _UNSUBSCRIBE = 0, 1, 2
_RESPONSE, _DATA, _DATA_PART2 = 1, 2, 3
_HEADER_BYTES = 2
_PROTOCOL_VERSION = 1
_OK, _BAD_REQUEST, _NOT_FOUND, _TOO_LARGE, _NOT_IMPLEMENTED = 200, 400, 404, 413, 501
_PATH = re.compile(r"/Meas/(Acc|Gyro|IMU6|IMU9)/(\d+)")
_RATES_HZ = (13, 26, 52, 104, 208, 416, 833, 1666)
_SLOWEST_HZ = 13
_VECTOR_BYTES, _TIME_BYTES = 12, 4
_VECTORS = {"Acc": "a", "Gyro": "g", "IMU6": "ag", "IMU9": "agm"}
_ACC_COUNT_MS2 = 0.244e-3 * GRAVITY_MS2
_GYR_COUNT_DPS = 0.07
_FIELD_UT = (20.0, 0.0, -40.0)


class MovesenseSensor(VirtualSensor):
    """A Movesense: one measurement at a time, in packets of rate / 13 samples, cut in two where they are too long."""

    NAME = "Movesense 174630000192"
    MAKER = "Suunto"
    ADVERTISED = (_ADVERTISED_SERVICE,)
    LARGEST_MTU = 161
    """A notification has up to 158 bytes (the maker's developer slides of 2018)."""

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._reference = 0
        self._vectors = "ag"

    def _services(self) -> list[Service]:
        write = self._characteristic(WRITE, Properties.WRITE, written=self._written)
        return [self._service(SERVICE, [write, self._characteristic(NOTIFY, Properties.NOTIFY)])]

    def _written(self, data: bytes) -> None:
        if len(data) < _HEADER_BYTES:
            return
        command, reference, argument = data[0], data[1], data[_HEADER_BYTES:]
        if command == _HELLO:
            greeting = bytes([_RESPONSE, reference, _PROTOCOL_VERSION])
            self._send(
                NOTIFY, greeting + f"{self.specimen.serial}\0Movesense\0GSP\0".encode()[: self._payload_bytes - 3]
            )
        elif command == _SUBSCRIBE:
            self._respond(reference, self._subscribe(reference, argument))
        elif command == _UNSUBSCRIBE:
            known = self._measures("imu") and reference == self._reference
            if known:
                self._stop_measuring()
            self._respond(reference, _OK if known else _NOT_FOUND)
        else:
            self._respond(reference, _NOT_IMPLEMENTED)

    def _respond(self, reference: int, status: int) -> None:
        self._send(NOTIFY, struct.pack("<BBH", _RESPONSE, reference, status))

    def _subscribe(self, reference: int, path: bytes) -> int:
        """Return the status."""
        if not path.isascii():
            return _BAD_REQUEST
        asked = _PATH.fullmatch(path.decode("ascii"))
        if asked is None or int(asked[2]) not in _RATES_HZ:
            return _NOT_FOUND
        rate_hz = int(asked[2])
        batch = round(rate_hz / _SLOWEST_HZ)
        vectors = _VECTORS[asked[1]]
        whole_bytes = _TIME_BYTES + batch * len(vectors) * _VECTOR_BYTES
        if whole_bytes > 2 * (self._payload_bytes - _HEADER_BYTES):
            return _TOO_LARGE
        self._reference, self._vectors = reference, vectors
        self._measure("imu", rate_hz, batch, self._taken)
        return _OK

    def _taken(self, felt: Felt) -> None:
        acc_ms2 = (to_counts(felt.acc, _ACC_COUNT_MS2) * _ACC_COUNT_MS2).astype("<f4")
        gyr_dps = (to_counts(np.degrees(felt.gyr), _GYR_COUNT_DPS) * _GYR_COUNT_DPS).astype("<f4")
        field_ut = np.tile(np.array(_FIELD_UT, dtype="<f4"), (felt.acc.shape[0], 1))
        taken = Taken(
            self.boots,
            felt.first,
            felt.times_s,
            acc_ms2.astype(np.float64) if "a" in self._vectors else None,
            np.radians(gyr_dps.astype(np.float64)) if "g" in self._vectors else None,
        )
        self._truth("imu").add(taken)
        planes = {"a": acc_ms2, "g": gyr_dps, "m": field_ut}
        ticks_ms = round(float(felt.clock_s[0]) * 1000) & 0xFFFFFFFF
        self._send_parts(struct.pack("<I", ticks_ms) + b"".join(planes[one].tobytes() for one in self._vectors), taken)

    def _send_parts(self, payload: bytes, taken: Taken) -> None:
        longest = self._payload_bytes - _HEADER_BYTES
        truth = self._truth("imu")
        if len(payload) <= longest:
            self._send(NOTIFY, bytes([_DATA, self._reference]) + payload, taken, truth=truth)
        elif self._send(NOTIFY, bytes([_DATA, self._reference]) + payload[:longest]):
            self._send(NOTIFY, bytes([_DATA_PART2, self._reference]) + payload[longest:], taken, truth=truth)
