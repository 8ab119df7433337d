"""What the sensor commands find out, for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from config.units import GRAVITY_MS2
from lumbar.durations import duration_text

if TYPE_CHECKING:
    from lumbar.sensors.documents import AddedSensor, SensorDetails, SensorList, SensorTestReport, Spread

__all__ = ["added_text", "details_table", "list_table", "trial_table"]


def added_text(report: AddedSensor) -> str:
    """Return what was added, and what to do next."""
    sensor = report.sensor
    facts = [sensor.title, sensor.address]
    if sensor.serial:
        facts.append(f"serial number {sensor.serial}")
    if report.battery_percent is not None:
        facts.append(f"battery {report.battery_percent} %")
    facts.append(f"signal {report.signal_dbm} dBm")
    done = "has been updated" if report.updated else "is yours now"
    return (
        f"{sensor.name} {done}: {', '.join(facts)}.\n"
        f"Try it out with: lumbar sensor test {sensor.name}\nWear it with: lumbar wear {sensor.name}"
    )


def list_table(report: SensorList) -> Table:
    """Return the wearer's sensors."""
    table = Table("name", "driver", "address", "serial", "settings")
    for sensor in report.sensors:
        settings = ", ".join(f"{name}={value:g}" for name, value in sensor.settings.items())
        table.add_row(sensor.name, sensor.driver, sensor.address, Text(sensor.serial or ""), settings)
    return table


def details_table(report: SensorDetails) -> Table:
    """Return all that is known of a sensor."""
    table = _two_columns(f"{report.sensor.name}: {report.sensor.title}")
    table.add_row("address", f"{report.sensor.address} (driver {report.sensor.driver})")
    table.add_row("signal", f"{report.signal_dbm} dBm")
    table.add_row("battery", _battery(report.battery_percent))
    for name, value in report.information.model_dump(exclude_none=True).items():
        table.add_row(name, Text(value))
    table.add_row("rate", f"{report.rate_hz:g} samples a second")
    table.add_row("clock", "none" if report.clock_hz is None else f"{report.clock_hz:g} Hz")
    table.add_row("losses", "counted by the sensor" if report.counts_samples else "told from the time that passed")
    table.add_row("resolution", _resolution(report))
    table.add_row("vibrates", "yes" if report.vibrates else "no")
    table.add_row("keeps samples out of reach", "yes" if report.keeps_samples else "no")
    for setting in report.settings:
        choices = f" (one of {', '.join(f'{value:g}' for value in setting.allowed)})" if setting.allowed else ""
        table.add_row(setting.name, f"{setting.value:g}{choices}: {setting.meaning}")
    for number, sentence in enumerate(report.cannot):
        table.add_row("" if number else "know that", sentence)
    return table


def trial_table(report: SensorTestReport) -> Table:
    """Return how a link does."""
    table = _two_columns(f"{report.sensor}, {duration_text(report.duration_s)}")
    table.add_row("samples", f"{report.samples_a_second:.1f} /s (nominal {report.nominal_rate_hz:g})")
    table.add_row("notifications", f"{report.notifications_a_second:.1f} /s")
    about = "about " if report.lost_is_estimate and report.lost_samples else ""
    table.add_row("lost samples", f"{about}{report.lost_samples} of {report.samples + report.lost_samples}")
    if report.unreadable:
        table.add_row("unreadable notifications", str(report.unreadable))
    table.add_row("interval", _spread(report.interval))
    if report.interval_jitter_ms is not None:
        table.add_row("interval jitter", f"{report.interval_jitter_ms:.1f} ms (standard deviation)")
    table.add_row("latency above the least", _spread(report.latency))
    table.add_row("battery", _battery(report.battery_percent))
    table.add_row("signal", f"{report.signal_dbm} dBm")
    if report.broken_after_s is not None:
        table.add_row("connection", f"broke after {duration_text(report.broken_after_s)}")
    return table


def _two_columns(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    return table


def _battery(percent: int | None) -> str:
    return "not told" if percent is None else f"{percent} %"


def _resolution(report: SensorDetails) -> str:
    acc = f"{1000 * report.acc_resolution_ms2 / GRAVITY_MS2:.3g} mg"
    if report.gyr_resolution_rad_s is None:
        return f"{acc}; no gyroscope"
    return f"{acc}, {math.degrees(report.gyr_resolution_rad_s):.3g} deg/s"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "too few notifications to say"
    return f"median {spread.median_ms:.1f} ms, 95 % within {spread.p95_ms:.1f} ms, worst {spread.worst_ms:.1f} ms"
