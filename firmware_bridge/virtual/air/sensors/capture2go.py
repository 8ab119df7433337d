"""A Capture2Go IMU as the host sees it. Source: see the driver."""

from __future__ import annotations

import math
import struct
import zlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.devices.capture2go import RX, SERVICE, TX
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from bumble.gatt import Service

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["Capture2GoSensor"]

_ENVELOPE = struct.Struct("<BIBH")
_START_BYTE = 0x02
_CHECKED_FROM = 6
_NO_REAL_TIME_FRAMES = b"\xff"

_SET_MODE, _MODE_SET = 0x0120, 0x0122
_START, _STARTED = 0x0150, 0x0151
_STOP, _STOPPED = 0x0152, 0x0153
_CLEAR, _CLEARED = 0x0158, 0x0159
_GET_STATUS, _STATUS = 0x0200, 0x0201
_ERROR = 0xFFFF
_WRONG_STATE, _UNREADABLE, _UNKNOWN = 0xFB, 0xFC, 0xFD

_MODE = struct.Struct("<qBBBBBBBBHBQBBB")
_FIXED_AT, _PACKED_AT = 2, 3
_RATES_HZ = {1: 200.0, 2: 100.0, 3: 50.0, 4: 25.0, 5: 10.0, 6: 1.0}
_STATUS_LAYOUT = struct.Struct("<qBB3hBBB")
_IDLE, _STREAMING = 1, 2
_PACKED_SAMPLES = 8
_PACKED_HEADER, _SINGLE_HEADER = 0x0230, 0x0250
_UPRIGHT = 0
_UNSYNCHRONIZED = 0
_ACC_COUNT_MS2 = 16 * 9.81 / 32768
_GYR_COUNT_RAD_S = math.radians(2000) / 32768
_NS = 1e9

_BUFFER_BYTES = 32_768
"""Of unsent frames; the maker gives no number. It holds some 20 s at 100 Hz."""


@dataclass(slots=True)
class _Frame:
    data: bytes
    taken: Taken | None = None
    sent: int = 0


