"""The exercises: one TOML file each, the wearer's own beside those that are shipped."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from config.errors import SettingsError
from config.exercise import Exercise
from config.settings import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from config.settings import Settings

__all__ = ["ExerciseLibrary", "load_exercises", "own_exercises_path"]


@dataclass(frozen=True)
class ExerciseLibrary(Mapping[str, Exercise]):
    """The exercises by id, in the order of their ids.

    Parameters
    ----------
    exercises
        All of them, in any order.

    Raises
    ------
    SettingsError
        Two of them share a name.

    """

    exercises: tuple[Exercise, ...]
    _by_id: dict[str, Exercise] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, Exercise] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.exercises, key=lambda exercise: exercise.id))
        object.__setattr__(self, "exercises", ordered)
        object.__setattr__(self, "_by_id", {exercise.id: exercise for exercise in ordered})
        object.__setattr__(self, "_by_name", _by_name(ordered))

    def __getitem__(self, exercise_id: str) -> Exercise:
        return self._by_id[exercise_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in order."""
        return tuple(self._by_id)

    def find(self, name: str) -> Exercise:
        """Return the exercise with this id, title or other name.

        Upper and lower case are alike, and so are spaces, hyphens and underscores.

        Raises
        ------
        SettingsError
            No exercise is called so; the message names the nearest.

        """
        wanted = _alike(name)
        if wanted in self._by_name:
            return self._by_name[wanted]
        nearest = [self._by_name[near].id for near in get_close_matches(wanted, self._by_name)]
        guess = f"did you mean {' or '.join(dict.fromkeys(nearest))}? " if nearest else ""
        raise SettingsError(f"there is no exercise called {name!r}; {guess}`lumbar exercises list` shows them all")


def own_exercises_path(settings: Settings) -> Path:
    """Return the folder of the wearer's own exercises, which need not exist."""
    return settings.storage.path / "exercises"


def load_exercises(own: Path | None = None) -> ExerciseLibrary:
    """Return the shipped exercises with the wearer's own on top; an own one replaces a shipped one of the same id.

    Parameters
    ----------
    own
        Folder with a file for each of the wearer's exercises; None or a folder that is not there gives the shipped.

    Raises
    ------
    SettingsError
        A file is unreadable, no TOML or has a wrong value, or two exercises share a name; the message names the file.

    """
    shipped = resources.files("config").joinpath("exercises")
    files = [file for file in shipped.iterdir() if file.name.endswith(".toml")]
    exercises = [_exercise(tomllib.loads(file.read_text(encoding="utf-8")), file.name, file.name) for file in files]
    by_id = {exercise.id: exercise for exercise in exercises}
    if own is None:
        return ExerciseLibrary(tuple(by_id.values()))
    by_id |= {path.stem: _exercise(read_toml(path), str(path), path.name) for path in _files(own)}
    try:
        return ExerciseLibrary(tuple(by_id.values()))
    except SettingsError as error:
        raise SettingsError(f"{own}: {error}") from error


NOT_A_NAME = "unknown"
"""What a set is called that is none of the exercises."""


def _alike(name: str) -> str:
    """Return a name without the differences that do not matter."""
    return re.sub(r"[\s_-]+", " ", name.casefold()).strip()


def _by_name(exercises: tuple[Exercise, ...]) -> dict[str, Exercise]:
    """Return the exercises by each of their names."""
    found: dict[str, Exercise] = {}
    for exercise in exercises:
        for name in {_alike(name) for name in (exercise.id, exercise.title, *exercise.other_names)}:
            if name in ("", NOT_A_NAME):
                raise SettingsError(f"{exercise.id}.toml: no exercise can be called {name!r}; take the name out")
            other = found.setdefault(name, exercise)
            if other is not exercise:
                raise SettingsError(
                    f"{other.id}.toml and {exercise.id}.toml are both called {name!r}; "
                    "change the title or other_names of one of them"
                )
    return found


def _files(folder: Path) -> list[Path]:
    """Return the exercise files of a folder; what begins with a dot belongs to an editor or to the system."""
    try:
        names = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"{folder}: your exercises cannot be read ({error.strerror})") from error
    return [path for path in names if path.suffix == ".toml" and not path.name.startswith(".")]


def _exercise(values: dict[str, Any], source: str, file_name: str) -> Exercise:
    """Return what a file says, checked."""
    try:
        # Strict JSON, so that "3" is no number, while a TOML array may be a tuple and text an enumeration.
        exercise = Exercise.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise SettingsError(f"{source}: {_explained(error)}; docs/exercises.md explains each field") from error
    if file_name != f"{exercise.id}.toml":
        raise SettingsError(f"{source}: id: the file has another name than the exercise; call it {exercise.id}.toml")
    for name, (low, high) in (
        ("tempo.repetition_s", exercise.tempo.repetition_s),
        ("hold.hold_s", exercise.hold.hold_s),
    ):
        if low > high:
            raise SettingsError(f"{source}: {name}: give the least first and the greatest second")
    return exercise


def _explained(error: ValidationError) -> str:
    """Return the first thing wrong, with its field."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{name} is missing"
    if first["type"] == "extra_forbidden":
        return f"there is no field {name}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
