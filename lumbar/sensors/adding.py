"""Looking around, and making a sensor one's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from config.errors import SensorError
from config.known_sensors import KnownSensor
from firmware_bridge.devices.catalogue import DRIVERS, driver_named
from firmware_bridge.link.require import serial_of
from firmware_bridge.link.scanner import SensorScanner
from lumbar.sensors.chosen import entry_of
from lumbar.sensors.documents import AddedSensor, ScannedDevice, ScanReport
from lumbar.sensors.visit import Visit, find, visit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from firmware_bridge.devices.driver import Driver
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.link.scanner import Sighting

__all__ = ["LOOK_S", "add_sensor", "scan"]

LOOK_S = 5.0
_LONGEST_NAME = 32
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


async def scan(radio: Radio, seconds: float, known: Sequence[KnownSensor], *, unknown_too: bool = False) -> ScanReport:
    """Return who advertises, the strongest signal first.

    Parameters
    ----------
    radio
        Bluetooth.
    seconds
        How long to listen.
    known
        The wearer's sensors.
    unknown_too
        Whether devices that no driver knows are among them.

    Raises
    ------
    SensorError
        Bluetooth cannot be used.

    """
    names = {sensor.address.upper(): sensor.name for sensor in known}
    sightings = await SensorScanner(radio).look_around(seconds)
    return ScanReport(
        devices=[
            ScannedDevice(
                address=sighting.address,
                name=sighting.name,
                driver=None if sighting.driver is None else sighting.driver.id,
                added_as=names.get(sighting.address),
                signal_dbm=sighting.signal_dbm,
            )
            for sighting in sightings
            if unknown_too or sighting.driver is not None or sighting.address in names
        ]
    )


async def add_sensor(
    radio: Radio,
    known: Sequence[KnownSensor],
    address: str | None = None,
    name: str | None = None,
    driver_id: str | None = None,
    given: Mapping[str, float] | None = None,
) -> tuple[tuple[KnownSensor, ...], AddedSensor]:
    """Connect to a sensor once, and return the wearer's sensors with it among them.

    Parameters
    ----------
    radio
        Bluetooth.
    known
        The wearer's sensors so far; one of the same address is updated.
    address
        The sensor's; None for the only one in sight.
    name
        What the wearer calls it; None for a name made of its own.
    driver_id
        Driver to use in place of the one that knows it.
    given
        Settings that are not to be the defaults.

    Raises
    ------
    SensorError
        It cannot be told which sensor is meant, it cannot be reached, the name is taken, or there is no such driver
        or setting.

    """
    if name is not None and (len(name) > _LONGEST_NAME or not name or _NOT_IN_NAMES.search(name)):
        raise SensorError(
            f"{name!r} cannot be a name; use up to {_LONGEST_NAME} letters without accents, digits, - and _"
        )
    chosen = None if driver_id is None else driver_named(driver_id)
    if chosen is not None:
        chosen.settings_with(given or {})
    scanner = SensorScanner(radio)
    if address is None:
        sighting = await _only_one(scanner)
    else:
        sighting = await find(scanner, address, "the sensor")
    driver = chosen or _driver_of(sighting)
    before = next((sensor for sensor in known if sensor.address.upper() == sighting.address), None)
    others = tuple(sensor for sensor in known if sensor is not before)
    settings = dict(given or {})
    if before is not None and before.driver == driver.id:
        settings = before.settings | settings
    values = driver.settings_with(settings)
    named = _name(name, before, sighting, driver, others)
    async with visit(radio, sighting, named, values, Visit(driver)) as visitor:
        serial = await serial_of(visitor.connection)
        battery_percent = await visitor.ask_battery()
    added = KnownSensor(name=named, driver=driver.id, address=sighting.address, serial=serial[:100], settings=settings)
    report = AddedSensor(
        sensor=entry_of(added),
        updated=before is not None,
        battery_percent=battery_percent,
        signal_dbm=sighting.signal_dbm,
    )
    return (*others, added), report


async def _only_one(scanner: SensorScanner) -> Sighting:
    seen = [sighting for sighting in await scanner.look_around(LOOK_S) if sighting.driver is not None]
    if not seen:
        raise SensorError(
            "no sensor that Lumbar knows is in sight: switch it on, bring it near, and end its connection to a "
            "telephone or another program; `lumbar scan --all` shows every device"
        )
    if len(seen) > 1:
        listed = ", ".join(f"{one.address} ({one.name or _driver_of(one).title}, {one.signal_dbm} dBm)" for one in seen)
        raise SensorError(f"there are several sensors in sight: say which, as in `lumbar sensor add ADDRESS`: {listed}")
    return seen[0]


def _driver_of(sighting: Sighting) -> Driver:
    if sighting.driver is None:
        raise SensorError(
            f"no driver knows {sighting.name or 'the device'} at {sighting.address}; if it is one of these, say which "
            f"with --driver: {', '.join(DRIVERS)}"
        )
    return sighting.driver


def _name(
    wished: str | None, before: KnownSensor | None, sighting: Sighting, driver: Driver, others: Sequence[KnownSensor]
) -> str:
    taken = {sensor.name: sensor for sensor in others}
    if wished is not None:
        if wished in taken:
            raise SensorError(
                f"{wished} is the name of the sensor at {taken[wished].address} already; choose another with --name, "
                f"or let that one go with `lumbar sensor remove {wished}`"
            )
        return wished
    if before is not None:
        return before.name
    own = _NOT_IN_NAMES.sub("-", sighting.name or "").strip("-")[: _LONGEST_NAME - 3] or driver.id
    numbered = (own, *(f"{own}-{number}" for number in range(2, len(taken) + 2)))
    return next(each for each in numbered if each not in taken)
