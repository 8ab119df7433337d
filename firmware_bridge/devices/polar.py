"""Polar Verity Sense and Polar H10 by Polar's Measurement Data service (PMD).

Which of the two it is follows from the rate: 25, 50, 100 and 200 Hz are the H10's, 26, 52, 104, 208 and 416 Hz the
Verity Sense's. The H10 has no gyroscope. Rates and ranges other than 52 Hz, 8 g and 2000 deg/s need the Verity Sense's
SDK mode, which the steps turn on and, at the end, off.

Accelerometer and gyroscope come in frames of their own, each with the time of its last sample.

Factor: a sensor may tell, when it starts, what its counts are to be multiplied with. It applies to compressed frames
only, as in the vendor's SDK: accelerometer type 0 gives g, type 1 mg, gyroscope deg/s. The setting `factor` stands for
what was not told; 1, its default, means that a count of the gyroscope is 1 deg/s.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError, SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Resolution,
    SensorClock,
    Setting,
    Step,
    Subscribe,
    TicksOf,
)
from firmware_bridge.devices.polar_control import (
    CONTROL,
    Measurement,
    PolarReplies,
    ask_settings,
    measurement_name,
    start,
    stop,
)
from firmware_bridge.devices.polar_delta import undo_deltas
from firmware_bridge.devices.standard import BATTERY_LEVEL, READ_BATTERY, battery_packet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import JsonValue, Settings

__all__ = ["DATA", "DRIVER", "SERVICE", "PolarDecoder"]

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

_H10_RATES_HZ = (25, 50, 100, 200)
_VERITY_RATES_HZ = (26, 52, 104, 208, 416)
_H10_RANGES_G = (2, 4, 8)
_PLAIN_VERITY = {"rate_hz": 52, "range_g": 8, "range_dps": 2000}
"""All that the Verity Sense does outside its SDK mode."""

_HEAD_BYTES = 10
_MEASUREMENT_BITS = 0x3F
"""The two upper bits of a frame's first byte say whether it comes from a stream or a recording."""
_COMPRESSED = 0x80
_AXES = 3
_MG_MS2 = GRAVITY_MS2 / 1000
_RAW_BYTES = {0: 1, 1: 2, 2: 3}
"""Bytes of a number in mg, by type of raw accelerometer frame."""
_COMPRESSED_ACC_MS2 = {0: GRAVITY_MS2, 1: _MG_MS2}
"""What a count times the factor is, by type of compressed accelerometer frame: g and mg (Polar's AccDataTest)."""
_COUNTS_FULL_SCALE = 32768


class PolarDecoder:
    """Decoder of one connection to a Polar sensor.

    Parameters
    ----------
    settings
        `factor` for what the sensor does not tell.

    Raises
    ------
    SensorError
        The factor is not a number above 0.

    """

    def __init__(self, settings: Settings) -> None:
        self._factor = settings["factor"]
        if not math.isfinite(self._factor) or self._factor <= 0:
            raise SensorError(f"Polar: factor must be a number above 0, not {self._factor:g}")
        self._replies = PolarReplies()

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return what a notification says.

        Raises
        ------
        PacketError
            It is not what a Polar sensor sends.

        """
        if characteristic == DATA:
            return (self._frame(data),)
        if characteristic == CONTROL:
            return (self._replies.push(data),)
        if characteristic == BATTERY_LEVEL:
            return (battery_packet(data),)
        raise PacketError(f"Polar: nothing is expected from {characteristic}")

    def _frame(self, data: bytes) -> Packet:
        if len(data) < _HEAD_BYTES:
            raise PacketError(f"Polar: a frame must have at least {_HEAD_BYTES} bytes, got {len(data)}: {data.hex()}")
        kind = data[0] & _MEASUREMENT_BITS
        ticks = int.from_bytes(data[1:9], "little")
        frame_type, compressed = data[9] & ~_COMPRESSED, bool(data[9] & _COMPRESSED)
        said: dict[str, JsonValue] = {
            "measurement": measurement_name(kind),
            "frame_type": frame_type,
            "compressed": compressed,
        }
        content = data[_HEAD_BYTES:]
        factor = self._replies.factors.get(kind, self._factor)
        if kind == Measurement.ACC:
            raw, acc_ms2 = _acc(content, frame_type, factor, compressed=compressed)
            return Packet(acc=acc_ms2, ticks=ticks, fields={**said, "raw": raw.tolist()})
        if kind == Measurement.GYRO:
            raw, gyr_dps = _gyr(content, frame_type, factor, compressed=compressed)
            return Packet(gyr=np.radians(gyr_dps), ticks=ticks, fields={**said, "raw": raw.tolist()})
        return Packet(fields={**said, "timestamp_ns": ticks, "content": content.hex()})


def _acc(
    content: bytes, frame_type: int, factor: float, *, compressed: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of an accelerometer frame and what they are in m/s^2."""
    if compressed and frame_type in _COMPRESSED_ACC_MS2:
        counts, unit_ms2 = undo_deltas(content, _AXES, 16), factor * _COMPRESSED_ACC_MS2[frame_type]
    elif not compressed and frame_type in _RAW_BYTES:
        counts, unit_ms2 = _integers(content, _RAW_BYTES[frame_type]), _MG_MS2
    else:
        raise PacketError(f"Polar: {_kind(frame_type, compressed=compressed)} of the accelerometer is not known")
    return counts, counts.astype(np.float64) * unit_ms2


