"""Nordic Thingy:52: fixed-point raw motion."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Subscribe, Write
from firmware_bridge.devices.standard import BATTERY_LEVEL
from firmware_bridge.devices.thingy52 import DRIVER, MOTION_CONFIG, QUATERNION, RAW_MOTION, Thingy52Decoder

ONE_G_UP = "0000000000042000c0ff0000100000000000"


def read(characteristic, hexadecimal):
    (packet,) = Thingy52Decoder().push(characteristic, bytes.fromhex(hexadecimal))
    return packet


def test_raw_motion_is_6q10_g_11q5_dps_and_12q4_microtesla(vectors):
    assert vectors["thingy52-raw-constructed"]["hex"] == ONE_G_UP
    assert vectors["thingy52-raw-constructed"]["characteristic"] == RAW_MOTION


def test_one_g_up_one_dps_and_one_microtesla():
    packet = read(RAW_MOTION, ONE_G_UP)
    np.testing.assert_allclose(packet.acc, [[0, 0, GRAVITY_MS2]])
    np.testing.assert_allclose(packet.gyr, [[math.radians(1), -math.radians(2), 0]])
    assert packet.fields == {"magnetic_field_ut": [1.0, 0.0, 0.0]}


def test_quaternion_and_charge():
    assert read(QUATERNION, "00000040000000c00000000000000020").fields == {"quaternion_wxyz": [1.0, -1.0, 0.0, 0.5]}
    assert read(BATTERY_LEVEL, "57").battery_percent == 87


@given(st.binary(max_size=40).filter(lambda data: len(data) != 18))
def test_raw_motion_of_another_length_is_refused(data):
    with pytest.raises(PacketError, match=f"expected 18 bytes, got {len(data)}"):
        Thingy52Decoder().push(RAW_MOTION, data)


@pytest.mark.parametrize(("characteristic", "data"), [(QUATERNION, bytes(15)), (BATTERY_LEVEL, b"\xff"), ("x", b"1")])
def test_what_it_does_not_send_is_refused(characteristic, data):
    with pytest.raises(PacketError):
        Thingy52Decoder().push(characteristic, data)


def test_start_sets_the_rate_before_it_subscribes():
    assert DRIVER.start({"rate_hz": 100.0}) == (
        Write(MOTION_CONFIG, bytes.fromhex("f401f401f401640001")),
        Subscribe(RAW_MOTION),
    )
