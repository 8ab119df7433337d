"""Keeps what the sensor sees while nobody is connected, in blocks of the offline log."""

from firmware_bridge.firmware import lsp_codec as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.firmware.flash_log import FlashLog
    from firmware_bridge.firmware.motion import Motion

__all__ = ["Recorder"]

_RATES_HZ = {codec.RECORD_RAW: 104, codec.RECORD_DECIMATED: 26, codec.RECORD_POSTURE: 26}
"""The chip itself low-passes to half of its rate or less (datasheet DocID030071, figure 5 and table 66)."""
_POSTURE_RECORDS_A_BLOCK = 300
"""5 minutes: what a flat battery may cost."""
_SCRATCH_SAMPLES = 20


class Recorder:
    """Fills one block at a time.

    Parameters
    ----------
    log
        Where whole blocks go.
    motion
        The inertial sensor.
    boot_id
        Of this start.
    utc_us
        UTC at some ticks, 0 where it is not known.

    """

    def __init__(self, log: "FlashLog", motion: "Motion", boot_id: int, utc_us: "Callable[[int], int]") -> None:
        self._log = log
        self._motion = motion
        self._boot_id = boot_id
        self._utc_us = utc_us
        self._payload = bytearray(codec.BLOCK_BYTES)
        self._scratch = bytearray(_SCRATCH_SAMPLES * codec.SAMPLE_BYTES)
        self.record = 0
        self._count = 0
        self._first_number = self._last_number = 0
        self._first_ticks = self._last_ticks = 0

    def begin(self, record: int) -> None:
        """Record, in the given type of record."""
        self.record = record
        self._count = 0
        self._motion.start(_RATES_HZ[record])

    def end(self) -> None:
        """Finish the block at work and stop."""
        self._finish()
        self.record = 0
        self._motion.stop()

    def step(self) -> None:
        """Take what the sensor has."""
        waiting = self._waiting()
        while waiting > 0:
            if self.record == codec.RECORD_POSTURE:
                self._motion.read_into(self._scratch, 0, min(waiting, _SCRATCH_SAMPLES))
            else:
                self._take(waiting)
            waiting = self._waiting()

    def _waiting(self) -> int:
        """Return how many samples wait; a gap finishes the block."""
        waiting = self._motion.waiting()
        if self._motion.lost:
            self._motion.lost = False
            self._finish()
        return waiting

    def second(self, *, worn: bool, charging: bool) -> None:
        """Note that a second of samples is whole; makes a posture record of it, timed at its middle."""
        if self.record != codec.RECORD_POSTURE:
            return
        second = self._motion.second
        self._note(self._motion.number - second.count // 2, 1)
        flags = codec.POSTURE_WORN * worn | codec.POSTURE_CHARGING * charging | codec.POSTURE_CLIPPED * second.clipped
        gravity = [_within_16_bits(second.mean(axis, codec.POSTURE_COUNTS_PER_G)) for axis in range(3)]
        at = (self._count - 1) * codec.POSTURE_BYTES
        self._payload[at : at + codec.POSTURE_BYTES] = codec.pack_record(
            codec.RECORD_POSTURE, (gravity[0], gravity[1], gravity[2], second.activity(), flags)
        )
        if self._count == _POSTURE_RECORDS_A_BLOCK:
            self._finish()

    def _take(self, waiting: int) -> None:
        room = codec.records_in_block(self.record) - self._count
        part = min(waiting, room)
        number = self._motion.number
        self._motion.read_into(self._payload, self._count * codec.SAMPLE_BYTES, part)
        self._note(number, part)
        if part == room:
            self._finish()

    def _note(self, number: int, count: int) -> None:
        """Note when the first and the last record of the block were taken."""
        if self._count == 0:
            self._first_ticks = self._motion.ticks_of(number)
        self._last_ticks = self._motion.ticks_of(number + count - 1)
        self._count += count

    def _finish(self) -> None:
        if self._count == 0:
            return
        size = codec.POSTURE_BYTES if self.record == codec.RECORD_POSTURE else codec.SAMPLE_BYTES
        header = codec.BlockHeader(
            self.record,
            self._count,
            self._boot_id,
            self._log.last + 1,
            self._first_ticks,
            self._last_ticks,
            self._utc_us(self._first_ticks),
            codec.FULL_SCALE_COUNTS // self._motion.range_g,
            codec.FULL_SCALE_COUNTS * 1000 // self._motion.range_dps,
        )
        self._log.append(header, bytes(self._payload[: self._count * size]))
        self._count = 0


def _within_16_bits(value: int) -> int:
    return min(max(value, -32768), 32767)
