"""``lumbar exercises list`` and ``show``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from config.exercise import Axis, Counting, Sides
from config.exercise_library import load_exercises, own_exercises_path
from config.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from config.exercise import Dose, Exercise
    from config.exercise_library import ExerciseLibrary

__all__ = ["run_list", "run_show"]


def run_list(settings_file: Path | None, *, as_json: bool) -> None:
    """Print all exercises."""
    library = _library(settings_file)
    if as_json:
        _print_json({"schema": "lumbar.exercises/1", "exercises": [_document(each) for each in library.values()]})
        return
    table = Table(Column("id", no_wrap=True, overflow="fold"), "title", "start", "seen", "usual dose")
    for exercise in library.values():
        start = _words(exercise.start)
        table.add_row(exercise.id, Text(exercise.title), start, exercise.observability.value, _dose(exercise.dose))
    console = Console()
    console.print(table)
    console.print(
        "Seen weak or none: a guided timer, nothing is counted. All of one: lumbar exercises show ID",
        soft_wrap=True,
        highlight=False,
    )


def run_show(name: str, settings_file: Path | None, *, as_json: bool) -> None:
    """Print all of one exercise."""
    exercise = _library(settings_file).find(name)
    if as_json:
        _print_json(_document(exercise))
        return
    console = Console()
    console.print(_facts(exercise))
    for heading, sentences in (("How to do it", exercise.instructions), ("Take care", exercise.cautions)):
        if sentences:
            _print_steps(console, heading, sentences)


def _library(settings_file: Path | None) -> ExerciseLibrary:
    return load_exercises(own_exercises_path(load_settings(settings_file)))


def _document(exercise: Exercise) -> dict[str, Any]:
    """Return an exercise as its file says it, with what the file leaves open."""
    return exercise.model_dump(mode="json", by_alias=True)


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")


def _print_steps(console: Console, heading: str, sentences: tuple[str, ...]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False, title=f"\n{heading}", title_justify="left")
    for number, sentence in enumerate(sentences, 1):
        table.add_row(f"{number}.", Text(sentence))
    console.print(table)


def _facts(exercise: Exercise) -> Table:
    table = Table(show_header=False, title=Text(exercise.title), title_justify="left")
    for name, value in (
        ("id", exercise.id),
        ("also called", ", ".join(exercise.other_names) or "-"),
        ("start", _words(exercise.start)),
        ("usual dose", _dose(exercise.dose)),
        ("the sensor sees", exercise.sees),
        ("how well", _how_well(exercise)),
        *_counted(exercise),
        ("source", exercise.source),
    ):
        table.add_row(name, Text(value))
    return table


def _how_well(exercise: Exercise) -> str:
    if exercise.is_counted:
        return exercise.observability.value
    return f"{exercise.observability}: it runs as a guided timer, and nothing is counted"


def _counted(exercise: Exercise) -> list[tuple[str, str]]:
    """Return what is counted; nothing where the sensor sees too little."""
    if not exercise.is_counted:
        return []
    return [
        ("motion", _motion(exercise)),
        ("counted", COUNTED[exercise.counting]),
        ("sides", _sides(exercise)),
        ("one takes", f"{_between(exercise.tempo.repetition_s)} s, with its hold"),
        ("hold", f"{_between(exercise.hold.hold_s)} s" if exercise.hold.hold_s[1] else "none"),
    ]


COUNTED = {
    Counting.EACH: "each time out of the starting position and back",
    Counting.BOTH_WAYS: "each time one way, then the other, and back",
    Counting.HOLD: "each time the position is taken and held",
}

POSITIVE = {Axis.FLEXION: "bends forward", Axis.LATERAL_BEND: "bends to the right", Axis.AXIAL_ROTATION: "turns left"}


def _motion(exercise: Exercise) -> str:
    motion = exercise.motion
    if motion.axis is Axis.STILL:
        return "none: a position that is held"
    what = "height" if motion.axis is Axis.RISE else _words(motion.axis)
    words = f"{what}, {motion.way if motion.way != 'either' else 'either way'}"
    if motion.range_deg is not None:
        return f"{words}, {_between(motion.range_deg)} degrees"
    return words if motion.range_cm is None else f"{words}, {_between(motion.range_cm)} cm"


def _sides(exercise: Exercise) -> str:
    if exercise.sides is Sides.NONE:
        return "not told apart"
    how = POSITIVE.get(exercise.side_axis or exercise.motion.axis)
    counted = "each side counts as one"
    return counted if how is None else f"{counted}; {exercise.positive_side} where the lower back {how}"


def _dose(dose: Dose) -> str:
    hold = f", {dose.hold_s:g} s each" if dose.hold_s else ""
    return f"{dose.sets} x {dose.repetitions}{hold}"


def _between(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g}"


def _words(name: str) -> str:
    return name.replace("_", " ")
