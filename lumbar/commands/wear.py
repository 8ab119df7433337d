"""``lumbar wear``: the live main job."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.console import Console

from config.errors import SensorError
from config.known_sensors import KnownSensor, load_known_sensors
from config.profile import load_profile
from config.settings import load_settings
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from lumbar.analysis import calibration_of
from lumbar.broker_address import mqtt_settings_at
from lumbar.commands.storage import data_folder, known_sensors_path, open_history, outbox_path
from lumbar.json_lines import JsonLines
from lumbar.live_view import LiveView
from lumbar.messaging.client import MessageClient
from lumbar.session import Outputs, View
from lumbar.wear import Wearing, wear
from lumbar.wear_day import DayKeeper

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings

__all__ = ["run_wear"]


def run_wear(
    name: str | None, profile: Path | None, broker: str | None, *, as_json: bool, settings_file: Path | None
) -> None:
    """Follow the wearer's sensor until told to stop (Ctrl+C, or SIGTERM)."""
    settings = load_settings(settings_file)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    sensor = choose_sensor(load_known_sensors(known_sensors_path(settings)), name)
    driver = driver_named(sensor.driver)
    values = driver.settings_with(sensor.settings)
    calibration = None if profile is None else calibration_of(load_profile(profile), profile.stem)
    folder = data_folder(settings) / "recordings"
    keeper = DayKeeper(folder, sensor.name, values["rate_hz"], driver.resolution(values), settings, calibration)
    with ExitStack() as stack:
        outputs = _outputs(stack, settings, broker, sensor.name, as_json=as_json)
        asyncio.run(_wear(sensor, keeper, outputs))


def choose_sensor(sensors: tuple[KnownSensor, ...], name: str | None) -> KnownSensor:
    """Return the sensor of a name, or the only one.

    Raises
    ------
    SensorError
        There is none such, or which one is meant is not clear.

    """
    if not sensors:
        raise SensorError("no sensor has been added yet: `lumbar scan` shows who is there, `lumbar sensor add` adds it")
    names = ", ".join(sensor.name for sensor in sensors)
    if name is None and len(sensors) > 1:
        raise SensorError(f"there are several sensors: say which ({names})")
    chosen = [sensor for sensor in sensors if name in (None, sensor.name)]
    if not chosen:
        raise SensorError(f"no sensor is called {name}; there are {names}")
    return chosen[0]


def _outputs(stack: ExitStack, settings: Settings, broker: str | None, title: str, *, as_json: bool) -> Outputs:
    mqtt = settings.mqtt if broker is None else mqtt_settings_at(broker, settings.mqtt)
    client = stack.enter_context(
        MessageClient(
            mqtt, settings.wearer.id, outbox_path(settings), version("lumbar"), time_zone=settings.wearer.zone
        )
    )
    client.connect(None)
    history = stack.enter_context(open_history(settings))
    view: View = JsonLines(sys.stdout) if as_json else LiveView(Console(), settings.wearer.zone, title)
    stack.enter_context(view)
    return Outputs(view, client, history)


async def _wear(sensor: KnownSensor, keeper: DayKeeper, outputs: Outputs) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        # There Ctrl+C cancels this coroutine instead, which ends the day as well.
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
    wearing = Wearing(keeper, outputs, time.time)
    radio = Radio()
    link = SensorLink(sensor, radio, SensorScanner(radio), wearing)
    await wear(wearing, link, outputs, stop)
