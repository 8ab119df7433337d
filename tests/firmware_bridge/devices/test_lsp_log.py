"""The offline log of LSP v1: blocks there and back, and a download over a link that loses, doubles and breaks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Read, Subscribe, Write
from firmware_bridge.devices.lsp import DRIVER
from firmware_bridge.devices.lsp_log import LspLogDownload
from firmware_bridge.firmware import lsp_codec as codec

MTU_PAYLOAD = 244


def header(record, count, block, **changes):
    values = {"boot_id": 7, "ticks": (1 << 33) + 5, "last_ticks": (1 << 33) + 32773, "utc_us": 0}
    values |= {"acc_counts_per_g": 4096, "gyr_counts_per_kdps": 16384} | changes
    return codec.BlockHeader(record, count, values.pop("boot_id"), block, *values.values())


def posture_block(block, count=60):
    records = [(block, index, 16384, 25, codec.POSTURE_WORN) for index in range(count)]
    payload = b"".join(codec.pack_record(codec.RECORD_POSTURE, record) for record in records)
    return codec.pack_block(header(codec.RECORD_POSTURE, count, block), payload)


class Sensor:
    """The sensor's side of the profile, as docs/lsp-profile.md tells it; `deliver` decides what of a chunk arrives."""

    def __init__(self, blocks, deliver=lambda chunk: [chunk]):
        self.blocks = dict(blocks)
        self.deliver = deliver
        self.sent = []
        self.report = []

    def take(self, step):
        if isinstance(step, Read):
            first = min(self.blocks, default=1)
            last = max(self.blocks, default=0)
            self.sent.append((step.characteristic, codec.pack_status(codec.Status(7, 1, 100, 0, 0, first, last))))
        elif isinstance(step, Write):
            self._request(*codec.unpack_access(step.data))

    def _request(self, op, operator, operands):
        if op == codec.ACCESS_REPORT:
            assert operator == codec.OPERATOR_AT_LEAST
            numbers = [number for number in sorted(self.blocks) if number >= operands[0]]
            self.report = [chunk for number in numbers for chunk in self._chunks(number)]
            result = codec.ACCESS_OK if numbers else codec.ACCESS_NO_RECORDS
            self.report.append((codec.LOG_ACCESS, codec.pack_access_response(op, result)))
        elif op == codec.ACCESS_ABORT:
            self.report = []
            self.sent.append((codec.LOG_ACCESS, codec.pack_access_response(op, codec.ACCESS_OK)))
        else:
            assert (op, operator) == (codec.ACCESS_DELETE, codec.OPERATOR_AT_MOST)
            self.blocks = {number: data for number, data in self.blocks.items() if number > operands[0]}
            self.sent.append((codec.LOG_ACCESS, codec.pack_access_response(op, codec.ACCESS_OK)))

    def _chunks(self, number):
        data, size = self.blocks[number], MTU_PAYLOAD - codec.CHUNK_HEADER_BYTES
        for at in range(0, len(data), size):
            yield codec.LOG_DATA, codec.pack_chunk(number, at, data[at : at + size])

    def notifications(self, limit):
        for _ in range(limit):
            if self.sent:
                yield self.sent.pop(0)
            elif self.report:
                characteristic, data = self.report.pop(0)
                chunks = [data] if characteristic == codec.LOG_ACCESS else self.deliver(data)
                yield from ((characteristic, chunk) for chunk in chunks)
            else:
                return


def fetch(sensor, download, limit=10_000):
    """Take the steps of a download until it is done or the link breaks; return the packets."""
    packets = []
    for step in download.begin():
        sensor.take(step)
    for characteristic, data in sensor.notifications(limit):
        for block in download.push(characteristic, data):
            packets += block.packets
            for step in block.confirm:
                sensor.take(step)
    return packets


def numbers(packets):
    return [packet.fields["log_block"] for packet in packets]


@given(st.sampled_from([1, 2, 3]), st.integers(1, 337), st.binary(min_size=4048, max_size=4048))
def test_blocks_there_and_back_whatever_follows_them_in_flash(record, count, noise):
    payload = noise[: count * (8 if record == codec.RECORD_POSTURE else 12)]
    told = header(record, count, 9)
    data = codec.pack_block(told, payload)
    assert len(data) <= codec.BLOCK_BYTES
    read, records = codec.unpack_block(data + b"\xff" * (codec.BLOCK_BYTES - len(data)))
    assert read == told
    assert b"".join(codec.pack_record(record, values) for values in records) == payload


def test_a_block_holds_337_samples_or_506_postures():
    assert [codec.records_in_block(record) for record in (1, 2, 3)] == [337, 337, 506]


@given(st.data())
def test_no_damaged_bit_passes_the_checksum(data):
    block = bytearray(posture_block(1))
    bit = data.draw(st.integers(0, len(block) * 8 - 1))
    block[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"log block|expected|unknown record|cannot hold"):
        codec.unpack_block(bytes(block))


@pytest.mark.parametrize("request_", [(1, 1), (1, 3, 9), (1, 4, 2, 9), (1, 5), (1, 6), (2, 2, 9), (3, 0), (4, 1)])
def test_requests_there_and_back(request_):
    op, operator, *operands = request_
    assert codec.unpack_access(codec.pack_access(*request_)) == (op, operator, tuple(operands))


def test_answers_there_and_back():
    assert codec.unpack_access_response(codec.pack_access_response(1, 6)) == (1, 6, None)
    assert codec.unpack_access_response(codec.pack_access_count(70_000)) == (codec.ACCESS_COUNT, 1, 70_000)


def test_a_download_begins_with_status_and_the_first_block():
    assert DRIVER.download({}).begin() == (
        Subscribe(codec.LOG_ACCESS),
        Subscribe(codec.LOG_DATA),
        Read(codec.STATUS),
        Write(codec.LOG_ACCESS, bytes.fromhex("010301000000")),
    )


