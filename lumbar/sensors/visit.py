"""A short visit to a sensor: one connection for a question or two."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bleak import BleakClient
from bleak_retry_connector import establish_connection

from config.errors import SensorError
from firmware_bridge.link.connection import Connection
from firmware_bridge.link.radio import LINK_ERRORS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from firmware_bridge.devices.driver import Driver, Packet
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.link.scanner import SensorScanner, Sighting

__all__ = ["ANSWER_S", "FIND_S", "Visit", "find", "visit"]

FIND_S = 15.0
"""A sensor advertises at least each second or two."""

ANSWER_S = 3.0
CONNECT_ATTEMPTS = 3


class Visit:
    """What comes while a sensor is visited.

    Parameters
    ----------
    driver
        Of the sensor.

    Attributes
    ----------
    connection
        Connected.
    gone
        Set when the sensor ends the connection.
    notifications
        How many came.
    battery_percent
        Charge, once the sensor has told it.

    """

    connection: Connection

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.gone = asyncio.Event()
        self.notifications = 0
        self.battery_percent: int | None = None
        self._charge_told = asyncio.Event()

    def take(self, packet: Packet, _arrival_s: float) -> None:
        """Take what a notification says."""
        if packet.battery_percent is not None:
            self.battery_percent = packet.battery_percent
            self._charge_told.set()

    def count(self, characteristic: str, data: bytes) -> None:
        """Take note of a notification."""
        del characteristic, data
        self.notifications += 1

    def end_turn(self) -> None:
        """Take note that what came together has been taken."""

    async def ask_battery(self) -> int | None:
        """Return the charge; None where the sensor does not tell it."""
        if self.driver.battery and self.battery_percent is None:
            try:
                await self.connection.play(self.driver.battery)
                await asyncio.wait_for(self._charge_told.wait(), ANSWER_S)
            except (SensorError, *LINK_ERRORS):
                # A sensor without the characteristic, as some models of a family are.
                return self.battery_percent
        return self.battery_percent


async def find(scanner: SensorScanner, address: str, name: str) -> Sighting:
    """Return the sensor when it is in sight.

    Raises
    ------
    SensorError
        Bluetooth cannot be used, or the sensor was not seen within `FIND_S`.

    """
    try:
        return await asyncio.wait_for(scanner.wait_for(address), FIND_S)
    except TimeoutError:
        raise SensorError(
            f"{name} ({address}) was not seen within {FIND_S:g} s: switch it on, bring it near, and end its connection "
            "to a telephone or another program; `lumbar scan` shows who is there"
        ) from None


@asynccontextmanager
async def visit(
    radio: Radio, sighting: Sighting, name: str, settings: Mapping[str, float], visitor: Visit
) -> AsyncIterator[Visit]:
    """Connect to a sensor for as long as the context lasts.

    Parameters
    ----------
    radio
        Bluetooth.
    sighting
        The sensor.
    name
        What the wearer calls it.
    settings
        All of the driver's.
    visitor
        Takes what comes.

    Raises
    ------
    SensorError
        The connection cannot be made, or broke.

    """
    try:
        client = await establish_connection(
            BleakClient,
            sighting.device,
            name,
            disconnected_callback=lambda _: visitor.gone.set(),
            max_attempts=CONNECT_ATTEMPTS,
            backend=radio.client_cls,
        )
    except LINK_ERRORS as error:
        raise SensorError(f"{name} was seen, but a connection could not be made ({error}); try again nearer") from error
    decoder = visitor.driver.decoder(settings)
    connection = visitor.connection = Connection(client, decoder, visitor.take, visitor.count, visitor.end_turn)
    pump = asyncio.ensure_future(connection.pump())
    try:
        yield visitor
    except LINK_ERRORS as error:
        raise SensorError(f"{name}: the connection broke ({error}); bring it nearer, and try again") from error
    finally:
        pump.cancel()
        await asyncio.wait([pump])
        await connection.close()
    if not pump.cancelled():
        pump.result()
