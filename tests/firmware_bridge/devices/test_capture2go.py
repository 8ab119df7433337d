"""Capture2Go: frames over notifications, what messages say, and the steps."""

import math
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from firmware_bridge.devices.capture2go import DRIVER, RX, TX
from firmware_bridge.devices.capture2go_frames import LARGEST_PAYLOAD, FrameStream, frame_bytes
from firmware_bridge.devices.driver import Subscribe

FULL_FIXED_100 = bytes.fromhex(
    "ff026376033325420200002a36fe9c9717a400b8fe0000000000000008a0000000c0fe0000080080000008004000"
)
"""Packed by the maker's SDK 1.0.1 with the values of `test_one_fixed_sample`."""

START = bytes.fromhex("023d7f658c005001")
"""Packed by the maker's SDK 1.0.1."""

IDENTITY = 0x0800008000080000
"""A quaternion of 1, 0, 0, 0 as in `FULL_FIXED_100`."""

TIME_NS = 1_700_000_000_000_000_000

frames = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=LARGEST_PAYLOAD)).map(lambda f: frame_bytes(*f)), max_size=5
)


def decoder():
    return DRIVER.decoder(DRIVER.settings_with({}))


def message(header, payload=b""):
    (packet,) = decoder().push(TX, b"\xff" + frame_bytes(header, payload))
    return packet


def cut(data, cuts):
    edges = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def test_a_frame_is_what_the_makers_sdk_packs():
    assert frame_bytes(0x0150) == START


def test_one_fixed_sample():
    (packet,) = decoder().push(TX, FULL_FIXED_100)
    assert packet.ticks == TIME_NS
    np.testing.assert_allclose(packet.gyr, [[0.17470336750919804, -0.3494067350183961, 0.0]], rtol=1e-12)
    np.testing.assert_allclose(packet.acc, [[0.0, 0.0, 9.81]], rtol=1e-12)
    assert packet.fields["magnetic_field_ut"] == [10.0, 0.0, -20.0]
    assert packet.fields["quaternion_wxyz"] == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=2e-6)
    assert packet.fields["delta_rad"] == pytest.approx(math.pi / 2)
    assert packet.fields["rate_hz"] == 100
    assert packet.fields["error_flags"] == []


@pytest.mark.parametrize(("header", "has_mag"), [(0x0221, True), (0x0231, False)])
def test_eight_packed_samples(header, has_mag):
    gyr = [(i, 0, -i) for i in range(8)]
    acc = [(0, i, 2048) for i in range(8)]
    counts = [n for part in ([*gyr, *acc, *[(16, 0, 0)] * 8] if has_mag else [*gyr, *acc]) for n in part]
    payload = struct.pack(f"<q{len(counts)}hQhB", TIME_NS, *counts, IDENTITY, 0, 0x05)
    assert len(payload) == (163 if has_mag else 115)
    packet = message(header, payload)
    assert packet.ticks == TIME_NS
    np.testing.assert_allclose(packet.gyr, np.array(gyr) * math.radians(2000) / 32768)
    np.testing.assert_allclose(packet.acc, np.array(acc) * 16 * 9.81 / 32768)
    assert packet.fields["rate_hz"] == 200
    assert packet.fields["error_flags"] == ["time_gap", "acc_clipped"]
    assert packet.fields.get("magnetic_field_ut") == ([[1.0, 0.0, 0.0]] * 8 if has_mag else None)


def test_float_samples_have_the_makers_padding():
    payload = struct.pack("<q14f3B5x", 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0, 0, 0, 0.5, 1, 0, 0)
    assert len(payload) == 72
    packet = message(0x0261, payload)
    np.testing.assert_allclose(packet.gyr, [[1, 2, 3]])
    np.testing.assert_allclose(packet.acc, [[4, 5, 6]])
    assert packet.fields["at_rest"] is True
    with pytest.raises(PacketError, match="finite"):
        message(0x0261, struct.pack("<q14f3B5x", 7, *[math.nan] * 14, 1, 0, 0))


def test_orientation_alone_has_no_samples():
    fixed = message(0x0282, struct.pack("<qQhB", 7, IDENTITY | 1 << 62, 0, 0))
    floats = message(0x0292, struct.pack("<q5f3B", 7, 1, 0, 0, 0, 0, 1, 0, 0))
    packed = message(0x0272, struct.pack("<q20Q20h20B", 7, *[IDENTITY] * 20, *[0] * 40))
    for packet in (fixed, floats, packed):
        assert packet.acc is None
        assert packet.gyr is None
        assert packet.ticks == 7
    assert fixed.fields["at_rest"] is floats.fields["at_rest"] is True
    assert fixed.fields["quaternion_wxyz"] == pytest.approx(floats.fields["quaternion_wxyz"], abs=2e-6)
    assert len(packed.fields["quaternion_wxyz"]) == 20


@pytest.mark.parametrize("largest", range(4))
def test_the_left_out_component_goes_where_the_bits_say(largest):
    packet = message(0x0282, struct.pack("<qQhB", 7, IDENTITY | largest << 60, 0, 0))
    assert np.argmax(packet.fields["quaternion_wxyz"]) == largest


def test_bits_that_are_no_quaternion_are_none():
    packet = message(0x0282, struct.pack("<qQhB", 7, (1 << 60) - 1, 0, 0))
    assert packet.fields["quaternion_wxyz"] is None


def test_a_burst_is_sixteen_samples():
    packet = message(0x0300, struct.pack("<q99hB", 7, *[1] * 48, *[2] * 48, 16, 0, 0, 2))
    assert packet.gyr.shape == packet.acc.shape == (16, 3)
    assert packet.fields["magnetic_field_ut"] == [1.0, 0.0, 0.0]
    assert packet.fields["error_flags"] == ["gyr_clipped"]


