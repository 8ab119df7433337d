"""The parts of the firmware by themselves: ring in flash, log's state machine, pulses, wear, the FIFO's clock."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.firmware.fifo_clock import FifoClock
from firmware_bridge.firmware.flash_log import FlashLog
from firmware_bridge.firmware.haptics import Pulses
from firmware_bridge.firmware.log_access import LogAccess
from firmware_bridge.firmware.lsm6ds3 import Lsm6ds3
from firmware_bridge.firmware.wear import WearDetector

SLOTS = 4


def erased(slots=SLOTS):
    return io.BytesIO(b"\xff" * slots * codec.BLOCK_BYTES)


def append(log, count=337):
    number = log.last + 1
    header = codec.BlockHeader(
        codec.RECORD_RAW, count, 0xA1B2C3D4, number, number * 1000, number * 1000 + 9, 0, 4096, 16384
    )
    log.append(header, bytes([number & 0xFF]) * count * codec.SAMPLE_BYTES)


def readable(log):
    """Return the numbers of the blocks that can be read."""
    numbers = []
    for number in range(log.first, log.last + 1):
        log.load(number)
        header, _ = codec.unpack_block(bytes(log.page))
        assert header.block == number
        numbers.append(number)
    return numbers


class TornFile(io.BytesIO):
    """A file on a drive whose power fails after so many bytes more."""

    power_bytes = None

    def write(self, data):
        if self.power_bytes is None:
            return super().write(data)
        super().write(bytes(data)[: self.power_bytes])
        raise KeyboardInterrupt


@pytest.mark.parametrize("blocks_before", [0, 2, SLOTS - 1, SLOTS, 2 * SLOTS + 1])
def test_power_lost_at_any_byte_of_a_write_costs_that_block_only(blocks_before):
    file = TornFile(erased().getvalue())
    log = FlashLog(file)
    for _ in range(blocks_before):
        append(log)
    whole = file.getvalue()
    newest = log.last
    length = codec.BLOCK_HEADER_BYTES + 337 * codec.SAMPLE_BYTES + codec.CRC_BYTES
    for written in (*range(80), *range(80, length, 97), *range(length - 8, length + 1)):
        file = TornFile(whole)
        log = FlashLog(file)
        file.power_bytes = written
        with pytest.raises(KeyboardInterrupt):
            append(log)
        after = FlashLog(io.BytesIO(file.getvalue()))
        kept = readable(after)
        assert kept[-1:] == ([newest + 1] if written >= length else [newest] if newest else [])
        assert kept == list(range(max(1, newest + 2 - SLOTS), newest + 1)) + [newest + 1] * (written >= length) or (
            # Nothing was overwritten yet: the oldest is still there too.
            written < length and kept == list(range(max(1, newest + 1 - SLOTS), newest + 1))
        )
        append(after)
        assert readable(after)[-1] == kept[-1] + 1 if kept else readable(after) == [1]


def test_a_full_ring_loses_the_oldest_and_says_so():
    log = FlashLog(erased())
    for _ in range(SLOTS + 3):
        append(log)
    assert (log.first, log.last) == (4, 7)
    assert readable(log) == [4, 5, 6, 7]


@given(st.lists(st.one_of(st.just("append"), st.just("restart"), st.integers(0, 12)), max_size=40))
def test_numbers_count_up_and_only_confirmed_or_overwritten_blocks_go(steps):
    file = erased()
    log = FlashLog(file)
    last = deleted = 0
    for step in steps:
        if step == "append":
            append(log, count=3)
            last += 1
        elif step == "restart":
            log = FlashLog(file)
        else:
            log.delete_until(step)
            deleted = max(deleted, min(step, last))
        assert log.last == last
        assert readable(log) == list(range(max(deleted + 1, last - SLOTS + 1), last + 1))


class Hearing:
    """A log access with what it said."""

    def __init__(self, blocks):
        self.log = FlashLog(erased(16))
        for _ in range(blocks):
            append(self.log, count=20)
        self.pieces = []
        self.answers = []
        self.access = LogAccess(self.log, self._piece, self.answers.append)

    def _piece(self, piece):
        self.pieces.append(codec.unpack_chunk(piece))
        return True

    def ask(self, op, operator=0, *operands):
        self.access.request(codec.pack_access(op, operator, *operands))

    @property
    def result(self):
        answer = codec.unpack_access_response(self.answers[-1])
        return answer.result if answer.count is None else ("count", answer.count)

    def blocks(self):
        return sorted({number for number, _, _ in self.pieces})


@pytest.mark.parametrize(
    ("operator", "operands", "blocks"),
    [
        (codec.OPERATOR_ALL, (), [1, 2, 3, 4, 5]),
        (codec.OPERATOR_AT_LEAST, (4,), [4, 5]),
        (codec.OPERATOR_RANGE, (2, 3), [2, 3]),
        (codec.OPERATOR_FIRST, (), [1]),
        (codec.OPERATOR_LAST, (), [5]),
    ],
)
def test_a_report_sends_what_was_asked_in_order_and_says_when_it_is_done(operator, operands, blocks):
    hearing = Hearing(5)
    hearing.ask(codec.ACCESS_REPORT, operator, *operands)
    while hearing.access.reporting:
        assert not hearing.answers
        hearing.access.step(100, 3)
    assert hearing.blocks() == blocks
    assert hearing.result == codec.ACCESS_OK
    for number in blocks:
        whole = b"".join(data for block, _, data in hearing.pieces if block == number)
        assert codec.unpack_block(whole)[0].block == number


def test_a_request_is_refused_for_its_own_reason():
    hearing = Hearing(2)
    cases = [
        (b"\x09\x00", codec.ACCESS_OP_NOT_SUPPORTED),
        (b"\x01\x00", codec.ACCESS_INVALID_OPERATOR),
        (b"\x01\x02\x01\x00\x00\x00", codec.ACCESS_OPERATOR_NOT_SUPPORTED),
        (b"\x01\x03\x01", codec.ACCESS_INVALID_OPERAND),
        (b"\x01", codec.ACCESS_INVALID_OPERAND),
        (codec.pack_access(codec.ACCESS_REPORT, codec.OPERATOR_AT_LEAST, 3), codec.ACCESS_NO_RECORDS),
        (codec.pack_access(codec.ACCESS_DELETE, codec.OPERATOR_ALL), codec.ACCESS_OPERATOR_NOT_SUPPORTED),
        (codec.pack_access(codec.ACCESS_COUNT, codec.OPERATOR_ALL), ("count", 2)),
        (codec.pack_access(codec.ACCESS_ABORT), codec.ACCESS_OK),
    ]
    for request, result in cases:
        hearing.access.request(request)
        assert hearing.result == result, request


def test_a_delete_during_a_report_touches_only_what_was_sent():
    hearing = Hearing(3)
    hearing.ask(codec.ACCESS_REPORT, codec.OPERATOR_ALL)
    while 2 not in hearing.blocks():
        hearing.access.step(100, 1)
    hearing.ask(codec.ACCESS_DELETE, codec.OPERATOR_AT_MOST, 2)
    assert hearing.result == codec.ACCESS_NOT_COMPLETED
    hearing.ask(codec.ACCESS_DELETE, codec.OPERATOR_AT_MOST, 1)
    assert hearing.result == codec.ACCESS_OK
    assert hearing.log.first == 2
    hearing.ask(codec.ACCESS_REPORT, codec.OPERATOR_ALL)
    assert hearing.result == codec.ACCESS_NOT_COMPLETED
    hearing.ask(codec.ACCESS_ABORT)
    assert not hearing.access.reporting


def test_pulses_are_as_long_and_as_many_as_asked():
    strengths = []
    pulses = Pulses(strengths.append)
    on_ms = 0
    pulses.begin(200, 100, 3, 0)
    for now_ms in range(0, 2000, 10):
        pulses.step(now_ms)
        on_ms += 10 * (strengths[-1] == 200)
    assert [strength for strength in strengths if strength] == [200] * 3
    assert on_ms == 300
    assert strengths[-1] == 0


def test_a_sensor_is_not_worn_after_five_still_cool_minutes_and_worn_again_when_it_moves():
    wear = WearDetector()
    for _ in range(299):
        wear.push(2, 24)
    assert wear.worn
    wear.push(2, 24)
    assert not wear.worn
    wear.push(300, 24)
    assert not wear.worn
    wear.push(300, 24)
    assert wear.worn


def test_a_warm_still_sensor_stays_worn():
    wear = WearDetector()
    for _ in range(2000):
        wear.push(2, 33)
    assert wear.worn


@given(st.floats(-0.05, 0.05), st.floats(0, 1), st.integers(0, 1000))
def test_the_fifo_clock_never_dates_a_sample_outside_of_what_was_observed(rate_error, phase, seed):
    rate_hz = 104 * (1 + rate_error)
    clock = FifoClock(104)
    time_s = 1.0
    for step in range(600):
        time_s += 0.05 + (step * 5 + seed) % 13 / 1000
        newest = int((time_s - 1 + phase / rate_hz) * rate_hz)
        before = int(time_s * 32768)
        after = before + 16
        clock.observe(newest, before, after)
        if step > 0:
            assert clock.ticks_of(newest) <= after
            assert clock.ticks_of(newest + 1) >= before - 1
    error_ticks = clock.ticks_of(newest) - (1 + (newest - phase) / rate_hz) * 32768
    assert abs(error_ticks) < 0.002 * 32768


def test_another_chip_on_the_bus_is_refused():
    class Bus:
        def writeto(self, address, buffer):
            pass

        def writeto_then_readfrom(self, _address, _out_buffer, in_buffer):
            in_buffer[0] = 0x69

    with pytest.raises(RuntimeError, match="LSM6DS3TR-C"):
        Lsm6ds3(Bus())
