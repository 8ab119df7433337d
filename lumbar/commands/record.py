"""``lumbar record``."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from config.known_sensors import load_known_sensors
from config.settings import load_settings
from firmware_bridge.link.radio import Radio
from lumbar.commands.storage import known_sensors_path
from lumbar.durations import duration_text, parse_duration
from lumbar.sensors.chosen import choose_sensor, driver_of
from lumbar.sensors.documents import document_json
from lumbar.sensors.recording import record
from lumbar.stopping import stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from config.known_sensors import KnownSensor
    from lumbar.sensors.documents import RecordReport
    from lumbar.sensors.recording import Progress

__all__ = ["StatusLines", "report_text", "run_record"]

PLAIN_EVERY_S = 60.0
"""How often a line is printed where the terminal cannot show one that changes."""


def run_record(
    name: str | None, length: str | None, output: Path | None, settings_file: Path | None, *, as_json: bool
) -> None:
    """Record from a sensor until the time is over, or told to stop (Ctrl+C, or SIGTERM)."""
    settings = load_settings(settings_file)
    sensor = choose_sensor(load_known_sensors(known_sensors_path(settings)), name)
    driver_of(sensor)
    seconds = None if length is None else parse_duration(length)
    now = datetime.now(settings.wearer.zone)
    folder = output or settings.storage.path / "recordings" / f"{now:%Y-%m-%dT%H%M%S}-{sensor.name}"
    console = Console(stderr=True)
    console.print(f"Recording {sensor.name} into {folder}; Ctrl+C ends it.", soft_wrap=True, highlight=False)
    if console.is_terminal:
        with console.status(f"looking for {sensor.name}") as status:
            report = asyncio.run(_record(sensor, folder, seconds, lambda now: status.update(progress_text(now))))
    else:
        report = asyncio.run(_record(sensor, folder, seconds, StatusLines(console)))
    if as_json:
        sys.stdout.write(document_json(report) + "\n")
    else:
        sys.stdout.write(report_text(report) + "\n")


async def _record(
    sensor: KnownSensor, folder: Path, seconds: float | None, on_progress: Callable[[Progress], None]
) -> RecordReport:
    with stop_on_signals() as stop:
        return await record(Radio(), sensor, folder, stop, seconds, on_progress)


class StatusLines:
    """Prints a line when the link changes, and one each minute.

    Parameters
    ----------
    console
        Where to.

    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: tuple[bool, str] | None = None
        self._said_at_s = 0.0

    def __call__(self, progress: Progress) -> None:
        """Take how the recording stands."""
        link = (progress.state.connected, progress.state.problem)
        if link == self._said and progress.duration_s - self._said_at_s < PLAIN_EVERY_S:
            return
        self._said, self._said_at_s = link, progress.duration_s
        self._console.print(progress_text(progress), soft_wrap=True, highlight=False, markup=False)


def progress_text(progress: Progress) -> str:
    """Return how a recording stands."""
    state = progress.state
    parts = ["connected" if state.connected else state.problem or "not connected"]
    if progress.samples:
        parts += [duration_text(progress.duration_s), f"{progress.samples} samples", f"{progress.lost_samples} lost"]
    if progress.late_samples:
        parts.append(f"{progress.late_samples} from its memory")
    if state.battery_percent is not None:
        parts.append(f"battery {state.battery_percent} %")
    return ", ".join(parts)


def report_text(report: RecordReport) -> str:
    """Return what was recorded."""
    if report.start is None:
        return "Nothing was recorded: no sample came."
    lost = "none lost" if not report.lost_samples else f"{report.lost_samples} lost on the air"
    lines = [f"{report.samples} samples in {duration_text(report.duration_s)}, {lost}."]
    if report.late_samples:
        lines.append(f"{report.late_samples} samples were fetched from the sensor's memory.")
    if report.gaps:
        missing_s = sum(end - start for start, end in report.gaps)
        lines.append(f"Gaps of more than a second: {len(report.gaps)}, {duration_text(missing_s)} in all.")
    if report.battery_percent is not None:
        lines.append(f"Battery {report.battery_percent} %.")
    lines.append(f"Look at it with: lumbar analyze {report.folder}")
    return "\n".join(lines)
