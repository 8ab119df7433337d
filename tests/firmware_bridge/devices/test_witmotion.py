"""WitMotion: frames wherever notifications cut them, register answers, and the vibration sensor's trap."""

import math
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Subscribe, Write
from firmware_bridge.devices.witmotion import DRIVER, NOTIFY, WRITE, WitMotionDecoder, read_register, write_register

COUNTS = st.lists(st.integers(-32768, 32767), min_size=9, max_size=9)
VIBRATION_FRAME = bytes.fromhex("5561110016000200020000000100e60a430047000a00250025002500")


def frame(*counts):
    return b"\x55\x61" + struct.pack("<9h", *counts)


def answer(register, *values):
    return b"\x55\x71" + struct.pack("<H8h", register, *values, *[0] * (8 - len(values)))


def cut(stream, cuts):
    edges = [0, *sorted(cuts), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(edges) if stop > start]


def pushed(pieces):
    decoder = WitMotionDecoder()
    return [packet for piece in pieces for packet in decoder.push(NOTIFY, piece)]


def test_a_frame_is_acceleration_rate_and_angle_at_full_scales_of_16_g_2000_dps_and_180_deg():
    (packet,) = pushed([frame(2048, -2048, 32767, 16384, -16384, 0, 8192, -16384, 0)])
    np.testing.assert_allclose(packet.acc, [[GRAVITY_MS2, -GRAVITY_MS2, 16 * GRAVITY_MS2 * 32767 / 32768]])
    np.testing.assert_allclose(packet.gyr, [[math.radians(1000), -math.radians(1000), 0]])
    assert packet.fields == {"angle_deg": [45.0, -90.0, 0.0]}
    assert packet.ticks is None
    assert packet.counter is None


def test_four_frames_share_a_notification_of_80_bytes():
    assert len(pushed([frame(*range(9)) * 4])) == 4


@given(frames=st.lists(COUNTS, min_size=1, max_size=6), data=st.data())
def test_any_cutting_of_the_stream_gives_the_same_samples(frames, data):
    stream = b"".join(frame(*counts) for counts in frames)
    cuts = data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12))
    packets = pushed(cut(stream, cuts))
    assert len(packets) == len(frames)
    expected = np.array(frames)[:, :3] * 16 * GRAVITY_MS2 / 32768
    np.testing.assert_allclose(np.concatenate([packet.acc for packet in packets]), expected)


def test_a_header_within_a_frame_does_not_mislead():
    inner = struct.unpack("<h", b"\x55\x61")[0]
    assert len(pushed([frame(0, inner, inner, 0, 0, inner, 0, 0, inner) * 3])) == 3


def test_after_a_lost_notification_the_next_frames_come_right():
    stream = frame(1, 2, 3, 4, 5, 6, 7, 8, 9) * 6
    decoder = WitMotionDecoder()
    before = decoder.push(NOTIFY, stream[:50])
    after = decoder.push(NOTIFY, stream[80:])
    assert len(before) == 2
    assert [packet.fields["angle_deg"] for packet in after] == [before[0].fields["angle_deg"]] * 2


def test_a_truncated_notification_does_not_spoil_the_next():
    decoder = WitMotionDecoder()
    assert len(decoder.push(NOTIFY, frame(*range(9)) * 4 + frame(*range(9))[:17])) == 4
    assert len(decoder.push(NOTIFY, frame(*range(9)) * 2)) == 2


def test_the_vibration_sensor_is_refused_by_name():
    with pytest.raises(PacketError, match="vibration sensor"):
        WitMotionDecoder().push(NOTIFY, VIBRATION_FRAME)


def test_the_vibration_sensor_behind_a_short_mtu_gives_no_samples_once_it_is_recognised():
    decoder = WitMotionDecoder()
    packets = []
    errors = 0
    for _ in range(5):
        for piece in (VIBRATION_FRAME[:20], VIBRATION_FRAME[20:]):
            try:
                packets += decoder.push(NOTIFY, piece)
            except PacketError:
                errors += 1
    assert len(packets) <= 1
    assert errors == 5


def test_garbage_is_refused_and_the_next_frame_is_read():
    decoder = WitMotionDecoder()
    assert len(decoder.push(NOTIFY, frame(*range(9)))) == 1
    with pytest.raises(PacketError, match="expected 20-byte frames"):
        decoder.push(NOTIFY, bytes(20))
    assert len(decoder.push(NOTIFY, frame(*range(9)))) == 1


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_random_bytes_do_no_harm_and_leave_less_than_a_frame_and_a_header(pieces):
    decoder = WitMotionDecoder()
    for piece in pieces:
        try:
            decoder.push(NOTIFY, piece)
        except PacketError as error:
            assert "expected" in str(error)  # noqa: PT017 - most pieces raise, some do not
        assert len(decoder._tail) <= 22  # noqa: SLF001 - that memory is bounded cannot be seen from outside


@pytest.mark.parametrize(
    ("volts", "percent"), [(4.2, 100), (3.96, 100), (3.95, 90), (3.80, 50), (3.70, 20), (3.45, 5), (3.0, 0)]
)
def test_the_charge_follows_from_the_voltage(volts, percent):
    (packet,) = pushed([answer(0x64, round(volts * 100))])
    assert packet.battery_percent == percent
    assert packet.fields == {"battery_v": volts}
    assert packet.acc is None


def test_other_registers_are_fields():
    packets = pushed(
        [answer(0x3A, 1, -2, 3), answer(0x40, 2531), answer(0x51, 16384, 0, -16384, 0), answer(0x2E, 7, 9)]
    )
    assert [packet.fields for packet in packets] == [
        {"magnetometer_counts": [1, -2, 3]},
        {"temperature_deg_c": 25.31},
        {"quaternion_wxyz": [0.5, 0.0, -0.5, 0.0]},
        {"version_registers": [7, 9]},
    ]


def test_an_answer_amid_samples_keeps_its_place():
    packets = pushed([frame(*range(9)) + answer(0x64, 400) + frame(*range(9))])
    assert [packet.battery_percent for packet in packets] == [None, 100, None]


def test_start_unlocks_sets_rate_and_six_axes_and_saves_with_pauses():
    *writes, subscribe = DRIVER.start({"rate_hz": 100.0})
    assert subscribe == Subscribe(NOTIFY), "last, since it sends as soon as it is listened to"
    assert [write.data.hex() for write in writes] == ["ffaa6988b5", "ffaa030900", "ffaa240100", "ffaa000000"]
    assert all(write.pause_s >= 0.1 and write.characteristic == WRITE for write in writes)


def test_commands_equal_the_documented_ones(vectors):
    subscribe, battery = DRIVER.battery
    assert subscribe == Subscribe(NOTIFY)
    assert isinstance(battery, Write)
    assert {
        "wit-read-mag": read_register(0x3A).hex(),
        "wit-read-quat": read_register(0x51).hex(),
        "wit-read-temp": read_register(0x40).hex(),
        "wit-read-batt": battery.data.hex(),
        "wit-unlock": write_register(0x69, 0xB588).hex(),
        "wit-save": write_register(0, 0).hex(),
        **{f"wit-rate-{hz}": DRIVER.start({"rate_hz": float(hz)})[1].data.hex() for hz in (50, 100, 200)},
    } == {key: vector["hex"] for key, vector in vectors.items() if key.startswith("wit-") and "trap" not in key}
    with pytest.raises(PacketError, match="vibration"):
        WitMotionDecoder().push(NOTIFY, bytes.fromhex(vectors["wit-wtvb01-trap"]["hex"]))
