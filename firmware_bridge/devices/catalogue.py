"""All sensors that Lumbar knows. A new one is a module beside this one and an entry here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices import capture2go, dot, lsp, metamotion, movesense, polar, thingy52, witmotion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from firmware_bridge.devices.driver import Driver

__all__ = ["DRIVERS", "driver_for", "driver_named"]

DRIVERS: Mapping[str, Driver] = MappingProxyType(
    {
        driver.id: driver
        for driver in (
            witmotion.DRIVER,
            movesense.DRIVER,
            metamotion.DRIVER,
            dot.DRIVER,
            polar.DRIVER,
            capture2go.DRIVER,
            thingy52.DRIVER,
            lsp.DRIVER,
        )
    }
)
"""Drivers by id."""


def driver_named(driver_id: str) -> Driver:
    """Return the driver of this id.

    Raises
    ------
    SensorError
        There is none; the message names those there are.

    """
    if driver_id not in DRIVERS:
        raise SensorError(f"no driver is called {driver_id!r}; choose one of {', '.join(DRIVERS)}")
    return DRIVERS[driver_id]


def driver_for(services: Iterable[str], name: str | None) -> Driver | None:
    """Return the driver of a sensor by what it advertises.

    Parameters
    ----------
    services
        UUIDs of 36 characters; they decide before the name does.
    name
        The advertised name, in any case; None where it has not been heard yet.

    Returns
    -------
    Driver or None
        None where no driver knows such a sensor.

    """
    advertised = {service.lower() for service in services}
    for driver in DRIVERS.values():
        if advertised.intersection(driver.advertised.services):
            return driver
    beginning = (name or "").casefold()
    for driver in DRIVERS.values():
        if any(beginning.startswith(prefix.casefold()) for prefix in driver.advertised.name_prefixes):
            return driver
    return None
