"""Xsens (now Movella) DOT.

All facts are of Movella's *DOT BLE Service Specification*, XD0506P revision C (July 2023), by table number, unless
another source is named. All numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.dot_payloads import LONG_PAYLOAD, MEDIUM_PAYLOAD, MODES, SHORT_PAYLOAD, read_payload
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Read,
    Resolution,
    SensorClock,
    Setting,
    Settings,
    Step,
    Subscribe,
    TicksOf,
    Write,
)
from firmware_bridge.devices.standard import BATTERY_LEVEL, battery_packet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BATTERY", "CONTROL", "DEVICE_CONTROL", "DEVICE_INFO", "DEVICE_REPORT", "DRIVER", "DotDecoder"]

# Tables 5, 12 and 20.
DEVICE_INFO = "15171001-4947-11e9-8646-d663bd873d93"
DEVICE_CONTROL = "15171002-4947-11e9-8646-d663bd873d93"
DEVICE_REPORT = "15171004-4947-11e9-8646-d663bd873d93"
CONTROL = "15172001-4947-11e9-8646-d663bd873d93"
BATTERY = "15173001-4947-11e9-8646-d663bd873d93"

RATES_HZ = (1.0, 4.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0)
"""Output rates for streaming (table 7); 120 Hz is for recording only."""

RATE_QUANTITIES = 21
"""The payload mode that is acceleration and angular rate and nothing else (table 13)."""

_MEASUREMENT, _STOP, _START = 1, 0, 1  # table 13
_CONTROL = struct.Struct("<BBB")

_VISIT_OUTPUT_RATE = 1 << 4  # table 7: only the fields whose bit is set are taken over
_DEVICE_CONTROL = struct.Struct("<B6xB16sHB5x")  # visit index, tag length, tag, output rate, filter profile
_LONGEST_TAG = 16

_DEVICE_INFO = struct.Struct("<6sBBB7x4xQ6s")  # table 6: address, version, build time, SoftDevice, serial, product code
_DEVICE_REPORT_LENGTH = 36
_REPORTS = {1: "powered_off", 4: "power_saving", 5: "single_click", 6: "double_click", 7: "triple_click"}  # 9 to 11

_BATTERY = struct.Struct("<BB")  # table 21: percent, charging
_FULL_PERCENT = 100

# Full ranges of the sensor (DOT user manual XD0502P revision E, sensor specifications), 16 bits.
_ACC_RANGE_G = 16.0
_GYR_RANGE_DPS = 2000.0
_COUNTS = 1 << 15


class DotDecoder:
    """Turns notifications and read values of a DOT into packets.

    Parameters
    ----------
    mode
        The payload mode that was asked for. Where a payload cannot be of it, the mode is told from the characteristic
        and the length.

    """

    def __init__(self, mode: int) -> None:
        self._mode = mode
        self._readers: dict[str, Callable[[bytes], Packet]] = {
            BATTERY: _battery,
            BATTERY_LEVEL: battery_packet,
            CONTROL: _control,
            DEVICE_CONTROL: _device_control,
            DEVICE_INFO: _device_info,
            DEVICE_REPORT: _device_report,
        }

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return the one packet that the bytes are.

        Raises
        ------
        PacketError
            The bytes have no length that this characteristic sends, their mode cannot be told, or they hold numbers
            that are not finite.

        """
        if characteristic in {LONG_PAYLOAD, MEDIUM_PAYLOAD, SHORT_PAYLOAD}:
            return (read_payload(self._mode, characteristic, data),)
        if characteristic not in self._readers:
            raise PacketError(f"Movella DOT: {characteristic} is not a characteristic that it sends on")
        return (self._readers[characteristic](data),)


def _unpacked(layout: struct.Struct, name: str, data: bytes) -> tuple[Any, ...]:
    _check_length(layout.size, name, data)
    return layout.unpack(data)


def _check_length(expected: int, name: str, data: bytes) -> None:
    if len(data) != expected:
        raise PacketError(f"Movella DOT {name}: expected {expected} bytes, got {len(data)}: {data[:8].hex()}")