def test_status_says_charge_and_state():
    packet = message(0x0201, struct.pack("<qBB3h3B", TIME_NS, 2, 2, 1, 0, 0, 1, 0x80 | 63, 40))
    assert packet.battery_percent == 63
    assert packet.ticks is None, "the time of a status is of no sample"
    assert packet.fields["state"] == "streaming"
    assert packet.fields["charging"] is True
    assert packet.fields["free_storage_percent"] == 40
    with pytest.raises(PacketError, match="charge"):
        message(0x0201, struct.pack("<qBB3h3B", TIME_NS, 2, 2, 1, 0, 0, 1, 101, 40))


def test_clock_roundtrip_has_four_times():
    packet = message(0x0172, struct.pack("<4q", 1, 2, 3, 0))
    assert packet.fields == {"host_send_ns": 1, "sensor_receive_ns": 2, "sensor_send_ns": 3, "host_receive_ns": 0}


def test_device_info_is_text():
    packet = message(0x0071, struct.pack("<H6s8s8s12s11s", 1, b"ab1234", b"B", b"r2", b"1.4.0", b"2025-10-01"))
    assert packet.fields["serial"] == "ab1234"
    assert packet.fields["firmware"] == "1.4.0"


@pytest.mark.parametrize(
    ("header", "payload", "to", "ok"),
    [
        (0x0151, b"", "start", True),
        (0x0153, b"", "stop", True),
        (0x0159, b"", "stop", True),
        (0x0122, bytes(30), "mode", True),
        (0xFFFF, bytes.fromhex("fb5001"), "start", False),
        (0xFFFF, bytes.fromhex("fb5201"), "stop", True),
        (0xFFFF, bytes.fromhex("fd2001"), "mode", False),
    ],
)
def test_answers_to_commands(header, payload, to, ok):
    reply = message(header, payload).reply
    assert (reply.to, reply.ok) == (to, ok)
    assert bool(reply.reason) != ok


def test_a_message_that_is_not_known_is_shown_as_it_is():
    assert message(0x0400, b"\x01\x02").fields == {"header": 0x0400, "payload": "0102"}


def test_real_time_frames_come_before_the_stream():
    real_time = frame_bytes(0x0247, FULL_FIXED_100[9:])
    stream = frame_bytes(0x0151)
    live = decoder()
    first, second = live.push(TX, b"\xfe" + real_time + stream + stream[:3])
    assert (first.ticks, first.fields.get("rate_hz")) == (TIME_NS, None)
    assert second.reply.to == "start"
    (third,) = live.push(TX, b"\xff" + stream[3:])
    assert third.reply.to == "start"


def test_real_time_frames_that_are_not_there_are_an_error():
    with pytest.raises(PacketError, match="announces 2 real-time frames, but number 2"):
        decoder().push(TX, b"\xfd" + frame_bytes(0x0151))


def test_a_frame_with_a_wrong_crc_is_an_error_and_the_next_one_is_read():
    live = decoder()
    broken = bytearray(FULL_FIXED_100)
    broken[-1] ^= 1
    with pytest.raises(PacketError, match="right CRC"):
        live.push(TX, bytes(broken))
    read = [packet for _ in range(8) for packet in live.push(TX, FULL_FIXED_100)]
    assert len(read) >= 7, "the start of a frame in the rest of the broken one may hide one more"


@given(frames, st.lists(st.integers(0, 1300), max_size=8))
def test_frames_may_be_cut_anywhere(sent, cuts):
    stream = FrameStream()
    got = [frame for piece in cut(b"".join(sent), cuts) for frame in stream.push(b"\xff" + piece)[1]]
    assert [frame_bytes(frame.header, frame.payload) for frame in got] == sent


@given(st.binary(max_size=300))
def test_after_garbage_the_frames_are_found_again(garbage):
    """A start byte in the garbage may ask for as many more bytes as a whole frame has, not for more."""
    stream = FrameStream()
    found = []
    for piece in (garbage, *[START] * 40):
        try:
            found += stream.push(b"\xff" + piece)[1]
        except PacketError as error:
            said = str(error)
            assert "right CRC" in said
    lost = 40 - [frame_bytes(frame.header, frame.payload) for frame in found].count(START)
    assert lost * len(START) <= 8 + LARGEST_PAYLOAD


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_what_is_kept_is_less_than_one_frame(notifications):
    stream = FrameStream()
    for data in notifications:
        try:
            stream.push(data)
        except PacketError:
            continue
        assert len(stream._kept) < 8 + LARGEST_PAYLOAD  # noqa: SLF001 - the bound is the point


def test_start_stops_first_sets_the_rate_and_starts():
    subscribe, stop, mode, start = DRIVER.start(DRIVER.settings_with({"rate_hz": 50}))
    assert subscribe == Subscribe(TX)
    assert stop.data == frame_bytes(0x0152)
    assert mode.data[6:8] == bytes.fromhex("2001")
    assert mode.data[8:] == bytes(10) + bytes([3, 0, 0, 0, 1]) + bytes(14) + bytes([1])
    assert start.data == START
    assert {step.characteristic for step in (stop, mode, start)} == {RX}
    assert all(step.awaits_reply for step in (stop, mode, start))


def test_slow_rates_come_sample_by_sample():
    _, _, mode, _ = DRIVER.start(DRIVER.settings_with({"rate_hz": 10}))
    assert mode.data[8 + 9 : 8 + 11] == bytes([5, 0])


def test_battery_is_asked_for():
    (step,) = DRIVER.battery
    assert step.data == frame_bytes(0x0200)
