"""A host that does what a driver says, for tests of the virtual sensors."""

import asyncio

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner

from firmware_bridge.devices.catalogue import driver_for
from firmware_bridge.devices.driver import Read, Subscribe

REPLY_S = 5.0


class Host:
    """One connection to one sensor, by its driver."""

    def __init__(self, world, driver, **given):
        self.world = world
        self.driver = driver
        self.settings = driver.settings_with(given)
        self.packets = []
        self.arrivals = []
        self.download = None
        self.blocks = []
        self._replies = asyncio.Queue()
        self._subscribed = set()

    @classmethod
    async def find(cls, world, **given):
        scanner = world.scanner_class
        found = await BleakScanner.find_device_by_filter(
            lambda _, said: driver_for(said.service_uuids, said.local_name) is not None and said.local_name is not None,
            backend=scanner,
        )
        assert found is not None
        async with BleakScanner(backend=scanner) as scan:
            await asyncio.sleep(0.5)
            _, said = scan.discovered_devices_and_advertisement_data[found.address]
        host = cls(world, driver_for(said.service_uuids, said.local_name), **given)
        host.device = found
        return host

    async def connect(self):
        self.gone = asyncio.Event()
        self._subscribed.clear()
        self.decoder = self.driver.decoder(self.settings)
        self.client = BleakClient(self.device, lambda _: self.gone.set(), backend=self.world.client_class, timeout=10)
        await self.client.connect()

    def heard(self, uuid, data):
        self.arrivals.append(asyncio.get_running_loop().time())
        for packet in self.decoder.push(uuid, bytes(data)):
            self.packets.append(packet)
            if packet.reply is not None:
                self._replies.put_nowait(packet.reply)
        if self.download is not None:
            self.blocks.extend(self.download.push(uuid, bytes(data)))

    async def play(self, steps):
        for step in steps:
            if isinstance(step, Subscribe):
                await self._subscribe(step.characteristic)
            elif isinstance(step, Read):
                self.heard(step.characteristic, await self.client.read_gatt_char(step.characteristic))
            else:
                await self._write(step)

    async def _subscribe(self, uuid):
        if uuid not in self._subscribed:
            self._subscribed.add(uuid)
            await self.client.start_notify(uuid, lambda _, data: self.heard(uuid, data))

    async def _write(self, step):
        while not self._replies.empty():
            self._replies.get_nowait()
        await self.client.write_gatt_char(step.characteristic, step.data, response=step.with_response)
        if step.awaits_reply:
            reply = await asyncio.wait_for(self._replies.get(), REPLY_S)
            assert reply.ok, reply.reason
        await asyncio.sleep(step.pause_s)

    async def start(self):
        await self.play(self.driver.start(self.settings))

    async def stop(self):
        await self.play(self.driver.stop(self.settings))

    def samples(self, kind):
        parts = [getattr(packet, kind) for packet in self.packets if getattr(packet, kind) is not None]
        return np.concatenate(parts) if parts else np.empty((0, 3))


@pytest.fixture
def host_of():
    """Return a coroutine that finds the one sensor of a world, by its driver."""
    return Host.find
