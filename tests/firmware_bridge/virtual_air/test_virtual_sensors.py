"""Every virtual sensor is found, streams, vibrates, tells its charge and stops, as its driver says."""

import asyncio

import numpy as np
import pytest

from firmware_bridge.devices.catalogue import DRIVERS
from firmware_bridge.virtual.air import SENSORS, Conditions, Fate, Oscillator, Specimen, run_virtually, virtual_world
from firmware_bridge.virtual.air.sensors import PolarH10

STREAM_S = 60.0
KINDS = [
    ("witmotion", {}),
    ("witmotion", {"rate_hz": 200.0}),
    ("movesense", {}),
    ("movesense", {"rate_hz": 104.0}),
    ("movesense", {"sensor": 4.0}),
    ("metamotion", {}),
    ("metamotion", {"rate_hz": 25.0, "range_g": 4.0, "range_dps": 250.0}),
    ("dot", {}),
    ("dot", {"mode": 26.0}),
    ("polar", {}),
    ("polar", {"rate_hz": 104.0, "range_g": 4.0}),
    ("capture2go", {}),
    ("capture2go", {"rate_hz": 10.0}),
    ("thingy52", {}),
    ("lsp", {}),
    ("lsp", {"rate_hz": 200.0, "range_g": 2.0, "range_dps": 1000.0}),
]


def same(decoded, true):
    np.testing.assert_allclose(decoded, true, rtol=1e-12, atol=1e-12)


def check_all_arrived(host, sensor):
    """All that was sent has been decoded, in order, exactly; and nothing between was left out."""
    for stream, truth in sensor.truths.items():
        if stream.startswith("log"):
            continue
        arrived = truth.samples().arrived()
        assert np.all((np.diff(arrived.number) == 1) | (arrived.number[1:] == 0))
        if arrived.acc is not None:
            same(host.samples("acc"), arrived.acc)
        if arrived.gyr is not None:
            same(host.samples("gyr"), arrived.gyr)
    assert sensor.overflowed == 0


@pytest.mark.parametrize(("kind", "given"), KINDS)
def test_a_minute_of_samples_arrives_exactly_as_taken(host_of, kind, given):
    async def minute():
        world = await virtual_world(Conditions(connection_interval_s=0.015))
        sensor = await world.add(kind, Specimen(oscillator=Oscillator(ppm=40, wander_ppm=5)))
        host = await host_of(world, **given)
        assert host.driver is DRIVERS[kind]
        await host.connect()
        await host.start()
        await asyncio.sleep(STREAM_S)
        await host.stop()
        await asyncio.sleep(1.0)
        check_all_arrived(host, sensor)
        taken = len(host.samples("acc"))
        assert taken == pytest.approx(STREAM_S * host.settings["rate_hz"], rel=0.03)
        await host.client.disconnect()

    run_virtually(minute())


def test_an_h10_has_acceleration_only(host_of):
    async def minute():
        world = await virtual_world()
        sensor = await world.add(PolarH10)
        host = await host_of(world, rate_hz=100)
        await host.connect()
        await host.start()
        await asyncio.sleep(STREAM_S)
        check_all_arrived(host, sensor)
        assert len(host.samples("gyr")) == 0
        assert len(host.samples("acc")) == pytest.approx(6000, abs=72)

    run_virtually(minute())


@pytest.mark.parametrize("kind", SENSORS)
def test_battery_and_serial_number_can_be_read(host_of, kind):
    async def ask():
        world = await virtual_world()
        await world.add(kind, Specimen(serial="00A7", battery_percent=60))
        host = await host_of(world)
        await host.connect()
        await host.start()
        await host.play(host.driver.battery)
        await asyncio.sleep(0.5)
        assert [packet.battery_percent for packet in host.packets if packet.battery_percent is not None] == [60]
        assert bytes(await host.client.read_gatt_char("2a25")) == b"00A7"

    run_virtually(ask())


@pytest.mark.parametrize("kind", [kind for kind in SENSORS if DRIVERS[kind].vibrate is not None])
def test_a_pulse_reaches_the_motor(host_of, kind):
    async def pulse():
        world = await virtual_world()
        sensor = await world.add(kind)
        host = await host_of(world)
        await host.connect()
        await host.play(host.driver.vibrate(0.5, 0.25))
        await asyncio.sleep(0.1)
        assert [(round(one.strength, 2), one.duration_s) for one in sensor.pulses] == [(0.5, 0.25)]

    run_virtually(pulse())


@pytest.mark.parametrize("kind", [kind for kind in SENSORS if kind not in {"witmotion", "thingy52"}])
def test_stop_stops(host_of, kind):
    async def stop():
        world = await virtual_world()
        sensor = await world.add(kind)
        host = await host_of(world)
        await host.connect()
        await host.start()
        await asyncio.sleep(2)
        await host.stop()
        await asyncio.sleep(1)
        heard = len(host.samples("acc"))
        await asyncio.sleep(5)
        assert heard > 0
        assert len(host.samples("acc")) == heard
        assert not sensor._samplings  # noqa: SLF001 - it measures no longer either

    run_virtually(stop())


@pytest.mark.parametrize("kind", SENSORS)
def test_a_second_start_on_a_new_connection_streams_again(host_of, kind):
    async def twice():
        world = await virtual_world()
        sensor = await world.add(kind)
        host = await host_of(world)
        for _ in range(2):
            await host.connect()
            await host.start()
            heard = len(host.packets)
            await asyncio.sleep(5)
            assert len(host.packets) > heard
            await host.client.disconnect()
            await asyncio.sleep(1)
        counts = next(iter(sensor.truths.values())).counts
        assert counts[Fate.ARRIVED] > 0

    run_virtually(twice())


def test_small_packets_are_made_for_a_small_mtu(host_of):
    async def small():
        world = await virtual_world(Conditions(connection_interval_s=0.0075, transmit_queue=60), mtu=23)
        for number, kind in enumerate(("lsp", "witmotion", "capture2go", "metamotion")):
            sensor = await world.add(kind, Specimen(address=f"D0:00:00:00:00:0{number}"))
            host = await host_of(world, rate_hz=50.0)
            await host.connect()
            await host.start()
            await asyncio.sleep(10)
            await host.stop()
            await asyncio.sleep(1)
            check_all_arrived(host, sensor)
            await host.client.disconnect()
            sensor.set_in_range(in_range=False)

    run_virtually(small())
