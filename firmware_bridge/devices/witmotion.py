"""WitMotion Bluetooth 5.0 sensors: WT901BLECL 5.0, BWT901BLE, WT9011DCL-BT50.

Sources: the maker's manual of the WT901BLECL 5.0 (page 16) and its SDK WitBluetooth_BWT901BLE5_0; the GATT tables of
rubenmuehlhans/esphome-witmotion. A frame of samples is `55 61` and nine little-endian int16 (acceleration, angular
rate, angle), an answer is `55 71`, the number of the first register (u16) and eight registers; both have 20 bytes and
no checksum, from 50 Hz on several share a notification. There is no counter and no time.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Resolution,
    Setting,
    Subscribe,
    Write,
)

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import JsonValue, Settings, Step

__all__ = ["DRIVER", "NOTIFY", "SERVICE", "WRITE", "WitMotionDecoder", "read_register", "write_register"]

# The base ends in 9a34fb, not in the SIG's 9b34fb.
SERVICE = "0000ffe5-0000-1000-8000-00805f9a34fb"
NOTIFY = "0000ffe4-0000-1000-8000-00805f9a34fb"
WRITE = "0000ffe9-0000-1000-8000-00805f9a34fb"

_START, _SAMPLE, _ANSWER = 0x55, 0x61, 0x71
_FRAME_BYTES = 20
_VIBRATION_FRAME_BYTES = 28

_COUNTS = 32768
_ACC_FULL_SCALE_G = 16
_GYR_FULL_SCALE_DPS = 2000
_ANGLE_FULL_SCALE_DEG = 180
_ACC_MS2 = _ACC_FULL_SCALE_G * GRAVITY_MS2 / _COUNTS
_GYR_RAD_S = math.radians(_GYR_FULL_SCALE_DPS) / _COUNTS

_REGISTER_SAVE = 0x00
_REGISTER_RATE = 0x03
_REGISTER_AXES = 0x24
_REGISTER_READ = 0x27
_REGISTER_VERSION = 0x2E
_REGISTER_MAGNETOMETER = 0x3A
_REGISTER_TEMPERATURE = 0x40
_REGISTER_QUATERNION = 0x51
_REGISTER_BATTERY = 0x64
_REGISTER_UNLOCK = 0x69
_UNLOCK_KEY = 0xB588
_SIX_AXES = 1

_RATE_CODES = {0.2: 1, 0.5: 2, 1.0: 3, 2.0: 4, 5.0: 5, 10.0: 6, 20.0: 7, 50.0: 8, 100.0: 9, 200.0: 0x0B}
_PAUSE_S = 0.15
"""The manual asks for at least 0.1 s between two writes."""

_BATTERY_PERCENT = (
    (3.96, 100),
    (3.93, 90),
    (3.87, 75),
    (3.82, 60),
    (3.79, 50),
    (3.77, 40),
    (3.73, 30),
    (3.70, 20),
    (3.68, 15),
    (3.50, 10),
    (3.40, 5),
)
"""Charge from a voltage on, the maker's table."""


def write_register(register: int, value: int) -> bytes:
    """Return the command that sets a register."""
    return struct.pack("<BBBH", 0xFF, 0xAA, register, value)


def read_register(register: int) -> bytes:
    """Return the command that asks for eight registers from `register` on."""
    return write_register(_REGISTER_READ, register)


class WitMotionDecoder:
    """Cuts the byte stream of one connection into frames, wherever the notifications cut it.

    A frame counts only where the stream ends after it or the next header follows: `55 61` may stand within a frame,
    and vibration sensors of the same maker (WTVB01) send frames of 28 bytes under the same header. Where the rest of
    such a frame came after what looked like a whole one, frames are held back until the next header is seen.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._after_frame = False
        self._doubtful = False

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return the samples and answers that the bytes complete.

        Raises
        ------
        PacketError
            There is no frame where one should be, or the characteristic is not one of this sensor.

        """
        if characteristic != NOTIFY:
            raise PacketError(f"WitMotion: nothing is known of characteristic {characteristic}")
        frames, skipped = self._cut(self._tail + data)
        packets = tuple(_packet(frame) for frame in frames)
        if skipped and not packets:
            vibration = self._doubtful or len(data) % _VIBRATION_FRAME_BYTES == 0
            hint = (
                "; frames of 28 bytes come from a vibration sensor (WTVB01), which cannot be used" if vibration else ""
            )
            raise PacketError(
                f"WitMotion: expected 20-byte frames beginning 55 61 or 55 71, got {len(data)} bytes "
                f"beginning {data[:4].hex(' ')}{hint}"
            )
        return packets

    def _cut(self, stream: bytes) -> tuple[list[bytes], int]:
        """Return the frames in the stream and the number of bytes that belong to none; keep the rest."""
        frames: list[bytes] = []
        skipped = 0
        at = 0
        while True:
            header = _next_header(stream, at)
            skipped += header - at
            self._doubtful |= self._after_frame and header - at == _VIBRATION_FRAME_BYTES - _FRAME_BYTES
            self._after_frame &= header == at
            at, end = header, header + _FRAME_BYTES
            if end > len(stream) or (self._doubtful and len(stream) - end < len(_HEADERS[0])):
                break
            if _may_begin(stream, end):
                frames.append(stream[at:end])
                self._after_frame, self._doubtful = True, False
                at = end
            else:
                self._after_frame = False
                skipped += 1
                at += 1
        self._tail = stream[at:]
        return frames, skipped


