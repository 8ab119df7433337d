"""Movesense sensors with the maker's "GATT SensorData" firmware (GSP protocol, version 1).

Sources: movesense.com/docs/esw/gatt_sensordata_protocol (GD-77); lengths and values checked against packets that
sensein/movesense-py captured and the maker's sbem2json decoded. A reply is a type, the client's reference and a
payload. The samples of a measurement are the u32 milliseconds of the first one, then all accelerations (m/s^2), then
all angular rates (deg/s), then, with IMU9, all magnetic fields (microtesla), as float32; there are rate / 13 of each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Reply,
    Resolution,
    SensorClock,
    Setting,
    Subscribe,
    TicksOf,
    Write,
)
from firmware_bridge.devices.standard import BATTERY_LEVEL, READ_BATTERY, battery_packet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import JsonValue, Settings, Step

__all__ = ["DRIVER", "HELLO", "NOTIFY", "SERVICE", "UNSUBSCRIBE", "WRITE", "MovesenseDecoder", "subscribe_command"]

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
WRITE = "34800001-7185-4d5d-b431-630e7050e8f0"
NOTIFY = "34800002-7185-4d5d-b431-630e7050e8f0"
_ADVERTISED_SERVICE = "0000fe06-0000-1000-8000-00805f9b34fb"

_COMMAND_HELLO, _COMMAND_SUBSCRIBE, _COMMAND_UNSUBSCRIBE = 0, 1, 2
_TYPE_RESPONSE, _TYPE_DATA, _TYPE_DATA_PART2 = 1, 2, 3
_REFERENCE_HELLO, _REFERENCE_STREAM = 1, 99
_HEADER_BYTES = 2
_TIME_BYTES = 4
_VECTOR_BYTES = 12
_LOWEST_RATE_HZ = 13
_RATES_HZ = (13.0, 26.0, 52.0, 104.0, 208.0, 416.0, 833.0, 1666.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_TICK_HZ = 1000

HELLO = bytes([_COMMAND_HELLO, _REFERENCE_HELLO])
UNSUBSCRIBE = bytes([_COMMAND_UNSUBSCRIBE, _REFERENCE_STREAM])

_BY_LENGTH, _ACC, _GYR, _IMU6, _IMU9, _MAGNETIC = range(6)
_PATHS = {
    _BY_LENGTH: "IMU6",
    _ACC: "Acc",
    _GYR: "Gyro",
    _IMU6: "IMU6",
    _IMU9: "IMU9",
    _MAGNETIC: "Magn",
}
_LAYOUTS = {_ACC: ("acc",), _GYR: ("gyr",), _IMU6: ("acc", "gyr"), _IMU9: ("acc", "gyr", "mag"), _MAGNETIC: ("mag",)}

_GRAVITY_SHARE = (0.7, 1.3)
"""A worn sensor's acceleration over a packet is nearer to 1 g than this."""
_EARTH_FIELD_UT = (20.0, 70.0)
"""Strength of the magnetic field on Earth, 22 to 67 microtesla in the World Magnetic Model, with a margin."""

_STATUS_OK = 200
_STATUS_OK_BELOW = 300
_REFUSALS = {
    400: "it did not understand the request",
    403: "it does not allow this at the moment",
    404: "it does not have this measurement or rate; its firmware may be too old",
    409: "it is busy recording to its own memory; stop that first",
    413: "the packet is too large for it; choose a lower rate_hz",
    500: "it failed inside; switch it off and on",
    501: "its firmware cannot do this",
    503: "it is overloaded; choose a lower rate_hz",
    507: "its memory is full",
}


