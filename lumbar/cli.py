"""The command line. Thin: each command reads its options, calls the rooms and prints.

Exit codes: 0 done; 1 a check found something wrong (``validate``, ``config check``); 2 the input, a setting or the
broker is at fault, with one line that says what to do; 130 stopped by Ctrl+C.
"""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import LumbarError

__all__ = ["app", "main"]

EXIT_INPUT_AT_FAULT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="lumbar",
    help="Notice slouching, long sitting and walking with one motion sensor on the lower back.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
broker_app = typer.Typer(help="Run the embedded MQTT broker, or write the configuration of a real one.")
config_app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)
sensor_app = typer.Typer(help="Motion sensors and what they send.", no_args_is_help=True)
app.add_typer(broker_app, name="broker")
app.add_typer(config_app, name="config")
app.add_typer(sensor_app, name="sensor")


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


SensorName = Annotated[
    str | None, typer.Argument(help="Which of your sensors; not needed where you have one.", show_default=False)
]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file to use in place of your own.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="Tables for people, JSON for programs.")]
UnitNames = Annotated[str | None, typer.Option("--units", help="Units of the columns, such as g,deg/s.")]
Start = Annotated[
    str | None, typer.Option("--start", help="When the recording began, as 2026-11-22T08:30:00+01:00 (RFC 3339).")
]
ProfileFile = Annotated[Path | None, typer.Option("--profile", help="The wearer's profile, from `lumbar calibrate`.")]
SectionsFile = Annotated[
    Path | None, typer.Option("--calibration", help="CSV that says where the guided calibration was done.")
]
Speed = Annotated[str, typer.Option("--speed", help="Times real time, or max.")]
BrokerAddress = Annotated[
    str | None, typer.Option("--broker", help="mqtt://host:1883 or mqtts://user@host:8883; else an embedded broker.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the result in the history, for `today` and `summary`.")]
Recorded = Annotated[Path, typer.Argument(help="CSV, Parquet, or a folder recorded by Lumbar.")]


@app.command()
def demo(
    speed: Speed = "max",
    hours: Annotated[float, typer.Option(help="Length of the simulated working day.", min=0.25, max=24)] = 8.0,
    seed: Annotated[int, typer.Option(help="Another seed is another day.", min=0)] = 1,
    bluetooth: Annotated[
        bool, typer.Option("--bluetooth", help="From a virtual sensor, over virtual air and the real Bluetooth link.")
    ] = False,
    broker: BrokerAddress = None,
    settings: SettingsFile = None,
) -> None:
    """Watch a simulated wearer's day at a desk go through the real program."""
    from lumbar.commands.live import run_demo

    run_demo(speed, hours, seed, broker, settings, bluetooth=bluetooth)