def _gyr(
    content: bytes, frame_type: int, factor: float, *, compressed: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of a gyroscope frame (bit patterns in type 1) and what they are in deg/s."""
    if compressed and frame_type == 0:
        counts = undo_deltas(content, _AXES, 16)
        return counts, counts.astype(np.float64) * factor
    if compressed and frame_type == 1:
        # the differences are of the bit patterns, modulo 2^32 (Polar's GyrDataTest)
        patterns = (undo_deltas(content, _AXES, 32) & 0xFFFFFFFF).astype(np.uint32)
        dps = patterns.view(np.float32).astype(np.float64)
        if not np.isfinite(dps).all():
            raise PacketError("Polar: a gyroscope frame holds values that are not finite")
        return patterns.view(np.int32).astype(np.int64), dps * factor
    raise PacketError(f"Polar: {_kind(frame_type, compressed=compressed)} of the gyroscope is not known")


def _kind(frame_type: int, *, compressed: bool) -> str:
    return f"{'compressed' if compressed else 'raw'} frame type {frame_type}"


def _integers(content: bytes, size: int) -> NDArray[np.int64]:
    """Return signed little-endian numbers of `size` bytes as samples, shape (n, 3)."""
    if not content or len(content) % (_AXES * size):
        raise PacketError(f"Polar: samples of {_AXES * size} bytes do not fill {len(content)} bytes")
    octets = np.frombuffer(content, np.uint8).astype(np.int64).reshape(-1, size)
    weights = np.left_shift(1, 8 * np.arange(size, dtype=np.int64))
    values = octets @ weights
    values -= (values >> (8 * size - 1)) << (8 * size)
    return values.reshape(-1, _AXES)


def _is_h10(settings: Settings) -> bool:
    return settings["rate_hz"] in _H10_RATES_HZ


def _needs_sdk_mode(settings: Settings) -> bool:
    return not _is_h10(settings) and any(settings[name] != value for name, value in _PLAIN_VERITY.items())


def _resolution(settings: Settings) -> Resolution:
    if _is_h10(settings):
        return Resolution(_MG_MS2, None)
    return Resolution(
        settings["range_g"] * GRAVITY_MS2 / _COUNTS_FULL_SCALE,
        math.radians(settings["range_dps"] / _COUNTS_FULL_SCALE),
    )


def _start(settings: Settings) -> tuple[Step, ...]:
    rate_hz, range_g = int(settings["rate_hz"]), int(settings["range_g"])
    listen = (Subscribe(CONTROL), Subscribe(DATA))
    if _is_h10(settings):
        if range_g not in _H10_RANGES_G:
            raise SensorError(f"Polar H10: range_g cannot be {range_g}; choose 2, 4 or 8")
        return (*listen, ask_settings(Measurement.ACC), start(Measurement.ACC, rate_hz, range_g))
    return (
        *listen,
        *((start(Measurement.SDK_MODE),) if _needs_sdk_mode(settings) else ()),
        ask_settings(Measurement.ACC),
        start(Measurement.ACC, rate_hz, range_g, channels=_AXES),
        ask_settings(Measurement.GYRO),
        start(Measurement.GYRO, rate_hz, int(settings["range_dps"]), channels=_AXES),
    )


def _stop(settings: Settings) -> tuple[Step, ...]:
    if _is_h10(settings):
        return (stop(Measurement.ACC),)
    sdk_mode = (stop(Measurement.SDK_MODE),) if _needs_sdk_mode(settings) else ()
    return (stop(Measurement.ACC), stop(Measurement.GYRO), *sdk_mode)


DRIVER = Driver(
    id="polar",
    title="Polar Verity Sense or H10",
    advertised=Advertised(services=(SERVICE,), name_prefixes=("Polar Sense", "Polar H10")),
    settings=(
        Setting(
            "rate_hz",
            52,
            tuple(sorted((*_H10_RATES_HZ, *_VERITY_RATES_HZ))),
            "Samples a second: 25, 50, 100 or 200 for an H10, 26, 52, 104, 208 or 416 for a Verity Sense.",
        ),
        Setting("range_g", 8, (2, 4, 8, 16), "Largest acceleration that is measured, in g; an H10 goes up to 8."),
        Setting("range_dps", 2000, (250, 500, 1000, 2000), "Fastest turn that is measured, in deg/s (Verity Sense)."),
        Setting("factor", 1, (), "What counts are multiplied with where the sensor does not tell; 1 is a count each."),
    ),
    clock=SensorClock(tick_hz=1e9, ticks_bits=64, ticks_of=TicksOf.LAST),
    resolution=_resolution,
    decoder=PolarDecoder,
    start=_start,
    stop=_stop,
    battery=READ_BATTERY,
    cannot=(
        "It cannot vibrate.",
        "Samples that it takes while out of reach are lost.",
        "The H10 has no gyroscope and is made for the chest; its belt must sit on the lower back.",
    ),
)
