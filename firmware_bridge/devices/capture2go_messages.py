"""What the messages of a Capture2Go sensor say: samples, orientation, state, clock, answers.

Source: Capture2Go Communication Protocol, in the maker's SDK 1.0.1 (sensorstim/capture2go_sdk, MIT): headers, layouts,
scale factors, packed quaternion, error flags. All numbers are little-endian. The time of samples is read without its
sign, which it does not use, since our clocks count up.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from config.errors import PacketError
from firmware_bridge.devices.driver import Packet, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from firmware_bridge.devices.capture2go_frames import Frame
    from firmware_bridge.devices.driver import JsonValue

__all__ = [
    "ACC_COUNT_MS2",
    "GET_STATUS",
    "GYR_COUNT_RAD_S",
    "MEASUREMENT_MODE",
    "RATE_CODES",
    "SET_MEASUREMENT_MODE",
    "START_STREAMING",
    "STOP_STREAMING",
    "read_message",
]

ACC_COUNT_MS2 = 16 * 9.81 / 32768
"""Full range 16 g, with the maker's own g of 9.81 m/s^2."""

GYR_COUNT_RAD_S = math.radians(2000) / 32768
_MAG_COUNT_UT = 1 / 16
_DELTA_COUNT_RAD = math.pi / 32768
_BIAS_COUNT_RAD_S = math.radians(2) / 32768

SET_MEASUREMENT_MODE = 0x0120
START_STREAMING = 0x0150
STOP_STREAMING = 0x0152
GET_STATUS = 0x0200
_STOP_STREAMING_AND_CLEAR = 0x0158
_COMMANDS = {
    SET_MEASUREMENT_MODE: "mode",
    START_STREAMING: "start",
    STOP_STREAMING: "stop",
    _STOP_STREAMING_AND_CLEAR: "stop",
    GET_STATUS: "battery",
}

_DEVICE_INFO = 0x0071
_MEASUREMENT_MODE = 0x0122
_CLOCK_ROUNDTRIP = 0x0172
_STATUS = 0x0201
_RAW_BURST = 0x0300
_ERROR = 0xFFFF
_ACKNOWLEDGED = {
    _MEASUREMENT_MODE: SET_MEASUREMENT_MODE,
    0x0151: START_STREAMING,
    0x0153: STOP_STREAMING,
    0x0159: _STOP_STREAMING_AND_CLEAR,
}

MEASUREMENT_MODE = struct.Struct("<qBBBBBBBBHBQBBB")
"""When; full float, full fixed, full packed, orientation float, fixed, packed; seconds between states; calibration;
extension; synchronisation, its id; no bias estimation, no rejection of magnetic disturbance, no magnetometer."""

RATE_CODES = {200: 1, 100: 2, 50: 3, 25: 4, 10: 5, 1: 6}
"""Code of each rate, in the measurement mode and as the last digit of the headers of samples."""

_RATES_HZ: dict[int, int | None] = {code: rate for rate, code in RATE_CODES.items()} | {7: None}
"""Rate by the last digit of a header; 7 is the real-time channel, which sends when it can."""

_WRONG_STATE = 0xFB
_REASONS = {
    0xF2: "its file system failed",
    0xF6: "its memory is full",
    _WRONG_STATE: "it is in a state that does not allow that, such as recording; stop its recording first",
    0xFC: "it could not read the command",
    0xFD: "its firmware does not know the command; update it with the maker's app",
    0xFE: "its send buffer is full",
}

_ERROR_FLAGS = {1: "time_gap", 2: "gyr_clipped", 4: "acc_clipped", 8: "mag_clipped", 16: "processing_issue"}
_STATES = ("off", "idle", "streaming", "recording")
_CHARGING = 0x80
_FULL_PERCENT = 100

_INFO = struct.Struct("<H6s8s8s12s11s")
_ROUNDTRIP = struct.Struct("<qqqq")
_STATUS_LAYOUT = struct.Struct("<qBB3h?BB")
_ERROR_LAYOUT = struct.Struct("<BH")
_BURST = struct.Struct("<Q48h48h3hB")
_BURST_RATE_HZ = 1666
_BURST_SAMPLES = 16
# With the padding of a C compiler: the maker does not pack this one.
_FULL_FLOAT = struct.Struct("<Q3f3f3f4ff??B5x")
_QUAT_PACKED = struct.Struct("<Q20Q20h20B")
_QUAT_FIXED = struct.Struct("<QQhB")
_QUAT_FLOAT = struct.Struct("<Q4ff??B")


