"""The sensor of the profile "LSP v1" (docs/lsp-profile.md): one step of its main loop after the other."""

from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.firmware.commands import ControlPoint
from firmware_bridge.firmware.haptics import Pulses
from firmware_bridge.firmware.log_access import LogAccess
from firmware_bridge.firmware.lsm6ds3 import RATES_HZ, Lsm6ds3
from firmware_bridge.firmware.motion import Motion
from firmware_bridge.firmware.recorder import Recorder
from firmware_bridge.firmware.wear import Second, WearDetector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.firmware.battery import Battery
    from firmware_bridge.firmware.board_types import Memory
    from firmware_bridge.firmware.flash_log import FlashLog
    from firmware_bridge.firmware.gatt import Gatt

__all__ = ["Board", "Sensor"]

_STEP_MS = 17
_UNEVEN_MS = (0, 5, 10, 2, 7, 12, 4, 9, 1, 6, 11, 3, 8)
"""Added to every third step, so that the FIFO is not read in step with the samples (see fifo_clock)."""
_FIFO_STEPS = 3
_ALONE_MS = 50
_LOG_AFTER_MS = 10_000
_STATUS_MS = 1000
_BATTERY_MS = 60_000
_FLAG_MS = 10_000
"""How long `clipped` and `FIFO overflow` stay in Status: CircuitPython does not say when a host reads."""
_SLEEP_AFTER_MS = 500
_PACKETS_A_STEP = 4
_STEPS_A_SECOND = 8
"""At least as often the FIFO is read, and twice as often where all goes well."""
_PIECES_A_STEP = 4
_STILL_MG = 20
_ALERTS = ((0, 0, 0), (160, 300, 1), (255, 400, 3))
"""Strength, ms and pulses of no, mild and high alert."""