@app.command()
def replay(
    file: Recorded,
    speed: Speed = "max",
    broker: BrokerAddress = None,
    profile: ProfileFile = None,
    calibration: SectionsFile = None,
    start: Start = None,
    units: UnitNames = None,
    keep: Keep = False,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Play a recording through the live program, as if it happened now."""
    from lumbar.commands.inputs import RecordingChoice
    from lumbar.commands.live import run_replay

    choice = RecordingChoice(file, units, start, profile, calibration)
    run_replay(choice, speed, broker, keep=keep, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def wear(
    sensor: Annotated[str | None, typer.Argument(help="Which of your sensors; not needed where you have one.")] = None,
    profile: ProfileFile = None,
    broker: BrokerAddress = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Follow your sensor, live: record, nudge, and sum up each day, until told to stop."""
    from lumbar.commands.wear import run_wear

    run_wear(sensor, profile, broker, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def record(
    sensor: SensorName = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, as 10m or 1h30m; else until Ctrl+C.")] = None,
    folder: Annotated[Path | None, typer.Option("--output", help="Folder of the recording.")] = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Record what your sensor sends, and nothing else."""
    from lumbar.commands.record import run_record

    run_record(sensor, length, folder, settings, as_json=output is Format.JSON)


@app.command()
def scan(
    length: Annotated[str, typer.Option("--for", help="How long to listen.")] = "5s",
    everything: Annotated[bool, typer.Option("--all", help="Also devices that no driver knows.")] = False,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Show the sensors in sight."""
    from lumbar.commands.scan import run_scan

    run_scan(length, settings, unknown_too=everything, as_json=output is Format.JSON)


@app.command()
def analyze(
    file: Recorded,
    exercise: Annotated[str | None, typer.Option(help="The exercise that is done; only it is counted.")] = None,
    profile: ProfileFile = None,
    calibration: SectionsFile = None,
    start: Start = None,
    units: UnitNames = None,
    angles: Annotated[Path | None, typer.Option(help="Write angles and orientation to this Parquet file.")] = None,
    keep: Keep = False,
    output: OutputFormat = Format.JSON,
    settings: SettingsFile = None,
) -> None:
    """Say everything that can be said of a recording."""
    from lumbar.commands.inputs import RecordingChoice
    from lumbar.commands.recorded import run_analyze

    choice = RecordingChoice(file, units, start, profile, calibration)
    run_analyze(choice, exercise, angles, keep=keep, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def calibrate(
    file: Recorded,
    calibration: Annotated[Path, typer.Option(help="CSV that says where each movement was done.")],
    output: Annotated[Path, typer.Option(help="Profile to write, such as me.toml.")],
    units: UnitNames = None,
    settings: SettingsFile = None,
) -> None:
    """Make the wearer's profile from a recorded guided calibration."""
    from lumbar.commands.inputs import RecordingChoice
    from lumbar.commands.recorded import run_calibrate

    run_calibrate(RecordingChoice(file, units, None, None, calibration), output, settings)


@app.command()
def validate(
    folder: Annotated[Path, typer.Argument(help="Folder of labelled recordings, or of several such folders.")],
    sets: Annotated[list[str] | None, typer.Option(help="Only these data sets; may be given several times.")] = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Score the program on labelled recordings."""
    from lumbar.commands.recorded import run_validate

    run_validate(folder, sets, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def today(output: OutputFormat = Format.TABLE, settings: SettingsFile = None) -> None:
    """Show today so far."""
    from lumbar.commands.history import run_summary

    run_summary(None, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def summary(
    date: Annotated[str, typer.Argument(help="The day, as 2026-11-22.")],
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Show the summary of a day."""
    from lumbar.commands.history import run_summary

    run_summary(date, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def schema(
    name: Annotated[str | None, typer.Argument(help="Which one; without it their names are listed.")] = None,
) -> None:
    """Print the JSON Schema of a document or message."""
    from lumbar.commands.schemas import run_schema

    run_schema(name)


@broker_app.callback(invoke_without_command=True)
def broker_run(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="TCP port on this computer.", min=1, max=65535)] = 1883,
) -> None:
    """Run the embedded broker on this computer until Ctrl+C."""
    if context.invoked_subcommand is None:
        from lumbar.commands.broker import run_broker

        run_broker(port)


@broker_app.command("config")
def broker_config(
    folder: Annotated[Path, typer.Option(help="Where certificates, passwords and data lie.")] = Path("/etc/mosquitto"),
    port: Annotated[int, typer.Option(help="TCP port to listen on.", min=1, max=65535)] = 8883,
    client_certificates: Annotated[bool, typer.Option(help="Log in by client certificate.")] = False,
) -> None:
    """Print a configuration for mosquitto 2 with TLS, passwords and rights for each wearer."""
    from lumbar.commands.broker import print_configuration

    print_configuration(folder, port, client_certificates=client_certificates)


@broker_app.command("acl")
def broker_acl(
    wearers: Annotated[list[str], typer.Argument(help="Ids of the wearers, which are their user names too.")],
    clinician: Annotated[str, typer.Option(help="User that may read these wearers.")] = "clinician",
    home_assistant: Annotated[str, typer.Option(help="User of Home Assistant.")] = "homeassistant",
) -> None:
    """Print the access rights for mosquitto: each wearer only their own topics."""
    from lumbar.commands.broker import print_access_rights

    print_access_rights(wearers, clinician, home_assistant)


@config_app.command("show")
def config_show(output: OutputFormat = Format.TABLE, settings: SettingsFile = None) -> None:
    """Show all settings as they are in force."""
    from lumbar.commands.settings import show_settings

    show_settings(settings, as_json=output is Format.JSON)


@config_app.command("path")
def config_path() -> None:
    """Say where your own settings file goes, and where data are kept."""
    from lumbar.commands.settings import show_paths

    show_paths()


@config_app.command("check")
def config_check(settings: SettingsFile = None) -> None:
    """Check your settings file."""
    from lumbar.commands.settings import check_settings

    check_settings(settings)


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


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors of Lumbar's end as one line and exit code 2."""
    # What happens to the link is shown by the commands; without a handler Python would print it as well.
    logging.getLogger("lumbar").addHandler(logging.NullHandler())
    try:
        return app(arguments)
    except LumbarError as error:
        message = " ".join(str(error).split())
        sys.stderr.write(f"lumbar: {message}\n")
        sys.exit(EXIT_INPUT_AT_FAULT)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone, as `lumbar ... | head` does.
        sys.stderr.close()
        sys.exit(0)
