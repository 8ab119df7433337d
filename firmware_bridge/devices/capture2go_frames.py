"""Frames of the Capture2Go protocol, and how they lie in notifications.

Source: Capture2Go Communication Protocol, in the maker's SDK 1.0.1 (sensorstim/capture2go_sdk, MIT). A frame is a start
byte, the CRC-32 of header and payload, the payload's size, the header and the payload, all little-endian. A
notification begins with 0xFF less the number of real-time frames, then these frames whole, then the next bytes of a
stream of frames, which begin and end anywhere.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from config.errors import PacketError

__all__ = ["LARGEST_PAYLOAD", "Frame", "FrameStream", "frame_bytes"]

LARGEST_PAYLOAD = 236

_START = 0x02
_NO_REAL_TIME_FRAMES = 0xFF
_ENVELOPE = struct.Struct("<BIBH")  # start byte, CRC-32, size of the payload, header
_HEADER = struct.Struct("<H")
_CHECKED_FROM = 6
"""The CRC is over header and payload."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Parameters
    ----------
    header
        What it is.
    payload
        At most 236 bytes.

    """

    header: int
    payload: bytes


def frame_bytes(header: int, payload: bytes = b"") -> bytes:
    """Return a message as it is sent.

    Parameters
    ----------
    header
        What it is.
    payload
        At most 236 bytes.

    """
    checked = _HEADER.pack(header) + payload
    return struct.pack("<BIB", _START, zlib.crc32(checked), len(payload)) + checked


class FrameStream:
    """Takes the frames out of the notifications of one connection.

    What is neither a frame nor may become one is skipped up to the next start byte, so at most one unfinished frame
    (243 bytes) is kept between notifications.
    """

    def __init__(self) -> None:
        self._kept = bytearray()

    def push(self, data: bytes) -> tuple[tuple[Frame, ...], tuple[Frame, ...]]:
        """Return the real-time frames of a notification, and those of the stream that it completes.

        Raises
        ------
        PacketError
            The real-time frames are not whole, or the notification completes nothing and bytes had to be skipped.

        """
        if not data:
            raise PacketError("Capture2Go: expected at least the byte that counts the real-time frames, got none")
        real_time, rest = self._real_time(data)
        self._kept += rest
        frames, skipped = self._complete()
        if skipped and not frames and not real_time:
            raise PacketError(
                f"Capture2Go: expected frames that begin with 02 and bear a right CRC, got {skipped} bytes that are"
                f" none: {data[:12].hex()}"
            )
        return tuple(real_time), tuple(frames)

    def _real_time(self, data: bytes) -> tuple[list[Frame], bytes]:
        frames: list[Frame] = []
        rest = memoryview(data)[1:]
        for number in range(1, _NO_REAL_TIME_FRAMES - data[0] + 1):
            frame = _frame_at(rest)
            if frame is None:
                raise PacketError(
                    f"Capture2Go: the first byte {data[0]:02x} announces {_NO_REAL_TIME_FRAMES - data[0]} real-time"
                    f" frames, but number {number} is not one: {bytes(rest[:12]).hex()}"
                )
            frames.append(frame)
            rest = rest[_ENVELOPE.size + len(frame.payload) :]
        return frames, bytes(rest)

    def _complete(self) -> tuple[list[Frame], int]:
        frames: list[Frame] = []
        skipped = 0
        while self._kept:
            frame = _frame_at(self._kept)
            if frame is not None:
                frames.append(frame)
                del self._kept[: _ENVELOPE.size + len(frame.payload)]
            elif _may_grow(self._kept):
                break
            else:
                start = self._kept.find(_START, 1)
                length = start if start > 0 else len(self._kept)
                del self._kept[:length]
                skipped += length
        return frames, skipped


def _frame_at(data: bytearray | memoryview) -> Frame | None:
    """Return the frame that begins here, None where there is none or not all of it."""
    if len(data) < _ENVELOPE.size:
        return None
    start, crc, size, header = _ENVELOPE.unpack_from(data)
    end = _ENVELOPE.size + size
    if start != _START or size > LARGEST_PAYLOAD or len(data) < end or zlib.crc32(data[_CHECKED_FROM:end]) != crc:
        return None
    return Frame(header, bytes(data[_ENVELOPE.size : end]))


def _may_grow(data: bytearray) -> bool:
    """Return whether this is the beginning of a frame whose end has not come."""
    if data[0] != _START:
        return False
    if len(data) < _ENVELOPE.size:
        return True
    _, _, size, _ = _ENVELOPE.unpack_from(data)
    return bool(size <= LARGEST_PAYLOAD and len(data) < _ENVELOPE.size + size)
