"""``lumbar scan``."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.known_sensors import load_known_sensors
from config.settings import load_settings
from firmware_bridge.link.radio import Radio
from lumbar.commands.storage import known_sensors_path
from lumbar.durations import parse_duration
from lumbar.sensors.adding import scan
from lumbar.sensors.documents import document_json

if TYPE_CHECKING:
    from pathlib import Path

    from lumbar.sensors.documents import ScannedDevice, ScanReport

__all__ = ["run_scan", "show_scan"]


def run_scan(length: str, settings_file: Path | None, *, unknown_too: bool, as_json: bool) -> None:
    """Print who is there.

    Raises
    ------
    LumbarError
        Bluetooth cannot be used, or the length is none.

    """
    known = load_known_sensors(known_sensors_path(load_settings(settings_file)))
    report = asyncio.run(scan(Radio(), parse_duration(length), known, unknown_too=unknown_too))
    if as_json:
        sys.stdout.write(document_json(report) + "\n")
    else:
        show_scan(report, Console())


def show_scan(report: ScanReport, console: Console) -> None:
    """Print a table, and what to do next."""
    if report.devices:
        table = Table("address", "name", "driver", "signal", "yours")
        for device in report.devices:
            table.add_row(
                device.address,
                Text(device.name or "(no name)"),
                device.driver or "unknown device",
                f"{device.signal_dbm} dBm",
                device.added_as or "",
            )
        console.print(table)
    console.print(_next_step(report.devices), soft_wrap=True, highlight=False)


def _next_step(devices: list[ScannedDevice]) -> str:
    new = [device for device in devices if device.driver is not None and device.added_as is None]
    if new:
        address = new[0].address if len(new) == 1 else "ADDRESS"
        return f"Make it yours with: lumbar sensor add {address}"
    if any(device.added_as is not None for device in devices):
        return "Your sensor is in sight. Try it out with: lumbar sensor test"
    return (
        "No sensor that Lumbar knows is in sight. Switch it on, bring it near, and end its connection to a telephone "
        "or another program; `lumbar scan --all` shows every device."
    )