def test_posture_records_are_gravity_without_rate():
    (packet,) = fetch(Sensor({4: posture_block(4, 2)}), LspLogDownload())
    np.testing.assert_allclose(packet.acc, np.array([[4, 0, 16384], [4, 1, 16384]]) * GRAVITY_MS2 / 16384)
    assert packet.gyr is None
    assert packet.ticks == (1 << 33) + 5
    assert (DRIVER.log_clock.ticks_bits, DRIVER.log_clock.counter_bits) == (64, None)
    assert packet.fields == {
        "log_block": 4,
        "boot_id": 7,
        "last_ticks": (1 << 33) + 32773,
        "utc_us": None,
        "record": "posture",
        "activity_ms2": [25 * GRAVITY_MS2 / 250] * 2,
        "flags": [1, 1],
    }


def test_raw_records_have_the_scale_of_their_block():
    payload = codec.pack_record(codec.RECORD_RAW, (8192, 0, 0, 16384, 0, 0))
    block = codec.pack_block(header(codec.RECORD_RAW, 1, 1, acc_counts_per_g=8192, utc_us=99), payload)
    (packet,) = fetch(Sensor({1: block}), LspLogDownload())
    assert packet.acc[0, 0] == pytest.approx(GRAVITY_MS2)
    assert packet.gyr[0, 0] == pytest.approx(np.radians(1000))
    assert (packet.fields["record"], packet.fields["utc_us"]) == ("raw", 99)


def test_an_empty_log_is_done_at_once():
    download = LspLogDownload()
    assert fetch(Sensor({}), download) == []
    assert download.done


def test_each_block_is_confirmed_and_only_then_forgotten():
    sensor = Sensor({number: posture_block(number) for number in (3, 4, 5)})
    download = LspLogDownload()
    assert numbers(fetch(sensor, download)) == [3, 4, 5]
    assert download.done
    assert sensor.blocks == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("......xd"), max_size=80), st.integers(1, 4), st.integers(1, 9))
def test_lost_and_doubled_chunks_change_nothing(fates, first, count):
    """A chunk is delivered (.), lost (x) or doubled (d)."""
    fate = iter(fates)
    deliver = lambda chunk: [chunk] * {".": 1, "x": 0, "d": 2}[next(fate, ".")]  # noqa: E731 - beside its table
    blocks = {number: posture_block(number) for number in range(first, first + count)}
    sensor, download = Sensor(blocks, deliver), LspLogDownload()
    assert numbers(fetch(sensor, download)) == list(blocks)
    assert download.done
    assert sensor.blocks == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=20))
def test_a_link_broken_anywhere_costs_nothing_and_doubles_nothing(breaks):
    blocks = {number: posture_block(number) for number in range(1, 9)}
    sensor = Sensor(blocks)
    packets = []
    for limit in breaks:
        packets += fetch(sensor, LspLogDownload(), limit)
        sensor.sent, sensor.report = [], []
    packets += fetch(sensor, LspLogDownload())
    assert numbers(packets) == list(blocks)


def test_begun_anew_the_same_download_asks_for_what_it_has_not_handed_out():
    download = LspLogDownload()
    fetch(Sensor({number: posture_block(number) for number in (1, 2, 3)}), download)
    assert download.begin()[-1].data.hex() == "010304000000"
    assert not download.done


def test_a_whole_block_lost_at_the_end_is_asked_for_again():
    lost = iter([False, False, False, True, True, True])
    sensor = Sensor({1: posture_block(1), 2: posture_block(2)}, lambda chunk: [] if next(lost, False) else [chunk])
    download = LspLogDownload()
    assert numbers(fetch(sensor, download)) == [1, 2]
    assert download.done


def test_blocks_overwritten_by_newer_ones_are_not_waited_for():
    sensor, download = Sensor({8: posture_block(8)}), LspLogDownload()
    assert numbers(fetch(sensor, download)) == [8]


def test_a_block_damaged_in_flash_is_counted_and_passed_over():
    damaged = bytearray(posture_block(2))
    damaged[100] ^= 1
    sensor = Sensor({1: posture_block(1), 2: bytes(damaged), 3: posture_block(3)})
    packets = fetch(sensor, LspLogDownload())
    assert [packet.fields.get("log_block", packet.fields.get("damaged_log_block")) for packet in packets] == [1, 2, 3]
    assert packets[1].fields == {"damaged_log_block": 2}


def test_a_link_that_loses_every_chunk_is_given_up():
    sensor, download = Sensor({1: posture_block(1)}, lambda _: []), LspLogDownload()
    with pytest.raises(PacketError, match="bring the sensor nearer"):
        fetch(sensor, download)
    assert not download.done


def test_a_refusal_is_told():
    download = LspLogDownload()
    download.begin()
    with pytest.raises(PacketError, match="refused to send its log"):
        download.push(codec.LOG_ACCESS, codec.pack_access_response(codec.ACCESS_REPORT, codec.ACCESS_NOT_COMPLETED))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([codec.LOG_DATA, codec.LOG_ACCESS, codec.STATUS, codec.DATA]), st.binary(max_size=260)
        ),
        max_size=12,
    )
)
def test_random_bytes_raise_packet_errors_only_and_hold_one_block_at_most(pieces):
    download = LspLogDownload()
    download.begin()
    for characteristic, data in pieces:
        try:
            download.push(characteristic, data)
        except PacketError as error:
            assert "LSP log" in str(error)  # noqa: PT017 - most bytes raise, some do not
        assert len(download._bytes) <= codec.BLOCK_BYTES  # noqa: SLF001 - not to be seen from outside
