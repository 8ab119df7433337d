"""A small world for tests and for the demo: the air, a host's radio, and sensors that are switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware_bridge.virtual.air.air import Air
from firmware_bridge.virtual.air.backend import DEFAULT_MTU, bumble_backends
from firmware_bridge.virtual.air.sensors import SENSORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import BaseBleakScanner

    from firmware_bridge.virtual.air.link import Conditions
    from firmware_bridge.virtual.air.peripheral import Specimen, VirtualSensor

__all__ = ["World", "virtual_world"]


@dataclass(frozen=True, slots=True)
class World:
    """A host among sensors.

    Parameters
    ----------
    air
        Between them.
    scanner_class, client_class
        For `BleakScanner(backend=...)` and `BleakClient(backend=...)`.

    """

    air: Air
    scanner_class: type[BaseBleakScanner]
    client_class: type[BaseBleakClient]

    async def add(
        self, kind: str | Callable[[Air, Specimen | None], VirtualSensor], specimen: Specimen | None = None
    ) -> VirtualSensor:
        """Switch a sensor on.

        Parameters
        ----------
        kind
            Id of the driver that reads it, or the emulator's class.
        specimen
            Which one; two sensors need two addresses.

        """
        maker = SENSORS[kind] if isinstance(kind, str) else kind
        sensor = maker(self.air, specimen)
        await sensor.switch_on()
        return sensor


async def virtual_world(conditions: Conditions | None = None, *, seed: int = 0, mtu: int = DEFAULT_MTU) -> World:
    """Return a world whose host is on and has no sensor yet.

    Parameters
    ----------
    conditions
        How the air is.
    seed
        Of its randomness.
    mtu
        What the host asks for on connecting.

    """
    air = Air(conditions, seed=seed)
    central = air.central()
    await central.power_on()
    return World(air, *bumble_backends(central, mtu))
