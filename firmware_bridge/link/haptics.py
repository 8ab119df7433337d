"""A pulse the wearer feels: the sensor's own motor, else the Bluetooth SIG's Immediate Alert."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices.standard import ALERT_LEVEL, immediate_alert

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Driver
    from firmware_bridge.link.connection import Connection

__all__ = ["pulse"]

logger = logging.getLogger(__name__)


async def pulse(connection: Connection, driver: Driver, strength: float, duration_s: float) -> bool:
    """Let the sensor vibrate; returns whether it has anything to do it with."""
    if driver.vibrate is not None:
        try:
            await connection.play(driver.vibrate(strength, duration_s))
        except SensorError as error:
            logger.info("%s: %s", driver.title, error)
        else:
            return True
    if not connection.has(ALERT_LEVEL):
        return False
    await connection.play(immediate_alert(strength))
    await asyncio.sleep(duration_s)
    await connection.play(immediate_alert(0.0))
    return True
