"""What goes wrong in the air goes wrong as it does in life, and is counted."""

import asyncio

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError, BleakGATTProtocolError
from bleak_retry_connector import establish_connection

from firmware_bridge.devices.driver import Write
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.air import Conditions, Fate, Specimen, run_virtually, virtual_world

SUPERVISION_S = 4.0


async def streaming(host_of, conditions=None, kind="lsp", **given):
    world = await virtual_world(conditions)
    sensor = await world.add(kind)
    host = await host_of(world, **given)
    await host.connect()
    await host.start()
    return world, sensor, host


def heard_numbers(host):
    return np.concatenate(
        [packet.counter + np.arange(len(packet.acc)) for packet in host.packets if packet.counter is not None]
    )


def assert_heard_or_missing(host, sensor):
    """Each sample taken was heard once, or its number is missing."""
    true = sensor.truths["imu"].samples()
    arrived = true.arrived()
    np.testing.assert_array_equal(heard_numbers(host), arrived.number)
    np.testing.assert_allclose(host.samples("acc"), arrived.acc, rtol=1e-12)
    missing = set(true.number) - set(arrived.number)
    assert len(missing) + len(arrived.number) == len(true.number)
    return missing


def test_out_of_range_is_noticed_at_the_supervision_timeout_and_reconnecting_works(host_of):
    async def away():
        _, sensor, host = await streaming(host_of)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(10)
        sensor.set_in_range(in_range=False)
        left_s = loop.time()
        await asyncio.wait_for(host.gone.wait(), 10)
        assert loop.time() - left_s == pytest.approx(SUPERVISION_S, abs=0.05)
        assert not host.client.is_connected
        assert sensor.connection is None
        with pytest.raises(TimeoutError):
            await host.connect()
        await asyncio.sleep(300)
        sensor.set_in_range(in_range=True)
        assert len(assert_heard_or_missing(host, sensor)) > 0
        await host.connect()
        heard = len(host.packets)
        await host.start()
        await asyncio.sleep(5)
        assert len(host.packets) > heard + 40

    run_virtually(away())


def test_a_short_walk_out_of_range_only_delays(host_of):
    async def short():
        _, sensor, host = await streaming(host_of, Conditions(transmit_queue=40))
        await asyncio.sleep(5)
        sensor.set_in_range(in_range=False)
        await asyncio.sleep(2)
        sensor.set_in_range(in_range=True)
        await asyncio.sleep(5)
        await host.stop()
        await asyncio.sleep(1)
        assert not host.gone.is_set()
        assert assert_heard_or_missing(host, sensor) == set()
        assert sensor.overflowed == 0
        assert max(np.diff(host.arrivals)) == pytest.approx(2, abs=0.2)

    run_virtually(short())


def test_one_sensor_goes_away_and_the_other_stays(host_of):
    async def two():
        world = await virtual_world()
        first = await world.add("lsp", Specimen(address="D0:00:00:00:00:01"))
        host = await host_of(world)
        await host.connect()
        await host.start()
        other = await world.add("movesense", Specimen(address="D0:00:00:00:00:02"))
        other_host = await host_of(world)
        await other_host.connect()
        await other_host.start()
        first.set_in_range(in_range=False)
        await asyncio.sleep(20)
        assert host.gone.is_set()
        assert not other_host.gone.is_set()
        assert other.truths["imu"].counts[Fate.ARRIVED] > 19 * 52

    run_virtually(two())


def test_a_pending_read_fails_when_the_link_dies(host_of):
    async def pending():
        _, sensor, host = await streaming(host_of)
        sensor.set_in_range(in_range=False)
        with pytest.raises(BleakError, match="disconnected"):
            await host.client.read_gatt_char("2a19")
        assert host.gone.is_set()

    run_virtually(pending())


def test_missed_connection_events_only_delay(host_of):
    async def missed():
        _, sensor, host = await streaming(host_of, Conditions(missed_event_share=0.4))
        await asyncio.sleep(60)
        await host.stop()
        await asyncio.sleep(1)
        assert assert_heard_or_missing(host, sensor) == set()
        assert max(np.diff(host.arrivals)) > 0.11

    run_virtually(missed())


def test_packets_come_at_connection_events(host_of):
    async def grid():
        _, _, host = await streaming(host_of, Conditions(connection_interval_s=0.05))
        await asyncio.sleep(10)
        phases = np.array(host.arrivals[5:]) % 0.05
        assert np.ptp(phases) < 1e-6

    run_virtually(grid())


