"""``lumbar exercise``: a guided session, live or from a recording."""

from __future__ import annotations

import asyncio
import queue
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.console import Console

from analytics.exercises.guided_session import GuidedSession
from config.errors import SettingsError
from config.exercise_library import load_exercises, own_exercises_path
from config.exercise_plan import DEFAULT_PLAN, PlannedExercise, load_plan, own_plans_path
from config.known_sensors import load_known_sensors
from config.profile import load_profile
from config.settings import load_settings
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from lumbar.analysis import calibration_of, nominal_rate_hz, survey_offset
from lumbar.broker_address import mqtt_settings_at
from lumbar.commands.inputs import parse_speed
from lumbar.commands.storage import known_sensors_path, open_history, outbox_path
from lumbar.days import keep_recording
from lumbar.exercise_session import ExerciseRun, RunOutputs, SessionView, set_command
from lumbar.exercise_session_input import HINT, parse_wish, read_wishes
from lumbar.exercise_session_live import run_live
from lumbar.exercise_session_view import SessionLines, TerminalSession, session_table
from lumbar.exercise_session_voice import Voice, find_voice
from lumbar.exercises_sought import all_exercises
from lumbar.messaging.client import CONNECT_S, MessageClient
from lumbar.messaging.identifiers import uuid7
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from lumbar.sensors.chosen import choose_sensor, driver_of
from lumbar.session import Pace, chunk_seconds
from lumbar.stopping import stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analytics.exercises.guided_records import Command, SessionDone
    from config.exercise_plan import Plan
    from config.settings import MqttSettings, Settings
    from lumbar.commands.inputs import RecordingChoice
    from lumbar.history.store import History

__all__ = ["SessionOptions", "run_live_session", "run_replayed_session"]

DRAIN_S = 30.0
SPOKEN_UP_TO = 2.0
"""Faster than so many times real time, nothing is spoken or rung."""