class Board:
    """What the sensor is soldered to.

    Parameters
    ----------
    imu
        The inertial sensor.
    battery
        The cell.
    motor, lamp
        Set a strength of 0 to 255.
    memory
        One byte of it, at 0, is used: the type of record while the log is on.
    log
        The offline log; None where the board's files cannot be written.
    now_ns
        A clock.
    boot_id
        Another number at each start.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - a board has as many parts
        self,
        imu: Lsm6ds3,
        battery: "Battery",
        motor: "Callable[[int], None]",
        lamp: "Callable[[int], None]",
        memory: "Memory",
        log: "FlashLog | None",
        now_ns: "Callable[[], int]",
        boot_id: int,
    ) -> None:
        self.imu = imu
        self.battery = battery
        self.motor = motor
        self.lamp = lamp
        self.memory = memory
        self.log = log
        self.now_ns = now_ns
        self.boot_id = boot_id


class Sensor:
    """The sensor: call `step`, wait as long as it says, and again.

    Parameters
    ----------
    board
        The parts.
    gatt
        The services.

    """

    def __init__(self, board: Board, gatt: "Gatt") -> None:
        self._board = board
        self._gatt = gatt
        self._motion = Motion(board.imu, Second(self._second), self.now_ticks)
        self._motor = Pulses(board.motor)
        self._lamp = Pulses(board.lamp)
        self._wear = WearDetector()
        self._control = ControlPoint(self)
        self._packet = bytearray(256)
        self._batch = 0
        self._dropped = 0
        self._calibrating = False
        self._utc_us = self._utc_ticks = 0
        self._steps = 0
        self._connected = False
        now_ms = self._now_ms()
        self._alone_since_ms = self._status_ms = now_ms
        self._battery_ms = now_ms - _BATTERY_MS
        self._clipped_ms = self._overflow_ms = -_FLAG_MS
        self._sleep_ms = 0
        self._flags = -1
        self._record = board.memory[0] if board.log else 0
        self._record = self._record if codec.RECORD_RAW <= self._record <= codec.RECORD_POSTURE else 0
        if board.log:
            self._recorder = Recorder(board.log, self._motion, board.boot_id, self._utc_of)
            self._access = LogAccess(board.log, self._send_log, self._answer_log)
        self._show_feature()
        self._show_status(now_ms, self._status_flags(now_ms))

    @property
    def has_log(self) -> bool:
        """Whether there is room for an offline log."""
        return self._board.log is not None

    def now_ticks(self) -> int:
        """Return the time since the board started, in 1/32768 s (2^6 / 5^9 to a nanosecond)."""
        return self._board.now_ns() * 64 // 1953125

    def _now_ms(self) -> int:
        return self._board.now_ns() // 1_000_000

    def step(self) -> "float | None":
        """Do what is due; return how many seconds to wait, None to sleep until the reset button is pressed."""
        now_ms = self._now_ms()
        self._motor.step(now_ms)
        self._lamp.step(now_ms)
        connected = self._gatt.connected
        if connected != self._connected:
            self._connected = connected
            self._link_changed(now_ms)
        self._steps += 1
        reads_fifo = self._steps % _FIFO_STEPS == 0
        if reads_fifo:
            self._read_fifo(now_ms)
        self._battery_due(now_ms)
        flags = self._status_flags(now_ms)
        if flags != self._flags or now_ms - self._status_ms >= _STATUS_MS:
            self._show_status(now_ms, flags)
        if not connected:
            return self._step_alone(now_ms)
        self._step_connected(now_ms)
        wait_ms = _STEP_MS + (_UNEVEN_MS[self._steps // _FIFO_STEPS % len(_UNEVEN_MS)] if reads_fifo else 0)
        return wait_ms / 1000

    def _step_alone(self, now_ms: int) -> "float | None":
        if self._sleep_ms:
            return None
        self._gatt.advertise()
        if self._record and not self._recorder.record and now_ms - self._alone_since_ms >= _LOG_AFTER_MS:
            self._recorder.begin(self._record)
        return _ALONE_MS / 1000

    def _step_connected(self, now_ms: int) -> None:
        gatt = self._gatt
        command = gatt.received(gatt.commands)
        if command is not None:
            answer = self._control.command(command)
            self._show_status(now_ms, self._status_flags(now_ms))
            if answer is not None:
                gatt.send(gatt.control, answer)
        alert = gatt.received(gatt.alerts)
        if alert is not None and alert[0] < len(_ALERTS):
            self.vibrate(*_ALERTS[alert[0]])
        if self._board.log:
            request = gatt.received(gatt.log_requests)
            if request is not None:
                self._access.request(request)
                self._show_status(now_ms, self._status_flags(now_ms))
            self._access.step(gatt.packet_bytes, _PIECES_A_STEP)
        if self._sleep_ms and now_ms - self._sleep_ms >= _SLEEP_AFTER_MS:
            gatt.hide()

    def _link_changed(self, now_ms: int) -> None:
        self._calibrating = False
        self.stop_stream()
        self._alone_since_ms = now_ms
        if self._board.log:
            self._access.reset()
            if self._recorder.record:
                self._recorder.end()
        self._show_status(now_ms, self._status_flags(now_ms))

    # --- samples ----------------------------------------------------------------------------------------------------

    def _read_fifo(self, now_ms: int) -> None:
        motion = self._motion
        if not motion.rate_hz:
            return
        if self._board.log and self._recorder.record:
            self._recorder.step()
        elif self._batch:
            self._send_packets()
        else:
            motion.read_into(self._packet, 0, min(motion.waiting(), len(self._packet) // codec.SAMPLE_BYTES))
        if motion.overflowed:
            motion.overflowed = False
            self._overflow_ms = now_ms

    def _send_packets(self) -> None:
        motion, gatt, packet = self._motion, self._gatt, self._packet
        fits = (gatt.packet_bytes - codec.DATA_HEADER_BYTES) // codec.SAMPLE_BYTES
        count = min(self._batch, max(fits, 1))
        for _ in range(max(_PACKETS_A_STEP, motion.rate_hz // _STEPS_A_SECOND // count)):
            # Asked each time: sending may have waited for the radio, and the FIFO run over.
            if motion.waiting() < count:
                return
            number = motion.number
            motion.clipped = False
            motion.read_into(packet, codec.DATA_HEADER_BYTES, count)
            flags = codec.FLAG_GAP * motion.lost | codec.FLAG_CLIPPED * motion.clipped
            packet[: codec.DATA_HEADER_BYTES] = codec.pack_data_header(flags, count, number, motion.ticks_of(number))
            motion.lost = False
            if not gatt.send(gatt.data, memoryview(packet)[: codec.DATA_HEADER_BYTES + count * codec.SAMPLE_BYTES]):
                self._dropped += 1
                motion.lost = True

    def _second(self) -> None:
        """Note a whole second of samples; called by `Second`."""
        second = self._motion.second
        deviation_mg = second.deviation_mg()
        self._wear.push(deviation_mg, self._board.imu.temperature_c())
        if second.clipped:
            self._clipped_ms = self._now_ms()
        if self._calibrating:
            self._calibrated(deviation_mg)
        if self._board.log:
            self._recorder.second(worn=self._wear.worn, charging=self._board.battery.charging)

    # --- what the control point commands ----------------------------------------------------------------------------

    def stream(self, rate_hz: int, samples: int) -> None:
        """Send samples, so many a packet at most; `rate_hz` is one the chip has."""
        self._batch = samples
        self._dropped = 0
        self._motion.start(rate_hz)

    def stop_stream(self) -> None:
        """Send no more samples."""
        self._batch = 0
        if self._motion.rate_hz and not self._calibrating and not (self.has_log and self._recorder.record):
            self._motion.stop()

    def set_range(self, range_g: int, range_dps: int) -> None:
        """Change the size of a count; a stream begins anew."""
        self._motion.range_g = range_g
        self._motion.range_dps = range_dps
        self._show_feature()
        if self._motion.rate_hz:
            self._motion.start(self._motion.rate_hz)

    def calibrate(self) -> None:
        """Take off what the gyroscope reads in the next whole second, if the sensor lies still; answer then."""
        if not self._motion.rate_hz:
            self._motion.start(RATES_HZ[-2])
        self._motion.second.clear(self._motion.rate_hz, codec.FULL_SCALE_COUNTS // self._motion.range_g)
        self._calibrating = True

    def _calibrated(self, deviation_mg: int) -> None:
        self._calibrating = False
        second = self._motion.second
        still = deviation_mg <= _STILL_MG
        if still:
            self._motion.add_bias(second.mean(3), second.mean(4), second.mean(5))
        if not self._batch:
            self._motion.stop()
        result = codec.RESULT_OK if still else codec.RESULT_FAILED
        self._gatt.send(self._gatt.control, codec.pack_answer(codec.OP_CALIBRATE_GYRO, result))

    def vibrate(self, strength: int, length_ms: int, pulses: int) -> None:
        """Run the motor."""
        self._motor.begin(strength, length_ms, pulses, self._now_ms())

    def blink(self, length_ms: int, blinks: int) -> None:
        """Run the lamp."""
        self._lamp.begin(255, length_ms, blinks, self._now_ms())

    def set_utc(self, utc_us: int) -> None:
        """Note the time."""
        self._utc_us = utc_us
        self._utc_ticks = self.now_ticks()

    def _utc_of(self, ticks: int) -> int:
        if not self._utc_us:
            return 0
        return self._utc_us + (ticks - self._utc_ticks) * 1_000_000 // codec.TICK_HZ

    def set_logging(self, record: int) -> None:
        """Record, when alone, in a type of record; 0 not."""
        self._record = record
        if self._board.memory[0] != record:
            self._board.memory[0] = record

    def fall_asleep(self) -> None:
        """Sleep, once the answer is out."""
        self.stop_stream()
        self._sleep_ms = self._now_ms()

    # --- what the host can read -------------------------------------------------------------------------------------

    def _status_flags(self, now_ms: int) -> int:
        return (
            codec.STATUS_STREAMING * bool(self._batch)
            | codec.STATUS_LOGGING * bool(self._record)
            | codec.STATUS_WORN * self._wear.worn
            | codec.STATUS_CHARGING * self._board.battery.charging
            | codec.STATUS_CLIPPED * (now_ms - self._clipped_ms < _FLAG_MS)
            | codec.STATUS_FIFO_OVERFLOW * (now_ms - self._overflow_ms < _FLAG_MS)
        )

    def _show_status(self, now_ms: int, flags: int) -> None:
        log = self._board.log
        first, last = (log.first, log.last) if log else (1, 0)
        status = codec.Status(
            self._board.boot_id, self.now_ticks(), self._motion.rate_hz, flags, self._dropped, first, last
        )
        self._flags = flags
        self._status_ms = now_ms
        self._gatt.send(self._gatt.status, codec.pack_status(status))

    def _show_feature(self) -> None:
        bits = codec.FEATURE_GYRO | codec.FEATURE_HAPTIC | codec.FEATURE_TIME_PING | codec.FEATURE_WEAR
        bits |= codec.FEATURE_LOG * self.has_log
        acc = codec.FULL_SCALE_COUNTS // self._motion.range_g
        gyr = codec.FULL_SCALE_COUNTS * 1000 // self._motion.range_dps
        feature = codec.Feature(codec.VERSION, bits, acc, gyr, RATES_HZ)
        self._gatt.send(self._gatt.feature, codec.pack_feature(feature))

    def _battery_due(self, now_ms: int) -> None:
        if now_ms - self._battery_ms >= _BATTERY_MS:
            self._battery_ms = now_ms
            self._gatt.send(self._gatt.battery, bytes((self._board.battery.percent(),)))

    def _send_log(self, piece: bytes) -> bool:
        return self._gatt.send(self._gatt.log_data, piece)

    def _answer_log(self, answer: bytes) -> None:
        self._gatt.send(self._gatt.log_access, answer)
