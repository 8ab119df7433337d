"""Movella DOT: payload modes, what stands on the other characteristics, and the steps."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from firmware_bridge.devices.dot import BATTERY, CONTROL, DEVICE_CONTROL, DEVICE_INFO, DEVICE_REPORT, DRIVER
from firmware_bridge.devices.dot_payloads import LONG_PAYLOAD, MEDIUM_PAYLOAD, MODES, SHORT_PAYLOAD
from firmware_bridge.devices.driver import Read, Subscribe, Write

FREE_ACCELERATION = [
    ("d8052244af9640406b2aa7405add14c000000000", 1143080408, (3.009197, 5.223928, -2.3260102)),
]
"""Captured on a sensor at 60 Hz, with the values that the source states (protobioengineering's examples)."""

CAPTURED_DEVICE_CONTROL = bytes.fromhex("0101020a001e0009") + b"Xsens DOT" + bytes(7) + bytes.fromhex("3c00") + bytes(6)
"""As a sensor at its defaults sends it: tag, 60 Hz, power saving after 10 and 30 minutes."""

AT_REST = struct.pack("<I6f", 4_000_000_000, 0.0, 0.0, 9.81, 90.0, 0.0, -180.0)


def push(characteristic, data, **settings):
    (packet,) = DRIVER.decoder(DRIVER.settings_with(settings)).push(characteristic, data)
    return packet


def finite(*sizes):
    return st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=sum(sizes), max_size=sum(sizes)
    )


@pytest.mark.parametrize(("hexadecimal", "ticks", "free_acc"), FREE_ACCELERATION)
def test_free_acceleration_is_no_specific_force(hexadecimal, ticks, free_acc):
    packet = push(SHORT_PAYLOAD, bytes.fromhex(hexadecimal))
    assert packet.acc is None
    assert packet.gyr is None
    assert packet.ticks == ticks
    assert packet.fields["free_acc_ms2"] == pytest.approx(free_acc, abs=1e-6)


@pytest.mark.parametrize("padding", [0, 12], ids=["bare", "padded"])
def test_rate_quantities_are_samples(padding):
    packet = push(MEDIUM_PAYLOAD, AT_REST + bytes(padding))
    assert packet.ticks == 4_000_000_000
    np.testing.assert_allclose(packet.acc, [[0, 0, 9.81]], rtol=1e-6)
    np.testing.assert_allclose(packet.gyr, [[math.pi / 2, 0, -math.pi]], rtol=1e-6)
    assert packet.fields == {}


def test_custom_mode_5_is_told_by_its_characteristic():
    packet = push(LONG_PAYLOAD, struct.pack("<I10f", 5, 1, 0, 0, 0, 1, 2, 3, 180, 0, 0) + bytes(19))
    np.testing.assert_allclose(packet.acc, [[1, 2, 3]])
    np.testing.assert_allclose(packet.gyr, [[math.pi, 0, 0]], rtol=1e-6)
    assert packet.fields["quaternion_wxyz"] == [1, 0, 0, 0]


def test_a_quaternion_is_told_from_free_acceleration_by_its_length():
    packet = push(SHORT_PAYLOAD, struct.pack("<I4f", 1, 0.5, 0.5, 0.5, 0.5))
    assert packet.fields == {"quaternion_wxyz": [0.5, 0.5, 0.5, 0.5]}


def test_euler_angles_are_read_when_asked_for():
    packet = push(SHORT_PAYLOAD, struct.pack("<I3f", 1, 10, 20, 30), mode=4)
    assert packet.fields == {"euler_deg": [10, 20, 30]}


def test_status_and_clipping_are_whole_numbers():
    packet = push(MEDIUM_PAYLOAD, struct.pack("<I7fHBB", 1, 1, 0, 0, 0, 0, 0, 0, 0x12, 3, 4), mode=2)
    assert (packet.fields["status"], packet.fields["clipped_acc_n"], packet.fields["clipped_gyr_n"]) == (0x12, 3, 4)