def subscribe_command(path: str) -> bytes:
    """Return the command that starts a measurement, e.g. `/Meas/IMU6/52`."""
    return bytes([_COMMAND_SUBSCRIBE, _REFERENCE_STREAM]) + path.encode("ascii")


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the settings say the packets hold."""

    sensor: int
    batch: int

    @property
    def payload_bytes(self) -> int:
        vectors = len(_LAYOUTS[_IMU6 if self.sensor == _BY_LENGTH else self.sensor])
        return _TIME_BYTES + self.batch * vectors * _VECTOR_BYTES


class MovesenseDecoder:
    """Puts the parts of a measurement together and reads them.

    Parameters
    ----------
    settings
        `rate_hz` says how many samples a packet has, `sensor` what they are.

    """

    def __init__(self, settings: Settings) -> None:
        self._expected = _Expected(int(settings["sensor"]), round(settings["rate_hz"] / _LOWEST_RATE_HZ))
        self._first_part: tuple[int, bytes] | None = None

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return the packet that the bytes complete, if they do.

        Raises
        ------
        PacketError
            Type, reference or length are not those of the protocol, or a single vector may be more than one thing.

        """
        if characteristic == BATTERY_LEVEL:
            return (battery_packet(data),)
        if characteristic != NOTIFY:
            raise PacketError(f"Movesense: nothing is known of characteristic {characteristic}")
        if len(data) <= _HEADER_BYTES:
            raise PacketError(f"Movesense: expected a type, a reference and a payload, got {len(data)} bytes")
        kind, reference, payload = data[0], data[1], data[_HEADER_BYTES:]
        if kind == _TYPE_RESPONSE:
            return (_response(reference, payload),)
        if kind == _TYPE_DATA:
            return self._data(reference, payload)
        if kind == _TYPE_DATA_PART2:
            return self._second_part(reference, payload)
        raise PacketError(f"Movesense: expected type 1, 2 or 3, got {kind} in {data[:8].hex(' ')}")

    def _data(self, reference: int, payload: bytes) -> tuple[Packet, ...]:
        self._first_part = None
        layout = _layout_of(payload, self._expected)
        if layout is not None:
            return (_measurement(payload, layout),)
        if not _TIME_BYTES < len(payload) < _longest(self._expected):
            raise _wrong_length(payload, self._expected)
        self._first_part = (reference, payload)
        return ()

    def _second_part(self, reference: int, payload: bytes) -> tuple[Packet, ...]:
        if self._first_part is None or self._first_part[0] != reference:
            raise PacketError("Movesense: the second part of a measurement came without its first; it was lost")
        whole = self._first_part[1] + payload
        self._first_part = None
        layout = _layout_of(whole, self._expected)
        if layout is None:
            raise _wrong_length(whole, self._expected)
        return (_measurement(whole, layout),)


def _longest(expected: _Expected) -> int:
    """Return the length no first part reaches: that of the whole, of any rate where the settings name no sensor."""
    if expected.sensor == _BY_LENGTH:
        return _TIME_BYTES + _BATCHES[-1] * len(_LAYOUTS[_IMU9]) * _VECTOR_BYTES
    return expected.payload_bytes


def _wrong_length(payload: bytes, expected: _Expected) -> PacketError:
    return PacketError(
        f"Movesense: expected {expected.payload_bytes} bytes of {_PATHS[expected.sensor]} "
        f"({expected.batch} samples), got {len(payload)}; check rate_hz and sensor"
    )


def _layout_of(payload: bytes, expected: _Expected) -> tuple[str, ...] | None:
    """Return which vectors the payload holds; None where its length is not that of a whole measurement."""
    vectors, rest = divmod(len(payload) - _TIME_BYTES, _VECTOR_BYTES)
    if rest or vectors <= 0:
        return None
    if expected.sensor != _BY_LENGTH:
        layout = _LAYOUTS[expected.sensor]
        return layout if vectors == expected.batch * len(layout) else None
    return _layout_by_length(payload, vectors, expected.batch)


def _layout_by_length(payload: bytes, vectors: int, batch: int) -> tuple[str, ...] | None:
    by_count = {2: _LAYOUTS[_IMU6], 3: _LAYOUTS[_IMU9]}
    per_sample, rest = divmod(vectors, batch)
    if rest == 0 and per_sample in by_count:
        return by_count[per_sample]
    if vectors in (batch, 1):
        return (_single_kind(payload),)
    if vectors % 3 == 0 and vectors // 3 in _BATCHES:
        return by_count[3]
    # Fewer are the first part of a measurement at the set rate.
    return by_count[2] if vectors > batch * 2 and vectors in {2 * samples for samples in _BATCHES} else None