class Capture2GoSensor(VirtualSensor):
    """A Capture2Go: frames of eight samples in a stream of bytes, kept in a buffer while the link is busy or down."""

    NAME = "IMU_c2g00001"
    MAKER = "SensorStim"
    ADVERTISED = (SERVICE,)

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self._mode = bytes(_MODE.size)
        self._buffer: deque[_Frame] = deque()
        self._buffered_bytes = 0
        self.frames_dropped = 0
        """Frames for which the buffer had no room."""

    def _services(self) -> list[Service]:
        write = Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE
        return [
            self._service(
                SERVICE,
                [
                    self._characteristic(RX, write, written=self._written),
                    self._characteristic(TX, Properties.NOTIFY, subscribed=lambda _: self._flush()),
                ],
            )
        ]

    def _disconnected(self) -> None:
        """Stream on into the buffer; a frame that was cut off is sent anew."""
        for frame in self._buffer:
            frame.sent = 0

    def _restarted(self) -> None:
        self._mode = bytes(_MODE.size)
        self._buffer.clear()
        self._buffered_bytes = 0

    @property
    def _streams(self) -> bool:
        return self._measures("imu")

    def _written(self, data: bytes) -> None:
        if len(data) < _ENVELOPE.size:
            self._fail(_UNREADABLE, 0)
            return
        start, crc, size, header = _ENVELOPE.unpack_from(data)
        payload = data[_ENVELOPE.size :]
        if start != _START_BYTE or size != len(payload) or zlib.crc32(data[_CHECKED_FROM:]) != crc:
            self._fail(_UNREADABLE, header)
        elif header == _SET_MODE:
            self._set_mode(payload)
        elif header == _START:
            self._start()
        elif header in {_STOP, _CLEAR}:
            self._stop(header)
        elif header == _GET_STATUS:
            self._tell_status()
        else:
            self._fail(_UNKNOWN, header)

    def _set_mode(self, payload: bytes) -> None:
        if len(payload) != _MODE.size:
            self._fail(_UNREADABLE, _SET_MODE)
        elif self._streams:
            self._fail(_WRONG_STATE, _SET_MODE)
        else:
            self._mode = payload
            self._queue(_MODE_SET, payload)

    def _start(self) -> None:
        fixed, packed = _MODE.unpack(self._mode)[_FIXED_AT : _PACKED_AT + 1]
        code = packed or fixed
        if self._streams or code not in _RATES_HZ:
            self._fail(_WRONG_STATE, _START)
            return
        self._queue(_STARTED)
        self._measure("imu", _RATES_HZ[code], _PACKED_SAMPLES if packed else 1, self._taken)

    def _stop(self, header: int) -> None:
        if not self._streams:
            self._fail(_WRONG_STATE, header)
            return
        self._stop_measuring()
        if header == _CLEAR:
            self._buffer.clear()
            self._buffered_bytes = 0
        self._queue(_STOPPED if header == _STOP else _CLEARED)

    def _tell_status(self) -> None:
        state = _STREAMING if self._streams else _IDLE
        time_ns = round(self.time.now_s() * _NS)
        self._queue(
            _STATUS, _STATUS_LAYOUT.pack(time_ns, state, 0, 0, 0, 0, _UNSYNCHRONIZED, self.battery_percent, 100)
        )

    def _fail(self, error: int, header: int) -> None:
        self._queue(_ERROR, struct.pack("<BH", error, header))

    def _taken(self, felt: Felt) -> None:
        acc, gyr = to_counts(felt.acc, _ACC_COUNT_MS2), to_counts(felt.gyr, _GYR_COUNT_RAD_S)
        taken = Taken(
            self.boots, felt.first, felt.times_s, to_values(acc, _ACC_COUNT_MS2), to_values(gyr, _GYR_COUNT_RAD_S)
        )
        self._truth("imu").add(taken)
        fixed, packed = _MODE.unpack(self._mode)[_FIXED_AT : _PACKED_AT + 1]
        header = _PACKED_HEADER | packed if packed else _SINGLE_HEADER | fixed
        time_ns = round(float(felt.clock_s[0]) * _NS)
        counts = np.vstack((gyr, acc)).astype("<i2").tobytes()
        self._queue(header, struct.pack("<Q", time_ns) + counts + struct.pack("<QhB", _UPRIGHT, 0, 0), taken)

    def _queue(self, header: int, payload: bytes = b"", taken: Taken | None = None) -> None:
        checked = struct.pack("<H", header) + payload
        data = struct.pack("<BIB", _START_BYTE, zlib.crc32(checked), len(payload)) + checked
        if self._buffered_bytes + len(data) > _BUFFER_BYTES:
            self.frames_dropped += 1
        else:
            self._buffer.append(_Frame(data, taken))
            self._buffered_bytes += len(data)
        self._flush()

    def _flush(self) -> None:
        """Send as much of the buffer as the radio takes."""
        truth = self._truth("imu")
        while self._buffer and self._room > 0:
            piece, whole, part_bytes = self._next_piece()
            travelling = [frame.taken for frame in whole if frame.taken is not None]
            if not self._send(TX, piece, *travelling, truth=truth):
                return
            for frame in whole:
                self._buffer.popleft()
                self._buffered_bytes -= len(frame.data)
            if part_bytes:
                self._buffer[0].sent += part_bytes

    def _next_piece(self) -> tuple[bytes, list[_Frame], int]:
        """Return the next notification, the frames that end in it, and the bytes in it of the one that does not."""
        piece = bytearray(_NO_REAL_TIME_FRAMES)
        whole: list[_Frame] = []
        for frame in self._buffer:
            part = frame.data[frame.sent : frame.sent + self._payload_bytes - len(piece)]
            piece += part
            if frame.sent + len(part) < len(frame.data):
                return bytes(piece), whole, len(part)
            whole.append(frame)
        return bytes(piece), whole, 0
