"""Nordic Thingy:52.

Source: Nordic-Thingy52-FW, documentation/firmware_architecture.html and source/modules/m_motion.c. Raw motion is nine
little-endian int16: acceleration in g as 6Q10, angular rate in deg/s as 11Q5, magnetic field in microtesla as 12Q4.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Advertised, Driver, Packet, Resolution, Setting, Subscribe, Write
from firmware_bridge.devices.standard import BATTERY_LEVEL, READ_BATTERY, battery_packet

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Settings, Step

__all__ = ["DRIVER", "MOTION_CONFIG", "MOTION_SERVICE", "QUATERNION", "RAW_MOTION", "Thingy52Decoder"]

_THINGY_CONFIGURATION_SERVICE = "ef680100-9b35-4933-9b10-52ffa9740042"
MOTION_SERVICE = "ef680400-9b35-4933-9b10-52ffa9740042"
MOTION_CONFIG = "ef680401-9b35-4933-9b10-52ffa9740042"
QUATERNION = "ef680404-9b35-4933-9b10-52ffa9740042"
RAW_MOTION = "ef680406-9b35-4933-9b10-52ffa9740042"

_RAW_BYTES = 18
_QUATERNION_BYTES = 16
_ACC_COUNTS_PER_G = 1 << 10
_GYR_COUNTS_PER_DPS = 1 << 5
_MAGNETIC_COUNTS_PER_UT = 1 << 4
_QUATERNION_COUNTS = 1 << 30
_ACC_MS2 = GRAVITY_MS2 / _ACC_COUNTS_PER_G
_GYR_RAD_S = math.radians(1) / _GYR_COUNTS_PER_DPS

_RATES_HZ = (5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0)
"""Nordic states 5 to 200 Hz; these are values every board takes."""
_STEP_COUNTER_MS = 500
_TEMPERATURE_MS = 500
_COMPASS_MS = 500
_WAKE_ON_MOTION = 1
"""The four are Nordic's defaults."""


class Thingy52Decoder:
    """Reads raw motion, quaternion and charge; every notification stands for itself."""

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return the one packet of the notification.

        Raises
        ------
        PacketError
            The length is wrong or the characteristic not one of these.

        """
        if characteristic == RAW_MOTION:
            return (_raw_motion(data),)
        if characteristic == QUATERNION:
            return (_quaternion(data),)
        if characteristic == BATTERY_LEVEL:
            return (battery_packet(data),)
        raise PacketError(f"Thingy:52: nothing is known of characteristic {characteristic}")


def _raw_motion(data: bytes) -> Packet:
    _check_length("raw motion", data, _RAW_BYTES)
    values = np.frombuffer(data, dtype="<i2").astype(np.float64)
    return Packet(
        acc=values[None, :3] * _ACC_MS2,
        gyr=values[None, 3:6] * _GYR_RAD_S,
        fields={"magnetic_field_ut": (values[6:] / _MAGNETIC_COUNTS_PER_UT).tolist()},
    )


def _quaternion(data: bytes) -> Packet:
    _check_length("quaternion", data, _QUATERNION_BYTES)
    values = np.frombuffer(data, dtype="<i4") / _QUATERNION_COUNTS
    return Packet(fields={"quaternion_wxyz": values.tolist()})


def _check_length(what: str, data: bytes, expected: int) -> None:
    if len(data) != expected:
        raise PacketError(f"Thingy:52 {what}: expected {expected} bytes, got {len(data)}: {data[:8].hex(' ')}")


def _start(settings: Settings) -> tuple[Step, ...]:
    config = struct.pack(
        "<4HB", _STEP_COUNTER_MS, _TEMPERATURE_MS, _COMPASS_MS, round(settings["rate_hz"]), _WAKE_ON_MOTION
    )
    return (Write(MOTION_CONFIG, config), Subscribe(RAW_MOTION))


DRIVER = Driver(
    id="thingy52",
    title="Nordic Thingy:52",
    # The firmware advertises its configuration service only.
    advertised=Advertised(services=(_THINGY_CONFIGURATION_SERVICE,), name_prefixes=("Thingy",)),
    settings=(Setting("rate_hz", 50.0, _RATES_HZ, "samples a second"),),
    clock=None,
    resolution=lambda _: Resolution(_ACC_MS2, _GYR_RAD_S),
    decoder=lambda _: Thingy52Decoder(),
    start=_start,
    stop=lambda _: (),
    battery=READ_BATTERY,
    cannot=(
        "It sends neither time nor counter: lost samples can only be estimated from the rate.",
        "It has no motor: it cannot vibrate.",
        "It keeps nothing while it is out of reach.",
        "It sends as long as it is connected and cannot be told to stop.",
    ),
)
