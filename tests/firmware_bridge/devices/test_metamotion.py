"""MetaMotion's stream: frames as the vendor's unit tests state them, commands byte for byte."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError, SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Subscribe, Write
from firmware_bridge.devices.metamotion import DRIVER, buzz

NOTIFY = "326a9006-85cb-9195-d9dd-464cfbbae75a"
COMMAND = "326a9001-85cb-9195-d9dd-464cfbbae75a"


def decode(frame, **settings):
    decoder = DRIVER.decoder(DRIVER.settings_with(settings))
    (packet,) = decoder.push(NOTIFY, bytes.fromhex(frame))
    return packet


def written(steps):
    return [step.data.hex() for step in steps if isinstance(step, Write)]


def test_a_single_acceleration():
    packet = decode("030416c494a22ad0", range_g=4)
    assert packet.acc / GRAVITY_MS2 == pytest.approx(np.array([[-1.872, -2.919, -1.495]]), abs=1e-3)
    assert packet.gyr is None
    assert packet.ticks is None
    assert packet.counter is None


def test_three_accelerations_in_a_frame_of_either_chip():
    expected = np.array([[-4.539, 0.833, -0.131], [-2.995, 0.894, 0.146], [-0.029, 0.352, 0.065]])
    for register in ("05", "1c"):
        packet = decode(f"03{register}62b7530de9fd16d04d0e57028affa1050a01", range_g=8)
        assert packet.acc / GRAVITY_MS2 == pytest.approx(expected, abs=1e-3)


def test_a_single_turn_rate_of_either_chip():
    for register in ("04", "05"):
        packet = decode(f"13{register}3e43ff7f0080", range_dps=500)
        assert np.degrees(packet.gyr) == pytest.approx(np.array([[262.409, 499.497, -499.512]]), abs=1e-3)
        assert packet.acc is None


def test_three_turn_rates_in_a_frame_of_either_chip():
    expected = np.array([[164.177, 301.86, -265.122], [207.134, 296.982, -215.457], [254.055, 309.634, -152.591]])
    for register in ("05", "07"):
        packet = decode(f"13{register}0915ad2608de8a1a0d2665e48d20ac2773ec", range_dps=1000)
        assert np.degrees(packet.gyr) == pytest.approx(expected, abs=1e-3)


def test_battery():
    packet = decode("118c633410")
    assert packet.battery_percent == 99
    assert packet.fields["voltage_mv"] == 4148


def test_start_configures_enables_and_powers_both_sensors_of_the_bmi270():
    steps = DRIVER.start(DRIVER.settings_with({"range_g": 8, "rate_hz": 100, "range_dps": 2000}))
    assert steps[1] == Subscribe(NOTIFY)
    assert written(steps) == [
        "0b0100", "0380", "030501", "130501", "0303a802", "03020100", "030101", "13032800", "13020100", "130101",
    ]  # fmt: skip
    assert {step.characteristic for step in steps[2:]} == {COMMAND}


def test_start_uses_the_registers_and_codes_of_the_bmi160():
    settings = {"chip": 160, "range_g": 16, "rate_hz": 50, "range_dps": 125}
    assert written(DRIVER.start(DRIVER.settings_with(settings))) == [
        "0b0100", "0380", "031c01", "130701", "0303270c", "03020100", "030101", "13032704", "13020100", "130101",
    ]  # fmt: skip


def test_at_12_5_hz_the_gyroscope_rests():
    settings = DRIVER.settings_with({"rate_hz": 12.5})
    assert written(DRIVER.start(settings)) == ["0b0100", "0380", "030401", "0303a502", "03020100", "030101"]
    assert written(DRIVER.stop(settings)) == ["030100", "03020001", "030400"]
    assert DRIVER.resolution(settings).gyr_rad_s is None


@pytest.mark.parametrize(("chip", "gyr"), [(270, "130401"), (160, "130501")])
def test_slow_samples_come_singly(chip, gyr):
    steps = DRIVER.start(DRIVER.settings_with({"rate_hz": 25, "chip": chip}))
    assert written(steps)[2:4] == ["030401", gyr]


def test_stop_undoes_what_start_did():
    assert written(DRIVER.stop(DRIVER.settings_with({}))) == [
        "030100", "03020001", "130100", "13020001", "030500", "130500",
    ]  # fmt: skip


def test_battery_is_asked_for():
    assert written(DRIVER.battery) == ["118c"]


def test_the_motor_runs_by_strength_and_time():
    assert written(DRIVER.vibrate(1.0, 5.0)) == ["0801f8881300"]
    assert written(DRIVER.vibrate(0.5, 0.3)) == ["08017c2c0100"]
    assert written(buzz(7.5)) == ["08017f4c1d01"]


@pytest.mark.parametrize(("strength", "duration_s"), [(1.1, 1), (-0.1, 1), (math.nan, 1), (1, 66), (1, -1)])
def test_the_motor_refuses_what_does_not_fit(strength, duration_s):
    with pytest.raises(SensorError):
        DRIVER.vibrate(strength, duration_s)


@pytest.mark.parametrize(
    ("frame", "settings", "ok"),
    [("03800403", {}, True), ("03800101", {}, False), ("03800101", {"chip": 160}, True), ("03800302", {}, False),
     ("0380", {}, False)],
)  # fmt: skip
def test_start_is_answered_by_the_board_saying_its_chip(frame, settings, ok):
    reply = decode(frame, **settings).reply
    assert reply.to == "start"
    assert reply.ok is ok
    assert bool(reply.reason) is not ok


@pytest.mark.parametrize(
    "frame",
    ["", "03", "0304", "030416c494a22a", "030416c494a22ad0ff", "030562b7530de9fd", "1307", "118c63", "118c653410",
     "0b07", "0b84aabb", "7701", "038004"],
)  # fmt: skip
def test_malformed_frames_are_refused_and_the_next_one_is_read(frame):
    decoder = DRIVER.decoder(DRIVER.settings_with({}))
    with pytest.raises(PacketError, match="MetaMotion"):
        decoder.push(NOTIFY, bytes.fromhex(frame))
    (packet,) = decoder.push(NOTIFY, bytes.fromhex("118c633410"))
    assert packet.battery_percent == 99


def test_another_characteristic_is_refused():
    with pytest.raises(PacketError, match="nothing is expected"):
        DRIVER.decoder(DRIVER.settings_with({})).push(COMMAND, b"\x11\x8c\x63\x34\x10")


@given(
    st.lists(st.tuples(*[st.integers(-32768, 32767)] * 3), min_size=3, max_size=3),
    st.sampled_from([2, 4, 8, 16]),
    st.sampled_from([125, 250, 500, 1000, 2000]),
)
def test_counts_survive_the_way_through_a_frame(counts, range_g, range_dps):
    settings = DRIVER.settings_with({"range_g": range_g, "range_dps": range_dps})
    resolution = DRIVER.resolution(settings)
    decoder = DRIVER.decoder(settings)
    packed = struct.pack("<9h", *np.ravel(counts))
    (acc,) = decoder.push(NOTIFY, b"\x03\x05" + packed)
    (gyr,) = decoder.push(NOTIFY, b"\x13\x05" + packed)
    assert acc.acc / resolution.acc_ms2 == pytest.approx(np.array(counts), abs=1e-6)
    assert gyr.gyr / resolution.gyr_rad_s == pytest.approx(np.array(counts), abs=1e-6)
    assert resolution.acc_ms2 * 32768 == pytest.approx(range_g * GRAVITY_MS2)


heads = st.sampled_from(
    [b"\x03\x04", b"\x03\x05", b"\x13\x07", b"\x0b\x07", b"\x0b\x82", b"\x0b\x85", b"\x11\x8c", b""]
)


@given(st.lists(st.builds(lambda head, rest: head + rest, heads, st.binary(max_size=64)), max_size=20))
def test_any_bytes_give_packets_or_a_packet_error(frames):
    decoder = DRIVER.decoder(DRIVER.settings_with({}))
    for frame in frames:
        try:
            packets = decoder.push(NOTIFY, frame)
        except PacketError:
            continue
        for packet in packets:
            for samples in (packet.acc, packet.gyr):
                assert samples is None or samples.shape[1:] == (3,)


def test_all_commands_of_the_vectors_are_sent_byte_for_byte(vectors):
    steps = [
        *DRIVER.start(DRIVER.settings_with({})),
        *DRIVER.start(DRIVER.settings_with({"rate_hz": 200})),
        *DRIVER.start(DRIVER.settings_with({"rate_hz": 25})),
        *DRIVER.start_log(DRIVER.settings_with({})),
        *DRIVER.download(DRIVER.settings_with({})).begin(),
        *DRIVER.battery,
        *DRIVER.vibrate(1.0, 5.0),
        *buzz(7.5),
    ]
    download = DRIVER.download(DRIVER.settings_with({}))
    (page,) = download.push(NOTIFY, bytes.fromhex("0b0d"))
    sent = {(step.characteristic, step.data.hex()) for step in (*steps, *page.confirm) if isinstance(step, Write)}
    commands = [v for v in vectors.values() if v["id"].startswith("mw-") and v["direction"] == "write"]
    # The board gives itself that one, see test_start_log_sets_the_triggers_of_both_sensors_and_lets_them_measure.
    commands = [v for v in commands if v["id"] != "mw-log-start"]
    assert len(commands) >= 11
    assert [v["id"] for v in commands if (v["characteristic"], v["hex"]) not in sent] == []


def test_all_notifications_of_the_vectors_are_read(vectors):
    seen = 0
    for vector in vectors.values():
        if not vector["id"].startswith("mw-") or vector["direction"] != "notify":
            continue
        seen += 1
        told = vector["decoded"]
        packet = decode(vector["hex"], **{name: told[name] for name in ("range_g", "range_dps") if name in told})
        if "acc_g" in told:
            assert packet.acc / GRAVITY_MS2 == pytest.approx(np.atleast_2d(told["acc_g"]), abs=1e-3)
        if "gyro_dps" in told:
            assert np.degrees(packet.gyr) == pytest.approx(np.atleast_2d(told["gyro_dps"]), abs=1e-3)
        if "charge_percent" in told:
            assert packet.battery_percent == told["charge_percent"]
            assert packet.fields["voltage_mv"] == told["voltage_mv"]
    assert seen >= 5