@dataclass(frozen=True, slots=True)
class _Counts:
    """Layout of samples as counts: so many of each sensor, then orientation of the first, heading and flags."""

    samples: int
    has_mag: bool

    @property
    def layout(self) -> struct.Struct:
        sensors = 3 if self.has_mag else 2
        return struct.Struct(f"<Q{sensors * 3 * self.samples}hQhB")


def read_message(frame: Frame) -> Packet:
    """Return what a message says.

    Raises
    ------
    PacketError
        The payload does not have the length that its header calls for, or holds numbers that are not finite.

    """
    group, code = frame.header >> 4, frame.header & 0xF
    if group in _SAMPLES and code in _RATES_HZ:
        return _SAMPLES[group](frame, _RATES_HZ[code])
    if frame.header in _ACKNOWLEDGED:
        return Packet(reply=Reply(_COMMANDS[_ACKNOWLEDGED[frame.header]], ok=True))
    if frame.header in _OTHERS:
        return _OTHERS[frame.header](frame)
    return Packet(fields={"header": frame.header, "payload": frame.payload.hex()})


def _unpacked(layout: struct.Struct, frame: Frame) -> tuple[Any, ...]:
    if len(frame.payload) != layout.size:
        raise PacketError(
            f"Capture2Go message {frame.header:#06x}: expected {layout.size} bytes, got {len(frame.payload)}:"
            f" {frame.payload[:8].hex()}"
        )
    return layout.unpack(frame.payload)


def _counts(kind: _Counts) -> Callable[[Frame, int | None], Packet]:
    def read(frame: Frame, rate_hz: int | None) -> Packet:
        time_ns, *counts, quat, delta, flags = _unpacked(kind.layout, frame)
        gyr, acc, *mag = np.split(np.array(counts, dtype=np.float64).reshape(-1, 3), 3 if kind.has_mag else 2)
        fields = _rate(rate_hz) | _orientation(quat, delta) | {"error_flags": _flag_names(flags)}
        if mag:
            field_ut = (mag[0] * _MAG_COUNT_UT).tolist()
            fields["magnetic_field_ut"] = field_ut if kind.samples > 1 else field_ut[0]
        return Packet(acc=acc * ACC_COUNT_MS2, gyr=gyr * GYR_COUNT_RAD_S, ticks=time_ns, fields=fields)

    return read


def _full_float(frame: Frame, rate_hz: int | None) -> Packet:
    time_ns, *values, at_rest, disturbed, flags = _unpacked(_FULL_FLOAT, frame)
    gyr, acc, mag, quat, (delta,) = np.split(_finite(values, frame), [3, 6, 9, 13])
    fields = _rate(rate_hz) | _float_orientation(quat, delta, at_rest=at_rest, disturbed=disturbed)
    fields |= {"magnetic_field_ut": mag.tolist(), "error_flags": _flag_names(flags)}
    return Packet(acc=acc.reshape(1, 3), gyr=gyr.reshape(1, 3), ticks=time_ns, fields=fields)


def _quat_packed(frame: Frame, rate_hz: int | None) -> Packet:
    time_ns, *values = _unpacked(_QUAT_PACKED, frame)
    each = [_orientation(quat, delta) for quat, delta in zip(values[:20], values[20:40], strict=True)]
    fields: dict[str, JsonValue] = {name: [orientation[name] for orientation in each] for name in each[0]}
    return Packet(
        ticks=time_ns, fields=_rate(rate_hz) | fields | {"error_flags": [_flag_names(flags) for flags in values[40:]]}
    )


def _quat_fixed(frame: Frame, rate_hz: int | None) -> Packet:
    time_ns, quat, delta, flags = _unpacked(_QUAT_FIXED, frame)
    return Packet(
        ticks=time_ns, fields=_rate(rate_hz) | _orientation(quat, delta) | {"error_flags": _flag_names(flags)}
    )


def _quat_float(frame: Frame, rate_hz: int | None) -> Packet:
    time_ns, *values, at_rest, disturbed, flags = _unpacked(_QUAT_FLOAT, frame)
    *quat, delta = _finite(values, frame)
    fields = _rate(rate_hz) | _float_orientation(np.array(quat), delta, at_rest=at_rest, disturbed=disturbed)
    return Packet(ticks=time_ns, fields=fields | {"error_flags": _flag_names(flags)})


def _raw_burst(frame: Frame) -> Packet:
    time_ns, *counts, flags = _unpacked(_BURST, frame)
    gyr, acc, mag = np.split(np.array(counts, dtype=np.float64).reshape(-1, 3), [_BURST_SAMPLES, 2 * _BURST_SAMPLES])
    fields = _rate(_BURST_RATE_HZ) | {
        "magnetic_field_ut": (mag[0] * _MAG_COUNT_UT).tolist(),
        "error_flags": _flag_names(flags),
    }
    return Packet(acc=acc * ACC_COUNT_MS2, gyr=gyr * GYR_COUNT_RAD_S, ticks=time_ns, fields=fields)


