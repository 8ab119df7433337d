"""One scanner for all who look for sensors."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bleak import BleakScanner

from config.errors import SensorError
from firmware_bridge.devices.catalogue import driver_for
from firmware_bridge.link.radio import LINK_ERRORS, why_unusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

    from firmware_bridge.devices.driver import Driver
    from firmware_bridge.link.radio import Radio

__all__ = ["SensorScanner", "Sighting"]

logger = logging.getLogger(__name__)

STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that advertises.

    Parameters
    ----------
    device
        What bleak connects to.
    address
        Bluetooth address, upper case; on macOS a UUID of this computer's.
    name
        Its name, where it told one; many do so only in every other advertisement.
    services
        The services it advertises.
    signal_dbm
        Signal strength.
    driver
        The driver that knows such a device; None where none does.

    """

    device: BLEDevice
    address: str
    name: str | None
    services: frozenset[str]
    signal_dbm: int
    driver: Driver | None


class SensorScanner:
    """Listens for advertisements while anybody wants to know, and rests while nobody does.

    Parameters
    ----------
    radio
        Which scanner to use.

    """

    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._seen: dict[str, Sighting] = {}
        self._waiting: dict[str, list[asyncio.Future[Sighting]]] = {}
        self._listeners = 0
        self._scanner: BleakScanner | None = None
        self._switching = asyncio.Lock()

    async def look_around(self, seconds: float) -> list[Sighting]:
        """Return who advertises within so many seconds, the strongest signal first.

        Raises
        ------
        SensorError
            Bluetooth cannot be used.

        """
        async with self._listening():
            self._seen.clear()
            await asyncio.sleep(seconds)
            return sorted(self._seen.values(), key=lambda sighting: -sighting.signal_dbm)

    async def wait_for(self, address: str) -> Sighting:
        """Return the next sighting of a device, however long it takes.

        Raises
        ------
        SensorError
            Bluetooth cannot be used.

        """
        found: asyncio.Future[Sighting] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(address.upper(), [])
        waiting.append(found)
        try:
            async with self._listening():
                return await found
        finally:
            waiting.remove(found)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        async with self._switching:
            if self._listeners == 0:
                await self._start()
            self._listeners += 1
        try:
            yield
        finally:
            self._listeners -= 1
            # Not cancelled half way: a scanner left on would keep the next connection from being made.
            await asyncio.shield(self._rest())

    async def _start(self) -> None:
        try:
            scanner = BleakScanner(self._advertised, backend=self._radio.scanner_cls)
            await scanner.start()
        except LINK_ERRORS as error:
            raise SensorError(why_unusable(error)) from error
        self._scanner = scanner

    async def _rest(self) -> None:
        async with self._switching:
            if self._listeners or self._scanner is None:
                return
            scanner, self._scanner = self._scanner, None
            try:
                await asyncio.wait_for(scanner.stop(), STOP_S)
            except LINK_ERRORS as error:
                logger.warning("the Bluetooth scanner did not stop (%s)", error)

    def _advertised(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        address = device.address.upper()
        before = self._seen.get(address)
        services = frozenset(advertisement.service_uuids) | (before.services if before else frozenset())
        name = advertisement.local_name or (before.name if before else None)
        sighting = Sighting(device, address, name, services, advertisement.rssi, driver_for(tuple(services), name))
        self._seen[address] = sighting
        for found in self._waiting.get(address, ()):
            if not found.done():
                found.set_result(sighting)