def test_what_may_be_several_modes_is_not_guessed():
    complete_quaternion = struct.pack("<I7f", 1, *([0.5] * 7))
    with pytest.raises(PacketError, match="mode 3 or 7 or 19 or 24; say which by the setting mode"):
        push(MEDIUM_PAYLOAD, complete_quaternion)
    assert push(MEDIUM_PAYLOAD, complete_quaternion, mode=3).fields["free_acc_ms2"] == [0.5, 0.5, 0.5]


@given(st.sampled_from(sorted(MODES)), st.data())
def test_every_mode_gives_back_what_was_sent(number, data):
    mode = MODES[number]
    payload = data.draw(st.binary(min_size=mode.layout.size, max_size=mode.layout.size))
    values = mode.layout.unpack(payload)
    if not all(map(math.isfinite, values)):
        with pytest.raises(PacketError, match="finite"):
            push(mode.characteristic, payload, mode=number)
        return
    packet = push(mode.characteristic, payload, mode=number)
    assert packet.ticks == values[0]
    assert (packet.acc is not None) == ("acc" in mode.parts)
    assert (packet.gyr is not None) == ("gyr" in mode.parts)
    assert set(packet.fields) == set(mode.parts) - {"acc", "gyr"}


@pytest.mark.parametrize("length", [0, 3, 15, 27, 41, 64])
def test_a_payload_of_no_known_length_is_refused(length):
    for characteristic in (LONG_PAYLOAD, MEDIUM_PAYLOAD, SHORT_PAYLOAD):
        if any(m.characteristic == characteristic and m.layout.size <= length for m in MODES.values()) and length < 64:
            continue
        with pytest.raises(PacketError, match=rf"expected .* got {length}"):
            push(characteristic, bytes([1]) * length)


def test_battery_says_charge_and_charging():
    packet = push(BATTERY, bytes([87, 1]))
    assert packet.battery_percent == 87
    assert packet.fields == {"charging": True}
    with pytest.raises(PacketError, match="2 bytes"):
        push(BATTERY, bytes([87]))
    with pytest.raises(PacketError, match="0 to 100"):
        push(BATTERY, bytes([101, 0]))


def test_captured_device_control_says_tag_and_rate():
    assert push(DEVICE_CONTROL, CAPTURED_DEVICE_CONTROL).fields == {
        "tag": "Xsens DOT",
        "rate_hz": 60,
        "filter_profile": 0,
    }


def test_control_info_and_report_are_read():
    assert push(CONTROL, bytes([1, 1, 21])).fields == {"measuring": True, "mode": 21}
    info = bytes.fromhex("ccbbaacd22d4 020400 e707 0714 0a0b0c 00000000".replace(" ", ""))
    info += (0xD422CD00BEEF).to_bytes(8, "little") + b"XS-T02"
    fields = push(DEVICE_INFO, info).fields
    assert fields == {
        "address": "d4:22:cd:aa:bb:cc",
        "firmware": "2.4.0",
        "serial": "D422CD00BEEF",
        "product": "XS-T02",
    }
    assert push(DEVICE_REPORT, bytes([5]) + bytes(35)).fields == {"report": "single_click"}


def test_start_stops_first_sets_the_rate_and_starts():
    subscribe, stop, rate, start = DRIVER.start(DRIVER.settings_with({"rate_hz": 20}))
    assert subscribe == Subscribe(MEDIUM_PAYLOAD)
    assert stop == Write(CONTROL, bytes([1, 0, 21]))
    assert rate.characteristic == DEVICE_CONTROL
    assert (rate.data[0], rate.data[24:26], len(rate.data)) == (0x10, bytes([20, 0]), 32)
    assert start == Write(CONTROL, bytes([1, 1, 21]))
    assert DRIVER.stop(DRIVER.settings_with({})) == (stop,)
    assert DRIVER.battery == (Read(BATTERY),)


def test_another_mode_is_subscribed_where_it_comes():
    assert DRIVER.start(DRIVER.settings_with({"mode": 26}))[0] == Subscribe(LONG_PAYLOAD)
    assert DRIVER.start(DRIVER.settings_with({"mode": 6}))[0] == Subscribe(SHORT_PAYLOAD)
