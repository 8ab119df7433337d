"""The ``lumbar sensor`` commands."""

# ruff: noqa: PLC0415 - each command imports what it needs, so that --help takes 0.3 s

from __future__ import annotations

from typing import Annotated

import typer

from lumbar.cli_options import Format, OutputFormat, SensorName, SettingsFile

__all__ = ["sensor_app"]

sensor_app = typer.Typer(help="Motion sensors and what they send.", no_args_is_help=True)


@sensor_app.command("add")
def sensor_add(
    address: Annotated[str | None, typer.Argument(help="As `lumbar scan` shows it; else the one in sight.")] = None,
    name: Annotated[str | None, typer.Option(help="What you call it, such as back.")] = None,
    driver: Annotated[str | None, typer.Option(help="Id of the driver, where none is found by itself.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the sensor's, such as range_g=8; may be repeated.")
    ] = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Make a sensor yours: only yours is ever connected."""
    from lumbar.commands.sensors import run_add

    run_add(address, name, driver, given or [], settings, as_json=output is Format.JSON)


@sensor_app.command("list")
def sensor_list(output: OutputFormat = Format.TABLE, settings: SettingsFile = None) -> None:
    """Show your sensors."""
    from lumbar.commands.sensors import run_list

    run_list(settings, as_json=output is Format.JSON)


@sensor_app.command("remove")
def sensor_remove(
    name: Annotated[str, typer.Argument(help="Which of your sensors.")], settings: SettingsFile = None
) -> None:
    """Let a sensor go; what was recorded with it stays."""
    from lumbar.commands.sensors import run_remove

    run_remove(name, settings)


@sensor_app.command("info")
def sensor_info(name: SensorName = None, output: OutputFormat = Format.TABLE, settings: SettingsFile = None) -> None:
    """Connect to your sensor and show what it is, how it is, and what it cannot do."""
    from lumbar.commands.sensors import run_info

    run_info(name, settings, as_json=output is Format.JSON)


@sensor_app.command("vibrate")
def sensor_vibrate(
    name: SensorName = None,
    strength: Annotated[float | None, typer.Option(min=0, max=1, help="0 to 1; else as in the settings.")] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, as 0.4s; else as in the settings.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Let your sensor vibrate once."""
    from lumbar.commands.sensors import run_vibrate

    run_vibrate(name, strength, length, settings)


@sensor_app.command("test")
def sensor_test(
    name: SensorName = None,
    length: Annotated[str, typer.Option("--for", help="How long, from the first sample on.")] = "10s",
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Stream from your sensor and show rate, loss, jitter and latency."""
    from lumbar.commands.sensors import run_test

    run_test(name, length, settings, as_json=output is Format.JSON)


@sensor_app.command("decode")
def sensor_decode(
    notifications: Annotated[list[str], typer.Argument(metavar="HEX...", help="Bytes of each notification, in order.")],
    driver: Annotated[str, typer.Option(help="Id of the driver, such as witmotion.")],
    characteristic: Annotated[str, typer.Option(help="UUID that the bytes came on; 2a19 will do for a standard one.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", help="What the bytes do not say, such as range_g=8; may be repeated.")
    ] = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Say what a sensor's bytes mean."""
    from lumbar.commands.sensor import run_decode

    run_decode(driver, characteristic, given or [], notifications, as_json=output is Format.JSON)
