"""``lumbar teach``: a new exercise from a recording of a few repetitions."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.exercises.teach import Demonstration, teach
from config.errors import SettingsError, TeachingError
from config.exercise_library import Position, load_exercises, own_exercises_path
from config.exercise_writer import save_exercise
from config.settings import load_settings
from lumbar.analysis import calibrate_recording, frames_of, survey_offset
from lumbar.teaching import frames_shown

if TYPE_CHECKING:
    from pathlib import Path

    from config.exercise_library import Exercise, ExerciseLibrary
    from firmware_bridge.recordings.read import Recording
    from lumbar.commands.inputs import RecordingChoice
    from posture.calibration import Calibration

__all__ = ["Lesson", "run_teach"]

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
    exercise = teach(lesson.id, title, _demonstration(lesson, recording, calibration))
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
    frames = frames_shown(frames_of(recording, offset), begins, ends)
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
