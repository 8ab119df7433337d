"""The offline logs of the virtual sensors are fetched whole, however often the download is broken off."""

import asyncio
import random

import numpy as np
import pytest

from firmware_bridge.virtual.air import Conditions, run_virtually, virtual_world
from firmware_bridge.virtual.air.sensors import LspSensor


async def confirm(host, done):
    """Take the blocks as they come and confirm each."""
    for _ in range(20_000):
        while host.blocks:
            block = host.blocks.pop(0)
            done.extend(block.packets)
            await host.play(block.confirm)
        if host.download.done:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the download does not end")


async def logged(host_of, kind, hours_away, **given):
    world = await virtual_world(Conditions(connection_interval_s=0.015))
    sensor = await world.add(kind)
    host = await host_of(world, **given)
    await host.connect()
    await host.start()
    await host.play(host.driver.start_log(host.settings))
    await asyncio.sleep(2)
    await host.client.disconnect()
    await asyncio.sleep(hours_away * 3600)
    await host.connect()
    return sensor, host


@pytest.mark.parametrize(("record", "hours_away"), [(1, 0.02), (2, 0.1), (3, 1.0)])
def test_an_lsp_log_comes_whole_while_it_streams(host_of, record, hours_away):
    async def fetch():
        sensor, host = await logged(host_of, "lsp", hours_away, log_record=record)
        await host.start()
        host.download = host.driver.download(host.settings)
        await host.play(host.download.begin())
        packets = []
        await confirm(host, packets)
        true = sensor.truths["log"].samples()
        np.testing.assert_allclose(np.concatenate([one.acc for one in packets]), true.acc, rtol=1e-12)
        if record != 3:
            np.testing.assert_allclose(np.concatenate([one.gyr for one in packets]), true.gyr, rtol=1e-12)
        assert len(true.number) == pytest.approx((hours_away * 3600 - 10) * {1: 100, 2: 25, 3: 1}[record], rel=0.01)
        assert sensor.log.first == sensor.log.last + 1

    run_virtually(fetch())


def test_an_lsp_log_survives_downloads_broken_off_anywhere(host_of):
    async def fetch():
        sensor, host = await logged(host_of, "lsp", 0.15)
        chance = random.Random(1)  # noqa: S311 - chance, no secret
        packets = []
        broken = 0
        for _ in range(12):
            host.blocks.clear()
            host.download = host.driver.download(host.settings)
            await host.play(host.download.begin())
            try:
                await asyncio.wait_for(confirm(host, packets), chance.uniform(0.05, 0.4))
                break
            except TimeoutError:
                broken += 1
                await host.client.disconnect()
                host.download = None
                await asyncio.sleep(1)
                await host.connect()
        else:
            host.download = host.driver.download(host.settings)
            await host.play(host.download.begin())
            await confirm(host, packets)
        assert broken >= 3
        whole = {one.fields["log_block"]: one for one in packets}
        true = sensor.truths["log"].samples()
        np.testing.assert_allclose(
            np.concatenate([whole[number].acc for number in sorted(whole)]), true.acc, rtol=1e-12
        )

    run_virtually(fetch())


def test_a_full_ring_overwrites_its_oldest_blocks_and_counts_them(host_of):
    async def fill():
        world = await virtual_world()
        sensor = await world.add(lambda air, specimen: LspSensor(air, specimen, flash_blocks=4))
        host = await host_of(world)
        await host.connect()
        await host.play(host.driver.start_log(host.settings))
        await host.client.disconnect()
        await asyncio.sleep(11 + 337 * 10 / 25)
        assert sensor.log.overwritten == 6
        assert (sensor.log.first, sensor.log.last) == (7, 10)

    run_virtually(fill())


def test_a_metamotion_log_comes_page_by_page(host_of):
    async def fetch():
        sensor, host = await logged(host_of, "metamotion", 0.007)
        host.download = host.driver.download(host.settings)
        await host.play(host.download.begin())
        packets = []
        await confirm(host, packets)
        for kind in ("acc", "gyr"):
            true = getattr(sensor.truths[f"log_{kind}"].samples().arrived(), kind)
            got = np.concatenate([getattr(one, kind) for one in packets if getattr(one, kind) is not None])
            assert len(true) > 2500
            np.testing.assert_allclose(got, true, rtol=1e-12)

    run_virtually(fetch())
