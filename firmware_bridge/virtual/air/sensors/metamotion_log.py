"""The flash log of a virtual MetaMotion S: triggers, pages of entries, and the download that the host acknowledges.

Source: see firmware_bridge.devices.metamotion_log.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from firmware_bridge.devices.metamotion_facts import ACC_DATA, ACCELEROMETER, BMI270, GYROSCOPE, LOG, READ
from firmware_bridge.devices.metamotion_log import LogRegister
from firmware_bridge.virtual.air.sensors.counts import to_values
from firmware_bridge.virtual.air.truth import Fate, Taken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from firmware_bridge.virtual.air.sampling import Felt, SensorTime

__all__ = ["Board", "FlashLog"]

_TICK_HZ = 32768 / 48
_ENTRIES_A_PAGE = 512
_PAGES = 512
"""A ring of half a million entries, a third of what the maker states."""
_XY, _Z = 0x60, 0x24
_TRIGGER_BYTES = 4
_MOST_TRIGGERS = 32
_BOOTS = 8
_FREE_RADIO = 3
"""Left for the stream and for answers."""
_RETRY_S = 0.02
_READOUT_BYTES = 8


class Board(Protocol):
    """What the log needs of its sensor."""

    boots: int
    time: SensorTime

    @property
    def room(self) -> int:
        """How many frames more the radio can take."""
        ...

    def tell(self, *frame: int) -> None:
        """Send a frame without samples."""
        ...

    def send_frame(self, frame: bytes, *travelling: Taken, stream: str) -> bool:
        """Send a frame with samples; return whether the radio took it."""
        ...

    def note(self, stream: str, taken: Taken) -> None:
        """Remember samples."""
        ...


@dataclass(slots=True)
class _Entry:
    """An entry, and the sample that it completes."""

    data: bytes
    completes: Taken | None = None


@dataclass(slots=True)
class _Page:
    entries: list[_Entry] = field(default_factory=list)
    sent: int = 0


class FlashLog:
    """The log of a board.

    A page that was sent whole waits for the host's confirmation and is then erased; without it, it is sent again on
    the next download. Samples are streams `log_acc` and `log_gyr` of the sensor's truth.

    Parameters
    ----------
    board
        Whose log it is.

    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self.on = False
        self._triggers: list[bytes] = []
        self._pages: deque[_Page] = deque()
        self._open = _Page()
        self._to_send = 0
        self._downloads = False
        self._awaits_confirmation = False

    @property
    def stored(self) -> int:
        """How many entries lie in written pages."""
        return sum(len(page.entries) for page in self._pages)

    def disconnected(self) -> None:
        """Break a download off."""
        self._downloads = self._awaits_confirmation = False
        for page in self._pages:
            page.sent = 0

    def restarted(self) -> None:
        """Lose what had not been written to flash; triggers are forgotten."""
        self._open = _Page()
        self.on = False
        self._triggers.clear()
        self.disconnected()

    def written(self, register: int, arguments: bytes) -> None:
        """Take a frame of the host."""
        if register == LogRegister.SWITCH and len(arguments) == 1:
            self.on = bool(arguments[0])
        elif register == LogRegister.TRIGGER and len(arguments) == _TRIGGER_BYTES:
            self._add_trigger(arguments)
        elif register == LogRegister.TRIGGER | READ and len(arguments) == 1:
            number = arguments[0]
            told = self._triggers[number] if number < len(self._triggers) else b""
            self._board.tell(LOG, register, *told)
        elif register == LogRegister.REMOVE_TRIGGERS:
            self._triggers.clear()
        elif register == LogRegister.FLUSH:
            self._close_page()
        elif register == LogRegister.TIME | READ:
            ticks = round(self._board.time.now_s() * _TICK_HZ) & 0xFFFFFFFF
            self._board.tell(LOG, register, *ticks.to_bytes(4, "little"), self._board.boots % _BOOTS)
        elif register == LogRegister.LENGTH | READ:
            self._board.tell(LOG, register, *self.stored.to_bytes(4, "little"))
        elif register == LogRegister.READOUT and len(arguments) == _READOUT_BYTES:
            self._download(int.from_bytes(arguments[:4], "little"))
        elif register == LogRegister.PAGE_CONFIRM:
            self._confirmed()

    def _add_trigger(self, source: bytes) -> None:
        if len(self._triggers) < _MOST_TRIGGERS:
            self._triggers.append(source)
            self._board.tell(LOG, LogRegister.TRIGGER, len(self._triggers) - 1)

    def take(
        self,
        felt: Felt,
        acc: NDArray[np.int64],
        gyr: NDArray[np.int64] | None,
        acc_ms2: float,
        gyr_rad_s: float,
    ) -> None:
        """Log samples, where logging is on and triggers are set."""
        if not self.on:
            return
        for row in range(acc.shape[0]):
            times_s, number = felt.times_s[row : row + 1], felt.first + row
            ticks = round(float(felt.clock_s[row]) * _TICK_HZ) & 0xFFFFFFFF
            boot = self._board.boots
            if self._logs(ACCELEROMETER, ACC_DATA):
                taken = Taken(boot, number, times_s, to_values(acc[row : row + 1], acc_ms2), None)
                self._store(ACCELEROMETER, ACC_DATA, ticks, acc[row], "log_acc", taken)
            if gyr is not None and self._logs(GYROSCOPE, BMI270.gyr_data):
                taken = Taken(boot, number, times_s, None, to_values(gyr[row : row + 1], gyr_rad_s))
                self._store(GYROSCOPE, BMI270.gyr_data, ticks, gyr[row], "log_gyr", taken)

    def _logs(self, module: int, register: int) -> bool:
        return _source(module, register, _Z) in self._triggers

    def _store(
        self, module: int, register: int, ticks: int, counts: NDArray[np.int64], stream: str, taken: Taken
    ) -> None:
        self._board.note(stream, taken)
        packed = counts.astype("<i2").tobytes()
        for part, data in ((_XY, packed[:4]), (_Z, packed[4:] + b"\0\0")):
            trigger = self._triggers.index(_source(module, register, part))
            head = (self._board.boots % _BOOTS) << 5 | trigger
            entry = struct.pack("<BI", head, ticks) + data
            self._open.entries.append(_Entry(entry, taken if part == _Z else None))
            if len(self._open.entries) == _ENTRIES_A_PAGE:
                self._close_page()

    def _close_page(self) -> None:
        if self._open.entries:
            self._pages.append(self._open)
            self._open = _Page()
        while len(self._pages) > _PAGES:
            self._pages.popleft()

    def _download(self, entries: int) -> None:
        self._to_send = min(entries, self.stored)
        self._downloads = True
        self._awaits_confirmation = False
        for page in self._pages:
            page.sent = 0
        self._send_on()

    def _send_on(self) -> None:
        """Send entries, two a frame, while the radio takes them; a page's end waits for its confirmation."""
        while self._downloads and not self._awaits_confirmation:
            if not self._pages or self._to_send <= 0:
                self._downloads = False
                self._board.tell(LOG, LogRegister.PROGRESS, 0, 0, 0, 0)
                return
            if self._board.room <= _FREE_RADIO:
                asyncio.get_running_loop().call_later(_RETRY_S, self._send_on)
                return
            if not self._send_frame(self._pages[0]):
                asyncio.get_running_loop().call_later(_RETRY_S, self._send_on)
                return

    def _send_frame(self, page: _Page) -> bool:
        pair = page.entries[page.sent : page.sent + 2]
        frame = bytes([LOG, LogRegister.ENTRY]) + b"".join(entry.data for entry in pair)
        fresh = [entry.completes for entry in pair if entry.completes and entry.completes.fate != Fate.ARRIVED]
        if not self._board.send_frame(frame, *fresh, stream=_stream_of(fresh)):
            return False
        page.sent += len(pair)
        self._to_send -= len(pair)
        if page.sent >= len(page.entries):
            self._board.tell(LOG, LogRegister.PAGE)
            self._awaits_confirmation = True
        return True

    def _confirmed(self) -> None:
        if self._awaits_confirmation:
            self._pages.popleft()
            self._awaits_confirmation = False
            self._send_on()


def _source(module: int, register: int, part: int) -> bytes:
    return bytes([module, register, 0xFF, part])


def _stream_of(taken: list[Taken]) -> str:
    return "log_gyr" if taken and taken[0].gyr is not None else "log_acc"
