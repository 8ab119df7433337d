"""The real code.py, live: the bridge's driver and bleak talk to it over the virtual air."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from config.units import GRAVITY_MS2
from firmware_bridge.devices import standard
from firmware_bridge.devices.driver import Read, Subscribe, Write
from firmware_bridge.devices.lsp import DRIVER, time_ping
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.air import Conditions, bumble_backends
from firmware_bridge.virtual.circuitpython.xiao import MOTOR_PIN

ACC_COUNT_MS2 = 8 * GRAVITY_MS2 / 32768
GYR_COUNT_RAD_S = np.deg2rad(2000) / 32768


class Still:
    """A sensor on a table, with a turn that does not end."""

    def __init__(self, acc_ms2=(0.0, 0.0, GRAVITY_MS2), gyr_rad_s=(0.0, 0.0, 0.0)):
        self.acc_ms2 = acc_ms2
        self.gyr_rad_s = gyr_rad_s

    def at(self, times_s):
        return np.tile(self.acc_ms2, (len(times_s), 1)), np.tile(self.gyr_rad_s, (len(times_s), 1))


def columns(host):
    numbers = np.concatenate([packet.counter + np.arange(len(packet.acc)) for packet in host.samples])
    acc = np.concatenate([packet.acc for packet in host.samples])
    gyr = np.concatenate([packet.gyr for packet in host.samples])
    return numbers, acc, gyr


def test_two_minutes_come_whole_and_equal_the_motion_within_a_count(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(120)
            felt = list(world.xiao.chip.taken)
            await host.take(*DRIVER.stop(host.settings))
        numbers, acc, gyr = columns(host)
        assert numbers.tolist() == list(range(len(numbers)))
        assert 119.5 * 104 < len(numbers) <= 120.5 * 104
        acc, gyr = acc[: len(felt)], gyr[: len(felt)]
        felt = felt[: len(acc)]
        assert np.abs(acc - [sample.acc_ms2 for sample in felt]).max() <= 1.001 * ACC_COUNT_MS2
        assert np.abs(gyr - [sample.gyr_rad_s for sample in felt]).max() <= 1.2 * GYR_COUNT_RAD_S
        assert all(reply.ok for reply in host.replies)
        assert host.said["rate_hz"] == 104

    in_world(story)


@pytest.mark.parametrize("rate_error", [-0.03, 0.0, 0.02])
def test_ticks_tell_when_a_sample_was_taken_whatever_the_chips_oscillator_does(in_world, rate_error):
    async def story(world):
        await world.xiao.switch_off()
        await world.switch_on(rate_error=rate_error)
        started_s = asyncio.get_running_loop().time()
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(120)
            felt = [sample.time_s for sample in world.xiao.chip.taken]
        off_s = np.array([packet.ticks / codec.TICK_HZ - (felt[packet.counter] - started_s) for packet in host.samples])
        settled = off_s[len(off_s) // 4 :]
        assert settled.std() < 0.0004
        assert np.abs(settled).max() < 0.0015

    in_world(story)


def test_what_the_chip_cannot_hold_is_a_counted_gap(in_world):
    """The radio's queue is full for 4 s at a time; the chip holds 3.3 s."""

    async def story(world):
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(5)
            world.air.conditions = Conditions(packets_an_event=1, connection_interval_s=4.0, transmit_queue=1)
            await asyncio.sleep(6)
            world.air.conditions = Conditions()
            await asyncio.sleep(4)
            await host.take(Read(codec.STATUS))
            assert host.said["fifo_overflow"]
            await asyncio.sleep(10)
            felt = [sample.time_s for sample in world.xiao.chip.taken]
            await host.take(Read(codec.STATUS))
            assert not host.said["fifo_overflow"]
        after_gaps = [
            later for packet, later in pairwise(host.samples) if later.counter != packet.counter + len(packet.acc)
        ]
        assert after_gaps
        assert all(packet.fields["flags"] & codec.FLAG_GAP for packet in after_gaps)
        assert [packet for packet in host.samples if packet.fields["flags"] & codec.FLAG_GAP] == after_gaps
        last = host.samples[-1]
        assert last.ticks / codec.TICK_HZ == pytest.approx(felt[last.counter], abs=0.0015)

    in_world(story)


