"""A virtual XIAO with the real firmware, and a host with the real bleak, in one virtual air."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from bleak import BleakClient, BleakScanner

from firmware_bridge.devices.driver import Read, Subscribe
from firmware_bridge.devices.lsp import DRIVER
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.virtual.air import Air, bumble_backends, run_virtually
from firmware_bridge.virtual.air.motion import CodedMotion
from firmware_bridge.virtual.circuitpython import Flash, Xiao


class Host:
    """Takes a driver's steps on a connection and keeps what comes."""

    def __init__(self, client, settings):
        self.client = client
        self.settings = DRIVER.settings_with(settings)
        self.decoder = DRIVER.decoder(self.settings)
        self.packets = []
        self.raw = asyncio.Queue()
        self.answers = []
        self._subscribed = set()

    def _heard(self, characteristic, data):
        self.raw.put_nowait((characteristic.uuid, bytes(data)))
        if characteristic.uuid == codec.CONTROL_POINT:
            self.answers.append(bytes(data))
        self.packets += self.decoder.push(characteristic.uuid, bytes(data))

    async def take(self, *steps):
        for step in steps:
            if isinstance(step, Subscribe):
                if step.characteristic not in self._subscribed:
                    self._subscribed.add(step.characteristic)
                    await self.client.start_notify(step.characteristic, self._heard)
            elif isinstance(step, Read):
                data = bytes(await self.client.read_gatt_char(step.characteristic))
                self.raw.put_nowait((step.characteristic, data))
                self.packets += self.decoder.push(step.characteristic, data)
            else:
                before = len(self.replies)
                await self.client.write_gatt_char(step.characteristic, step.data, response=step.with_response)
                while step.awaits_reply and len(self.replies) == before:
                    await asyncio.wait_for(self.raw.get(), 5)

    @property
    def replies(self):
        return [packet.reply for packet in self.packets if packet.reply is not None]

    @property
    def samples(self):
        return [packet for packet in self.packets if packet.acc is not None]

    @property
    def said(self):
        """Return the latest value of everything in `fields`."""
        return {name: value for packet in self.packets for name, value in packet.fields.items()}


class World:
    """The air, a host's radio and one board."""

    def __init__(self, flash):
        self.air = Air()
        self.flash = flash
        self.central = self.air.central()
        self.scanner, self.client = bumble_backends(self.central)
        self.xiao = None

    async def switch_on(self, motion=None, rate_error=0.0):
        if self.xiao is None:
            await self.central.power_on()
        address = f"D0:00:00:00:00:{len(self.air.controllers):02X}"
        self.xiao = Xiao(self.air, motion or CodedMotion(), self.flash, address=address, rate_error=rate_error)
        await self.xiao.switch_on()

    async def find(self):
        return await BleakScanner.find_device_by_filter(
            lambda _, heard: DRIVER.advertised.services[0] in heard.service_uuids, backend=self.scanner
        )

    @asynccontextmanager
    async def connected(self, **settings):
        found = await self.find()
        assert found is not None
        async with BleakClient(found, backend=self.client) as client:
            yield Host(client, settings)
        while self.xiao.ble.adapter.connected:  # noqa: ASYNC110 - the board has no event for the end of a connection
            await asyncio.sleep(0.1)


@pytest.fixture
def in_world(tmp_path):
    """Return a function that runs a test's coroutine function with a world around it, on a virtual clock."""

    def run(story):
        async def told():
            world = World(Flash(tmp_path))
            await world.switch_on()
            try:
                await story(world)
            finally:
                await world.xiao.switch_off()

        run_virtually(told())

    return run
