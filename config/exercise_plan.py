"""Plans: which exercises a session has, how often and how long; one TOML file each.

The wearer's own lie beside those that are shipped.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.errors import SettingsError
from config.exercise_library import load_exercises, own_exercises_path
from config.settings import read_toml

if TYPE_CHECKING:
    from config.exercise import Dose, Exercise
    from config.exercise_library import ExerciseLibrary
    from config.settings import Settings

__all__ = [
    "DEFAULT_PLAN",
    "Plan",
    "PlannedExercise",
    "PlannedWalk",
    "load_plan",
    "one_exercise_plan",
    "own_plans_path",
    "shipped_plans",
    "wearers_plan",
]

DEFAULT_PLAN = "home"
"""The plan where none is named; an own ``home.toml`` goes before the shipped one."""

Seconds = Annotated[float, Field(ge=0, le=600)]


class PlanItem(BaseModel):
    """One item of a plan file: an exercise, or minutes of walking. What is left out is the exercise's usual dose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exercise: Annotated[str, Field(min_length=1)] | None = None
    sets: Annotated[int, Field(ge=1, le=20)] | None = None
    repetitions: Annotated[int, Field(ge=1, le=200)] | None = None
    hold_s: Seconds | None = None
    rest_s: Seconds | None = None
    walking_minutes: Annotated[float, Field(gt=0, le=240)] | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.exercise is None) == (self.walking_minutes is None):
            raise ValueError("give either exercise or walking_minutes")
        if self.walking_minutes is not None and self.model_fields_set != {"walking_minutes"}:
            raise ValueError("sets, repetitions, hold_s and rest_s belong to exercises, not to walking")
        return self


class PlanFile(BaseModel):
    """A plan as its file says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["lumbar.plan/1"] = Field(alias="schema")
    title: Annotated[str, Field(min_length=3)]
    days_per_week: Annotated[int, Field(ge=1, le=7)]
    source: Annotated[str, Field(min_length=3)]
    items: Annotated[tuple[PlanItem, ...], Field(min_length=1, max_length=50)]


@dataclass(frozen=True, slots=True)
class PlannedExercise:
    """An exercise and how much of it; the rest is that after each set."""

    exercise: Exercise
    dose: Dose


@dataclass(frozen=True, slots=True)
class PlannedWalk:
    """Minutes of walking."""

    minutes: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session is to hold.

    Parameters
    ----------
    id
        Name of the file, or id of the only exercise.
    title
        For the wearer.
    days_per_week
        On how many days; None where it is not said.
    items
        In order.

    """

    id: str
    title: str
    days_per_week: int | None
    items: tuple[PlannedExercise | PlannedWalk, ...]


def own_plans_path(settings: Settings) -> Path:
    """Return the folder of the wearer's own plans, which need not exist."""
    return settings.storage.path / "plans"


def shipped_plans() -> tuple[str, ...]:
    """Return the names of the plans that are shipped, sorted."""
    files = resources.files("config").joinpath("plans").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def one_exercise_plan(exercise: Exercise) -> Plan:
    """Return the plan of one exercise in its usual dose."""
    return Plan(exercise.id, exercise.title, None, (PlannedExercise(exercise, exercise.dose),))


def load_plan(name: str, library: ExerciseLibrary, own: Path | None = None) -> Plan:
    """Return the plan of this name.

    Parameters
    ----------
    name
        A file that ends in ``.toml``; the name of one of the wearer's plans or of a shipped one; or an exercise, by any
        of its names.
    library
        The exercises.
    own
        Folder of the wearer's plans; need not exist.

    Raises
    ------
    SettingsError
        There is nothing of this name, or the file is wrong; the message says where and what to do.

    """
    if name.endswith(".toml"):
        path = Path(name)
        return _plan(read_toml(path), library, name, path.stem)
    mine = None if own is None else own / f"{name}.toml"
    if mine is not None and mine.name in _names(own):
        return _plan(read_toml(mine), library, str(mine), name)
    if name in shipped_plans():
        file = resources.files("config").joinpath("plans", f"{name}.toml")
        return _plan(tomllib.loads(file.read_text(encoding="utf-8")), library, file.name, name)
    return _of_exercise(name, library, own)


def wearers_plan(settings: Settings) -> Plan | None:
    """Return the wearer's own plan, as it is named by default; None where the wearer has none.

    Raises
    ------
    SettingsError
        Its file, or one of the wearer's exercises, is wrong.

    """
    own = own_plans_path(settings)
    if not (own / f"{DEFAULT_PLAN}.toml").is_file():
        return None
    return load_plan(DEFAULT_PLAN, load_exercises(own_exercises_path(settings)), own)


def _of_exercise(name: str, library: ExerciseLibrary, own: Path | None) -> Plan:
    try:
        return one_exercise_plan(library.find(name))
    except SettingsError as error:
        plans = sorted({*shipped_plans(), *(file.removesuffix(".toml") for file in _names(own))})
        near = get_close_matches(name.casefold(), plans, n=1)
        if near:
            raise SettingsError(f"there is no plan called {name!r}; did you mean {near[0]}?") from error
        raise SettingsError(f"there is no plan called {name!r} (there are {', '.join(plans)}), and {error}") from error


def _names(own: Path | None) -> set[str]:
    """Return the names of the files in the folder of the wearer's plans."""
    if own is None:
        return set()
    try:
        return {path.name for path in own.iterdir() if path.suffix == ".toml" and not path.name.startswith(".")}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise SettingsError(f"{own}: your plans cannot be read ({error.strerror})") from error


def _plan(values: dict[str, Any], library: ExerciseLibrary, source: str, plan_id: str) -> Plan:
    """Return what a file says, checked, with the usual doses filled in."""
    try:
        # Strict JSON, so that "3" is no number.
        file = PlanFile.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise SettingsError(f"{source}: {_explained(error)}; docs/exercise-session.md shows a plan") from error
    items = tuple(_item(item, library, f"{source}: item {number}") for number, item in enumerate(file.items, 1))
    return Plan(plan_id, file.title, file.days_per_week, items)


def _item(item: PlanItem, library: ExerciseLibrary, place: str) -> PlannedExercise | PlannedWalk:
    if item.walking_minutes is not None:
        return PlannedWalk(item.walking_minutes)
    try:
        exercise = library.find(item.exercise or "")
    except SettingsError as error:
        raise SettingsError(f"{place}: {error}") from error
    said = item.model_dump(include={"sets", "repetitions", "hold_s", "rest_s"}, exclude_none=True)
    return PlannedExercise(exercise, exercise.dose.model_copy(update=said))


def _explained(error: ValidationError) -> str:
    """Return the first thing wrong, with its place as the wearer counts."""
    first = error.errors()[0]
    place = [f"item {part + 1}" if isinstance(part, int) else part for part in first["loc"] if part != "items"]
    name = ": ".join(place) or "items"
    if first["type"] == "missing":
        return f"{name} is missing"
    if first["type"] == "extra_forbidden":
        return f"there is no field {name}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}"
