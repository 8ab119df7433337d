"""Polar's control point: commands to start and stop measurements, and the answers.

A setting is `[kind, count, value ...]`, values of a fixed size a kind. Source: Polar's `online_measurement.pdf`, tables
1 to 5, and the enumerations of its SDK (protocols.md, 1.7).
"""

from __future__ import annotations

import math
import struct
from enum import IntEnum
from typing import TYPE_CHECKING

from config.errors import PacketError
from firmware_bridge.devices.driver import Packet, Reply, Write

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import JsonValue

__all__ = ["CONTROL", "Measurement", "PolarReplies", "ask_settings", "measurement_name", "start", "stop"]

CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"


class Measurement(IntEnum):
    """What a Polar sensor measures; the sixth bit and those above say how (recording, not stream)."""

    ECG = 0
    PPG = 1
    ACC = 2
    PPI = 3
    GYRO = 5
    MAG = 6
    SDK_MODE = 9


_ASK_SETTINGS, _START, _STOP = 0x01, 0x02, 0x03
_COMMANDS = {_ASK_SETTINGS: "settings", _START: "start", _STOP: "stop"}

_ANSWER = 0xF0
_FEATURES = 0x0F
_STOPPED_BY_SENSOR = 0x01
"""First bytes of what comes from the control point."""

_RATE, _RESOLUTION, _RANGE, _CHANNELS, _FACTOR = 0, 1, 2, 4, 5
_SETTINGS = {
    _RATE: ("rate_hz", "<H"),
    _RESOLUTION: ("resolution_bits", "<H"),
    _RANGE: ("range", "<H"),
    3: ("range_milliunit", "<I"),
    _CHANNELS: ("channels", "<B"),
    _FACTOR: ("factor", "<f"),
}
_BITS = 16
"""Resolution of accelerometer and gyroscope, the only one that the sensors offer."""

_ALREADY = 6
_REASONS = {
    1: "it does not know the command",
    2: "it does not have this measurement",
    3: "it does not support this",
    4: "the command had the wrong length",
    5: "it does not take one of the settings",
    7: "it does not take this resolution",
    8: "it does not take this rate",
    9: "it does not take this range",
    10: "the connection's packets are too small",
    11: "it does not take this number of channels",
    12: "it is busy with something else",
    13: "it lies in its charger",
    14: "its memory is full",
}
_SHORTEST_ANSWER_BYTES = 4
_MORE_AT, _PARAMETERS_FROM = 4, 5
_LONGEST_PARAMETERS_BYTES = 1024


def ask_settings(measurement: Measurement) -> Write:
    """Return the step that asks which settings a measurement takes."""
    return _command(bytes([_ASK_SETTINGS, measurement]))


def start(
    measurement: Measurement, rate_hz: int | None = None, full_scale: int = 0, channels: int | None = None
) -> Write:
    """Return the step that starts a measurement.

    Parameters
    ----------
    measurement
        What to measure.
    rate_hz
        Samples a second; None for what takes no settings (`SDK_MODE`).
    full_scale
        Range in g or deg/s.
    channels
        Numbers a sample; None where the sensor wants none (H10).

    """
    settings = b""
    if rate_hz is not None:
        settings = b"".join(
            struct.pack("<BBH", kind, 1, value)
            for kind, value in ((_RATE, rate_hz), (_RESOLUTION, _BITS), (_RANGE, full_scale))
        )
    if channels is not None:
        settings += bytes([_CHANNELS, 1, channels])
    return _command(bytes([_START, measurement]) + settings)


def stop(measurement: Measurement) -> Write:
    """Return the step that stops a measurement."""
    return _command(bytes([_STOP, measurement]))


def measurement_name(kind: int) -> str:
    """Return the name of a kind of measurement, or its number where it has none here."""
    return Measurement(kind).name.lower() if kind in set(Measurement) else str(kind)