UNCALIBRATED = "It is not known how the sensor was worn (--profile says it): whatever moves in the right rhythm counts."


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What the command line says of a session, live or replayed."""

    plan: str | None
    broker: str | None
    quiet: bool
    as_json: bool
    settings_file: Path | None


def run_replayed_session(options: SessionOptions, choice: RecordingChoice, speed_text: str, *, keep: bool) -> None:
    """Lead through a session with a recording in the wearer's place."""
    settings = load_settings(options.settings_file)
    plan, speed = _plan(options, settings), parse_speed(speed_text)
    recording = choice.open(undated_from_s=datetime.now(settings.wearer.zone).timestamp() // 1)
    calibration, sections = choice.calibration(), choice.sections(recording)
    offset = survey_offset(recording, check_all=True)
    pipeline = LivePipeline(settings, nominal_rate_hz(recording), calibration, sections, offset)
    mqtt = None if options.broker is None else mqtt_settings_at(options.broker, settings.mqtt)
    pace = Pace(speed)
    with ExitStack() as stack:
        client = None if mqtt is None else _connect(stack, mqtt, settings, CONNECT_S)
        if calibration is None and not sections and not options.as_json:
            Console().print(UNCALIBRATED, style="dim", soft_wrap=True, highlight=False)
        aloud = speed is not None and speed <= SPOKEN_UP_TO
        view = stack.enter_context(_view(stack, options, settings, aloud=aloud))
        outputs = RunOutputs(view, client, _history(stack, settings) if keep else None)
        wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        planned = frozenset(item.exercise.id for item in plan.items if isinstance(item, PlannedExercise))
        any_exercise = all_exercises(load_exercises(own_exercises_path(settings)), planned)
        recogniser = LivePipeline(
            settings, nominal_rate_hz(recording), calibration, sections, offset, exercises=any_exercise
        )
        run = _run(plan, pipeline, outputs, choice.file.name, wishes.put, recogniser)
        for chunk in recording.chunks(chunk_seconds(speed)):
            pace.wait_for(float(chunk.time[-1]))
            while not wishes.empty():
                wishes.get()()
            if run.done:
                break
            run.samples(chunk)
        session = run.close()
        _keep_worn(outputs, pipeline, choice.file.name)
        if outputs.client is not None:
            outputs.client.drain(DRAIN_S)
    _finish(session, options)


def run_live_session(options: SessionOptions, sensor_name: str | None, profile: Path | None) -> None:
    """Lead through a session with the wearer's sensor, until it is over or told to stop (Ctrl+C, or SIGTERM)."""
    settings = load_settings(options.settings_file)
    plan = _plan(options, settings)
    sensor = choose_sensor(load_known_sensors(known_sensors_path(settings)), sensor_name)
    _, values = driver_of(sensor)
    calibration = None if profile is None else calibration_of(load_profile(profile), profile.stem)
    pipeline = LivePipeline(settings, values["rate_hz"], calibration)
    mqtt = settings.mqtt if options.broker is None else mqtt_settings_at(options.broker, settings.mqtt)
    now = datetime.now(settings.wearer.zone)
    folder = settings.storage.path / "recordings" / f"{now:%Y-%m-%dT%H%M%S}-{sensor.name}-exercise"

    async def live(stack: ExitStack) -> SessionDone | None:
        radio = Radio()
        # Where Bluetooth cannot be used, that is said before anything is made.
        await SensorScanner(radio).look_around(0)
        view = stack.enter_context(_view(stack, options, settings, aloud=True))
        # A session with the sensor goes on without a broker: messages are kept until there is one.
        client = _connect(stack, mqtt, settings, None)
        outputs = RunOutputs(view, client, _history(stack, settings))
        loop = asyncio.get_running_loop()
        run = _run(plan, pipeline, outputs, f"{sensor.name}, exercising", loop.call_soon_threadsafe)
        try:
            with stop_on_signals() as stop:
                await run_live(sensor, radio, run, folder, stack, stop)
        finally:
            session = run.close()
            _keep_worn(outputs, pipeline, sensor.name)
        return session

    with ExitStack() as stack:
        session = asyncio.run(live(stack))
    _finish(session, options)


def _plan(options: SessionOptions, settings: Settings) -> Plan:
    library = load_exercises(own_exercises_path(settings))
    return load_plan(options.plan or DEFAULT_PLAN, library, own_plans_path(settings))


def _view(stack: ExitStack, options: SessionOptions, settings: Settings, *, aloud: bool) -> SessionView:
    if options.as_json:
        return SessionLines(sys.stdout)
    speak = find_voice() if aloud and not options.quiet else None
    voice = None if speak is None else stack.enter_context(Voice(speak))
    ring = aloud and not options.quiet
    return TerminalSession(Console(), settings.wearer.zone, ring=ring, say=None if voice is None else voice.say)


def _connect(stack: ExitStack, mqtt: MqttSettings, settings: Settings, wait_s: float | None) -> MessageClient:
    """Return the client of a broker, closed with the stack; see `MessageClient.connect` for `wait_s`."""
    client = stack.enter_context(
        MessageClient(
            mqtt, settings.wearer.id, outbox_path(settings), version("lumbar"), time_zone=settings.wearer.zone
        )
    )
    client.connect(wait_s)
    return client


def _history(stack: ExitStack, settings: Settings) -> tuple[History, Settings]:
    return stack.enter_context(open_history(settings)), settings


def _keep_worn(outputs: RunOutputs, pipeline: LivePipeline, source: str) -> None:
    """Keep that the sensor was worn in the session, and what else it saw; the sets are kept with the session."""
    start, end = pipeline.coverage.start, pipeline.coverage.end
    if outputs.history is not None and start is not None and end is not None:
        history, settings = outputs.history
        keep_recording(history, review(pipeline, settings, (), sets=()).findings, (start, end), source, settings)


def _run(
    plan: Plan,
    pipeline: LivePipeline,
    outputs: RunOutputs,
    source: str,
    in_turn: Callable[[Callable[[], None]], object],
    recogniser: LivePipeline | None = None,
) -> ExerciseRun:
    """Return the session's run; `in_turn` carries out, between samples, what was wished in other threads."""
    session = GuidedSession(plan)
    run = ExerciseRun(session, pipeline, outputs, f"s-{uuid7()}", source, recogniser)

    def take(command: Command) -> None:
        in_turn(lambda: run.take(command))

    def type_in(line: str) -> None:
        try:
            take(parse_wish(line, paused=session.standing.paused))
            outputs.view.show_hint(HINT)
        except SettingsError as error:
            outputs.view.show_hint(str(error))

    if outputs.client is not None:
        outputs.client.on_command(lambda verb, arguments: set_command(verb, arguments, session, take))
    if sys.stdin is not None and sys.stdin.isatty():
        outputs.view.show_hint(HINT)
        read_wishes(sys.stdin, type_in)
    return run


def _finish(session: SessionDone | None, options: SessionOptions) -> None:
    if options.as_json:
        return
    console = Console()
    if session is None:
        console.print("There were no samples: nothing was done.")
        return
    console.print()
    console.print(session_table(session))
