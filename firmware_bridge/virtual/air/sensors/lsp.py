"""A sensor that keeps to LSP v1, as the host sees it. Source: docs/lsp-profile.md."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import numpy as np

from config.units import GRAVITY_MS2
from firmware_bridge.devices.standard import ALERT_LEVEL, IMMEDIATE_ALERT_SERVICE
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.sensors.lsp_log import LogOfBlocks, Writing
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from bumble.gatt import Service
    from numpy.typing import NDArray

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["LspSensor"]

_RATES_HZ = (25, 50, 100, 200)
_RANGES_G = (2, 4, 8, 16)
_RANGES_DPS = (1000, 2000)
_FEATURES = codec.FEATURE_GYRO | codec.FEATURE_HAPTIC | codec.FEATURE_LOG | codec.FEATURE_TIME_PING | codec.FEATURE_WEAR
_DEFAULT_RATE_HZ = 100
_DECIMATED_HZ, _POSTURE_HZ = 25, 1
_POSTURE_BLOCK_RECORDS = 300
"""Five minutes, the longest that a posture block may take."""
_LOGS_AFTER_S = 10.0
_FLASH_BLOCKS = 512
_FULL_STRENGTH = 255
_ALERTS = {1: (0.5, 0.3), 2: (1.0, 0.6)}
_FULL_SCALE = codec.FULL_SCALE_COUNTS


class LspSensor(VirtualSensor):
    """A Lumbar sensor with motor and offline log.

    Its decimated log is thinned but not low-passed: what is proved with it are bytes, not signals.

    Parameters
    ----------
    air
        Where it is.
    specimen
        Which one it is.
    flash_blocks
        Size of its log.

    """

    NAME = "Lumbar"
    MAKER = "Lumbar"
    ADVERTISED = (codec.SERVICE,)

    def __init__(self, air: Air, specimen: Specimen | None = None, *, flash_blocks: int = _FLASH_BLOCKS) -> None:
        super().__init__(air, specimen)
        self.log = LogOfBlocks(self, flash_blocks)
        self.logging: int | None = None
        """Record type of the log that is kept while nobody is connected."""
        self._writing: Writing | None = None
        self._log_timer: asyncio.TimerHandle | None = None
        self._forget()

    @property
    def boot_id(self) -> int:
        """The boot id that Status tells."""
        return int(self.specimen.serial, 16) << 8 | self.boots + 1

    def _forget(self) -> None:
        self._range_g, self._range_dps = codec.DEFAULT_RANGE_G, codec.DEFAULT_RANGE_DPS
        self._rate_hz = _DEFAULT_RATE_HZ
        self._utc_us_at_boot: int | None = None
        self._dropped_since_start = 0
        self._gap = False
        self._clipped = False

    def _restarted(self) -> None:
        """Lose the block at work, which was in memory only; whether it logs is kept in flash."""
        self._forget()
        self._writing = None
        self._await_log()

    def _connected(self) -> None:
        if self._log_timer is not None:
            self._log_timer.cancel()
        self._stop_measuring("log")
        self._finish_block()

    def _disconnected(self) -> None:
        super()._disconnected()
        self.log.disconnected()
        self._await_log()

    # GATT.

    def _services(self) -> list[Service]:
        command = Properties.WRITE | Properties.INDICATE
        own = [
            self._characteristic(codec.DATA, Properties.NOTIFY),
            self._characteristic(codec.CONTROL_POINT, command, written=self._commanded),
            self._characteristic(codec.FEATURE, Properties.READ, read=self._feature),
            self._characteristic(codec.STATUS, Properties.READ | Properties.NOTIFY, read=self._status),
            self._characteristic(codec.LOG_DATA, Properties.NOTIFY),
            self._characteristic(codec.LOG_ACCESS, command, written=self.log.requested),
        ]
        alert = self._characteristic(ALERT_LEVEL, Properties.WRITE_WITHOUT_RESPONSE, written=self._alerted)
        return [self._service(codec.SERVICE, own), self._service(IMMEDIATE_ALERT_SERVICE, [alert])]

    def _alerted(self, data: bytes) -> None:
        if data[:1] and data[0] in _ALERTS:
            self._vibrated(*_ALERTS[data[0]])

    def _feature(self) -> bytes:
        return codec.pack_feature(
            codec.Feature(codec.VERSION, _FEATURES, self._counts_per_g, self._counts_per_kdps, _RATES_HZ)
        )

    def _status(self) -> bytes:
        flags = codec.STATUS_WORN
        flags |= codec.STATUS_STREAMING if self._measures("imu") else 0
        flags |= codec.STATUS_LOGGING if self.logging is not None else 0
        flags |= codec.STATUS_CLIPPED if self._clipped else 0
        self._clipped = False
        return codec.pack_status(
            codec.Status(
                self.boot_id,
                self._ticks(),
                self._rate_hz,
                flags,
                self._dropped_since_start,
                self.log.first,
                self.log.last,
            )
        )

    def _ticks(self) -> int:
        return int(self.time.now_s() * codec.TICK_HZ)

    @property
    def _counts_per_g(self) -> int:
        return _FULL_SCALE // self._range_g

    @property
    def _counts_per_kdps(self) -> int:
        return _FULL_SCALE * 1000 // self._range_dps

    # Control Point.

    def _commanded(self, data: bytes) -> None:
        op = data[0] if data else 0
        try:
            op, arguments = codec.unpack_command(data)
        except ValueError:
            self._reply(op, codec.RESULT_BAD_PARAMETER)
            return
        handlers: dict[int, Callable[..., tuple[int, ...]]] = {
            codec.OP_START: self._start,
            codec.OP_STOP: self._stop,
            codec.OP_SET_RANGE: self._set_range,
            codec.OP_HAPTIC: self._haptic,
            codec.OP_TIME_PING: self._ping,
            codec.OP_SET_UTC: self._set_utc,
            codec.OP_START_LOG: self._start_log,
            codec.OP_STOP_LOG: self._stop_log,
            codec.OP_CALIBRATE_GYRO: self._nothing_to_do,
            codec.OP_IDENTIFY: self._nothing_to_do,
        }
        if op in handlers:
            self._reply(op, *handlers[op](*arguments))
        else:
            self._reply(op, codec.RESULT_NOT_SUPPORTED)

    def _reply(self, op: int, result: int, *values: int) -> None:
        self._answer(codec.CONTROL_POINT, codec.pack_answer(op, result, *values))

    def _start(self, rate_hz: int, most: int) -> tuple[int, ...]:
        if not rate_hz or not most:
            return (codec.RESULT_BAD_PARAMETER,)
        self._rate_hz = min(_RATES_HZ, key=lambda rate: abs(rate - rate_hz))
        fits = (self._payload_bytes - codec.DATA_HEADER_BYTES) // codec.SAMPLE_BYTES
        self._dropped_since_start, self._gap = 0, False
        self._measure("imu", self._rate_hz, min(most, fits), self._taken)
        return codec.RESULT_OK, self._rate_hz

    def _stop(self) -> tuple[int, ...]:
        self._stop_measuring("imu")
        return (codec.RESULT_OK,)

    def _set_range(self, range_g: int, range_dps: int) -> tuple[int, ...]:
        if range_g not in _RANGES_G or range_dps not in _RANGES_DPS:
            return (codec.RESULT_BAD_PARAMETER,)
        self._range_g, self._range_dps = range_g, range_dps
        return (codec.RESULT_OK,)

    def _haptic(self, strength: int, duration_ms: int, pulses: int) -> tuple[int, ...]:
        for _ in range(pulses):
            self._vibrated(strength / _FULL_STRENGTH, duration_ms / 1000)
        return (codec.RESULT_OK,)

    def _ping(self, identifier: int) -> tuple[int, ...]:
        now = self._ticks()
        return codec.RESULT_OK, identifier, now, now

    def _set_utc(self, utc_us: int) -> tuple[int, ...]:
        self._utc_us_at_boot = utc_us - round(self.time.now_s() * 1e6)
        return (codec.RESULT_OK,)

    def _start_log(self, record: int) -> tuple[int, ...]:
        if record not in {codec.RECORD_RAW, codec.RECORD_DECIMATED, codec.RECORD_POSTURE}:
            return (codec.RESULT_BAD_PARAMETER,)
        self.logging = record
        return (codec.RESULT_OK,)

    def _stop_log(self) -> tuple[int, ...]:
        self.logging = None
        return (codec.RESULT_OK,)

    def _nothing_to_do(self) -> tuple[int, ...]:
        return (codec.RESULT_OK,)

    # Live samples.

    @property
    def _acc_ms2(self) -> float:
        return self._range_g * GRAVITY_MS2 / _FULL_SCALE

    @property
    def _gyr_rad_s(self) -> float:
        return math.radians(self._range_dps) / _FULL_SCALE

    def _counts(self, felt: Felt) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return to_counts(felt.acc, self._acc_ms2), to_counts(felt.gyr, self._gyr_rad_s)

    def _taken(self, felt: Felt) -> None:
        acc, gyr = self._counts(felt)
        taken = Taken(
            self.boots, felt.first, felt.times_s, to_values(acc, self._acc_ms2), to_values(gyr, self._gyr_rad_s)
        )
        truth = self._truth("imu")
        truth.add(taken)
        rows = np.hstack((acc, gyr))
        clipped = bool((np.abs(rows) >= _FULL_SCALE - 1).any())
        self._clipped |= clipped
        flags = (codec.FLAG_GAP if self._gap else 0) | (codec.FLAG_CLIPPED if clipped else 0)
        head = codec.pack_data_header(flags, rows.shape[0], felt.first, int(felt.clock_s[0] * codec.TICK_HZ))
        sent = self._send(codec.DATA, head + rows.astype("<i2").tobytes(), taken, truth=truth)
        self._gap = not sent
        self._dropped_since_start += not sent

    # The log.

    @property
    def chunk_bytes(self) -> int:
        """How much of a block fits a notification."""
        return self._payload_bytes - codec.CHUNK_HEADER_BYTES

    @property
    def room(self) -> int:
        """How many notifications more the radio can take."""
        return self._room

    def send_chunk(self, data: bytes, *travelling: Taken) -> bool:
        """Send a piece of a block; return whether the radio took it."""
        return self._send(codec.LOG_DATA, data, *travelling, truth=self._truth("log"))

    def answer_access(self, data: bytes) -> None:
        """Answer on Log Access."""
        self._answer(codec.LOG_ACCESS, data)

    def _await_log(self) -> None:
        if self._log_timer is not None:
            self._log_timer.cancel()
        self._log_timer = asyncio.get_running_loop().call_later(_LOGS_AFTER_S, self._begin_log)

    def _begin_log(self) -> None:
        rates_hz = {
            codec.RECORD_RAW: self._rate_hz,
            codec.RECORD_DECIMATED: _DECIMATED_HZ,
            codec.RECORD_POSTURE: _POSTURE_HZ,
        }
        if self._on and self.connection is None and self.logging is not None:
            self._measure("log", rates_hz[self.logging], 1, self._log_taken)

    def _log_taken(self, felt: Felt) -> None:
        if self.logging is None:
            self._stop_measuring("log")
            self._finish_block()
            return
        ticks = int(felt.clock_s[0] * codec.TICK_HZ)
        row, taken = self._record(felt, self.logging)
        self._truth("log").add(taken)
        writing = self._block_at_work(self.logging, ticks)
        writing.rows.append(row)
        writing.taken.append(taken)
        writing.last_ticks = ticks
        posture_full = self.logging == codec.RECORD_POSTURE and len(writing.rows) >= _POSTURE_BLOCK_RECORDS
        if writing.full or posture_full:
            self._finish_block()

    def _record(self, felt: Felt, record: int) -> tuple[NDArray[np.int64], Taken]:
        if record == codec.RECORD_POSTURE:
            count_ms2 = GRAVITY_MS2 / codec.POSTURE_COUNTS_PER_G
            gravity = to_counts(felt.acc, count_ms2)
            taken = Taken(self.boots, felt.first, felt.times_s, to_values(gravity, count_ms2), None)
            return np.append(gravity[0], (0, codec.POSTURE_WORN)), taken
        acc, gyr = self._counts(felt)
        acc_ms2, gyr_rad_s = GRAVITY_MS2 / self._counts_per_g, math.radians(1000 / self._counts_per_kdps)
        taken = Taken(self.boots, felt.first, felt.times_s, to_values(acc, acc_ms2), to_values(gyr, gyr_rad_s))
        return np.append(acc[0], gyr[0]), taken

    def _block_at_work(self, record: int, ticks: int) -> Writing:
        if self._writing is None or self._writing.record != record:
            self._finish_block()
            at_boot = self._utc_us_at_boot
            utc_us = 0 if at_boot is None else at_boot + ticks * 1_000_000 // codec.TICK_HZ
            self._writing = Writing(record, self.boot_id, ticks, utc_us, self._counts_per_g, self._counts_per_kdps)
        return self._writing

    def _finish_block(self) -> None:
        if self._writing is not None:
            self.log.store(self._writing)
            self._writing = None
