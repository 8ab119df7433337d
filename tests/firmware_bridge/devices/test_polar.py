"""Polar's measurement data: frames raw and compressed, the control point, commands byte for byte."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError, SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Read, Subscribe, TicksOf, Write
from firmware_bridge.devices.polar import DRIVER
from firmware_bridge.devices.polar_delta import undo_deltas

CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
MG_MS2 = GRAVITY_MS2 / 1000


def new_decoder(**settings):
    return DRIVER.decoder(DRIVER.settings_with(settings))


def decode(frame, characteristic=DATA, **settings):
    (packet,) = new_decoder(**settings).push(characteristic, bytes.fromhex(frame))
    return packet


def written(steps):
    return [step.data.hex() for step in steps if isinstance(step, Write)]


def deltas(samples, bits, dtype):
    """Compress samples as a sensor does: the first in full, then blocks of at most 255 differences."""
    samples = np.asarray(samples, dtype=np.int64)
    content = samples[0].astype(dtype).tobytes()
    differences = np.diff(samples, axis=0)
    for start in range(0, len(differences), 255):
        block = differences[start : start + 255]
        number, filled = 0, 0
        for value in block.ravel().tolist():
            number |= (value & (2**bits - 1)) << filled
            filled += bits
        content += bytes([bits, len(block)]) + number.to_bytes((filled + 7) // 8, "little")
    return content


def frame(kind, frame_type, content, ticks=0):
    return struct.pack("<BQB", kind, ticks, frame_type) + content


def test_a_compressed_acceleration_in_mg():
    packet = decode("02650000000000000081f1ff1400f00306017b0f08")
    assert packet.ticks == 101
    assert packet.fields["raw"] == [[-15, 20, 1008], [-20, 17, 1008]]
    assert packet.acc / MG_MS2 == pytest.approx(np.array([[-15, 20, 1008], [-20, 17, 1008]]))
    assert packet.gyr is None


def test_a_compressed_turn_rate_in_counts():
    packet = decode("05ffffffffffffff7f80eaff08000d000301df00")
    assert packet.ticks == 2**63 - 1
    assert packet.fields["raw"] == [[-22, 8, 13], [-23, 11, 16]]
    assert np.degrees(packet.gyr) == pytest.approx(np.array([[-22, 8, 13], [-23, 11, 16]]))


def test_a_compressed_turn_rate_whose_differences_are_of_bit_patterns():
    packet = decode("050094357700000000810000803f000020410000a0411c010000a001000008cdccec0d")
    assert packet.ticks == 2_000_000_000
    assert np.degrees(packet.gyr) == pytest.approx(np.array([[1.0, 10.0, 20.0], [10.0, 20.0, 1.1]]), abs=1e-6)


def test_compressed_acceleration_type_0_times_its_factor_is_in_g():
    # full sample and first difference of a frame in Polar's AccDataTest, cut to a block of one; factor 2.44e-4
    content = bytes.fromhex("7107f06a9e8d") + bytes([10, 1]) + bytes.fromhex("be5cbe3a")
    packet = decode(frame(2, 0x80, content).hex(), factor=2.44e-4)
    assert packet.fields["raw"] == [[1905, 27376, -29282], [2095, 27271, -29367]]
    expected = np.array([[1905, 27376, -29282], [2095, 27271, -29367]]) * 2.44e-4
    assert packet.acc / GRAVITY_MS2 == pytest.approx(expected)


def test_raw_acceleration_in_mg():
    # first two samples of a frame in Polar's AccDataTest
    packet = decode("02009435770000000001f7ffffffe703f8fffeffe503")
    assert packet.fields["raw"] == [[-9, -1, 999], [-8, -2, 997]]
    assert packet.acc / MG_MS2 == pytest.approx(np.array([[-9, -1, 999], [-8, -2, 997]]))


@pytest.mark.parametrize(("frame_type", "size"), [(0, 1), (1, 2), (2, 3)])
def test_raw_acceleration_of_every_size_ignores_the_factor(frame_type, size):
    numbers = [-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1, -1]
    content = b"".join(number.to_bytes(size, "little", signed=True) for number in numbers)
    packet = decode(frame(2, frame_type, content).hex(), factor=7)
    assert packet.fields["raw"] == [numbers]
    assert packet.acc / MG_MS2 == pytest.approx(np.array([numbers]))


def test_the_time_is_that_of_the_last_sample_in_ns():
    assert DRIVER.clock.ticks_of is TicksOf.LAST
    assert DRIVER.clock.tick_hz == 1e9
    assert DRIVER.clock.ticks_bits == 64


def test_other_measurements_are_told_but_are_no_samples():
    packet = decode("00650000000000000000aabbcc")
    assert packet.acc is None
    assert packet.gyr is None
    assert packet.ticks is None
    assert packet.fields == {
        "measurement": "ecg", "frame_type": 0, "compressed": False, "timestamp_ns": 101, "content": "aabbcc",
    }  # fmt: skip


def test_the_factor_of_the_start_answer_is_used_for_that_measurement_only():
    decoder = new_decoder(factor=2)
    (answer,) = decoder.push(CONTROL, bytes.fromhex("f005") [:1] + bytes.fromhex("0205000005 01".replace(" ", ""))
                             + struct.pack("<f", 0.0625))  # fmt: skip
    assert answer.reply.to == "start"
    assert answer.reply.ok
    assert answer.fields == {"measurement": "gyro", "settings": {"factor": [0.0625]}}
    (gyr,) = decoder.push(DATA, bytes.fromhex("05650000000000000080eaff08000d00"))
    assert np.degrees(gyr.gyr) == pytest.approx(np.array([[-22, 8, 13]]) * 0.0625)
    (acc,) = decoder.push(DATA, bytes.fromhex("02650000000000000081f1ff1400f003"))
    assert acc.acc / MG_MS2 == pytest.approx(np.array([[-15, 20, 1008]]) * 2)


@pytest.mark.parametrize("bits", ["0000c07f", "00000000", "000080bf", "0000807f"])
def test_a_factor_that_is_no_number_above_0_is_refused(bits):
    with pytest.raises(PacketError, match="factor"):
        decode("f0020500000501" + bits, CONTROL)


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_the_setting_of_the_factor_must_be_a_number_above_0(factor):
    with pytest.raises(SensorError, match="factor"):
        new_decoder(factor=factor)


def test_settings_are_told_by_name():
    packet = decode(
        "f0010200000004190032006400c80001011000020302000400080004010305 01cdcccc3d".replace(" ", ""), CONTROL
    )
    assert packet.reply.to == "settings"
    assert packet.fields["settings"] == {
        "rate_hz": [25, 50, 100, 200], "resolution_bits": [16], "range": [2, 4, 8], "channels": [3],
        "factor": [pytest.approx(0.1)],
    }  # fmt: skip


def test_settings_in_two_parts_are_joined():
    decoder = new_decoder()
    (first,) = decoder.push(CONTROL, bytes.fromhex("f001020001000219"))
    assert first.reply is None
    (second,) = decoder.push(CONTROL, bytes.fromhex("f001020000003200"))
    assert second.reply.ok
    assert second.fields["settings"] == {"rate_hz": [25, 50]}


def test_settings_of_an_unknown_kind_are_handed_on_as_they_are():
    assert decode("f001020000ffffff", CONTROL).fields["settings"] == {"unknown": "ffffff"}


def test_a_refusal_says_why():
    reply = decode("f0020608", CONTROL).reply
    assert not reply.ok
    assert reply.to == "start"
    assert "rate" in reply.reason


def test_what_runs_already_is_no_refusal():
    assert decode("f0020906", CONTROL).reply.ok


def test_the_sensor_tells_that_it_stopped():
    assert decode("010205", CONTROL).fields == {"stopped_by_sensor": ["acc", "gyro"]}


def test_battery():
    assert decode("63", BATTERY).battery_percent == 99
    assert DRIVER.battery == (Read(BATTERY),)


def test_start_of_an_h10():
    steps = DRIVER.start(DRIVER.settings_with({"rate_hz": 200}))
    assert steps[:2] == (Subscribe(CONTROL), Subscribe(DATA))
    assert written(steps) == ["0102", "02020001c8000101100002010800"]
    assert all(step.awaits_reply for step in steps[2:])
    assert written(DRIVER.stop(DRIVER.settings_with({"rate_hz": 200}))) == ["0302"]


def test_start_of_a_verity_sense():
    settings = DRIVER.settings_with({})
    assert written(DRIVER.start(settings)) == [
        "0102", "02020001340001011000020108000401 03".replace(" ", ""),
        "0105", "0205000134000101100002 01d007040103".replace(" ", ""),
    ]  # fmt: skip
    assert written(DRIVER.stop(settings)) == ["0302", "0305"]


@pytest.mark.parametrize("setting", [{"rate_hz": 104}, {"range_g": 4}, {"range_dps": 500}])
def test_other_settings_of_a_verity_sense_need_its_sdk_mode(setting):
    settings = DRIVER.settings_with(setting)
    assert written(DRIVER.start(settings))[0] == "0209"
    assert written(DRIVER.stop(settings))[-1] == "0309"


def test_an_h10_has_no_16_g_and_no_gyroscope():
    with pytest.raises(SensorError, match="H10"):
        DRIVER.start(DRIVER.settings_with({"rate_hz": 100, "range_g": 16}))
    assert DRIVER.resolution(DRIVER.settings_with({"rate_hz": 100})).gyr_rad_s is None
    assert DRIVER.resolution(DRIVER.settings_with({})).acc_ms2 == pytest.approx(8 * GRAVITY_MS2 / 32768)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "0265000000000000",
        "02650000000000000081",  # no full sample
        "02650000000000000081f1ff1400f003 06",  # half a head of a block
        "02650000000000000081f1ff1400f003 06017b0f",  # a byte of the block is missing
        "02650000000000000081f1ff1400f003 ffff00",  # more differences than there are bytes
        "02650000000000000081f1ff1400f003 0001",  # differences of 0 bits
        "02650000000000000001",  # no sample
        "026500000000000000 01 0102030405",
        "026500000000000000 07 010203040506",
        "026500000000000000 87 010203040506",
        "056500000000000000 00 010203040506",
        "056500000000000000 81 0000c07f0000c07f0000c07f",  # not a number
    ],
)
def test_malformed_frames_are_refused_and_the_next_one_is_read(malformed):
    decoder = new_decoder()
    with pytest.raises(PacketError, match="Polar"):
        decoder.push(DATA, bytes.fromhex(malformed))
    (packet,) = decoder.push(DATA, bytes.fromhex("02650000000000000081f1ff1400f00306017b0f08"))
    assert len(packet.acc) == 2


@pytest.mark.parametrize("malformed", ["", "f0", "f00202", "aabbccdd", "f00102000000", "f0010200000002aabbcc"])
def test_malformed_answers_are_refused(malformed):
    with pytest.raises(PacketError, match="Polar"):
        decode(malformed, CONTROL)


def test_an_answer_without_end_is_refused():
    decoder = new_decoder()
    part = bytes.fromhex("f001020001") + bytes(400)
    decoder.push(CONTROL, part)
    decoder.push(CONTROL, part)
    with pytest.raises(PacketError, match="1024"):
        decoder.push(CONTROL, part)


def test_another_characteristic_is_refused():
    with pytest.raises(PacketError, match="nothing is expected"):
        decode("00", "00002a37-0000-1000-8000-00805f9b34fb")


sixteen_bits = st.integers(-32768, 32767)


@given(st.lists(st.tuples(*[sixteen_bits] * 3), min_size=1, max_size=300))
def test_compression_of_counts_loses_nothing(samples):
    assert undo_deltas(deltas(samples, 17, "<i2"), 3, 16).tolist() == [list(sample) for sample in samples]


@given(st.lists(st.tuples(*[st.integers(-8, 7)] * 3), max_size=40), st.integers(4, 32))
def test_differences_may_have_any_size(steps, bits):
    samples = np.cumsum(np.array([(1, -2, 3), *steps]), axis=0)
    assert undo_deltas(deltas(samples, bits, "<i2"), 3, 16).tolist() == samples.tolist()


single = st.floats(width=32, min_value=-2000, max_value=2000)


@given(st.lists(st.tuples(single, single, single), min_size=1, max_size=20))
def test_turn_rates_survive_the_differences_of_bit_patterns(rates):
    patterns = np.array(rates, dtype="<f4").view("<i4").astype(np.int64)
    (packet,) = new_decoder().push(DATA, frame(5, 0x81, deltas(patterns, 32, "<i4")))
    assert np.degrees(packet.gyr) == pytest.approx(np.array(rates), rel=1e-12, abs=1e-40)


heads = st.sampled_from([(2, 0x81), (2, 0x80), (2, 1), (5, 0x80), (5, 0x81), (0, 0)])


@given(
    st.lists(
        st.one_of(
            st.builds(lambda head, rest: (DATA, frame(*head, rest)), heads, st.binary(max_size=500)),
            st.tuples(st.sampled_from([DATA, CONTROL, BATTERY]), st.binary(max_size=40)),
            st.binary(max_size=40).map(lambda rest: (CONTROL, b"\xf0" + rest)),
        ),
        max_size=10,
    )
)
def test_any_bytes_give_packets_or_a_packet_error(notifications):
    decoder = new_decoder()
    for characteristic, data in notifications:
        try:
            packets = decoder.push(characteristic, data)
        except PacketError:
            continue
        for packet in packets:
            for samples in (packet.acc, packet.gyr):
                assert samples is None or (samples.shape[1:] == (3,) and np.isfinite(samples).all())


def test_all_vectors(vectors):
    chosen = [vector for vector in vectors.values() if vector["id"].startswith("polar-")]
    assert len(chosen) >= 5
    h10 = DRIVER.settings_with({"rate_hz": 200})
    sent = {(step.characteristic, step.data.hex()) for step in (*DRIVER.start(h10), *DRIVER.stop(h10))
            if isinstance(step, Write)}  # fmt: skip
    for vector in chosen:
        told = vector["decoded"]
        if vector["direction"] == "write":
            assert (vector["characteristic"], vector["hex"]) in sent
            continue
        packet = decode(vector["hex"], vector["characteristic"])
        assert packet.ticks == told["timestamp_ns"]
        if "raw" in told:
            assert packet.fields["raw"] == told["raw"]
        if "gyro_dps" in told:
            assert np.degrees(packet.gyr) == pytest.approx(np.array(told["gyro_dps"]))
