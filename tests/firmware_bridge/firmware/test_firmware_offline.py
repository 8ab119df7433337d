"""The real code.py, out of reach: it keeps a log, and hands it over once."""

import asyncio

import numpy as np
import pytest

from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Read, Subscribe, Write
from firmware_bridge.devices.lsp import DRIVER, set_utc
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.circuitpython import Flash

WAITS_S = 10
UTC_US = 1_790_000_000_000_000


async def fetch(host, most_blocks=None):
    """Download the log as the bridge does, each block confirmed; return its packets."""
    download = DRIVER.download(host.settings)
    while not host.raw.empty():
        host.raw.get_nowait()
    packets = []
    await host.take(*download.begin())
    while not download.done:
        uuid, data = await asyncio.wait_for(host.raw.get(), 20)
        for block in download.push(uuid, data):
            packets += block.packets
            await host.take(*block.confirm)
            if most_blocks is not None and len(packets) >= most_blocks:
                return packets
    return packets


async def start_log(host, record):
    settings = DRIVER.settings_with({"log_record": record})
    await host.take(*set_utc(UTC_US), *DRIVER.start_log(settings))
    assert all(reply.ok for reply in host.replies)


async def status(host):
    await host.take(Read(codec.STATUS))
    return host.said


def test_every_sample_taken_out_of_reach_comes_once_after_the_return(in_world):
    async def story(world):
        async with world.connected() as host:
            await start_log(host, codec.RECORD_RAW)
        await asyncio.sleep(WAITS_S + 60)
        felt = list(world.xiao.chip.taken)
        started_s = felt[0].time_s
        async with world.connected() as host:
            packets = await fetch(host)
            await asyncio.sleep(0.1)
            said = await status(host)
            assert said["log_first"] == said["log_last"] + 1
        acc = np.concatenate([packet.acc for packet in packets])
        assert 59 * 104 < len(acc) <= len(felt) + 104
        assert np.abs(acc[: len(felt)] - [sample.acc_ms2 for sample in felt][: len(acc)]).max() <= 0.0024
        assert [packet.fields["log_block"] for packet in packets] == list(range(1, len(packets) + 1))
        assert packets[0].fields["utc_us"] == pytest.approx(UTC_US + packets[0].ticks / 32768 * 1e6, abs=3e6)
        last = packets[-1]
        assert packets[0].ticks / 32768 == pytest.approx(started_s, abs=0.02)
        assert (last.fields["last_ticks"] - packets[0].ticks) / 32768 == pytest.approx((len(acc) - 1) / 104, abs=0.02)

    in_world(story)


def test_a_download_cut_off_goes_on_where_it_was(in_world):
    async def story(world):
        async with world.connected() as host:
            await start_log(host, codec.RECORD_DECIMATED)
        await asyncio.sleep(WAITS_S + 60)
        packets = []
        for most in (1, 2, None):
            async with world.connected() as host:
                packets += await fetch(host, most)
                if most is None:
                    await host.take(Write(codec.CONTROL_POINT, codec.pack_command(codec.OP_STOP_LOG)))
        numbers = [packet.fields["log_block"] for packet in packets]
        assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))
        assert len(numbers) == len(set(numbers))
        assert sum(len(packet.acc) for packet in packets) == pytest.approx(60 * 26, abs=30)

    in_world(story)


def test_posture_records_tell_the_direction_of_gravity_every_second(in_world):
    async def story(world):
        world.xiao.chip.motion = type(
            "Lying", (), {"at": lambda _, t: (np.tile((0, -GRAVITY_MS2, 0), (len(t), 1)), np.zeros((len(t), 3)))}
        )()
        async with world.connected() as host:
            await start_log(host, codec.RECORD_POSTURE)
        await asyncio.sleep(WAITS_S + 12 * 60)
        async with world.connected() as host:
            packets = await fetch(host)
        assert [len(packet.acc) for packet in packets] == [300, 300, pytest.approx(120, abs=2)]
        acc = np.concatenate([packet.acc for packet in packets])
        assert np.allclose(acc, (0, -GRAVITY_MS2, 0), atol=0.002 * GRAVITY_MS2)
        for packet in packets:
            span_s = (packet.fields["last_ticks"] - packet.ticks) / 32768
            assert span_s == pytest.approx(len(packet.acc) - 1, abs=0.05)
        assert {flags & codec.POSTURE_WORN for flags in packets[0].fields["flags"]} == {codec.POSTURE_WORN}

    in_world(story)


def test_the_log_survives_a_power_cut_and_the_sensor_goes_on_logging(in_world):
    async def story(world):
        async with world.connected() as host:
            await start_log(host, codec.RECORD_RAW)
        await asyncio.sleep(WAITS_S + 30)
        await world.xiao.switch_off()
        await asyncio.sleep(60)
        await world.switch_on()
        await asyncio.sleep(WAITS_S + 30)
        async with world.connected() as host:
            assert (await status(host))["logging"]
            packets = await fetch(host)
        boots = [packet.fields["boot_id"] for packet in packets]
        assert len(set(boots)) == 2
        for boot in set(boots):
            samples = sum(len(packet.acc) for packet in packets if packet.fields["boot_id"] == boot)
            # The power cut took the block at work: at most 337 samples.
            assert 30 * 104 - 337 - 104 <= samples <= 30 * 104 + 30
        assert [packet.fields["log_block"] for packet in packets] == list(range(1, len(packets) + 1))

    in_world(story)


def test_a_block_damaged_in_flash_is_told_and_passed_over(in_world):
    async def story(world):
        async with world.connected() as host:
            await start_log(host, codec.RECORD_RAW)
        await asyncio.sleep(WAITS_S + 20)
        with (world.flash.folder / "lumbar.log").open("r+b") as file:
            file.seek(2 * codec.BLOCK_BYTES + 1000)
            file.write(b"\x55\xaa")
        async with world.connected() as host:
            packets = await fetch(host)
        damaged = [packet.fields["damaged_log_block"] for packet in packets if "damaged_log_block" in packet.fields]
        assert damaged == [2]
        assert [packet.fields.get("log_block") for packet in packets[:3]] == [1, None, 3]

    in_world(story)


def test_stopped_logging_records_nothing(in_world):
    async def story(world):
        async with world.connected() as host:
            await start_log(host, codec.RECORD_RAW)
            await host.take(Write(codec.CONTROL_POINT, codec.pack_command(codec.OP_STOP_LOG), awaits_reply=True))
        await asyncio.sleep(WAITS_S + 20)
        async with world.connected() as host:
            said = await status(host)
            assert not said["logging"]
            assert said["log_last"] == 0
            assert await fetch(host) == []

    in_world(story)


def test_a_drive_that_belongs_to_the_computer_means_no_log(in_world):
    async def story(world):
        await world.xiao.switch_off()
        world.flash = Flash(world.flash.folder, writable=False)
        await world.switch_on()
        async with world.connected() as host:
            await host.take(Subscribe(codec.CONTROL_POINT), Read(codec.FEATURE))
            assert "log" not in host.said["features"]
            command = codec.pack_command(codec.OP_START_LOG, codec.RECORD_RAW)
            await host.take(Write(codec.CONTROL_POINT, command, awaits_reply=True))
            assert host.answers[-1] == bytes((codec.OP_REPLY, codec.OP_START_LOG, codec.RESULT_NOT_SUPPORTED))

    in_world(story)
