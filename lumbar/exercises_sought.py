"""Which exercises a recording, or the wearer live, is watched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.exercises.finder import ExerciseFinder
from config.errors import SettingsError
from config.exercise_library import load_exercises, own_exercises_path
from config.exercise_plan import PlannedExercise, wearers_plan

if TYPE_CHECKING:
    from config.exercise import Exercise
    from config.exercise_library import ExerciseLibrary
    from config.settings import Settings

__all__ = ["ExercisesSought", "all_exercises", "sought", "told_exercise"]


@dataclass(frozen=True, slots=True)
class ExercisesSought:
    """The exercises looked for.

    Parameters
    ----------
    exercises
        Their definitions.
    told
        Whether the wearer has said that it is these that are done.
    planned
        Ids of those on the wearer's plan: preferred where it is not said what is done.

    """

    exercises: tuple[Exercise, ...]
    told: bool = False
    planned: frozenset[str] = frozenset()

    def finder(self) -> ExerciseFinder:
        """Return a fresh stage that finds them."""
        return ExerciseFinder(self.exercises, told=self.told, planned=self.planned)


def sought(settings: Settings, name: str | None) -> ExercisesSought:
    """Return the search for the exercise named, or for any; those of the wearer's own plan are preferred then.

    Raises
    ------
    SettingsError
        The exercise is not known or not seen, or a file of the wearer's is wrong.

    """
    library = load_exercises(own_exercises_path(settings))
    if name is not None:
        return told_exercise(library, name)
    plan = wearers_plan(settings)
    items = () if plan is None else plan.items
    return all_exercises(library, frozenset(item.exercise.id for item in items if isinstance(item, PlannedExercise)))


def all_exercises(library: ExerciseLibrary, planned: frozenset[str] = frozenset()) -> ExercisesSought:
    """Return the search for any exercise of a library."""
    return ExercisesSought(library.exercises, planned=planned)


def told_exercise(library: ExerciseLibrary, name: str) -> ExercisesSought:
    """Return the search for one exercise that the wearer has named.

    Raises
    ------
    SettingsError
        The library does not have it, or the sensor does not see it.

    """
    exercise = library.find(name)
    if not exercise.is_counted:
        raise SettingsError(
            f"{exercise.title} cannot be counted: the sensor on the lower back hardly sees it; do it as a guided timer "
            f"with `lumbar exercise {exercise.id}`"
        )
    return ExercisesSought((exercise,), told=True)
