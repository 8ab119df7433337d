"""The command line. Thin: each command reads its options, calls the rooms and prints.

Exit codes: 0 done; 2 the input, a setting or the broker is at fault, with one line that says what to do; 130 stopped by
Ctrl+C before it was done. What runs until Ctrl+C (``wear``, ``record``, ``broker``, live ``exercise``) is done then: 0.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import SettingsError
from lumbar.cli_options import (
    BrokerAddress,
    Format,
    Keep,
    OutputFormat,
    ProfileFile,
    Recorded,
    SectionsFile,
    SensorName,
    SettingsFile,
    Speed,
    Start,
    UnitNames,
)
from lumbar.cli_sensor import sensor_app
from lumbar.ending import told_ending

__all__ = ["app", "main"]

app = typer.Typer(
    name="lumbar",
    help="Notice slouching, long sitting and walking with one motion sensor on the lower back.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
broker_app = typer.Typer(help="Run the embedded MQTT broker, or write the configuration of a real one.")
config_app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)
exercises_app = typer.Typer(help="The exercises: how they are done, and what the sensor sees.", no_args_is_help=True)
app.add_typer(broker_app, name="broker")
app.add_typer(config_app, name="config")
app.add_typer(exercises_app, name="exercises")
app.add_typer(sensor_app, name="sensor")


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
    broker: Annotated[
        str | None,
        typer.Option("--broker", help="mqtt://host:1883 or mqtts://user@host:8883; else that of your settings."),
    ] = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Follow your sensor, live: record, nudge, and sum up each day, until told to stop."""
    from lumbar.commands.wear import run_wear

    run_wear(sensor, profile, broker, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def exercise(
    plan: Annotated[
        str | None,
        typer.Argument(metavar="[PLAN|ID]", help="A plan or one exercise; else your plan home.", show_default=False),
    ] = None,
    sensor: Annotated[str | None, typer.Option(help="Which of your sensors; not needed where you have one.")] = None,
    file: Annotated[
        Path | None, typer.Option("--replay", help="A recording in the place of your sensor.", show_default=False)
    ] = None,
    speed: Speed = "1",
    profile: ProfileFile = None,
    calibration: SectionsFile = None,
    start: Start = None,
    units: UnitNames = None,
    keep: Keep = False,
    broker: Annotated[
        str | None,
        typer.Option("--broker", help="mqtt://host:1883 or mqtts://user@host:8883; live else that of your settings."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No voice and no bell.")] = False,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Be led through your exercises: counted, timed, and kept."""
    from lumbar.commands.exercise import SessionOptions, run_live_session, run_replayed_session
    from lumbar.commands.inputs import RecordingChoice

    options = SessionOptions(plan, broker, quiet, output is Format.JSON, settings)
    if file is None:
        if calibration is not None or start is not None or units is not None:
            raise SettingsError("--calibration, --start and --units belong to a recording; name one with --replay FILE")
        run_live_session(options, sensor, profile)
    elif sensor is not None:
        raise SettingsError("give either --replay or --sensor, not both")
    else:
        run_replayed_session(options, RecordingChoice(file, units, start, profile, calibration), speed, keep=keep)


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
    report: Annotated[
        Path | None,
        typer.Option(help="HTML page to write, with plots; takes the extra lumbar[report].", show_default=False),
    ] = None,
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Score the program on labelled recordings."""
    from lumbar.commands.validate import run_validate

    run_validate(folder, sets, report, as_json=output is Format.JSON, settings_file=settings)


@app.command()
def teach(
    name: Annotated[str, typer.Argument(help="What the new exercise is to be called, such as 'hip swing'.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="A recording of it; without one you show it to your sensor.", show_default=False),
    ] = None,
    sensor: Annotated[str | None, typer.Option(help="Which of your sensors; not needed where you have one.")] = None,
    repetitions: Annotated[int, typer.Option(help="How many you show.", min=1, max=5)] = 3,
    start_position: Annotated[
        str | None,
        typer.Option(help="supine, prone, hands_and_knees, side_lying, seated or standing; else by gravity."),
    ] = None,
    from_s: Annotated[
        float | None, typer.Option("--from", help="Second of the recording at which the first begins.", min=0)
    ] = None,
    to_s: Annotated[float | None, typer.Option("--to", help="Second at which the last one ends.", min=0)] = None,
    profile: ProfileFile = None,
    calibration: SectionsFile = None,
    units: UnitNames = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the exercise of this name.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No voice and no bell.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Learn a new exercise from a few repetitions, shown to your sensor or recorded."""
    from lumbar.commands.inputs import RecordingChoice
    from lumbar.commands.teach import Lesson, run_live_teach, run_teach

    lesson = Lesson(name, repetitions, start_position, from_s, to_s)
    if file is None:
        if any(option is not None for option in (from_s, to_s, calibration, units)):
            raise SettingsError(
                "--from, --to, --calibration and --units belong to a recording; name one after the name"
            )
        run_live_teach(lesson, sensor, profile, replace=replace, quiet=quiet, settings_file=settings)
    elif sensor is not None:
        raise SettingsError("give either a recording or --sensor, not both")
    else:
        choice = RecordingChoice(file, units, None, profile, calibration)
        run_teach(lesson, choice, replace=replace, settings_file=settings)


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


@exercises_app.command("list")
def exercises_list(output: OutputFormat = Format.TABLE, settings: SettingsFile = None) -> None:
    """Show the exercises that Lumbar knows, yours among them."""
    from lumbar.commands.exercises import run_list

    run_list(settings, as_json=output is Format.JSON)


@exercises_app.command("show")
def exercises_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, its title, or what else it is called.")],
    output: OutputFormat = Format.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Show how an exercise is done, and what the sensor sees of it."""
    from lumbar.commands.exercises import run_show

    run_show(name, settings, as_json=output is Format.JSON)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors of Lumbar's end as one line."""
    # What happens to the link is shown by the commands; without a handler Python would print it as well.
    logging.getLogger("lumbar").addHandler(logging.NullHandler())
    with told_ending():
        return app(arguments)