def test_a_slow_link_delays_but_loses_nothing_until_the_fifo_is_full(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(5)
            world.air.conditions = Conditions(packets_an_event=1, connection_interval_s=0.9, transmit_queue=2)
            await asyncio.sleep(2)
            world.air.conditions = Conditions()
            await asyncio.sleep(10)
            numbers, _, _ = columns(host)
        assert numbers.tolist() == list(range(len(numbers)))
        assert len(numbers) > 16 * 104

    in_world(story)


def test_a_small_mtu_carries_one_sample_a_packet(in_world):
    async def story(world):
        _, world.client = bumble_backends(world.central, mtu=23)
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(10)
            numbers, _, _ = columns(host)
            assert {len(packet.acc) for packet in host.samples} == {1}
        assert numbers.tolist() == list(range(len(numbers)))
        assert len(numbers) > 9.5 * 104

    in_world(story)


@pytest.mark.parametrize(("asked", "taken"), [(25, 26), (50, 52), (100, 104), (104, 104), (250, 208)])
def test_the_nearest_rate_is_taken_and_said(in_world, asked, taken):
    async def story(world):
        async with world.connected(rate_hz=asked) as host:
            await host.take(*DRIVER.start(host.settings))
            assert host.said["rate_hz"] == taken
            await asyncio.sleep(10)
            numbers, _, _ = columns(host)
            assert abs(len(numbers) - 10 * taken) < taken / 4

    in_world(story)


@pytest.mark.parametrize("range_g", [2, 4, 8, 16])
@pytest.mark.parametrize("range_dps", [1000, 2000])
def test_counts_follow_the_range(in_world, range_g, range_dps):
    async def story(world):
        world.xiao.chip.motion = Still((0.0, GRAVITY_MS2, 0.0), (0.5, 0.0, -1.0))
        async with world.connected(range_g=range_g, range_dps=range_dps) as host:
            await host.take(*DRIVER.start(host.settings), Read(codec.FEATURE))
            await asyncio.sleep(2)
            _, acc, gyr = columns(host)
            assert host.said["acc_counts_per_g"] == 32768 // range_g
        assert np.allclose(acc, (0.0, GRAVITY_MS2, 0.0), atol=1.5 * range_g * GRAVITY_MS2 / 32768)
        assert np.allclose(gyr, (0.5, 0.0, -1.0), atol=1.5 * np.deg2rad(range_dps) / 32768)

    in_world(story)


def test_what_is_too_fast_for_the_range_is_flagged(in_world):
    async def story(world):
        world.xiao.chip.motion = Still((0.0, 0.0, GRAVITY_MS2), (np.deg2rad(2100), 0.0, 0.0))
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(3)
            await host.take(Read(codec.STATUS))
            assert host.said["clipped"]
        assert all(packet.fields["flags"] & codec.FLAG_CLIPPED for packet in host.samples)

    in_world(story)


def test_calibrating_takes_the_gyroscopes_offset_off(in_world):
    async def story(world):
        world.xiao.chip.motion = Still(gyr_rad_s=(0.02, -0.03, 0.01))
        async with world.connected() as host:
            await host.take(Subscribe(codec.CONTROL_POINT))
            await host.take(Write(codec.CONTROL_POINT, codec.pack_command(codec.OP_CALIBRATE_GYRO), awaits_reply=True))
            assert host.replies[-1].ok
            await host.take(*DRIVER.start(host.settings))
            await asyncio.sleep(2)
            _, _, gyr = columns(host)
        assert np.abs(gyr).max() <= 1.5 * GYR_COUNT_RAD_S

    in_world(story)


def test_calibrating_fails_where_the_sensor_moves(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(Subscribe(codec.CONTROL_POINT))
            await host.take(Write(codec.CONTROL_POINT, codec.pack_command(codec.OP_CALIBRATE_GYRO), awaits_reply=True))
            assert not host.replies[-1].ok

    in_world(story)


def test_a_pulse_reaches_the_motor_pin(in_world):
    async def story(world):
        async with world.connected() as host:
            asked_s = asyncio.get_running_loop().time()
            await host.take(*DRIVER.vibrate(0.5, 0.4))
            await asyncio.sleep(1)
        begin, end = [change for change in world.xiao.pins.history[MOTOR_PIN] if change.time_s > asked_s][-2:]
        assert begin.value == 128 * 257
        assert begin.time_s - asked_s < 0.2
        assert end.value == 0
        assert end.time_s - begin.time_s == pytest.approx(0.4, abs=0.04)

    in_world(story)


def test_an_immediate_alert_reaches_the_motor_pin(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.client.write_gatt_char("2a06", b"\x02", response=False)
            await asyncio.sleep(3)
        assert [change.value for change in world.xiao.pins.history[MOTOR_PIN]].count(0xFFFF) == 3
        assert world.xiao.pins.last(MOTOR_PIN) == 0

    in_world(story)


def test_the_battery_and_the_charger_are_told(in_world):
    async def story(world):
        world.xiao.pins.inputs["CHARGE_STATUS"] = 0
        async with world.connected() as host:
            await host.take(*DRIVER.battery)
            assert [packet.battery_percent for packet in host.packets][-1] == 65
            world.xiao.set_battery_mv(3700)
            await asyncio.sleep(61)
            await host.take(Read(standard.BATTERY_LEVEL), Read(codec.STATUS))
            assert [packet.battery_percent for packet in host.packets if packet.battery_percent is not None][-1] in {
                29,
                30,
            }
            assert host.said["charging"]

    in_world(story)


def test_the_sensor_says_who_it_is(in_world):
    async def story(world):
        async with world.connected() as host:
            serial = await host.client.read_gatt_char("2a25")
            assert bytes(await host.client.read_gatt_char("2a29")) == b"Lumbar"
            assert len(serial) == 12
            await host.take(Read(codec.FEATURE))
            assert host.said["features"] == ["gyroscope", "haptic", "log", "time_ping", "wear_detection"]
            assert host.said["rates_hz"] == [26, 52, 104, 208]

    in_world(story)


def test_a_time_ping_is_answered_with_the_sensors_clock(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(*time_ping(7))
            assert host.said["ping_id"] == 7
            now_ticks = asyncio.get_running_loop().time() * codec.TICK_HZ
            assert 0 <= now_ticks - host.said["received_ticks"] < 0.2 * codec.TICK_HZ
            assert host.said["sent_ticks"] >= host.said["received_ticks"]

    in_world(story)


@pytest.mark.parametrize(
    ("command", "result"),
    [
        (b"\x7f", codec.RESULT_NOT_SUPPORTED),
        (b"\x01\x64\x00", codec.RESULT_BAD_PARAMETER),
        (b"\x01\x64\x00\x00", codec.RESULT_BAD_PARAMETER),
        (b"\x03\x03\xd0\x07", codec.RESULT_BAD_PARAMETER),
        (b"\x08\x04", codec.RESULT_BAD_PARAMETER),
        (b"\x02", codec.RESULT_OK),
        (b"\x0a", codec.RESULT_OK),
    ],
)
def test_every_command_is_answered_with_a_result(in_world, command, result):
    async def story(world):
        async with world.connected() as host:
            await host.take(Subscribe(codec.CONTROL_POINT))
            await host.take(Write(codec.CONTROL_POINT, command, awaits_reply=True))
            assert host.answers[-1] == bytes((codec.OP_REPLY, command[0], result))

    in_world(story)


def test_asleep_it_is_not_to_be_found(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(Subscribe(codec.CONTROL_POINT))
            await host.take(Write(codec.CONTROL_POINT, codec.pack_command(codec.OP_SLEEP), awaits_reply=True))
            assert host.replies[-1].ok
            await asyncio.sleep(2)
            assert not host.client.is_connected
        assert await world.find() is None

    in_world(story)


def test_a_still_cool_sensor_is_taken_for_not_worn(in_world):
    async def story(world):
        async with world.connected() as host:
            await host.take(*DRIVER.start(host.settings), Read(codec.STATUS))
            assert host.said["worn"]
            world.xiao.chip.motion = Still()
            world.xiao.chip.temperature_c = 24
            await asyncio.sleep(305)
            await host.take(Read(codec.STATUS))
            assert not host.said["worn"]

    in_world(story)
