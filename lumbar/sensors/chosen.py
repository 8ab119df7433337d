"""Which of the wearer's sensors is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices.catalogue import driver_named
from lumbar.sensors.documents import KnownSensorEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.known_sensors import KnownSensor
    from firmware_bridge.devices.driver import Driver

__all__ = ["choose_sensor", "driver_of", "entry_of"]


def choose_sensor(sensors: Sequence[KnownSensor], name: str | None) -> KnownSensor:
    """Return the sensor of a name, or the only one.

    Raises
    ------
    SensorError
        There is none such, or which one is meant is not clear.

    """
    if not sensors:
        raise SensorError(
            "no sensor has been added yet; `lumbar scan` shows who is there, `lumbar sensor add` adds one"
        )
    names = ", ".join(sensor.name for sensor in sensors)
    if name is None and len(sensors) > 1:
        raise SensorError(f"there are several sensors: say which ({names})")
    chosen = [sensor for sensor in sensors if name in {None, sensor.name}]
    if not chosen:
        raise SensorError(f"no sensor is called {name}; there are {names}")
    return chosen[0]


def driver_of(sensor: KnownSensor) -> tuple[Driver, dict[str, float]]:
    """Return the driver of a sensor of the list, and all settings.

    Raises
    ------
    SensorError
        The list names a driver or a setting that there is not.

    """
    try:
        driver = driver_named(sensor.driver)
        return driver, driver.settings_with(sensor.settings)
    except SensorError as error:
        raise SensorError(
            f"your sensor {sensor.name}: {error}; take it off the list with `lumbar sensor remove {sensor.name}`, and "
            "add it anew with `lumbar sensor add`"
        ) from error


def entry_of(sensor: KnownSensor) -> KnownSensorEntry:
    """Return a sensor as documents have it."""
    return KnownSensorEntry(
        name=sensor.name,
        driver=sensor.driver,
        title=driver_of(sensor)[0].title,
        address=sensor.address,
        serial=sensor.serial or None,
        settings=sensor.settings,
    )
