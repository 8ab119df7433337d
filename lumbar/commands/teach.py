"""``lumbar teach``: a new exercise from a few repetitions, recorded or shown to a live sensor."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from analytics.exercises.teach import Demonstration, require_teachable, teach
from config.errors import SettingsError, TeachingError
from config.exercise import Position
from config.exercise_library import load_exercises, own_exercises_path
from config.exercise_writer import save_exercise
from config.known_sensors import load_known_sensors
from config.profile import load_profile
from config.settings import load_settings
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from lumbar.analysis import calibrate_recording, calibration_of, frames_of, survey_offset
from lumbar.commands.storage import known_sensors_path
from lumbar.exercise_session_input import read_wishes
from lumbar.exercise_session_voice import Voice, find_voice
from lumbar.live_lesson import LessonPlan, LiveLesson, show_live
from lumbar.sensors.chosen import choose_sensor, driver_of
from lumbar.stopping import stop_on_signals
from lumbar.teaching import frames_shown

if TYPE_CHECKING:
    from pathlib import Path

    from config.exercise import Exercise
    from config.exercise_library import ExerciseLibrary
    from config.known_sensors import KnownSensor
    from firmware_bridge.recordings.read import Recording
    from lumbar.commands.inputs import RecordingChoice
    from posture.calibration import Calibration

__all__ = ["Lesson", "run_live_teach", "run_teach"]

LONGEST_S = 600.0
"""Longer stretches are no demonstration of a few repetitions."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learnt, as said on the command line; times in seconds from the first sample."""

    name: str
    repetitions: int
    start_position: str | None
    from_s: float | None
    to_s: float | None

    @property
    def id(self) -> str:
        """The name as an id.

        Raises
        ------
        SettingsError
            It has no letter to begin with, or is too long.

        """
        identifier = re.sub(r"[^a-z0-9]+", "_", self.name.casefold()).strip("_")
        if not re.fullmatch(r"[a-z][a-z0-9_]{2,63}", identifier):
            raise SettingsError(f"{self.name!r} cannot be a name; take 3 to 64 letters and digits, a letter first")
        return identifier

    @property
    def position(self) -> Position | None:
        """The starting position, where it is said.

        Raises
        ------
        SettingsError
            There is no such position.

        """
        if self.start_position is None:
            return None
        said = re.sub(r"[\s-]+", "_", self.start_position.casefold())
        if said not in tuple(Position):
            raise SettingsError(f"--start-position {self.start_position}: it may be {', '.join(Position)}")
        return Position(said)


def run_teach(lesson: Lesson, choice: RecordingChoice, *, replace: bool, settings_file: Path | None) -> None:
    """Learn an exercise and write its file; writes nothing where it is not learnt."""
    settings = load_settings(settings_file)
    folder = own_exercises_path(settings)
    title = _title(lesson, load_exercises(folder), replace=replace)
    recording = choice.open()
    calibration = _calibration(choice, recording)
    _keep(teach(lesson.id, title, _demonstration(lesson, recording, calibration)), folder)


def run_live_teach(
    lesson: Lesson,
    sensor_name: str | None,
    profile: Path | None,
    *,
    replace: bool,
    quiet: bool,
    settings_file: Path | None,
) -> None:
    """Lead the wearer through showing an exercise to the sensor; writes nothing where it is not learnt."""
    settings = load_settings(settings_file)
    folder = own_exercises_path(settings)
    title = _title(lesson, load_exercises(folder), replace=replace)
    calibration = None if profile is None else calibration_of(load_profile(profile), profile.stem)
    require_teachable(lesson.position, mounting_known=calibration is not None)
    sensor = choose_sensor(load_known_sensors(known_sensors_path(settings)), sensor_name)
    _, values = driver_of(sensor)
    plan = LessonPlan(lesson.id, title, lesson.repetitions, lesson.position, calibration, values["rate_hz"])
    now = datetime.now(settings.wearer.zone)
    shown = settings.storage.path / "recordings" / f"{now:%Y-%m-%dT%H%M%S}-{sensor.name}-teach"
    with ExitStack() as stack:
        live = asyncio.run(_show_live(plan, sensor, shown, stack, quiet=quiet))
    try:
        exercise = live.result()
    except TeachingError as error:
        kept = f" (what you showed is kept in {shown})" if shown.is_dir() else ""
        raise TeachingError(f"{error}{kept}") from error
    _keep(exercise, folder)


