"""Services of the Bluetooth SIG that several sensors share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError, SensorError
from firmware_bridge.devices.driver import Write
from firmware_bridge.devices.standard import (
    ALERT_LEVEL,
    BATTERY_LEVEL,
    SERIAL_NUMBER,
    battery_packet,
    device_information_packet,
    immediate_alert,
)


def test_the_charge_is_one_byte_of_percent(vectors):
    assert vectors["sig-battery"]["characteristic"] == BATTERY_LEVEL
    assert battery_packet(bytes.fromhex(vectors["sig-battery"]["hex"])).battery_percent == 87


@pytest.mark.parametrize("data", [b"", b"\x65", b"\x32\x32"])
def test_another_charge_is_refused(data):
    with pytest.raises(PacketError, match="one byte from 0 to 100"):
        battery_packet(data)


@pytest.mark.parametrize(("strength", "level"), [(0.0, 0), (0.1, 1), (0.5, 1), (0.51, 2), (1.0, 2)])
def test_an_alert_has_two_levels(strength, level):
    assert immediate_alert(strength) == (Write(ALERT_LEVEL, bytes([level]), with_response=False),)


@given(st.floats().filter(lambda strength: not 0 <= strength <= 1))
def test_another_strength_is_refused(strength):
    with pytest.raises(SensorError, match="from 0 to 1"):
        immediate_alert(strength)


def test_device_information_is_text_by_name():
    assert device_information_packet(SERIAL_NUMBER, b"LB-7\0").fields == {"serial": "LB-7"}
    with pytest.raises(PacketError, match="UTF-8"):
        device_information_packet(SERIAL_NUMBER, b"\xff")
    with pytest.raises(PacketError, match="nothing is known"):
        device_information_packet(BATTERY_LEVEL, b"1")
