"""``lumbar sensor add``, ``list``, ``remove``, ``info``, ``vibrate`` and ``test``."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from config.errors import SensorError
from config.known_sensors import load_known_sensors, save_known_sensors
from config.settings import load_settings
from firmware_bridge.link.radio import Radio
from lumbar.commands.sensor import number_settings
from lumbar.commands.sensor_tables import added_text, details_table, list_table, trial_table
from lumbar.commands.storage import data_folder, known_sensors_path
from lumbar.durations import parse_duration
from lumbar.sensors.adding import add_sensor
from lumbar.sensors.chosen import choose_sensor, driver_of, entry_of
from lumbar.sensors.details import sensor_details, vibrate_sensor
from lumbar.sensors.documents import SensorList, document_json
from lumbar.sensors.trial import try_sensor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from config.known_sensors import KnownSensor
    from lumbar.sensors.documents import SensorTestReport

__all__ = ["run_add", "run_info", "run_list", "run_remove", "run_test", "run_vibrate"]


def run_add(
    address: str | None,
    name: str | None,
    driver_id: str | None,
    given: Sequence[str],
    settings_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Connect to a sensor once and make it the wearer's own."""
    settings = load_settings(settings_file)
    path = known_sensors_path(settings)
    added = add_sensor(Radio(), load_known_sensors(path), address, name, driver_id, number_settings(given))
    sensors, report = asyncio.run(added)
    data_folder(settings)
    save_known_sensors(path, sensors)
    if as_json:
        sys.stdout.write(document_json(report) + "\n")
    else:
        Console().print(added_text(report), soft_wrap=True, highlight=False)


def run_list(settings_file: Path | None, *, as_json: bool) -> None:
    """Print the wearer's sensors."""
    report = SensorList(sensors=[entry_of(sensor) for sensor in load_known_sensors(_path(settings_file))])
    if as_json:
        sys.stdout.write(document_json(report) + "\n")
    elif report.sensors:
        Console().print(list_table(report))
    else:
        sys.stdout.write("No sensor has been added yet. Look around with: lumbar scan\n")


def run_remove(name: str, settings_file: Path | None) -> None:
    """Take a sensor off the list; what was recorded with it stays."""
    path = _path(settings_file)
    sensors = load_known_sensors(path)
    gone = choose_sensor(sensors, name)
    save_known_sensors(path, tuple(sensor for sensor in sensors if sensor is not gone))
    sys.stdout.write(f"{gone.name} is no longer yours. What was recorded with it stays.\n")


def run_info(name: str | None, settings_file: Path | None, *, as_json: bool) -> None:
    """Connect to a sensor and print all that is known of it."""
    report = asyncio.run(sensor_details(Radio(), _chosen(name, settings_file)))
    if as_json:
        sys.stdout.write(document_json(report) + "\n")
    else:
        Console().print(details_table(report))


def run_vibrate(name: str | None, strength: float | None, length: str | None, settings_file: Path | None) -> None:
    """Let a sensor vibrate once; as the settings say where nothing else is said."""
    haptics = load_settings(settings_file).haptics
    duration_s = haptics.duration_s if length is None else parse_duration(length)
    if duration_s > LONGEST_PULSE_S:
        raise SensorError(f"--for {length}: a pulse lasts {LONGEST_PULSE_S:g} s at most")
    chosen = _chosen(name, settings_file)
    asyncio.run(vibrate_sensor(Radio(), chosen, haptics.strength if strength is None else strength, duration_s))
    sys.stdout.write(f"{chosen.name} vibrated for {duration_s:g} s.\n")


LONGEST_PULSE_S = 10.0


def run_test(name: str | None, length: str, settings_file: Path | None, *, as_json: bool) -> None:
    """Stream from a sensor for a while and print how the link does."""
    chosen, seconds = _chosen(name, settings_file), parse_duration(length)
    if as_json:
        report = asyncio.run(try_sensor(Radio(), chosen, seconds))
        sys.stdout.write(document_json(report) + "\n")
        return
    console = Console()
    if console.is_terminal:
        with Live(console=console, transient=True) as live:
            report = asyncio.run(try_sensor(Radio(), chosen, seconds, lambda so_far: live.update(trial_table(so_far))))
    else:
        report = asyncio.run(try_sensor(Radio(), chosen, seconds, _print_line))
    console.print(trial_table(report))


def _print_line(report: SensorTestReport) -> None:
    sys.stdout.write(
        f"{report.duration_s:.0f} s: {report.samples_a_second:.1f} samples/s, "
        f"{report.notifications_a_second:.1f} notifications/s, {report.lost_samples} lost\n"
    )
    sys.stdout.flush()


def _path(settings_file: Path | None) -> Path:
    return known_sensors_path(load_settings(settings_file))


def _chosen(name: str | None, settings_file: Path | None) -> KnownSensor:
    chosen = choose_sensor(load_known_sensors(_path(settings_file)), name)
    driver_of(chosen)
    return chosen
