"""The offline log of a virtual LSP sensor: a ring of blocks in flash, and the report that the host asks for.

Source: docs/lsp-profile.md, "The log".
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.air.truth import Fate, Taken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LogOfBlocks", "Recorder", "Writing"]

_FREE_RADIO = 4
"""Left for live samples, which go first."""
_RETRY_S = 0.01


class Recorder(Protocol):
    """What the log needs of its sensor."""

    @property
    def chunk_bytes(self) -> int:
        """How much of a block fits a notification."""
        ...

    @property
    def room(self) -> int:
        """How many notifications more the radio can take."""
        ...

    def send_chunk(self, data: bytes, *travelling: Taken) -> bool:
        """Send a piece of a block; return whether the radio took it."""
        ...

    def answer_access(self, data: bytes) -> None:
        """Answer on Log Access."""
        ...


@dataclass(slots=True, eq=False)
class Writing:
    """The block at work.

    Parameters
    ----------
    record
        Record type.
    boot_id
        Of the sensor.
    ticks
        Of the first record.
    utc_us
        Of the first record, 0 where the sensor was not told the time.
    counts_per_g, counts_per_kdps
        Scales.

    """

    record: int
    boot_id: int
    ticks: int
    utc_us: int
    counts_per_g: int
    counts_per_kdps: int
    last_ticks: int = 0
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether no record more fits."""
        return len(self.rows) >= codec.records_in_block(self.record)

    def packed(self, block: int) -> bytes:
        """Return the block's bytes."""
        header = codec.BlockHeader(
            self.record,
            len(self.rows),
            self.boot_id,
            block,
            self.ticks,
            self.last_ticks,
            self.utc_us,
            self.counts_per_g,
            self.counts_per_kdps,
        )
        payload = b"".join(codec.pack_record(self.record, tuple(row.tolist())) for row in self.rows)
        return codec.pack_block(header, payload)


@dataclass(slots=True, eq=False)
class _Stored:
    data: bytes
    taken: list[Taken]


class LogOfBlocks:
    """The log.

    Parameters
    ----------
    recorder
        Whose log it is.
    capacity
        Blocks in the flash.

    """

    def __init__(self, recorder: Recorder, capacity: int) -> None:
        self._recorder = recorder
        self._capacity = capacity
        self._blocks: dict[int, _Stored] = {}
        self._newest = 0
        self._sent_to = 0
        self._report: tuple[int, int] | None = None
        self._reports = 0
        self._at = 0
        self.overwritten = 0
        """Blocks that the ring overwrote before they were fetched."""

    @property
    def first(self) -> int:
        """Number of the oldest block; that of the next one in an empty log."""
        return min(self._blocks, default=self._newest + 1)

    @property
    def last(self) -> int:
        """Number of the newest finished block."""
        return self._newest

    def store(self, writing: Writing) -> None:
        """Write a block that is finished to flash."""
        if not writing.rows:
            return
        self._newest += 1
        self._blocks[self._newest] = _Stored(writing.packed(self._newest), writing.taken)
        while len(self._blocks) > self._capacity:
            del self._blocks[self.first]
            self.overwritten += 1

    def disconnected(self) -> None:
        """Break a report off."""
        self._report = None
        self._sent_to = 0

    def requested(self, data: bytes) -> None:
        """Take a request of the host."""
        op = data[0] if data else 0
        try:
            op, operator, operands = codec.unpack_access(data)
        except ValueError:
            self._respond(op, codec.ACCESS_INVALID_OPERAND)
            return
        if op == codec.ACCESS_REPORT:
            self._begin_report(operator, operands)
        elif op == codec.ACCESS_DELETE:
            self._respond(op, self._delete(operator, operands))
        elif op == codec.ACCESS_ABORT:
            self._report = None
            self._respond(op, codec.ACCESS_OK)
        elif op == codec.ACCESS_COUNT:
            self._count(operator, operands)
        else:
            self._respond(op, codec.ACCESS_OP_NOT_SUPPORTED)

    def _respond(self, op: int, result: int) -> None:
        self._recorder.answer_access(codec.pack_access_response(op, result))

    def _range(self, operator: int, operands: tuple[int, ...]) -> tuple[int, int] | None:
        """Return the first and the last block that a request means; None for an operator that is none."""
        first, last = self.first, self.last
        ranges = {
            codec.OPERATOR_ALL: lambda: (first, last),
            codec.OPERATOR_AT_LEAST: lambda: (max(first, operands[0]), last),
            codec.OPERATOR_RANGE: lambda: (max(first, operands[0]), min(last, operands[1])),
            codec.OPERATOR_FIRST: lambda: (first, min(first, last)),
            codec.OPERATOR_LAST: lambda: (max(first, last), last),
        }
        return ranges[operator]() if operator in ranges else None

    def _begin_report(self, operator: int, operands: tuple[int, ...]) -> None:
        blocks = self._range(operator, operands)
        if self._report is not None:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_NOT_COMPLETED)
        elif blocks is None:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_OPERATOR_NOT_SUPPORTED)
        elif blocks[0] > blocks[1]:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_NO_RECORDS)
        else:
            self._report, self._at = blocks, 0
            self._reports += 1
            self._send_on(self._reports)

    def _count(self, operator: int, operands: tuple[int, ...]) -> None:
        blocks = self._range(operator, operands)
        if blocks is None:
            self._respond(codec.ACCESS_COUNT, codec.ACCESS_OPERATOR_NOT_SUPPORTED)
        else:
            self._recorder.answer_access(codec.pack_access_count(max(0, blocks[1] - blocks[0] + 1)))

    def _delete(self, operator: int, operands: tuple[int, ...]) -> int:
        if operator != codec.OPERATOR_AT_MOST:
            return codec.ACCESS_OPERATOR_NOT_SUPPORTED
        doomed = [number for number in self._blocks if number <= min(operands[0], self._sent_to)]
        for number in doomed:
            del self._blocks[number]
        return codec.ACCESS_OK if doomed else codec.ACCESS_NO_RECORDS

    def _send_on(self, report: int) -> None:
        """Send pieces while the radio takes them and the report has not been broken off."""
        while self._report is not None and report == self._reports:
            number, last = self._report
            if number > last:
                self._report = None
                self._respond(codec.ACCESS_REPORT, codec.ACCESS_OK)
                return
            stored = self._blocks.get(number)
            if stored is None:
                self._report, self._at = (number + 1, last), 0
            elif self._recorder.room <= _FREE_RADIO or not self._send_piece(number, stored):
                asyncio.get_running_loop().call_later(_RETRY_S, self._send_on, report)
                return

    def _send_piece(self, number: int, stored: _Stored) -> bool:
        piece = stored.data[self._at : self._at + self._recorder.chunk_bytes]
        ends = self._at + len(piece) >= len(stored.data)
        fresh = [taken for taken in stored.taken if taken.fate != Fate.ARRIVED] if ends else []
        if not self._recorder.send_chunk(codec.pack_chunk(number, self._at, piece), *fresh):
            return False
        self._at += len(piece)
        if ends and self._report is not None:
            self._sent_to = max(self._sent_to, number)
            self._report, self._at = (number + 1, self._report[1]), 0
        return True
