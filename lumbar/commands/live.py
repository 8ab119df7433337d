"""``lumbar demo`` and ``lumbar replay``: samples through the live program."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from config.calibration import CalibrationSection, SectionName
from config.settings import load_settings
from lumbar.analysis import nominal_rate_hz, survey_offset
from lumbar.broker_address import mqtt_settings_at
from lumbar.commands.inputs import parse_speed
from lumbar.commands.storage import open_history, outbox_path
from lumbar.json_lines import JsonLines
from lumbar.live_view import LiveView
from lumbar.messaging.client import CONNECT_S, MessageClient
from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.pipeline import LivePipeline
from lumbar.session import Outputs, Pace, chunk_seconds, play
from lumbar.summary_view import show_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analytics.summary_model import DailySummary
    from config.settings import MqttSettings, Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.virtual import SimulatedWearer
    from lumbar.commands.inputs import RecordingChoice

__all__ = ["run_demo", "run_replay"]

DEMO_RATE_HZ = 100.0
DEMO_BEGINS_AT_HOUR = 8
LONGEST_BLUETOOTH_CHUNK_S = 1.0
"""A nudge that the sensor is to give waits no longer."""


@dataclass(frozen=True, slots=True)
class Link:
    """The broker in use and the client connected to it."""

    client: MessageClient
    address: str

    def status(self) -> str:
        """Return how the link stands, in words."""
        status = self.client.status
        state = "connected" if status.connected else "away, messages are kept"
        return f"broker {self.address} {state}, {status.waiting} messages waiting"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo plays, and where to; `pulses_n` tells how often the sensor vibrated, where there is one."""

    chunks: Iterator[ImuChunk]
    outputs: Outputs
    status: Callable[[], str]
    pulses_n: Callable[[], int] | None = None

    def say_goodbye(self, console: Console) -> None:
        """Tell what only the sensor knows."""
        if self.pulses_n is not None:
            console.print(f"Pulses of the virtual sensor's motor: {self.pulses_n()}.", style="dim")


def run_demo(
    speed_text: str, hours: float, seed: int, broker: str | None, settings_file: Path | None, *, bluetooth: bool
) -> None:
    """Play a simulated wearer's day through the live program."""
    from firmware_bridge.virtual import SensorModel, SimulatedWearer, desk_day  # noqa: PLC0415 - only for the demo

    settings = load_settings(settings_file)
    speed = parse_speed(speed_text)
    console = Console()
    wearer = SimulatedWearer(
        desk_day(seed, hours),
        seed,
        rate_hz=DEMO_RATE_HZ,
        mounting="quarter_turn",
        sensor=SensorModel.ideal() if bluetooth else SensorModel.drawn(seed),
        start=_this_morning(settings),
    )
    sections = tuple(
        CalibrationSection(SectionName(section.section), section.start, section.end)
        for section in wearer.truth().calibration
    )
    console.print(
        f"A simulated wearer's day at a desk, {hours:g} h at {DEMO_RATE_HZ:.0f} Hz. It begins with the guided "
        "calibration: stand, bow twice, sit upright, sit slouched.\n"
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lumbar-demo-")))
        link = _connect(stack, broker, settings, folder / "outbox.sqlite")
        view = LiveView(console, settings.wearer.zone, "lumbar demo")
        if bluetooth:
            stage = _over_bluetooth(stack, wearer, speed, settings, Outputs(view, link.client), link)
        else:
            stage = Stage(wearer.chunks(chunk_seconds(speed)), Outputs(view, link.client), link.status)
        summary = play(
            stage.chunks,
            LivePipeline(settings, DEMO_RATE_HZ, sections=sections),
            settings,
            stage.outputs,
            "demo",
            Pace(speed),
            stage.status,
        )
        _finish(summary, link, console)
        stage.say_goodbye(console)


def _over_bluetooth(
    stack: ExitStack, wearer: SimulatedWearer, speed: float | None, settings: Settings, outputs: Outputs, link: Link
) -> Stage:
    """Return the demo's samples from a virtual sensor; it is switched off with the stack."""
    from lumbar.demo_air import WearerOverBluetooth  # noqa: PLC0415 - bumble takes a second to import

    air = stack.enter_context(WearerOverBluetooth(wearer))
    haptics = settings.haptics
    if haptics.enabled:
        outputs = replace(outputs, nudge=lambda: air.nudge(haptics.strength, haptics.duration_s))
    seconds = min(chunk_seconds(speed), LONGEST_BLUETOOTH_CHUNK_S)
    return Stage(air.chunks(seconds), outputs, lambda: f"{air.status()}; {link.status()}", lambda: air.pulses_n)


def run_replay(
    choice: RecordingChoice,
    speed_text: str,
    broker: str | None,
    *,
    keep: bool,
    as_json: bool,
    settings_file: Path | None,
) -> None:
    """Play a recording through the live program."""
    settings = load_settings(settings_file)
    speed = parse_speed(speed_text)
    recording = choice.open(undated_from_s=float(int(time.time())))
    calibration, sections = choice.calibration(), choice.sections(recording)
    # Nothing is sent of a recording with a bad row in it.
    offset = survey_offset(recording, check_all=True)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lumbar-replay-")))
        link = _connect(stack, broker, settings, folder / "outbox.sqlite" if broker is None else outbox_path(settings))
        history = stack.enter_context(open_history(settings)) if keep else None
        view = JsonLines(sys.stdout) if as_json else LiveView(console, settings.wearer.zone, choice.file.name)
        summary = play(
            recording.chunks(chunk_seconds(speed)),
            LivePipeline(settings, nominal_rate_hz(recording), calibration, sections, offset),
            settings,
            Outputs(view, link.client, history),
            choice.file.name,
            Pace(speed),
            link.status,
        )
        if as_json and summary is not None:
            sys.stdout.write(summary.model_dump_json(by_alias=True) + "\n")
        else:
            _finish(summary, link, console)


def _connect(stack: ExitStack, address: str | None, settings: Settings, outbox: Path) -> Link:
    """Return the link to the broker named, or to an embedded one; both end with the stack."""
    mqtt: MqttSettings
    if address is None:
        broker = stack.enter_context(EmbeddedBroker())
        mqtt = settings.mqtt.model_copy(
            update={"host": broker.host, "port": broker.port, "user": "", "ca_file": "", "certificate_file": ""}
        )
    else:
        mqtt = mqtt_settings_at(address, settings.mqtt)
    client = stack.enter_context(
        MessageClient(mqtt, settings.wearer.id, outbox, version("lumbar"), time_zone=settings.wearer.zone)
    )
    client.connect(CONNECT_S)
    return Link(client, f"mqtt://{mqtt.host}:{mqtt.port}")


def _finish(summary: DailySummary | None, link: Link, console: Console) -> None:
    console.print()
    if summary is None:
        console.print("Too few samples for a summary.")
    else:
        show_summary(summary, console)
    waiting = link.client.status.waiting
    sent = "every message has been delivered" if waiting == 0 else f"{waiting} messages wait for the broker"
    console.print(f"Broker {link.address}: {sent}.", style="dim")


def _this_morning(settings: Settings) -> float:
    """Return the start of the last working day that has ended, so that no message is from the future."""
    yesterday = datetime.now(settings.wearer.zone) - timedelta(days=1)
    return yesterday.replace(hour=DEMO_BEGINS_AT_HOUR, minute=0, second=0, microsecond=0).timestamp()