def _status(frame: Frame) -> Packet:
    time_ns, state, _, *bias, synchronized, battery, free = _unpacked(_STATUS_LAYOUT, frame)
    charge = battery & ~_CHARGING
    if charge > _FULL_PERCENT or state >= len(_STATES):
        raise PacketError(f"Capture2Go status: expected a charge to 100 % and a state to 3, got {charge} and {state}")
    return Packet(
        battery_percent=charge,
        fields={
            "status_time_ns": time_ns,
            "state": _STATES[state],
            "charging": bool(battery & _CHARGING),
            "gyr_bias_rad_s": [count * _BIAS_COUNT_RAD_S for count in bias],
            "synchronized": synchronized,
            "free_storage_percent": free,
        },
    )


def _clock_roundtrip(frame: Frame) -> Packet:
    names = ("host_send_ns", "sensor_receive_ns", "sensor_send_ns", "host_receive_ns")
    return Packet(fields=dict(zip(names, _unpacked(_ROUNDTRIP, frame), strict=True)))


def _device_info(frame: Frame) -> Packet:
    protocol, *texts = _unpacked(_INFO, frame)
    names = ("serial", "hardware_revision", "firmware_revision", "firmware", "firmware_date")
    read = {name: text.decode("ascii", "replace").strip("\0 ") for name, text in zip(names, texts, strict=True)}
    return Packet(fields={"protocol": protocol, **read})


def _error(frame: Frame) -> Packet:
    code, command = _unpacked(_ERROR_LAYOUT, frame)
    name = _COMMANDS.get(command, f"{command:#06x}")
    if name == "stop" and code == _WRONG_STATE:
        # A sensor that does not stream has nothing to stop.
        return Packet(reply=Reply(name, ok=True))
    return Packet(reply=Reply(name, ok=False, reason=_REASONS.get(code, f"it answers with error {code:#04x}")))


def _orientation(quat: int, delta: int) -> dict[str, JsonValue]:
    return {
        "quaternion_wxyz": _quaternion(quat),
        "delta_rad": delta * _DELTA_COUNT_RAD,
        "at_rest": bool(quat >> 62 & 1),
        "magnetic_disturbance": bool(quat >> 63 & 1),
    }


def _float_orientation(
    quat: NDArray[np.float64], delta: float, *, at_rest: bool, disturbed: bool
) -> dict[str, JsonValue]:
    return {
        "quaternion_wxyz": quat.tolist(),
        "delta_rad": float(delta),
        "at_rest": at_rest,
        "magnetic_disturbance": disturbed,
    }


def _quaternion(packed: int) -> JsonValue:
    """Return w, x, y, z; None where the bits are no unit quaternion.

    Three components of 20 bits, each from -1/sqrt(2) to 1/sqrt(2), and two bits that name the left out, largest one.
    """
    largest = packed >> 60 & 3
    values = [0.0] * 4
    for place in (3, 2, 1):
        values[(largest + place) % 4] = (packed & 0xFFFFF) * math.sqrt(2) / 0xFFFFF - math.sqrt(0.5)
        packed >>= 20
    rest = 1 - sum(value * value for value in values)
    if rest < 0:
        return None
    values[largest] = math.sqrt(rest)
    return list(values)


def _rate(rate_hz: int | None) -> dict[str, JsonValue]:
    return {} if rate_hz is None else {"rate_hz": rate_hz}


def _flag_names(flags: int) -> list[JsonValue]:
    return [name for bit, name in _ERROR_FLAGS.items() if flags & bit]


def _finite(values: list[float], frame: Frame) -> NDArray[np.float64]:
    numbers = np.array(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise PacketError(f"Capture2Go message {frame.header:#06x}: expected finite numbers, got {frame.payload.hex()}")
    return numbers


_SAMPLES: dict[int, Callable[[Frame, int | None], Packet]] = {
    0x022: _counts(_Counts(8, has_mag=True)),
    0x023: _counts(_Counts(8, has_mag=False)),
    0x024: _counts(_Counts(1, has_mag=True)),
    0x025: _counts(_Counts(1, has_mag=False)),
    0x026: _full_float,
    0x027: _quat_packed,
    0x028: _quat_fixed,
    0x029: _quat_float,
}
"""Readers of messages with samples or orientation, by all but the last digit of the header."""

_OTHERS: dict[int, Callable[[Frame], Packet]] = {
    _DEVICE_INFO: _device_info,
    _CLOCK_ROUNDTRIP: _clock_roundtrip,
    _STATUS: _status,
    _RAW_BURST: _raw_burst,
    _ERROR: _error,
}
