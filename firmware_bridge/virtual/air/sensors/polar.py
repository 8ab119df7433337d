"""A Polar Verity Sense and a Polar H10 as the host sees them. Source: see the driver."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from config.units import GRAVITY_MS2
from firmware_bridge.devices.polar import DATA, SERVICE
from firmware_bridge.devices.polar_control import CONTROL, Measurement
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.sensors.polar_frames import compressed
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["PolarH10", "PolarVeritySense"]

_ASK, _START, _STOP = 1, 2, 3
_ANSWER, _FEATURES = 0xF0, 0x0F
_RATE, _RESOLUTION, _RANGE, _CHANNELS, _FACTOR = 0, 1, 2, 4, 5
_BITS = 16
_AXES = 3
_COMPRESSED = 0x80
_SET_AT_NS = 800_000_000_000_000_000
"""Polar counts nanoseconds since 2000; a sensor that no application gave the time is somewhere in it."""


class _Status(IntEnum):
    OK = 0
    INVALID_COMMAND = 1
    INVALID_MEASUREMENT = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY = 6
    INVALID_RESOLUTION = 7
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11


_INVALID = {
    _RATE: _Status.INVALID_RATE,
    _RESOLUTION: _Status.INVALID_RESOLUTION,
    _RANGE: _Status.INVALID_RANGE,
    _CHANNELS: _Status.INVALID_CHANNELS,
}
_SIZES = {_RATE: 2, _RESOLUTION: 2, _RANGE: 2, _CHANNELS: 1}


@dataclass(frozen=True, slots=True)
class _Choices:
    """What a measurement can be set to."""

    rates_hz: tuple[int, ...]
    ranges: tuple[int, ...]
    channels: bool = True

    def all(self) -> dict[int, tuple[int, ...]]:
        choices = {_RATE: self.rates_hz, _RESOLUTION: (_BITS,), _RANGE: self.ranges}
        return choices | ({_CHANNELS: (_AXES,)} if self.channels else {})

    def told(self) -> bytes:
        return b"".join(
            bytes([kind, len(values)]) + b"".join(value.to_bytes(_SIZES[kind], "little") for value in values)
            for kind, values in self.all().items()
        )


class _PolarSensor(VirtualSensor):
    """What both have: a control point, and frames with the time of the last sample."""

    MAKER = "Polar Electro Oy"
    ADVERTISED = (SERVICE,)
    LARGEST_MTU = 512
    SAMPLES_A_FRAME: ClassVar[int]

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._full_scale: dict[int, int] = {}

    def _services(self) -> list[Service]:
        control = self._characteristic(
            CONTROL,
            Properties.READ | Properties.WRITE | Properties.INDICATE,
            read=lambda: bytes([_FEATURES, sum(1 << kind for kind in self._choices()), 0]),
            written=self._written,
        )
        return [self._service(SERVICE, [control, self._characteristic(DATA, Properties.NOTIFY)])]

    def _choices(self) -> Mapping[int, _Choices]:
        raise NotImplementedError

    def _factor(self, kind: int) -> bytes:
        """Return the factor as the answer to a start tells it."""
        raise NotImplementedError

    def _frame(self, kind: int, felt: Felt) -> tuple[bytes, Taken]:
        """Return frame type and content, and what they say."""
        raise NotImplementedError

    def _written(self, data: bytes) -> None:
        if len(data) < len((_START, Measurement.ACC)):
            return
        command, kind = data[0], data[1]
        status, told = _Status.INVALID_COMMAND, b""
        if command == _ASK:
            status, told = self._ask(kind)
        elif command == _START:
            status, told = self._start(kind, data[2:])
        elif command == _STOP:
            status = self._stop(kind)
        more = b"\0" if status == _Status.OK else b""
        self._answer(CONTROL, bytes([_ANSWER, command, kind, status]) + more + told)

    def _ask(self, kind: int) -> tuple[_Status, bytes]:
        choices = self._choices().get(kind)
        return (_Status.OK, choices.told()) if choices else (_Status.INVALID_MEASUREMENT, b"")

    def _start(self, kind: int, settings: bytes) -> tuple[_Status, bytes]:
        choices = self._choices().get(kind)
        if choices is None:
            return _Status.INVALID_MEASUREMENT, b""
        if self._measures(_stream(kind)):
            return _Status.ALREADY, b""
        asked = _read_settings(settings)
        if asked is None or set(asked) != set(choices.all()):
            return _Status.INVALID_PARAMETER, b""
        for setting, values in choices.all().items():
            if asked[setting] not in values:
                return _INVALID[setting], b""
        self._full_scale[kind] = asked[_RANGE]
        self._measure(_stream(kind), asked[_RATE], self.SAMPLES_A_FRAME, lambda felt: self._taken(kind, felt))
        return _Status.OK, self._factor(kind)

    def _stop(self, kind: int) -> _Status:
        if kind not in self._choices():
            return _Status.INVALID_MEASUREMENT
        self._stop_measuring(_stream(kind))
        return _Status.OK

    def _taken(self, kind: int, felt: Felt) -> None:
        content, taken = self._frame(kind, felt)
        truth = self._truth(_stream(kind))
        truth.add(taken)
        time_ns = _SET_AT_NS + round(float(felt.clock_s[-1]) * 1e9)
        self._send(DATA, struct.pack("<BQ", kind, time_ns) + content, taken, truth=truth)


class PolarVeritySense(_PolarSensor):
    """A Verity Sense: acceleration and angular rate, compressed; more than 52 Hz in its SDK mode."""

    NAME = "Polar Sense A1B2C321"
    SAMPLES_A_FRAME = 26

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._sdk_mode = False

    def _disconnected(self) -> None:
        self._sdk_mode = False
        super()._disconnected()

    def _choices(self) -> Mapping[int, _Choices]:
        if self._sdk_mode:
            rates_hz = (26, 52, 104, 208, 416)
            return {
                Measurement.ACC: _Choices(rates_hz, (2, 4, 8, 16)),
                Measurement.GYRO: _Choices(rates_hz, (250, 500, 1000, 2000)),
            }
        return {Measurement.ACC: _Choices((52,), (8,)), Measurement.GYRO: _Choices((52,), (2000,))}

    def _written(self, data: bytes) -> None:
        if data[1:2] == bytes([Measurement.SDK_MODE]) and data[0] in {_START, _STOP}:
            wanted = data[0] == _START
            status = _Status.ALREADY if wanted == self._sdk_mode else _Status.OK
            self._sdk_mode = wanted
            self._answer(CONTROL, bytes([_ANSWER, data[0], Measurement.SDK_MODE, status, 0]))
        else:
            super()._written(data)

    def _step(self, kind: int) -> float:
        """Return the size of a count as told: mg or deg/s, in single precision."""
        unit = 1000.0 if kind == Measurement.ACC else 1.0
        return float(np.float32(self._full_scale[kind] * unit / (1 << _BITS - 1)))

    def _factor(self, kind: int) -> bytes:
        return struct.pack("<BBf", _FACTOR, 1, self._step(kind))

    def _frame(self, kind: int, felt: Felt) -> tuple[bytes, Taken]:
        step = self._step(kind)
        if kind == Measurement.ACC:
            unit_ms2 = step * (GRAVITY_MS2 / 1000)
            counts = to_counts(felt.acc, unit_ms2)
            taken = Taken(self.boots, felt.first, felt.times_s, to_values(counts, unit_ms2), None)
            return bytes([_COMPRESSED | 1]) + compressed(counts), taken
        counts = to_counts(np.degrees(felt.gyr), step)
        taken = Taken(self.boots, felt.first, felt.times_s, None, np.radians(to_values(counts, step)))
        return bytes([_COMPRESSED]) + compressed(counts), taken


class PolarH10(_PolarSensor):
    """An H10: acceleration in whole mg, uncompressed."""

    NAME = "Polar H10 A1B2C322"
    SAMPLES_A_FRAME = 36
    """As many as the frames have that Polar's own test vectors show."""

    def _choices(self) -> Mapping[int, _Choices]:
        return {Measurement.ACC: _Choices((25, 50, 100, 200), (2, 4, 8), channels=False)}

    def _factor(self, kind: int) -> bytes:
        del kind
        return b""

    def _frame(self, kind: int, felt: Felt) -> tuple[bytes, Taken]:
        limit_mg = self._full_scale[kind] * 1000
        counts = np.clip(to_counts(felt.acc, GRAVITY_MS2 / 1000), -limit_mg, limit_mg)
        taken = Taken(self.boots, felt.first, felt.times_s, to_values(counts, GRAVITY_MS2 / 1000), None)
        return b"\x01" + counts.astype("<i2").tobytes(), taken


def _stream(kind: int) -> str:
    return {Measurement.ACC: "acc", Measurement.GYRO: "gyr"}[Measurement(kind)]


def _read_settings(data: bytes) -> dict[int, int] | None:
    """Return what a start asks for, a value a setting; None where it cannot be read."""
    asked: dict[int, int] = {}
    while data:
        size = _SIZES.get(data[0])
        if size is None or data[1:2] != b"\x01" or len(data) < 2 + size:
            return None
        asked[data[0]] = int.from_bytes(data[2 : 2 + size], "little")
        data = data[2 + size :]
    return asked
