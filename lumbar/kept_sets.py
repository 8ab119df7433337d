"""The exercise sets of a worn day, on the disk: neither late samples nor a restart of the program may lose them.

Which exercise was on is not in the recording, so going over it again does not find them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analytics.exercises.records import ExerciseSet
from lumbar.days import repetition_of
from lumbar.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["KeptSets"]


class KeptSets:
    """A file with a line for each set.

    Parameters
    ----------
    path
        The file; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)

    def load(self) -> list[ExerciseSet]:
        """Return the sets so far.

        Raises
        ------
        RecordingError
            The file cannot be read.

        """
        return [_set(line) for line in self._journal.lines(_set) or []]

    def add(self, sets: Iterable[ExerciseSet]) -> None:
        """Keep sets.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._journal.append(asdict(each) for each in sets)


def _set(line: dict[str, Any]) -> ExerciseSet:
    return ExerciseSet(**{**line, "repetitions": tuple(map(repetition_of, line["repetitions"]))})