class PolarReplies:
    """Reads what comes from the control point, and remembers the factors that sensors tell when they start."""

    def __init__(self) -> None:
        self.factors: dict[int, float] = {}
        """What to multiply counts with, by kind of measurement."""
        self._parts = b""
        self._parts_of = b""

    def push(self, data: bytes) -> Packet:
        """Return what the control point says.

        Raises
        ------
        PacketError
            The bytes are no answer of a control point.

        """
        if data[:1] == bytes([_FEATURES]):
            return Packet(fields={"features": data[1:].hex()})
        if data[:1] == bytes([_STOPPED_BY_SENSOR]):
            return Packet(fields={"stopped_by_sensor": [measurement_name(kind) for kind in data[1:]]})
        if data[:1] != bytes([_ANSWER]) or len(data) < _SHORTEST_ANSWER_BYTES:
            raise PacketError(
                f"Polar: an answer must begin with f0 and have at least {_SHORTEST_ANSWER_BYTES} bytes, "
                f"got {len(data)} bytes: {data[:8].hex()}"
            )
        return self._answer(data)

    def _answer(self, data: bytes) -> Packet:
        command, kind, status = data[1:4]
        name = measurement_name(kind)
        said: dict[str, JsonValue] = {"measurement": name}
        to = _COMMANDS.get(command, f"command {command}")
        if status == _ALREADY:
            self._parts = b""
            return Packet(reply=Reply(to, ok=True), fields={**said, "already": True})
        if status != 0:
            self._parts = b""
            reason = f"{name}: {_REASONS.get(status, f'error {status}')}"
            return Packet(reply=Reply(to, ok=False, reason=reason), fields=said)
        parameters = self._joined(data)
        if parameters is None:
            return Packet(fields=said)
        if command in {_ASK_SETTINGS, _START}:
            said["settings"] = _settings(parameters)
        factors = said.get("settings", {})
        if command == _START and isinstance(factors, dict) and "factor" in factors:
            self._remember(kind, factors["factor"])
        return Packet(reply=Reply(to, ok=True), fields=said)

    def _joined(self, data: bytes) -> bytes | None:
        """Return the parameters of an answer in one or more parts; None while there is more to come."""
        if self._parts_of != data[:3]:
            self._parts = b""
        self._parts_of = data[:3]
        parts = self._parts + data[_PARAMETERS_FROM:]
        self._parts = b""
        if len(parts) > _LONGEST_PARAMETERS_BYTES:
            raise PacketError(f"Polar: an answer of more than {_LONGEST_PARAMETERS_BYTES} bytes")
        if data[_MORE_AT:_PARAMETERS_FROM] not in {b"", b"\x00"}:
            self._parts = parts
            return None
        return parts

    def _remember(self, kind: int, told: JsonValue) -> None:
        value = told[0] if isinstance(told, list) and told else None
        if not isinstance(value, float) or not math.isfinite(value) or value <= 0:
            raise PacketError(f"Polar: the factor must be a number above 0, got {value}")
        self.factors[kind] = value


def _settings(parameters: bytes) -> dict[str, JsonValue]:
    said: dict[str, JsonValue] = {}
    offset = 0
    while offset < len(parameters):
        head = parameters[offset : offset + 2]
        if head[0] not in _SETTINGS:
            # newer firmware may tell kinds whose size is not known here; what was read before them stands
            said["unknown"] = parameters[offset:].hex()
            break
        name, layout = _SETTINGS[head[0]]
        size = struct.calcsize(layout)
        count = head[1] if len(head) > 1 else 0
        values = parameters[offset + 2 : offset + 2 + size * count]
        if len(head) == 1 or len(values) != size * count:
            raise PacketError(f"Polar: the answer ends inside the setting {name}: {parameters.hex()}")
        said[name] = [value if math.isfinite(value) else None for (value,) in struct.iter_unpack(layout, values)]
        offset += 2 + size * count
    return said


def _command(data: bytes) -> Write:
    return Write(CONTROL, data, awaits_reply=True)
