"""Fetching the offline log of an LSP v1 sensor: whole blocks, in order, none skipped, none forgotten before it is safe.

What the sensor must do is told in docs/lsp-profile.md ("The log"). Losses are met as Movesense, MetaWear and
Capture2Go do together: ask from a block on, check each block's CRC, let the sensor delete only what was confirmed.
"""

from __future__ import annotations

import math
from enum import Enum, auto

import numpy as np

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import LogBlock, Packet, Read, Step, Subscribe, Write
from firmware_bridge.firmware import lsp_codec as codec

__all__ = ["LspLogDownload", "block_packet"]

_FIRST_BLOCK = 1
_DAMAGED_AFTER = 3
"""A block that came whole as often with a wrong checksum is damaged in the sensor's flash."""
_ASKED_AT_MOST = 50
"""Times one block is asked for, since chunks got lost, before the link is given up."""


class _State(Enum):
    IDLE = auto()
    RECEIVING = auto()
    ABORTING = auto()
    DONE = auto()


class LspLogDownload:
    """Fetches the log block by block; holds one unfinished block at most.

    Where chunks were lost the sensor is told to stop and asked again from that block on. These steps come as a
    `LogBlock` without packets.
    """

    def __init__(self) -> None:
        self._state = _State.IDLE
        self._next = _FIRST_BLOCK
        self._newest = 0
        self._bytes = b""
        self._asked = 0
        self._damaged = 0

    @property
    def done(self) -> bool:
        """Whether all that the sensor had has come."""
        return self._state is _State.DONE

    def begin(self) -> tuple[Step, ...]:
        """Return the steps that make the sensor send, from the first block that was not yet handed out."""
        self._bytes = b""
        self._state = _State.RECEIVING
        return (Subscribe(codec.LOG_ACCESS), Subscribe(codec.LOG_DATA), *self._ask())

    def push(self, characteristic: str, data: bytes) -> tuple[LogBlock, ...]:
        """Return the blocks that the bytes complete, and the steps that ask again for what was lost.

        Raises
        ------
        PacketError
            The bytes are not those of the profile, the sensor refuses, or a block got lost too often.

        """
        try:
            if characteristic == codec.STATUS:
                self._stored(codec.unpack_status(data))
            elif characteristic == codec.LOG_DATA:
                return self._chunk(*codec.unpack_chunk(data))
            elif characteristic == codec.LOG_ACCESS:
                return self._response(codec.unpack_access_response(data))
        except ValueError as error:
            raise PacketError(f"LSP log: {error}") from error
        return ()

    def _ask(self) -> tuple[Step, ...]:
        """Return the request, after Status: only that tells which block comes first where older ones are gone."""
        request = codec.pack_access(codec.ACCESS_REPORT, codec.OPERATOR_AT_LEAST, self._next)
        return (Read(codec.STATUS), Write(codec.LOG_ACCESS, request))

    def _stored(self, status: codec.Status) -> None:
        """Note which blocks the sensor has; those it overwrote before they were fetched will not come."""
        self._newest = status.log_last
        if status.log_first > self._next:
            self._next = status.log_first
            self._bytes = b""

    def _chunk(self, block: int, offset: int, data: bytes) -> tuple[LogBlock, ...]:
        if self._state is not _State.RECEIVING or block < self._next:
            return ()
        have = len(self._bytes)
        if block > self._next or offset > have:
            return self._lost()
        self._bytes += data[have - offset :]
        return self._finished()

    def _finished(self) -> tuple[LogBlock, ...]:
        if len(self._bytes) < codec.BLOCK_HEADER_BYTES:
            return ()
        try:
            header = codec.unpack_block_header(self._bytes)
            if len(self._bytes) < codec.block_length(header):
                return ()
            header, records = codec.unpack_block(self._bytes)
        except ValueError:
            return self._unreadable()
        if header.block != self._next:
            return self._unreadable()
        return (self._hand_out(block_packet(header, records)),)

    def _unreadable(self) -> tuple[LogBlock, ...]:
        self._damaged += 1
        if self._damaged < _DAMAGED_AFTER:
            return self._lost()
        return (self._hand_out(Packet(fields={"damaged_log_block": self._next})),)

    def _hand_out(self, packet: Packet) -> LogBlock:
        delete = codec.pack_access(codec.ACCESS_DELETE, codec.OPERATOR_AT_MOST, self._next)
        self._next += 1
        self._bytes = b""
        self._asked = self._damaged = 0
        return LogBlock((packet,), (Write(codec.LOG_ACCESS, delete),))

    def _lost(self) -> tuple[LogBlock, ...]:
        """Stop the sensor; what it sent until it answers belongs to the old request."""
        self._count_request()
        self._bytes = b""
        self._state = _State.ABORTING
        return (LogBlock((), (Write(codec.LOG_ACCESS, codec.pack_access(codec.ACCESS_ABORT)),)),)

    def _count_request(self) -> None:
        self._asked += 1
        if self._asked > _ASKED_AT_MOST:
            self._state = _State.IDLE
            raise PacketError(f"LSP log: block {self._next} got lost {_ASKED_AT_MOST} times; bring the sensor nearer")

    def _response(self, response: codec.AccessResponse) -> tuple[LogBlock, ...]:
        if response.op == codec.ACCESS_ABORT and self._state is _State.ABORTING:
            return self._ask_again()
        if response.op != codec.ACCESS_REPORT or self._state is not _State.RECEIVING:
            return ()
        all_came = not self._bytes and self._next > self._newest
        if response.result == codec.ACCESS_NO_RECORDS or (response.result == codec.ACCESS_OK and all_came):
            self._state = _State.DONE
            return ()
        if response.result == codec.ACCESS_OK:
            self._count_request()
            return self._ask_again()
        self._state = _State.IDLE
        raise PacketError(f"LSP log: the sensor refused to send its log (answer {response.result}); connect it anew")

    def _ask_again(self) -> tuple[LogBlock, ...]:
        self._bytes = b""
        self._state = _State.RECEIVING
        return (LogBlock((), self._ask()),)


def block_packet(header: codec.BlockHeader, records: list[tuple[int, ...]]) -> Packet:
    """Return the records of a block as a packet.

    `ticks` has 64 bits and never wraps, but begins anew with each `boot_id` in `fields`. `last_ticks` there is of the
    last record (a block has no gaps, so its records are evenly spaced), `utc_us` is the sensor's own idea of the time
    of the first, or None. Posture records have gravity as `acc` and no `gyr`.
    """
    values = np.array(records, dtype=np.float64)
    fields = {
        "log_block": header.block,
        "boot_id": header.boot_id,
        "last_ticks": header.last_ticks,
        "utc_us": header.utc_us or None,
    }
    if header.record == codec.RECORD_POSTURE:
        return Packet(
            acc=values[:, :3] * (GRAVITY_MS2 / codec.POSTURE_COUNTS_PER_G),
            ticks=header.ticks,
            fields={
                **fields,
                "record": "posture",
                "activity_ms2": (values[:, 3] * GRAVITY_MS2 / codec.ACTIVITY_COUNTS_PER_G).tolist(),
                "flags": values[:, 4].astype(int).tolist(),
            },
        )
    return Packet(
        acc=values[:, :3] * (GRAVITY_MS2 / header.acc_counts_per_g),
        gyr=values[:, 3:] * math.radians(1000 / header.gyr_counts_per_kdps),
        ticks=header.ticks,
        fields={**fields, "record": "raw" if header.record == codec.RECORD_RAW else "decimated"},
    )