async def _show_live(
    plan: LessonPlan, sensor: KnownSensor, shown: Path, stack: ExitStack, *, quiet: bool
) -> LiveLesson:
    radio = Radio()
    # Where Bluetooth cannot be used, that is said before anything is made.
    await SensorScanner(radio).look_around(0)
    console = Console()
    speak = None if quiet else find_voice()
    voice = None if speak is None else stack.enter_context(Voice(speak))

    def tell(sentence: str) -> None:
        console.print(sentence, soft_wrap=True, highlight=False, markup=False)
        if console.is_terminal and not quiet:
            console.bell()
        if voice is not None:
            voice.say(sentence)

    shown_link = ""

    def show_link(text: str) -> None:
        nonlocal shown_link
        if text != shown_link:
            console.print(text, style="dim", soft_wrap=True, highlight=False, markup=False)
        shown_link = text

    live = LiveLesson(plan, tell, show_link)
    loop = asyncio.get_running_loop()

    def finish(_line: str) -> None:
        loop.call_soon_threadsafe(live.finish)

    if sys.stdin is not None and sys.stdin.isatty():
        show_link("Enter: that was all   Ctrl+C: learn nothing")
        read_wishes(sys.stdin, finish)
    with stop_on_signals() as stop:
        await show_live(live, sensor, radio, shown, stack, stop)
    return live


def _keep(exercise: Exercise, folder: Path) -> None:
    path = save_exercise(exercise, folder)
    sys.stdout.write(f"{_said(exercise)}\nWrote {path}. Use it with --exercise {exercise.id}.\n")


def _title(lesson: Lesson, library: ExerciseLibrary, *, replace: bool) -> str:
    """Return the title; an exercise of the same name is only replaced where that was said."""
    name = " ".join(lesson.name.replace("_", " ").split())
    taken = {each.id: each for called in (lesson.id, name) if (each := _found(library, called)) is not None}
    if any(other != lesson.id for other in taken):
        raise SettingsError(f"{', '.join(taken)} is already called {lesson.name!r}; take another name")
    if taken and not replace:
        raise SettingsError(
            f"there is already an exercise {lesson.id}; take another name, or replace it with --replace"
        )
    return name[0].upper() + name[1:]


def _found(library: ExerciseLibrary, name: str) -> Exercise | None:
    try:
        return library.find(name)
    except SettingsError:
        return None


def _calibration(choice: RecordingChoice, recording: Recording) -> Calibration | None:
    sections = choice.sections(recording)
    return calibrate_recording(recording, sections) if sections else choice.calibration()


def _demonstration(lesson: Lesson, recording: Recording, calibration: Calibration | None) -> Demonstration:
    begins = recording.start_time_s + (lesson.from_s or 0.0)
    ends = begins + LONGEST_S if lesson.to_s is None else recording.start_time_s + lesson.to_s
    if not 0 < ends - begins <= LONGEST_S:
        raise SettingsError(f"--from and --to: --to comes after --from, at most {LONGEST_S:.0f} s")
    offset = survey_offset(recording) if calibration is None else calibration.acc_offset_ms2
    bias = None if calibration is None else calibration.gyr_bias_rad_s
    frames = frames_shown(frames_of(recording, offset, bias), begins, ends)
    if lesson.to_s is None and frames:
        last = float(frames[-1].segment.time[-1])
        if last > ends:
            raise TeachingError(
                f"the recording goes on for more than {LONGEST_S:.0f} s; say with --from and --to where you show it"
            )
        ends = last
    return Demonstration(
        frames=frames,
        start=begins,
        end=ends,
        repetitions=lesson.repetitions,
        sensor_to_body=None if calibration is None else calibration.sensor_to_body,
        position=lesson.position,
        exact=lesson.from_s is not None and lesson.to_s is not None,
    )


def _said(exercise: Exercise) -> str:
    motion = exercise.motion
    reach, unit = (motion.range_cm, "cm") if motion.range_deg is None else (motion.range_deg, "deg")
    low, high = reach or (0.0, 0.0)
    shortest_s, longest_s = exercise.tempo.repetition_s
    start = exercise.start.replace("_", " ")
    return (
        f"Learnt {exercise.title} ({exercise.id}), from {start}. {exercise.sees} Counted: {low:g} to {high:g} {unit}, "
        f"{shortest_s:g} to {longest_s:g} s."
    )
