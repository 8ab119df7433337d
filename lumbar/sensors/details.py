"""What a sensor is and how it is, and a pulse of its motor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices.standard import (
    FIRMWARE_REVISION,
    HARDWARE_REVISION,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    SERIAL_NUMBER,
    SOFTWARE_REVISION,
)
from firmware_bridge.link.haptics import pulse
from firmware_bridge.link.require import require_serial
from firmware_bridge.link.scanner import SensorScanner
from lumbar.sensors.chosen import driver_of, entry_of
from lumbar.sensors.documents import DeviceInformation, SensorDetails, SensorSetting
from lumbar.sensors.visit import Visit, find, visit

if TYPE_CHECKING:
    from config.known_sensors import KnownSensor
    from firmware_bridge.link.connection import Connection
    from firmware_bridge.link.radio import Radio

__all__ = ["sensor_details", "vibrate_sensor"]

_INFORMATION = {
    "manufacturer": MANUFACTURER_NAME,
    "model": MODEL_NUMBER,
    "serial": SERIAL_NUMBER,
    "hardware": HARDWARE_REVISION,
    "firmware": FIRMWARE_REVISION,
    "software": SOFTWARE_REVISION,
}


async def sensor_details(radio: Radio, sensor: KnownSensor) -> SensorDetails:
    """Connect to a sensor and return all that is known of it.

    Raises
    ------
    SensorError
        It cannot be reached, or is another one.

    """
    driver, values = driver_of(sensor)
    resolution = driver.resolution(values)
    sighting = await find(SensorScanner(radio), sensor.address, sensor.name)
    async with visit(radio, sighting, sensor.name, values, Visit(driver)) as visitor:
        await require_serial(visitor.connection, sensor)
        information = await _information(visitor.connection)
        battery_percent = await visitor.ask_battery()
    return SensorDetails(
        sensor=entry_of(sensor),
        rate_hz=values["rate_hz"],
        clock_hz=None if driver.clock is None else driver.clock.tick_hz,
        counts_samples=driver.clock is not None and driver.clock.counter_bits is not None,
        acc_resolution_ms2=resolution.acc_ms2,
        gyr_resolution_rad_s=resolution.gyr_rad_s,
        vibrates=driver.vibrate is not None,
        keeps_samples=driver.download is not None,
        cannot=list(driver.cannot),
        settings=[
            SensorSetting(
                name=setting.name,
                value=values[setting.name],
                allowed=list(setting.allowed),
                meaning=setting.meaning,
            )
            for setting in driver.settings
        ],
        battery_percent=battery_percent,
        signal_dbm=sighting.signal_dbm,
        information=information,
    )


async def vibrate_sensor(radio: Radio, sensor: KnownSensor, strength: float, duration_s: float) -> None:
    """Let a sensor vibrate once.

    Parameters
    ----------
    radio
        Bluetooth.
    sensor
        Which.
    strength
        0 to 1.
    duration_s
        Length of the pulse.

    Raises
    ------
    SensorError
        It cannot be reached, is another one, or has nothing to vibrate with.

    """
    driver, values = driver_of(sensor)
    sighting = await find(SensorScanner(radio), sensor.address, sensor.name)
    async with visit(radio, sighting, sensor.name, values, Visit(driver)) as visitor:
        await require_serial(visitor.connection, sensor)
        if not await pulse(visitor.connection, driver, strength, duration_s):
            raise SensorError(f"{sensor.name} ({driver.title}) has no motor to vibrate with")


async def _information(connection: Connection) -> DeviceInformation:
    texts = {}
    for name, characteristic in _INFORMATION.items():
        if connection.has(characteristic):
            value = await connection.read(characteristic)
            texts[name] = value.decode("utf-8", errors="replace").rstrip("\0")
    return DeviceInformation(**texts)
