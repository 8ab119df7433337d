"""Which exercises a recording, or the wearer live, is watched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.exercises.finder import ExerciseFinder
from config.errors import SettingsError

if TYPE_CHECKING:
    from config.exercise_library import Exercise, ExerciseLibrary

__all__ = ["ExercisesSought", "all_exercises", "told_exercise"]


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
