"""MetaMotion's log in flash: what is written there, and how entries become samples.

The board logs 32 bits at a time. A sample of three axes (6 bytes) is two entries, x and y in one, z in the other, each
with the tick at which it was written; the two ticks are equal or one apart (seen in the recorded download among the
vendor's unit tests), and the pair may lie on two pages. The entry that completes a sample gives its time, as in the
vendor's SDK. Bits 5-7 of an entry's first byte count the boots of the board: ticks start anew with each.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Packet, Reply, SensorClock, Step, TicksOf
from firmware_bridge.devices.metamotion_facts import (
    ACC_DATA,
    ACCELEROMETER,
    DISCONNECT,
    EVENT,
    EVENT_COMMAND,
    EVENT_PARAMETERS,
    EVENT_REMOVE_ALL,
    GYROSCOPE,
    LOG,
    READ,
    SETTINGS,
    chip_of,
    counts_per_dps,
    counts_per_g,
    gyroscope_runs,
    write,
)

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import JsonValue, Settings

__all__ = [
    "LOG_CLOCK",
    "LogEntry",
    "LogPairing",
    "LogRegister",
    "clock_packet",
    "count_of",
    "log_packet",
    "logging_off",
    "logging_on",
]

LOG_CLOCK = SensorClock(tick_hz=32768 / 48, ticks_bits=32, ticks_of=TicksOf.LAST)
"""Clock of the log's samples (one sample a packet); 48 periods of the 32768-Hz crystal a tick, 1.4648 ms."""


_NO_DATA_ID = 0xFF
_XY = 0x60
_Z = 0x24
"""Which bytes of a sample a trigger logs: `(length - 1) << 5 | offset`."""

_ENTRY_BYTES = 9
_FRAME_BYTES = (11, 20)
_TIME_BYTES = 7
_HALVES_APART_TICKS = 2
_PAGES_KEPT = 2
"""The page before the last confirmed one, in case that the board never heard the confirmation."""
_READ_TRIGGERS = 4

_Half: TypeAlias = 'tuple[Literal["acc", "gyr"], Literal[0, 1]]'

_FRESH_TRIGGERS: dict[int, _Half] = {0: ("acc", 0), 1: ("acc", 1), 2: ("gyr", 0), 3: ("gyr", 1)}
"""Numbers that the board gives to the triggers of `logging_on`, after all others were removed."""


