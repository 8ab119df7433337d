"""What a Movella DOT sends while it measures: one layout for each payload mode.

Source: Movella DOT BLE Service Specification XD0506P revision C (July 2023), tables 13 to 17. A payload may be padded
with zeros up to the length of its characteristic and bears no mark of its mode, so the mode has to be known.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from config.units import ANGULAR_RATE_UNITS
from firmware_bridge.devices.driver import Packet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import JsonValue

__all__ = ["LONG_PAYLOAD", "MEDIUM_PAYLOAD", "MODES", "SHORT_PAYLOAD", "PayloadMode", "read_payload"]

LONG_PAYLOAD = "15172002-4947-11e9-8646-d663bd873d93"
MEDIUM_PAYLOAD = "15172003-4947-11e9-8646-d663bd873d93"
SHORT_PAYLOAD = "15172004-4947-11e9-8646-d663bd873d93"

_LONGEST = {LONG_PAYLOAD: 63, MEDIUM_PAYLOAD: 40, SHORT_PAYLOAD: 20}

_PARTS = {
    "quaternion_wxyz": ("f", 4),
    "euler_deg": ("f", 3),
    "free_acc_ms2": ("f", 3),
    "dq": ("f", 4),
    "dv_ms": ("f", 3),
    "acc": ("f", 3),
    "gyr": ("f", 3),
    "magnetometer_counts": ("h", 3),
    "status": ("H", 1),
    "clipped_acc_n": ("B", 1),
    "clipped_gyr_n": ("B", 1),
}
"""Type and number of values of each part (table 17); `acc` in m/s^2, `gyr` in deg/s, the field in a unit of its own."""

_DPS = ANGULAR_RATE_UNITS["dps"]


@dataclass(frozen=True, slots=True)
class PayloadMode:
    """Where a mode is sent, and what follows its timestamp.

    Parameters
    ----------
    characteristic
        UUID of the characteristic it comes on.
    parts
        Names of what it holds, in order.
    told_by_length
        Whether the mode may be assumed from characteristic and length alone.

    """

    characteristic: str
    parts: tuple[str, ...]
    told_by_length: bool = True

    @property
    def layout(self) -> struct.Struct:
        """Layout without padding; the first value is the timestamp in microseconds."""
        return struct.Struct("<I" + "".join(f"{count}{kind}" for kind, count in map(_PARTS.__getitem__, self.parts)))


_CLIPPING = ("status", "clipped_acc_n", "clipped_gyr_n")

MODES = {
    2: PayloadMode(MEDIUM_PAYLOAD, ("quaternion_wxyz", "free_acc_ms2", *_CLIPPING)),
    3: PayloadMode(MEDIUM_PAYLOAD, ("quaternion_wxyz", "free_acc_ms2")),
    # As long as free acceleration, and angles are of no use to us: they have to be asked for.
    4: PayloadMode(SHORT_PAYLOAD, ("euler_deg",), told_by_length=False),
    5: PayloadMode(SHORT_PAYLOAD, ("quaternion_wxyz",)),
    6: PayloadMode(SHORT_PAYLOAD, ("free_acc_ms2",)),
    7: PayloadMode(MEDIUM_PAYLOAD, ("euler_deg", "free_acc_ms2", *_CLIPPING)),
    16: PayloadMode(MEDIUM_PAYLOAD, ("euler_deg", "free_acc_ms2")),
    18: PayloadMode(MEDIUM_PAYLOAD, ("dq", "dv_ms", "magnetometer_counts")),
    19: PayloadMode(MEDIUM_PAYLOAD, ("dq", "dv_ms")),
    20: PayloadMode(MEDIUM_PAYLOAD, ("acc", "gyr", "magnetometer_counts")),
    21: PayloadMode(MEDIUM_PAYLOAD, ("acc", "gyr")),
    22: PayloadMode(MEDIUM_PAYLOAD, ("euler_deg", "free_acc_ms2", "gyr")),
    23: PayloadMode(MEDIUM_PAYLOAD, ("euler_deg", "free_acc_ms2", "magnetometer_counts")),
    24: PayloadMode(MEDIUM_PAYLOAD, ("quaternion_wxyz", "gyr")),
    26: PayloadMode(LONG_PAYLOAD, ("quaternion_wxyz", "acc", "gyr")),
}
"""Payload modes by number. The high-fidelity ones (1, 17, 25) only the maker's own library can read (table 13)."""


def read_payload(mode: int, characteristic: str, data: bytes) -> Packet:
    """Return what a payload says.

    Parameters
    ----------
    mode
        The mode that was asked for; another one is taken where the payload cannot be of it.
    characteristic
        One of the three payload characteristics.
    data
        The payload, padded with zeros or not.

    Raises
    ------
    PacketError
        No mode, or more than one, has this length on this characteristic, or a number is not finite.

    """
    chosen = MODES[mode if _fits(MODES[mode], characteristic, data) else _told_by_length(characteristic, data)]
    ticks, *values = chosen.layout.unpack_from(data)
    if not all(map(math.isfinite, values)):
        raise PacketError(f"Movella DOT payload: expected finite numbers, got {data.hex()}")
    parts: dict[str, list[float]] = {}
    for name in chosen.parts:
        _, count = _PARTS[name]
        parts[name], values = values[:count], values[count:]
    acc, gyr = parts.pop("acc", None), parts.pop("gyr", None)
    return Packet(
        acc=None if acc is None else _sample(acc),
        gyr=None if gyr is None else _sample(gyr) * _DPS,
        ticks=ticks,
        fields={name: _json(numbers) for name, numbers in parts.items()},
    )


def _fits(mode: PayloadMode, characteristic: str, data: bytes) -> bool:
    size = mode.layout.size
    whole = len(data) in {size, _LONGEST[characteristic]}
    return mode.characteristic == characteristic and whole and not any(data[size:])


def _told_by_length(characteristic: str, data: bytes) -> int:
    fitting = {
        number: mode.layout.size
        for number, mode in MODES.items()
        if mode.told_by_length and _fits(mode, characteristic, data)
    }
    if not fitting:
        sizes = sorted({mode.layout.size for mode in MODES.values() if mode.characteristic == characteristic})
        raise PacketError(
            f"Movella DOT payload on {characteristic}: expected {' or '.join(map(str, sizes))} bytes, or padded with"
            f" zeros to {_LONGEST[characteristic]}; got {len(data)}: {data[:8].hex()}"
        )
    # What a short mode leaves to the padding is zero in a longer one only by rare chance.
    modes = [number for number, size in fitting.items() if size == min(fitting.values())]
    if len(modes) > 1:
        raise PacketError(
            f"Movella DOT payload on {characteristic}: {len(data)} bytes may be of payload mode"
            f" {' or '.join(map(str, modes))}; say which by the setting mode"
        )
    return modes[0]


def _sample(values: list[float]) -> NDArray[np.float64]:
    return np.array([values], dtype=np.float64)


def _json(values: list[float]) -> JsonValue:
    return values[0] if len(values) == 1 else list(values)
