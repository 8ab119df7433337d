"""Movesense: measurements whole and in two parts, answers, and which vectors a packet holds."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from firmware_bridge.devices.driver import Subscribe, Write
from firmware_bridge.devices.movesense import DRIVER, HELLO, NOTIFY, UNSUBSCRIBE, WRITE, subscribe_command
from firmware_bridge.devices.standard import BATTERY_LEVEL

FLOATS = st.floats(-2000, 2000, width=32)
# As captured by sensein/movesense-py on a real sensor lying still, /Meas/Acc/52 (first two samples re-typed).
REST_MS2 = [[-1.0911661, 4.4364514, 8.679078], [-1.0552725, 4.4173083, 8.719757]] * 2


def decoder(**settings):
    return DRIVER.decoder(DRIVER.settings_with(settings))


def payload(ticks, *planes):
    return struct.pack("<I", ticks) + b"".join(np.asarray(plane, dtype="<f4").tobytes() for plane in planes)


def data(*parts):
    return b"\x02\x63" + payload(*parts)


def read(raw, **settings):
    (packet,) = decoder(**settings).push(NOTIFY, raw)
    return packet


@pytest.mark.parametrize("sensor", [0.0, 3.0])
def test_imu6_is_all_accelerations_then_all_rates_in_deg_per_s(sensor):
    acc, gyr = np.arange(12).reshape(4, 3), np.arange(12, 24).reshape(4, 3)
    packet = read(data(4_000_000_000, acc, gyr), sensor=sensor)
    np.testing.assert_array_equal(packet.acc, acc)
    np.testing.assert_allclose(packet.gyr, np.radians(gyr))
    assert packet.ticks == 4_000_000_000


@pytest.mark.parametrize("sensor", [0.0, 4.0])
def test_imu9_has_the_magnetic_field_too(sensor):
    planes = np.arange(36).reshape(3, 4, 3)
    packet = read(data(1, *planes), sensor=sensor)
    np.testing.assert_array_equal(packet.acc, planes[0])
    assert packet.fields == {"magnetic_field_ut": planes[2].astype(float).tolist()}


def test_by_length_gravity_tells_acceleration_from_rate():
    assert read(data(1, REST_MS2)).gyr is None
    packet = read(data(1, [[1.12, -2.1, -0.21]] * 4))
    assert packet.acc is None
    np.testing.assert_allclose(packet.gyr, np.radians([[1.12, -2.1, -0.21]] * 4), rtol=1e-6)


def test_by_length_what_may_be_two_things_is_refused_and_the_setting_named():
    field = data(172460, [[31.8, -45.6, -14.8]])
    with pytest.raises(PacketError, match="set sensor to 2 for an angular rate"):
        read(field)
    assert read(field, sensor=5.0, rate_hz=13.0).fields["magnetic_field_ut"][0][0] == pytest.approx(31.8)
    assert read(field, sensor=2.0, rate_hz=13.0).gyr[0, 0] == pytest.approx(math.radians(31.8))


def test_by_length_another_rate_than_the_set_one_is_read_too():
    assert read(data(1, *np.ones((2, 8, 3)))).acc.shape == (8, 3)


@pytest.mark.parametrize("vectors_n", range(1, 61))
def test_by_length_any_number_of_vectors_is_a_measurement_or_waits_for_its_rest(vectors_n):
    for packet in decoder().push(NOTIFY, data(1, np.ones((vectors_n, 3)))):
        shapes = {part.shape for part in (packet.acc, packet.gyr) if part is not None}
        assert shapes <= {(count, 3) for count in (1, 2, 4, 8, 16)}


@given(
    planes=st.lists(FLOATS, min_size=48, max_size=48),
    at=st.integers(5, 4 + 4 * 48 - 1).filter(lambda at: (at - 4) % 12),
    sensor=st.sampled_from([0.0, 3.0]),
)
def test_a_measurement_in_two_parts_is_that_in_one(planes, at, sensor):
    acc, gyr = np.array(planes).reshape(2, 8, 3)
    whole = payload(7, acc, gyr)
    parts = decoder(rate_hz=104.0, sensor=sensor)
    assert parts.push(NOTIFY, b"\x02\x63" + whole[:at]) == ()
    (packet,) = parts.push(NOTIFY, b"\x03\x63" + whole[at:])
    np.testing.assert_array_equal(packet.acc, acc.astype(np.float32))
    np.testing.assert_allclose(packet.gyr, np.radians(gyr.astype(np.float32).astype(float)))


def test_a_second_part_without_its_first_is_refused_and_what_follows_is_read():
    parts = decoder()
    with pytest.raises(PacketError, match="without its first"):
        parts.push(NOTIFY, b"\x03\x63" + bytes(20))
    assert parts.push(NOTIFY, data(1, *np.ones((2, 4, 3))))[0].acc.shape == (4, 3)


def test_a_second_part_of_another_reference_is_refused():
    parts = decoder()
    parts.push(NOTIFY, b"\x02\x63" + bytes(30))
    with pytest.raises(PacketError, match="without its first"):
        parts.push(NOTIFY, b"\x03\x62" + bytes(70))


def test_with_the_sensor_set_a_wrong_length_is_refused():
    with pytest.raises(PacketError, match="expected 100 bytes of IMU6"):
        read(data(1, np.ones((9, 3))), sensor=3.0)


@pytest.mark.parametrize(("status", "words"), [(404, "firmware may be too old"), (409, "busy"), (403, "not allow")])
def test_a_refusal_is_told_in_words(status, words):
    reply = read(b"\x01\x63" + struct.pack("<H", status)).reply
    assert not reply.ok
    assert words in reply.reason
    assert str(status) in reply.reason


def test_consent_and_greeting():
    assert read(b"\x01\x63\xc8\x00").reply.ok
    packet = read(b"\x01\x01\x01" + b"204730000081\0Movesense\0")
    assert packet.reply.to == "hello"
    assert packet.fields == {"protocol_version": 1, "device": ["204730000081", "Movesense"]}


@pytest.mark.parametrize("bits", ["0000c07f", "000080ff", "0100807f"], ids=["nan", "infinite", "signalling nan"])
@pytest.mark.parametrize("vectors_n", [4, 8])
def test_values_that_are_no_numbers_are_refused(bits, vectors_n):
    with pytest.raises(PacketError, match="not a number"):
        read(b"\x02\x63" + bytes(4) + bytes.fromhex(bits) + bytes(12 * vectors_n - 4))


@given(st.lists(st.tuples(st.sampled_from([b"\x01", b"\x02", b"\x03", b""]), st.binary(max_size=200)), max_size=8))
def test_random_bytes_do_no_harm_and_at_most_one_part_waits(pieces):
    random = decoder()
    for kind, rest in pieces:
        try:
            random.push(NOTIFY, kind + rest)
        except PacketError as error:
            assert "Movesense" in str(error)  # noqa: PT017 - some pieces raise, some do not
        waiting = random._first_part  # noqa: SLF001 - that memory is bounded cannot be seen from outside
        assert waiting is None or len(waiting[1]) <= 201


def test_charge_and_unknown_characteristics():
    assert decoder().push(BATTERY_LEVEL, b"\x64")[0].battery_percent == 100
    with pytest.raises(PacketError, match="nothing is known"):
        decoder().push("00002a00-0000-1000-8000-00805f9b34fb", b"1")


def test_start_subscribes_to_the_measurement_of_the_settings():
    steps = DRIVER.start(DRIVER.settings_with({"rate_hz": 104.0, "sensor": 1.0}))
    assert steps == (Subscribe(NOTIFY), Write(WRITE, b"\x01\x63/Meas/Acc/104", awaits_reply=True))


def test_commands_equal_the_documented_ones(vectors):
    assert {
        "movesense-hello": HELLO.hex(),
        "movesense-sub-imu6-52": DRIVER.start(DRIVER.settings_with({}))[1].data.hex(),
        "movesense-sub-imu6-104": subscribe_command("/Meas/IMU6/104").hex(),
        "movesense-unsub": UNSUBSCRIBE.hex(),
    } == {key: vectors[key]["hex"] for key in vectors if key.startswith("movesense") and "-meas-" not in key}


@pytest.mark.parametrize(
    ("key", "name", "sensor"),
    [
        ("movesense-meas-acc-52", "acc", 0.0),
        ("movesense-meas-acc-52", "acc", 1.0),
        ("movesense-meas-gyro-52", "gyr", 0.0),
        ("movesense-meas-gyro-52", "gyr", 2.0),
    ],
)
def test_captured_packets_decode_to_the_makers_values(vectors, key, name, sensor):
    vector = vectors[key]
    packet = read(bytes.fromhex(vector["hex"]), sensor=sensor)
    stated = np.array(vector["decoded"]["ArrayAcc" if name == "acc" else "ArrayGyro"])
    np.testing.assert_allclose(getattr(packet, name), stated if name == "acc" else np.radians(stated), rtol=1e-12)
    assert packet.ticks == vector["decoded"]["timestamp_ms"]
