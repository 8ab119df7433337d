"""The sensor profile LSP v1: its bytes there and back, and the driver over them."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError, SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Read, Subscribe, TicksOf, Write
from firmware_bridge.devices.lsp import DRIVER, set_utc, time_ping
from firmware_bridge.devices.standard import BATTERY_LEVEL
from firmware_bridge.firmware import lsp_codec as codec

TWO_SAMPLES = "1002ffff00000807000000000010a4000000000000100000000000005cff0000"

U8, U16, U32, U64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
I16 = st.integers(-32768, 32767)
SAMPLE = st.tuples(I16, I16, I16, I16, I16, I16)
OPERATIONS = range(codec.OP_START, codec.OP_SLEEP + 1)


def decoder(**settings):
    return DRIVER.decoder(DRIVER.settings_with(settings))


def read(characteristic, data, **settings):
    (packet,) = decoder(**settings).push(characteristic, data)
    return packet


def test_the_vector_of_the_profile(vectors):
    assert vectors["lsp1-data-2"]["hex"] == TWO_SAMPLES
    assert vectors["lsp1-data-2"]["characteristic"] == codec.DATA


def test_two_samples_with_counter_and_ticks():
    packet = read(codec.DATA, bytes.fromhex(TWO_SAMPLES))
    np.testing.assert_allclose(packet.acc, [[0, 0, GRAVITY_MS2], [GRAVITY_MS2, 0, 0]])
    np.testing.assert_allclose(packet.gyr, np.radians([[10.009765625, 0, 0], [0, -10.009765625, 0]]))
    assert packet.counter == 65535
    assert packet.ticks == 3600 * 32768
    assert packet.fields == {"version": 1, "flags": 0}
    assert (DRIVER.clock.tick_hz, DRIVER.clock.ticks_of, DRIVER.clock.counter_bits) == (32768, TicksOf.FIRST, 16)


def test_the_ranges_give_the_size_of_a_count():
    data = codec.pack_data(0, 0, 0, [(16384, 0, 0, 16384, 0, 0)])
    packet = read(codec.DATA, data, range_g=2.0, range_dps=1000.0)
    assert packet.acc[0, 0] == pytest.approx(GRAVITY_MS2)
    assert packet.gyr[0, 0] == pytest.approx(math.radians(500))


@given(U8.map(lambda flags: flags & 15), U16, U32, st.lists(SAMPLE, min_size=1, max_size=40))
def test_samples_there_and_back(flags, counter, ticks, samples):
    data = codec.pack_data(flags, counter, ticks, samples)
    assert len(data) == 8 + 12 * len(samples)
    assert codec.unpack_data(data) == (1, flags, counter, ticks, samples)


def test_counter_and_ticks_wrap():
    data = codec.pack_data(0, 65536 + 5, (1 << 32) + 7, [(0,) * 6])
    assert codec.unpack_data(data)[2:4] == (5, 7)


@pytest.mark.parametrize(
    ("hexadecimal", "words"),
    [
        (TWO_SAMPLES[:-2], "expected 32 bytes for 2 samples, got 31"),
        (TWO_SAMPLES + "00", "expected 32 bytes for 2 samples, got 33"),
        ("20" + TWO_SAMPLES[2:], "expected version 1, got 2"),
        ("1000ffff00000807", "at least one sample"),
        ("1002", "expected a header of 8 bytes"),
    ],
)
def test_malformed_samples_are_refused(hexadecimal, words):
    with pytest.raises(PacketError, match=words):
        read(codec.DATA, bytes.fromhex(hexadecimal))


ARGUMENTS = {
    codec.OP_START: (104, 10),
    codec.OP_SET_RANGE: (8, 2000),
    codec.OP_HAPTIC: (255, 300, 2),
    codec.OP_TIME_PING: (9,),
    codec.OP_SET_UTC: (1_790_000_000_000_000,),
    codec.OP_START_LOG: (3,),
}


@pytest.mark.parametrize("op", OPERATIONS)
def test_commands_there_and_back(op):
    data = codec.pack_command(op, *ARGUMENTS.get(op, ()))
    assert codec.unpack_command(data) == (op, ARGUMENTS.get(op, ()))
    with pytest.raises(ValueError, match="expected"):
        codec.unpack_command(data + b"\0")


def test_a_command_of_a_later_version_is_handed_on_for_its_answer():
    assert codec.unpack_command(b"\x63abc") == (0x63, ())


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("result", [codec.RESULT_NOT_SUPPORTED, codec.RESULT_BAD_PARAMETER, codec.RESULT_FAILED])
def test_a_refusal_is_told_in_words(op, result):
    reply = read(codec.CONTROL_POINT, codec.pack_answer(op, result)).reply
    assert not reply.ok
    assert reply.reason.startswith("the sensor")


def test_consent_names_the_command_and_what_comes_with_it():
    packet = read(codec.CONTROL_POINT, codec.pack_answer(codec.OP_START, codec.RESULT_OK, 104))
    assert (packet.reply.to, packet.reply.ok, packet.fields) == ("start", True, {"rate_hz": 104})
    packet = read(codec.CONTROL_POINT, codec.pack_answer(codec.OP_TIME_PING, codec.RESULT_OK, 9, 1 << 40, 2 << 40))
    assert packet.fields == {"ping_id": 9, "received_ticks": 1 << 40, "sent_ticks": 2 << 40}
    assert read(codec.CONTROL_POINT, codec.pack_answer(codec.OP_HAPTIC, codec.RESULT_OK)).reply.to == "vibrate"


@given(U32, U16, U16, st.lists(U16, max_size=8).map(tuple))
def test_feature_there_and_back(features, acc, gyr, rates):
    feature = codec.Feature(1, features, acc, gyr, rates)
    assert codec.unpack_feature(codec.pack_feature(feature)) == feature


def test_feature_and_status_in_words():
    fields = read(codec.FEATURE, codec.pack_feature(codec.Feature(1, 0b110, 4096, 16384, (26, 104)))).fields
    assert fields["features"] == ["haptic", "log"]
    assert fields["gyr_counts_per_dps"] == 16.384
    assert fields["rates_hz"] == [26, 104]
    fields = read(codec.STATUS, codec.pack_status(codec.Status(77, 1 << 40, 104, 0b101, 3, 5, 9))).fields
    assert (fields["boot_id"], fields["ticks_64"], fields["log_first"], fields["log_last"]) == (77, 1 << 40, 5, 9)
    assert [name for name, value in fields.items() if value is True] == ["streaming", "worn"]


@given(st.tuples(U32, U64, U16, U8, U32, U32, U32))
def test_status_there_and_back(values):
    data = codec.pack_status(codec.Status(*values))
    assert len(data) == 27
    assert codec.unpack_status(data) == values


def test_start_sets_the_ranges_then_the_rate_and_packets_that_are_out_of_step_with_the_link():
    steps = DRIVER.start(DRIVER.settings_with({}))
    assert steps[:3] == (Subscribe(codec.CONTROL_POINT), Subscribe(codec.DATA), Read(codec.STATUS))
    assert [step.data.hex() for step in steps[3:]] == ["0308d007", "01640007"]
    assert DRIVER.stop({}) == (Write(codec.CONTROL_POINT, b"\x02", awaits_reply=True),)
    assert DRIVER.start_log(DRIVER.settings_with({"log_record": 2.0}))[1].data == b"\x08\x02"


@pytest.mark.parametrize(("rate_hz", "batch"), [(5.0, 1), (208.0, 14), (1000.0, 19)])
def test_a_packet_has_at_least_one_sample_and_fits_an_mtu_of_247(rate_hz, batch):
    assert DRIVER.start(DRIVER.settings_with({"rate_hz": rate_hz}))[-1].data[-1] == batch


def test_a_pulse_of_half_strength_for_300_ms():
    subscribe, step = DRIVER.vibrate(0.5, 0.3)
    assert subscribe == Subscribe(codec.CONTROL_POINT)
    assert step.data == bytes([5, 128, 0x2C, 0x01, 1])


@pytest.mark.parametrize(("strength", "duration_s"), [(1.1, 1.0), (-0.1, 1.0), (0.5, 0.0), (0.5, 66.0)])
def test_impossible_pulses_are_refused(strength, duration_s):
    with pytest.raises(SensorError, match="must"):
        DRIVER.vibrate(strength, duration_s)


def test_time_of_day_and_time_ping():
    assert set_utc(1)[1].data.hex() == "070100000000000000"
    assert time_ping(9)[1].data.hex() == "0609"


def test_charge_and_unknown_characteristics():
    assert read(BATTERY_LEVEL, b"\x32").battery_percent == 50
    with pytest.raises(PacketError, match="nothing is known"):
        decoder().push("00002a00-0000-1000-8000-00805f9b34fb", b"1")


@given(st.sampled_from([codec.uuid(number) for number in range(2, 8)]), st.binary(max_size=300))
def test_random_bytes_raise_packet_errors_only(characteristic, data):
    try:
        packets = decoder().push(characteristic, data)
    except PacketError as error:
        assert "LSP" in str(error)  # noqa: PT017 - most bytes raise, some do not
    else:
        assert len(packets) <= 1


def test_the_codec_imports_only_what_the_sensor_has():
    tree = ast.parse(Path(codec.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"binascii", "collections", "struct"}