def _single_kind(payload: bytes) -> str:
    """Return what a single vector a sample most likely is: gravity tells acceleration from angular rate."""
    size = float(np.linalg.norm(_vectors(payload), axis=1).mean())
    if _GRAVITY_SHARE[0] < size / GRAVITY_MS2 < _GRAVITY_SHARE[1]:
        return "acc"
    if _EARTH_FIELD_UT[0] <= size <= _EARTH_FIELD_UT[1]:
        raise PacketError(
            "Movesense: this may be an angular rate or a magnetic field; "
            "set sensor to 2 for an angular rate, to 5 for a magnetic field"
        )
    return "gyr"


def _vectors(payload: bytes) -> NDArray[np.float64]:
    """Return all vectors of a payload, shape (n, 3)."""
    values = np.frombuffer(payload, dtype="<f4", offset=_TIME_BYTES).reshape(-1, 3)
    if not np.isfinite(values).all():
        raise PacketError("Movesense: a measurement holds a value that is not a number")
    return values.astype(np.float64)


def _measurement(payload: bytes, layout: tuple[str, ...]) -> Packet:
    (ticks,) = struct.unpack_from("<I", payload)
    planes = _vectors(payload).reshape(len(layout), -1, 3)
    vectors: dict[str, NDArray[np.float64]] = dict(zip(layout, planes, strict=True))
    fields: dict[str, JsonValue] = {"magnetic_field_ut": vectors["mag"].tolist()} if "mag" in vectors else {}
    return Packet(
        acc=vectors.get("acc"),
        gyr=np.radians(vectors["gyr"]) if "gyr" in vectors else None,
        ticks=ticks,
        fields=fields,
    )


def _response(reference: int, payload: bytes) -> Packet:
    if reference == _REFERENCE_HELLO:
        return _greeting(payload)
    if len(payload) < struct.calcsize("<H"):
        raise PacketError(f"Movesense: expected a status of 2 bytes, got {payload.hex()}")
    (status,) = struct.unpack_from("<H", payload)
    ok = _STATUS_OK <= status < _STATUS_OK_BELOW
    reason = "" if ok else f"the Movesense refused: {_REFUSALS.get(status, 'it gives no reason')} (status {status})"
    return Packet(reply=Reply("stream", ok, reason), fields={"status": status})


def _greeting(payload: bytes) -> Packet:
    """Return the answer to HELLO: the version of the protocol and null-terminated texts, no status."""
    texts: list[JsonValue] = [text.decode("ascii", "replace") for text in payload[1:].split(b"\0") if text]
    return Packet(reply=Reply("hello", ok=True), fields={"protocol_version": payload[0], "device": texts})


def _start(settings: Settings) -> tuple[Step, ...]:
    path = f"/Meas/{_PATHS[int(settings['sensor'])]}/{settings['rate_hz']:.0f}"
    return (Subscribe(NOTIFY), Write(WRITE, subscribe_command(path), awaits_reply=True))


DRIVER = Driver(
    id="movesense",
    title="Movesense (GATT SensorData firmware)",
    advertised=Advertised(services=(SERVICE, _ADVERTISED_SERVICE), name_prefixes=("Movesense",)),
    settings=(
        Setting("rate_hz", 52.0, _RATES_HZ, "samples a second"),
        Setting(
            "sensor",
            float(_BY_LENGTH),
            tuple(map(float, _PATHS)),
            "0 acceleration and turning, other contents told by length and size; "
            "1 acceleration only, 2 turning only, 3 both, 4 both and magnetic field, 5 magnetic field only",
        ),
    ),
    clock=SensorClock(_TICK_HZ, 32, TicksOf.FIRST),
    # One count of the LSM6DS3's registers at the ranges the firmware sets (8 g and 2000 deg/s).
    resolution=lambda _: Resolution(0.244e-3 * GRAVITY_MS2, float(np.radians(0.07))),
    decoder=MovesenseDecoder,
    start=_start,
    stop=lambda _: (Write(WRITE, UNSUBSCRIBE, awaits_reply=True),),
    battery=READ_BATTERY,
    cannot=(
        "It needs the maker's GATT SensorData firmware; as sold it speaks a closed protocol.",
        "It has no motor: it cannot vibrate.",
        "Its own memory is not read: what it measures out of reach is lost.",
        "It counts no samples: losses are found by its clock, to a millisecond.",
    ),
)