def _battery(data: bytes) -> Packet:
    percent, charging = _unpacked(_BATTERY, "battery", data)
    if percent > _FULL_PERCENT:
        raise PacketError(f"Movella DOT battery: expected a charge from 0 to 100 %, got {percent}")
    return Packet(battery_percent=percent, fields={"charging": bool(charging)})


def _control(data: bytes) -> Packet:
    kind, action, mode = _unpacked(_CONTROL, "control", data)
    if kind != _MEASUREMENT:
        raise PacketError(f"Movella DOT control: expected type 1 (measurement), got {kind}")
    return Packet(fields={"measuring": action == _START, "mode": mode})


def _device_control(data: bytes) -> Packet:
    _, tag_length, tag, rate_hz, profile = _unpacked(_DEVICE_CONTROL, "device control", data)
    if tag_length > _LONGEST_TAG:
        raise PacketError(f"Movella DOT device control: expected a tag of at most 16 characters, got {tag_length}")
    name = tag[:tag_length].decode("ascii", "replace")
    return Packet(fields={"tag": name, "rate_hz": rate_hz, "filter_profile": profile})


def _device_info(data: bytes) -> Packet:
    address, major, minor, revision, serial, product = _unpacked(_DEVICE_INFO, "device info", data)
    return Packet(
        fields={
            "address": address[::-1].hex(":"),
            "firmware": f"{major}.{minor}.{revision}",
            "serial": f"{serial:X}",
            "product": product.decode("ascii", "replace"),
        }
    )


def _device_report(data: bytes) -> Packet:
    _check_length(_DEVICE_REPORT_LENGTH, "device report", data)
    if data[0] not in _REPORTS:
        raise PacketError(f"Movella DOT device report: expected a type of {list(_REPORTS)}, got {data[0]}")
    return Packet(fields={"report": _REPORTS[data[0]]})


def _decoder(settings: Settings) -> DotDecoder:
    return DotDecoder(int(settings["mode"]))


def _set_rate(rate_hz: int) -> Write:
    return Write(DEVICE_CONTROL, _DEVICE_CONTROL.pack(_VISIT_OUTPUT_RATE, 0, b"", rate_hz, 0))


def _start(settings: Settings) -> tuple[Step, ...]:
    mode = int(settings["mode"])
    return (
        Subscribe(MODES[mode].characteristic),
        # The rate cannot be changed while measuring (table 7), and a sensor whose link broke measures on.
        *_stop(settings),
        _set_rate(int(settings["rate_hz"])),
        Write(CONTROL, _CONTROL.pack(_MEASUREMENT, _START, mode)),
    )


def _stop(settings: Settings) -> tuple[Step, ...]:
    return (Write(CONTROL, _CONTROL.pack(_MEASUREMENT, _STOP, int(settings["mode"]))),)


def _resolution(_: Settings) -> Resolution:
    return Resolution(_ACC_RANGE_G * GRAVITY_MS2 / _COUNTS, math.radians(_GYR_RANGE_DPS) / _COUNTS)


DRIVER = Driver(
    id="dot",
    title="Movella DOT",
    # It advertises no service, only the maker's number and the name (1.2), which was Xsens DOT up to firmware 2.4.
    advertised=Advertised(name_prefixes=("Movella DOT", "Xsens DOT")),
    settings=(
        Setting("rate_hz", 60.0, RATES_HZ, "samples a second"),
        Setting(
            "mode",
            float(RATE_QUANTITIES),
            tuple(float(mode) for mode in MODES),
            "payload mode of the maker; 20, 21 and 26 have acceleration and angular rate",
        ),
    ),
    # SampleTimeFine: a 1 MHz clock of 32 bits (user manual XD0502P, 4.2.5).
    clock=SensorClock(1e6, 32, TicksOf.FIRST),
    resolution=_resolution,
    decoder=_decoder,
    start=_start,
    stop=_stop,
    battery=(Read(BATTERY),),
    cannot=(
        "It cannot vibrate.",
        "It sends no sample counter, so lost samples are counted from its clock.",
        "What it records in its own memory is not fetched: samples sent while the link is down are lost.",
        "It switches itself off after 30 minutes connected without measuring, or 10 minutes unconnected.",
    ),
)