def test_a_request_and_its_answer_take_a_connection_event_each(host_of):
    async def read():
        _, _, host = await streaming(host_of, Conditions(connection_interval_s=0.05))
        loop = asyncio.get_running_loop()
        for _ in range(20):
            began_s = loop.time()
            await host.client.read_gatt_char("2a19")
            assert 0.05 < loop.time() - began_s < 0.1 + 1e-6

    run_virtually(read())


def test_a_stall_is_silence_without_a_disconnection(host_of):
    async def stall():
        _, sensor, host = await streaming(host_of)
        await asyncio.sleep(5)
        sensor.stall(8)
        await asyncio.sleep(0.5)
        heard = len(host.packets)
        await asyncio.sleep(7)
        assert len(host.packets) == heard
        assert host.client.is_connected
        assert bytes(await host.client.read_gatt_char("2a19")) == bytes([sensor.battery_percent])
        await asyncio.sleep(5)
        assert len(assert_heard_or_missing(host, sensor)) == pytest.approx(800, abs=20)

    run_virtually(stall())


def test_a_reboot_begins_counters_and_ticks_anew(host_of):
    async def reboot():
        _, sensor, host = await streaming(host_of)
        before = codec.unpack_status(bytes(await host.client.read_gatt_char(codec.STATUS)))
        await asyncio.sleep(100)
        restart = asyncio.create_task(sensor.reboot(off_s=3))
        await asyncio.wait_for(host.gone.wait(), SUPERVISION_S + 0.1)
        await restart
        await host.connect()
        await host.start()
        host.packets.clear()
        await asyncio.sleep(2)
        after = codec.unpack_status(bytes(await host.client.read_gatt_char(codec.STATUS)))
        assert after.boot_id != before.boot_id
        assert after.ticks < 20 * codec.TICK_HZ
        assert host.packets[0].counter < 10
        assert sensor.truths["imu"].samples().boot.max() == 1

    run_virtually(reboot())


def test_a_sensor_may_end_the_connection_itself(host_of):
    async def drop():
        _, sensor, host = await streaming(host_of)
        sensor.drop_link()
        await asyncio.wait_for(host.gone.wait(), 0.2)
        await asyncio.sleep(1)
        await host.connect()
        assert host.client.is_connected

    run_virtually(drop())


def test_what_the_radio_cannot_take_is_dropped_whole_and_counted(host_of):
    async def overflow():
        conditions = Conditions(connection_interval_s=0.5, packets_an_event=3, transmit_queue=4)
        _, sensor, host = await streaming(host_of, conditions)
        await asyncio.sleep(30)
        await host.stop()
        await asyncio.sleep(2)
        missing = assert_heard_or_missing(host, sensor)
        assert sensor.overflowed > 0
        assert len(missing) == 7 * sensor.overflowed, "samples a packet at 100 Hz"
        flagged = [packet for packet in host.packets if packet.counter is not None and packet.fields["flags"] & 1]
        assert len(flagged) > 0

    run_virtually(overflow())


def test_the_same_seed_gives_the_same_arrivals(host_of):
    async def arrivals():
        _, _, host = await streaming(host_of, Conditions(missed_event_share=0.3))
        await asyncio.sleep(10)
        return host.arrivals

    assert run_virtually(arrivals()) == run_virtually(arrivals())


def test_the_retry_connector_takes_the_backend(host_of):
    async def retry():
        world = await virtual_world()
        sensor = await world.add("lsp")
        host = await host_of(world)
        sensor.set_in_range(in_range=False)
        asyncio.get_running_loop().call_later(30, lambda: sensor.set_in_range(in_range=True))
        gone = asyncio.Event()
        client = await establish_connection(
            BleakClient,
            host.device,
            "sensor",
            disconnected_callback=lambda _: gone.set(),
            backend=world.client_class,
        )
        assert client.is_connected
        assert 30 < asyncio.get_running_loop().time() < 60
        await client.disconnect()
        assert gone.is_set()

    run_virtually(retry())


def test_connecting_may_be_given_up_and_tried_again(host_of):
    async def give_up():
        world = await virtual_world()
        sensor = await world.add("lsp")
        host = await host_of(world)
        sensor.set_in_range(in_range=False)
        attempt = asyncio.create_task(host.connect())
        await asyncio.sleep(3)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        sensor.set_in_range(in_range=True)
        await host.connect()
        assert host.client.is_connected

    run_virtually(give_up())


def test_a_client_can_be_made_from_an_address_alone():
    async def by_address():
        world = await virtual_world()
        await world.add("lsp", Specimen(address="D0:11:22:33:44:55"))
        async with BleakClient("D0:11:22:33:44:55", backend=world.client_class) as client:
            assert client.mtu_size == 247

    run_virtually(by_address())


