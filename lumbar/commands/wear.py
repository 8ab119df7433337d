"""``lumbar wear``: the live main job."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.console import Console

from config.known_sensors import load_known_sensors
from config.profile import load_profile
from config.settings import load_settings
from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from lumbar.analysis import calibration_of
from lumbar.broker_address import mqtt_settings_at
from lumbar.commands.storage import known_sensors_path, open_history, outbox_path
from lumbar.json_lines import JsonLines
from lumbar.live_view import LiveView
from lumbar.messaging.client import MessageClient
from lumbar.sensors.chosen import choose_sensor, driver_of
from lumbar.session import Outputs, View
from lumbar.stopping import stop_on_signals
from lumbar.wear import Wearing, wear
from lumbar.wear_day import DayKeeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from config.known_sensors import KnownSensor
    from config.settings import MqttSettings, Settings

__all__ = ["follow", "run_wear"]


def run_wear(
    name: str | None, profile: Path | None, broker: str | None, *, as_json: bool, settings_file: Path | None
) -> None:
    """Follow the wearer's sensor until told to stop (Ctrl+C, or SIGTERM)."""
    settings = load_settings(settings_file)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    sensor = choose_sensor(load_known_sensors(known_sensors_path(settings)), name)
    driver, values = driver_of(sensor)
    calibration = None if profile is None else calibration_of(load_profile(profile), profile.stem)
    folder = settings.storage.path / "recordings"
    keeper = DayKeeper(folder, sensor.name, values["rate_hz"], driver.resolution(values), settings, calibration)
    mqtt = settings.mqtt if broker is None else mqtt_settings_at(broker, settings.mqtt)
    view: View = JsonLines(sys.stdout) if as_json else LiveView(Console(), settings.wearer.zone, sensor.name)
    asyncio.run(_wear(sensor, keeper, mqtt, view))


async def _wear(sensor: KnownSensor, keeper: DayKeeper, mqtt: MqttSettings, view: View) -> None:
    radio = Radio()
    # Where Bluetooth cannot be used, that is said before anything is made.
    await SensorScanner(radio).look_around(0)
    with ExitStack() as stack:
        await follow(sensor, keeper, _outputs(stack, keeper.settings, mqtt, view), radio)


def _outputs(stack: ExitStack, settings: Settings, mqtt: MqttSettings, view: View) -> Outputs:
    client = stack.enter_context(
        MessageClient(
            mqtt, settings.wearer.id, outbox_path(settings), version("lumbar"), time_zone=settings.wearer.zone
        )
    )
    client.connect(None)
    history = stack.enter_context(open_history(settings))
    stack.enter_context(view)
    return Outputs(view, client, history)


async def follow(
    sensor: KnownSensor, keeper: DayKeeper, outputs: Outputs, radio: Radio, utc_now: Callable[[], float] = time.time
) -> None:
    """Follow a sensor until told to stop (Ctrl+C, or SIGTERM); then the day so far is summed up.

    Parameters
    ----------
    sensor
        The wearer's.
    keeper
        Makes the days.
    outputs
        Terminal, broker and history.
    radio
        Bluetooth.
    utc_now
        The computer's clock, seconds since the Unix epoch.

    Raises
    ------
    LumbarError
        Bluetooth, the disk or the outbox cannot be used.

    """
    with stop_on_signals() as stop:
        wearing = Wearing(keeper, outputs, utc_now)
        memory = ClockMemory(keeper.folder / f"{sensor.name}.clock.json")
        link = SensorLink(sensor, radio, SensorScanner(radio), wearing, utc_now, memory)
        await wear(wearing, link, outputs, stop)