class LogRegister(IntEnum):
    """Registers of the log module."""

    SWITCH = 0x01
    TRIGGER = 0x02
    TIME = 0x04
    LENGTH = 0x05
    READOUT = 0x06
    ENTRY = 0x07
    PROGRESS = 0x08
    REMOVE_TRIGGERS = 0x0A
    CIRCULAR = 0x0B
    PAGE = 0x0D
    PAGE_CONFIRM = 0x0E
    FLUSH = 0x10


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the log.

    Parameters
    ----------
    trigger
        Number of the trigger that wrote it, 0 to 31.
    boot
        Boots of the board, modulo 8.
    ticks
        Time by `LOG_CLOCK`.
    data
        32 bits.

    """

    trigger: int
    boot: int
    ticks: int
    data: int

    def as_json(self) -> dict[str, JsonValue]:
        """Return the entry for the fields of a packet."""
        return {"trigger": self.trigger, "boot": self.boot, "ticks": self.ticks, "data": self.data}


class LogPairing:
    """Joins entries to samples.

    Parameters
    ----------
    settings
        `chip`, `range_g` and `range_dps` as the sensor was told when it logged.

    """

    def __init__(self, settings: Settings) -> None:
        self._scales = {
            "acc": GRAVITY_MS2 / counts_per_g(settings["range_g"]),
            "gyr": math.radians(1 / counts_per_dps(settings["range_dps"])),
        }
        self._gyr_data = chip_of(settings).gyr_data
        self._triggers = dict(_FRESH_TRIGGERS)
        self._asked = 0
        self._waiting: dict[str, LogEntry] = {}
        self._carried: dict[str, deque[LogEntry]] = {"acc": deque(maxlen=_PAGES_KEPT), "gyr": deque(maxlen=_PAGES_KEPT)}

    def page_ends(self) -> None:
        """Keep first halves whose second half is on the next page, for when that page comes again."""
        for sensor, entry in self._waiting.items():
            self._carried[sensor].append(entry)

    def ask(self) -> tuple[Step, ...]:
        """Begin anew; return the steps that ask the board what its triggers log, answered in the same order."""
        self._waiting.clear()
        self._asked = 0
        return tuple(write(LOG, LogRegister.TRIGGER | READ, number) for number in range(_READ_TRIGGERS))

    def push(self, data: bytes) -> tuple[tuple[LogEntry, ...], tuple[Packet, ...]]:
        """Return the entries in a frame of the log module, and the samples that they complete, one a packet.

        Raises
        ------
        PacketError
            A frame of entries or of a trigger has the wrong length.

        """
        if data[1] == LogRegister.TRIGGER | READ:
            self._learn(data)
        if data[1] != LogRegister.ENTRY:
            return (), ()
        if len(data) not in _FRAME_BYTES:
            raise PacketError(f"MetaMotion log: entries come in 11 or 20 bytes, got {len(data)}: {data[:8].hex()}")
        entries = tuple(_entry(data[start : start + _ENTRY_BYTES]) for start in range(2, len(data), _ENTRY_BYTES))
        packets = (self._join(entry) for entry in entries)
        return entries, tuple(packet for packet in packets if packet is not None)

    def _learn(self, data: bytes) -> None:
        if len(data) not in {2, 6}:
            raise PacketError(f"MetaMotion log: a trigger is told in 2 or 6 bytes, got {len(data)}: {data[:8].hex()}")
        number = self._asked
        self._asked = min(number + 1, _READ_TRIGGERS)
        if number == _READ_TRIGGERS:
            return
        self._triggers.pop(number, None)
        half = self._half(data)
        if half is not None:
            self._triggers[number] = half

    def _half(self, data: bytes) -> _Half | None:
        halves: dict[bytes, _Half] = {
            bytes([ACCELEROMETER, ACC_DATA, _XY]): ("acc", 0),
            bytes([ACCELEROMETER, ACC_DATA, _Z]): ("acc", 1),
            bytes([GYROSCOPE, self._gyr_data, _XY]): ("gyr", 0),
            bytes([GYROSCOPE, self._gyr_data, _Z]): ("gyr", 1),
        }
        return halves.get(data[2:4] + data[5:6])

    def _join(self, entry: LogEntry) -> Packet | None:
        half = self._triggers.get(entry.trigger)
        if half is None:
            return None
        sensor, part = half
        if part == 0:
            self._waiting[sensor] = entry
            return None
        first = self._first_half(sensor, entry)
        if first is None:
            return None
        x, y = struct.unpack("<hh", first.data.to_bytes(4, "little"))
        (z,) = struct.unpack("<h", (entry.data & 0xFFFF).to_bytes(2, "little"))
        sample = np.array([[x, y, z]], dtype=np.float64) * self._scales[sensor]
        said: dict[str, JsonValue] = {"log_boot": entry.boot}
        if sensor == "acc":
            return Packet(acc=sample, ticks=entry.ticks, fields=said)
        return Packet(gyr=sample, ticks=entry.ticks, fields=said)

    def _first_half(self, sensor: str, second: LogEntry) -> LogEntry | None:
        waiting = self._waiting.pop(sensor, None)
        candidates = self._carried[sensor] if waiting is None else (waiting, *self._carried[sensor])
        for first in candidates:
            if first.boot == second.boot and (second.ticks - first.ticks) % 2**32 <= _HALVES_APART_TICKS:
                return first
        return None


def logging_on(settings: Settings) -> tuple[Step, ...]:
    """Return the steps that make the board log each sample from the end of the connection on.

    It begins by itself when it notices the end, and is told to stop by `logging_off` before the next stream begins:
    what it sends live is not kept a second time. When its memory is full it drops the oldest.
    """
    chip = chip_of(settings)
    sensors = [(ACCELEROMETER, ACC_DATA)]
    if gyroscope_runs(settings):
        sensors.append((GYROSCOPE, chip.gyr_data))
    triggers = [
        write(LOG, LogRegister.TRIGGER, module, register, _NO_DATA_ID, part, awaits_reply=True)
        for module, register in sensors
        for part in (_XY, _Z)
    ]
    return (
        write(LOG, LogRegister.REMOVE_TRIGGERS),
        *triggers,
        write(LOG, LogRegister.CIRCULAR, 1),
        write(EVENT, EVENT_REMOVE_ALL),
        write(EVENT, EVENT_COMMAND, SETTINGS, DISCONNECT, _NO_DATA_ID, LOG, LogRegister.SWITCH, 1),
        write(EVENT, EVENT_PARAMETERS, 1, awaits_reply=True),
    )


def logging_off() -> tuple[Step, ...]:
    """Return the step that ends logging; what was logged stays."""
    return (write(LOG, LogRegister.SWITCH, 0),)


def clock_packet(data: bytes) -> Packet | None:
    """Return the board's clock as a packet without samples, or None where the frame does not tell it.

    Raises
    ------
    PacketError
        The frame tells it in other than 7 bytes.

    """
    if data[1] != LogRegister.TIME | READ:
        return None
    if len(data) != _TIME_BYTES:
        raise PacketError(f"MetaMotion log: the clock must have 7 bytes, got {len(data)}: {data[:8].hex()}")
    told = Reply("log clock", ok=True)
    return Packet(ticks=int.from_bytes(data[2:6], "little"), reply=told, fields={"log_boot": data[6]})


def log_packet(data: bytes) -> Packet:
    """Return what a frame of the log module says that is neither entries nor clock.

    Raises
    ------
    PacketError
        Nothing is known of such a frame.

    """
    register = data[1]
    if register == LogRegister.TRIGGER and len(data) == 3:  # noqa: PLR2004  # module, register, number
        return Packet(reply=Reply("start_log", ok=True), fields={"log_trigger": data[2]})
    if register == LogRegister.TRIGGER | READ:
        return Packet(fields={"log_source": data[2:].hex()})
    if register == LogRegister.LENGTH | READ:
        return Packet(fields={"log_entries_stored": count_of(data)})
    if register == LogRegister.PROGRESS:
        return Packet(fields={"log_entries_left": count_of(data)})
    if register == LogRegister.PAGE:
        return Packet(fields={"log_page_complete": True})
    raise PacketError(f"MetaMotion log: nothing is known of register {register:02x} with {len(data)} bytes")


def _entry(data: bytes) -> LogEntry:
    head, ticks, value = struct.unpack("<BII", data)
    return LogEntry(trigger=head & 0x1F, boot=head >> 5, ticks=ticks, data=value)


def count_of(data: bytes) -> int:
    """Return the count after the header: u32, or u16 from old firmware (the vendor's SDK takes either).

    Raises
    ------
    PacketError
        There is no such count.

    """
    if len(data) not in {4, 6}:
        raise PacketError(f"MetaMotion log: a count must come in 4 or 6 bytes, got {len(data)}: {data[:8].hex()}")
    return int.from_bytes(data[2:], "little")
