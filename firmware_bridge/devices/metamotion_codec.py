"""MetaMotion frames to packets, those of the live stream and those of the log.

The registers of both chips are read whatever the setting `chip` says; the one that both use, 0x05 of the gyroscope, is
told apart by its length.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Packet, Reply
from firmware_bridge.devices.metamotion_facts import (
    ACC_DATA,
    ACCELEROMETER,
    BATTERY,
    BMI160,
    BMI270,
    EVENT,
    EVENT_COMMAND,
    GYROSCOPE,
    INFO,
    LOG,
    NOTIFY,
    READ,
    SETTINGS,
    chip_of,
    counts_per_dps,
    counts_per_g,
)
from firmware_bridge.devices.metamotion_log import LogPairing, clock_packet, log_packet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import JsonValue, Settings

__all__ = ["MetaMotionDecoder"]

_SHORTEST_BYTES = 2
_SINGLE_BYTES = 8
_PACKED_BYTES = 20
_BATTERY_BYTES = 5
_INFO_BYTES = 4
_EVENT_BYTES = 3
_FULL_PERCENT = 100

_ACC_REGISTERS = {ACC_DATA, BMI270.acc_packed, BMI160.acc_packed}
_GYR_REGISTERS = {BMI270.gyr_data, BMI270.gyr_packed, BMI160.gyr_data, BMI160.gyr_packed}
_LENGTHS = {
    (ACCELEROMETER, ACC_DATA): (_SINGLE_BYTES,),
    (ACCELEROMETER, BMI270.acc_packed): (_PACKED_BYTES,),
    (ACCELEROMETER, BMI160.acc_packed): (_PACKED_BYTES,),
    (GYROSCOPE, BMI270.gyr_data): (_SINGLE_BYTES,),
    (GYROSCOPE, BMI270.gyr_packed): (_SINGLE_BYTES, _PACKED_BYTES),
    (GYROSCOPE, BMI160.gyr_packed): (_PACKED_BYTES,),
}


class MetaMotionDecoder:
    """Decoder of one connection to a MetaMotion.

    Parameters
    ----------
    settings
        `chip`, `range_g` and `range_dps` as the sensor was told.

    """

    def __init__(self, settings: Settings) -> None:
        self._chip = chip_of(settings)
        self._acc_ms2 = GRAVITY_MS2 / counts_per_g(settings["range_g"])
        self._gyr_rad_s = math.radians(1 / counts_per_dps(settings["range_dps"]))
        self._log = LogPairing(settings)

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return what a notification says.

        Raises
        ------
        PacketError
            It is no frame of a MetaMotion.

        """
        if characteristic != NOTIFY:
            raise PacketError(f"MetaMotion: nothing is expected from {characteristic}, all frames come from {NOTIFY}")
        if len(data) < _SHORTEST_BYTES:
            raise PacketError(f"MetaMotion: expected a frame of at least 2 bytes, got {len(data)}: {data.hex()}")
        module, register = data[0], data[1]
        if (module, register) in _LENGTHS:
            return (self._samples(data),)
        if (module, register) == (SETTINGS, BATTERY | READ):
            return (_battery(data),)
        if (module, register) == (ACCELEROMETER, INFO | READ):
            return (self._board(data),)
        if module == LOG:
            return self._log_frame(data)
        if (module, register) == (EVENT, EVENT_COMMAND) and len(data) == _EVENT_BYTES:
            return (Packet(reply=Reply("start_log", ok=True), fields={"event_command": data[2]}),)
        raise PacketError(f"MetaMotion: nothing is known of module {module:02x}, register {register:02x}")

    def _samples(self, data: bytes) -> Packet:
        lengths = _LENGTHS[data[0], data[1]]
        if len(data) not in lengths:
            expected = " or ".join(map(str, lengths))
            raise PacketError(f"MetaMotion: frame {data[:2].hex()} must have {expected} bytes, got {len(data)}")
        counts: NDArray[np.float64] = np.frombuffer(data, "<i2", offset=2).reshape(-1, 3).astype(np.float64)
        if data[0] == ACCELEROMETER:
            return Packet(acc=counts * self._acc_ms2)
        return Packet(gyr=counts * self._gyr_rad_s)

    def _board(self, data: bytes) -> Packet:
        if len(data) == _SHORTEST_BYTES:
            return Packet(reply=Reply("start", ok=False, reason="this board says that it has no accelerometer"))
        if len(data) < _INFO_BYTES:
            raise PacketError(f"MetaMotion: module information must have 2 or at least 4 bytes, got {len(data)}")
        chips = {chip.implementation: chip.number for chip in (BMI160, BMI270)}
        number = chips.get(data[2])
        reason = ""
        if number is None:
            reason = f"this board's motion chip (kind {data[2]}) is neither a BMI270 nor a BMI160"
        elif number != self._chip.number:
            reason = f"this board has a BMI{number}; set chip to {number}"
        return Packet(reply=Reply("start", ok=not reason, reason=reason), fields={"chip": number, "revision": data[3]})

    def _log_frame(self, data: bytes) -> tuple[Packet, ...]:
        clock = clock_packet(data)
        if clock is not None:
            return (clock,)
        entries, packets = self._log.push(data)
        if not entries:
            return (log_packet(data),)
        said: dict[str, JsonValue] = {"log_entries": [entry.as_json() for entry in entries]}
        if not packets:
            return (Packet(fields=said),)
        first = Packet(
            acc=packets[0].acc, gyr=packets[0].gyr, ticks=packets[0].ticks, fields={**packets[0].fields, **said}
        )
        return (first, *packets[1:])


def _battery(data: bytes) -> Packet:
    if len(data) != _BATTERY_BYTES or data[2] > _FULL_PERCENT:
        raise PacketError(
            f"MetaMotion: battery must be 5 bytes with 0 to 100 percent, got {len(data)} bytes: {data[:8].hex()}"
        )
    return Packet(battery_percent=data[2], fields={"voltage_mv": int.from_bytes(data[3:5], "little")})
