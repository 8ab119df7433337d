"""The exercises: one TOML file each, the wearer's own beside those that are shipped."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.errors import SettingsError
from config.settings import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from config.settings import Settings

__all__ = [
    "Axis",
    "Counting",
    "Dose",
    "Exercise",
    "ExerciseLibrary",
    "Hold",
    "Motion",
    "Observability",
    "Position",
    "Sides",
    "Tempo",
    "Way",
    "load_exercises",
    "own_exercises_path",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Sentence = Annotated[str, Field(min_length=3)]


class Observability(StrEnum):
    """How well one sensor on the lower back sees an exercise."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


class Position(StrEnum):
    """How the body is placed when an exercise begins."""

    SUPINE = "supine"
    PRONE = "prone"
    HANDS_AND_KNEES = "hands_and_knees"
    SIDE_LYING = "side_lying"
    SEATED = "seated"
    STANDING = "standing"


class Axis(StrEnum):
    """What the lower back does in a repetition.

    Flexion, lateral bend and axial rotation are rotations about the body's own axes (right, forward, and along the
    trunk); a rise is height lost or won; still is a position that is held; none is not to be seen at the lower back.
    """

    FLEXION = "flexion"
    LATERAL_BEND = "lateral_bend"
    AXIAL_ROTATION = "axial_rotation"
    RISE = "rise"
    STILL = "still"
    NONE = "none"


class Way(StrEnum):
    """Which way a repetition goes first.

    Forward is flexion and backward extension of the sensor (a posterior tilt of the pelvis, too); up and down belong to
    a rise. Either: one way or the other.
    """

    FORWARD = "forward"
    BACKWARD = "backward"
    UP = "up"
    DOWN = "down"
    EITHER = "either"


class Part(BaseModel):
    """A table of an exercise file: immutable, and strict about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Range = tuple[NotNegative, Positive]


class Motion(Part):
    """What the sensor sees of one repetition.

    Parameters
    ----------
    axis, way
        The primary motion.
    tips_back
        Whether the pelvis tips back, too, as a raised leg makes it, be it less than sideways or more: tells such a
        lateral bend from one of the trunk.
    range_deg
        Least and greatest usual excursion from the starting position; for rotations.
    range_cm
        The same for a rise.
    any_tilt
        Whether any tilt is a sign of the repetition, since the trunk is to be kept still; the axis then tells the side.

    """

    axis: Axis
    way: Way = Way.EITHER
    any_tilt: bool = False
    tips_back: bool = False
    range_deg: Range | None = None
    range_cm: Range | None = None

    @model_validator(mode="after")
    def _has_its_range(self) -> Self:
        turns = self.axis in (Axis.FLEXION, Axis.LATERAL_BEND, Axis.AXIAL_ROTATION)
        if turns != (self.range_deg is not None):
            raise ValueError("range_deg belongs to flexion, lateral_bend and axial_rotation, and only to them")
        if (self.axis is Axis.RISE) != (self.range_cm is not None):
            raise ValueError("range_cm belongs to rise, and only to it")
        for low, high in (bounds for bounds in (self.range_deg, self.range_cm) if bounds is not None):
            if low >= high:
                raise ValueError("a range is its least and its greatest value, in this order")
        return self


class Tempo(Part):
    """Least and greatest usual length of one repetition in seconds, with its hold."""

    repetition_s: Range


class Hold(Part):
    """Least and greatest usual hold at the far position in seconds; both zero where nothing is held."""

    hold_s: tuple[NotNegative, NotNegative] = (0.0, 0.0)


class Counting(StrEnum):
    """What counts as one repetition."""

    EACH = "each"
    """Out of the starting position and back."""
    BOTH_WAYS = "both_ways"
    """One way, then the other, and back (cat-cow)."""
    HOLD = "hold"
    """A position taken and held (plank)."""


class Sides(StrEnum):
    """How sides are told apart; each side counts as one repetition."""

    NONE = "none"
    ALTERNATE = "alternate"
    """Left and right in turns."""
    SWITCH = "switch"
    """All of one side, then all of the other."""


class Dose(Part):
    """What is prescribed where the plan says nothing else."""

    sets: Annotated[int, Field(ge=1, le=20)]
    repetitions: Annotated[int, Field(ge=1, le=200)]
    hold_s: NotNegative = 0.0
    rest_s: NotNegative = 30.0


class Exercise(Part):
    """One exercise; the field names are those of its file.

    Parameters
    ----------
    id, title, other_names
        Its name in results, its name for the wearer, and what else it is called; all of them find it.
    observability
        How well the sensor sees it. Weak and none are guided timers: nothing is counted.
    start
        Starting position.
    sees
        What the sensor sees, in a sentence.
    motion, tempo, hold, counting
        The motion signature.
    sides
        Whether there is a left and a right.
    side_axis
        What tells the side; the axis of the motion where none is given.
    positive_side
        The side of a repetition that goes forward (flexion), bends right (lateral bend) or turns left (axial rotation).
    instructions, cautions
        Sentences for the wearer.
    dose
        The usual one.
    source
        Where instructions, dose and ranges come from, and what of it is assumed.

    """

    kind: Literal["lumbar.exercise/1"] = Field(default="lumbar.exercise/1", alias="schema")
    id: Identifier
    title: Sentence
    other_names: tuple[str, ...] = ()
    observability: Observability
    start: Position
    sees: Sentence
    motion: Motion
    tempo: Tempo
    hold: Hold = Hold()
    counting: Counting = Counting.EACH
    sides: Sides = Sides.NONE
    side_axis: Axis | None = None
    positive_side: Literal["left", "right"] = "left"
    instructions: Annotated[tuple[Sentence, ...], Field(min_length=1)]
    cautions: tuple[Sentence, ...] = ()
    dose: Dose
    source: Sentence

    @model_validator(mode="after")
    def _is_counted_where_seen(self) -> Self:
        seen = self.observability in (Observability.STRONG, Observability.MEDIUM)
        if seen and self.motion.axis is Axis.NONE:
            raise ValueError("an exercise that the sensor sees needs a motion")
        return self

    @property
    def is_counted(self) -> bool:
        """Whether the sensor sees enough to count it; else it is a guided timer."""
        return self.observability in (Observability.STRONG, Observability.MEDIUM)


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