def test_a_second_scan_is_refused_as_bluez_does():
    async def scans():
        world = await virtual_world()
        async with BleakScanner(backend=world.scanner_class):
            with pytest.raises(BleakError, match="InProgress"):
                await BleakScanner(backend=world.scanner_class).start()
        async with BleakScanner(backend=world.scanner_class):
            pass

    run_virtually(scans())


def test_the_name_comes_with_the_scan_response_only():
    async def names():
        world = await virtual_world()
        sensor = await world.add("witmotion")
        world.air.set_rssi(sensor.device, -81)
        seen = {}
        for mode in ("passive", "active"):
            scan = BleakScanner(backend=world.scanner_class, scanning_mode=mode)
            async with scan:
                await asyncio.sleep(1)
            ((_, said),) = scan.discovered_devices_and_advertisement_data.values()
            seen[mode] = (said.local_name, said.rssi)
        assert seen == {"passive": (None, -81), "active": ("WT901BLE67", -81)}

    run_virtually(names())


def test_a_connected_sensor_does_not_advertise(host_of):
    async def quiet():
        world, sensor, host = await streaming(host_of)
        scan = BleakScanner(backend=world.scanner_class)
        async with scan:
            await asyncio.sleep(3)
            assert not scan.discovered_devices
            await host.client.disconnect()
            await asyncio.sleep(1)
            assert [device.address for device in scan.discovered_devices] == [sensor.specimen.address]

    run_virtually(quiet())


@pytest.mark.parametrize(
    ("kind", "uuid", "data"),
    [
        ("dot", "15172001-4947-11e9-8646-d663bd873d93", b"\x01"),
        ("thingy52", "ef680401-9b35-4933-9b10-52ffa9740042", b"\x01"),
        ("thingy52", "ef680401-9b35-4933-9b10-52ffa9740042", bytes(9)),
    ],
)
def test_what_a_sensor_does_not_take_is_a_gatt_error(host_of, kind, uuid, data):
    async def refuse():
        world = await virtual_world()
        await world.add(kind)
        host = await host_of(world)
        await host.connect()
        with pytest.raises(BleakGATTProtocolError):
            await host.client.write_gatt_char(uuid, data, response=True)

    run_virtually(refuse())


@pytest.mark.parametrize(
    ("kind", "uuid", "data"),
    [
        ("movesense", "34800001-7185-4d5d-b431-630e7050e8f0", b"\x01\x63/Meas/IMU6/51"),
        ("movesense", "34800001-7185-4d5d-b431-630e7050e8f0", b"\x09\x63\x03"),
        ("polar", "fb005c81-02e7-f387-1cad-8acd2d8df0c8", b"\x02\x00"),
        ("lsp", codec.CONTROL_POINT, b"\x7f"),
        ("lsp", codec.CONTROL_POINT, b"\x01"),
        ("capture2go", "80030002-e629-4c98-9324-aa7fc0c66de7", bytes(9)),
    ],
)
def test_what_a_sensor_cannot_do_is_refused_in_its_own_words(host_of, kind, uuid, data):
    async def refuse():
        _, _, host = await streaming(host_of, kind=kind)
        with pytest.raises(AssertionError, match=r".+"):
            await host.play((Write(uuid, data, awaits_reply=True),))

    run_virtually(refuse())


def test_a_locked_witmotion_ignores_its_settings(host_of):
    async def locked():
        _, sensor, host = await streaming(host_of, kind="witmotion")
        await asyncio.sleep(15)
        await host.client.write_gatt_char("0000ffe9-0000-1000-8000-00805f9a34fb", bytes.fromhex("ffaa030600"))
        before = sensor.truths["imu"].counts[Fate.ARRIVED]
        await asyncio.sleep(10)
        assert sensor.truths["imu"].counts[Fate.ARRIVED] - before == pytest.approx(1000, abs=10)

    run_virtually(locked())


def test_a_capture2go_delays_what_it_cannot_send_and_loses_little(host_of):
    async def buffered():
        _, sensor, host = await streaming(host_of, Conditions(transmit_queue=4), kind="capture2go")
        await asyncio.sleep(5)
        sensor.set_in_range(in_range=False)
        await asyncio.sleep(3.5)
        sensor.set_in_range(in_range=True)
        await asyncio.sleep(10)
        assert not host.gone.is_set()
        true = sensor.truths["imu"].samples()
        assert np.count_nonzero(true.fate != Fate.ARRIVED) < 24
        np.testing.assert_allclose(host.samples("acc"), true.arrived().acc, rtol=1e-12)

    run_virtually(buffered())
