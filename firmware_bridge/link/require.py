"""Whether this is the wearer's own sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices.standard import SERIAL_NUMBER

if TYPE_CHECKING:
    from config.known_sensors import KnownSensor
    from firmware_bridge.link.connection import Connection

__all__ = ["require_serial", "serial_of"]


async def serial_of(connection: Connection) -> str:
    """Return the serial number that a sensor tells; "" where it tells none."""
    if not connection.has(SERIAL_NUMBER):
        return ""
    return (await connection.read(SERIAL_NUMBER)).decode("utf-8", errors="replace").rstrip("\0")


async def require_serial(connection: Connection, sensor: KnownSensor) -> None:
    """Check that it is the sensor that was added, where its serial number is known.

    Raises
    ------
    SensorError
        It is another one.

    """
    if not sensor.serial:
        return
    serial = await serial_of(connection)
    if serial != sensor.serial:
        raise SensorError(
            f"the sensor at {sensor.address} is not {sensor.name}: its serial number is {serial or 'not told'} instead "
            f"of {sensor.serial}; if it is yours, add it with `lumbar sensor add`"
        )