_HEADERS = (bytes([_START, _SAMPLE]), bytes([_START, _ANSWER]))


def _may_begin(stream: bytes, at: int) -> bool:
    """Return whether what is there from `at` on may be the beginning of a frame; an empty rest may."""
    return any(header.startswith(stream[at : at + len(header)]) for header in _HEADERS)


def _next_header(stream: bytes, at: int) -> int:
    """Return where the next frame may begin, at or after `at`; the end of the stream where none does."""
    while (at := stream.find(_START, at)) >= 0:
        if _may_begin(stream, at):
            return at
        at += 1
    return len(stream)


def _packet(frame: bytes) -> Packet:
    if frame[1] == _ANSWER:
        register, *values = struct.unpack_from("<H8h", frame, 2)
        return _answer(register, values)
    return _sample(frame)


def _sample(frame: bytes) -> Packet:
    values = np.frombuffer(frame, dtype="<i2", offset=2).astype(np.float64)
    angle: list[JsonValue] = [float(value) * _ANGLE_FULL_SCALE_DEG / _COUNTS for value in values[6:]]
    return Packet(
        acc=values[None, :3] * _ACC_MS2,
        gyr=values[None, 3:6] * _GYR_RAD_S,
        fields={"angle_deg": angle},
    )


def _answer(register: int, values: list[int]) -> Packet:
    """Return what a register answer says; registers without a meaning here are given as they came."""
    if register == _REGISTER_BATTERY:
        volts = values[0] / 100
        percent = next((percent for least, percent in _BATTERY_PERCENT if volts >= least), 0)
        return Packet(battery_percent=percent, fields={"battery_v": volts})
    fields: dict[str, JsonValue] = {"register": register, "values": [*values]}
    if register == _REGISTER_MAGNETOMETER:
        # The size of a count differs between the models (a 120th of a microtesla on some), so counts it stays.
        fields = {"magnetometer_counts": [*values[:3]]}
    elif register == _REGISTER_TEMPERATURE:
        fields = {"temperature_deg_c": values[0] / 100}
    elif register == _REGISTER_QUATERNION:
        fields = {"quaternion_wxyz": [value / _COUNTS for value in values[:4]]}
    elif register == _REGISTER_VERSION:
        fields = {"version_registers": [value & 0xFFFF for value in values[:2]]}
    return Packet(fields=fields)


def _start(settings: Settings) -> tuple[Step, ...]:
    """Return the steps that set rate and six axes: without the magnetometer, which iron near a belt disturbs."""
    commands = (
        write_register(_REGISTER_UNLOCK, _UNLOCK_KEY),
        write_register(_REGISTER_RATE, _RATE_CODES[settings["rate_hz"]]),
        write_register(_REGISTER_AXES, _SIX_AXES),
        write_register(_REGISTER_SAVE, 0),
    )
    # It sends as soon as it is listened to, at the old rate: so the rate goes first.
    return (*(Write(WRITE, command, pause_s=_PAUSE_S) for command in commands), Subscribe(NOTIFY))


DRIVER = Driver(
    id="witmotion",
    title="WitMotion Bluetooth 5.0",
    advertised=Advertised(services=(SERVICE,), name_prefixes=("WT901", "BWT901")),
    settings=(
        Setting("rate_hz", 100.0, tuple(_RATE_CODES), "samples a second; 200 only with newer firmware of the sensor"),
    ),
    clock=None,
    resolution=lambda _: Resolution(_ACC_MS2, _GYR_RAD_S),
    decoder=lambda _: WitMotionDecoder(),
    start=_start,
    stop=lambda _: (),
    battery=(Subscribe(NOTIFY), Write(WRITE, read_register(_REGISTER_BATTERY), pause_s=_PAUSE_S)),
    cannot=(
        "It sends neither time nor counter: lost samples can only be estimated from the rate.",
        "It has no motor: it cannot vibrate.",
        "It keeps nothing while it is out of reach.",
        "It sends as long as it is connected and cannot be told to stop.",
    ),
)
