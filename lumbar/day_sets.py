"""The exercise sets of a worn day: counted while others say so, whatever becomes of the program.

Which exercise was on is not in the recording. It is written beside it with the time from which on it holds; so a
program that takes up the day again counts the recording as it was counted live, and goes on with a set that was open.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.exercises.records import ExerciseSet
from config.errors import SettingsError
from config.exercise_library import load_exercises, own_exercises_path
from lumbar.analysis import by_the_hour
from lumbar.days import repetition_of
from lumbar.exercises_sought import told_exercise
from lumbar.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from lumbar.exercises_sought import ExercisesSought
    from lumbar.pipeline import LivePipeline, Noticed

__all__ = ["SOUGHT_SUFFIX", "DaySets"]

logger = logging.getLogger(__name__)

SETS_SUFFIX = ".sets.jsonl"
SOUGHT_SUFFIX = ".counted.jsonl"

RECORDED_TO_S = 1e-6
"""Times in a recording are rounded to so much."""


class DaySets:
    """Two files beside a day's recording: a line for each set that is over, and one for each change of what is counted.

    Parameters
    ----------
    folder
        The day's recording; it need not be there yet.
    settings
        Where the wearer's own exercises are.

    Attributes
    ----------
    sets
        Those that are over.

    Raises
    ------
    RecordingError
        A file cannot be read.

    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._sets_journal = Journal(folder.with_name(folder.name + SETS_SUFFIX))
        self._sought_journal = Journal(folder.with_name(folder.name + SOUGHT_SUFFIX))
        self._settings = settings
        self._sought = [_sought(line) for line in self._sought_journal.lines(_sought) or []]
        self.sets = [_set(line) for line in self._sets_journal.lines(_set) or []]

    @property
    def counted(self) -> str | None:
        """Id of the exercise that is counted now; None where none is."""
        return self._sought[-1][1] if self._sought else None

    def follow(self, pipeline: LivePipeline, recorded: Iterable[ImuChunk]) -> list[Noticed]:
        """Let a fresh pipeline go through what was recorded so far, and count as it was counted live.

        Returns
        -------
        list
            What it noticed; repetitions and sets among it were told unless the program was killed that moment.

        """
        noticed: list[Noticed] = []
        remaining = list(self._sought)
        for hour in by_the_hour(recorded):
            chunks: Sequence[ImuChunk] = hour
            while remaining and remaining[0][0] + RECORDED_TO_S < chunks[-1].time[-1]:
                time, exercise = remaining.pop(0)
                before, chunks = _cut_after(chunks, time + RECORDED_TO_S)
                noticed += pipeline.push(*before) if before else []
                noticed += pipeline.seek(self._told(exercise))
            noticed += pipeline.push(*chunks)
        for _, exercise in remaining:
            noticed += pipeline.seek(self._told(exercise))
        return noticed

    def seek(self, pipeline: LivePipeline, exercises: ExercisesSought | None, time: float) -> list[Noticed]:
        """Count an exercise after the sample of a time, or none any more; return what is still open of the one before.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        change = (time, None if exercises is None else exercises.exercises[0].id)
        self._sought_journal.append([{"time": change[0], "exercise": change[1]}])
        self._sought.append(change)
        noticed = pipeline.seek(exercises)
        self.keep(noticed)
        return noticed

    def keep(self, noticed: Iterable[Noticed]) -> list[ExerciseSet]:
        """Keep the sets among what was noticed; return those that were not kept before.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        new = [one for one in noticed if isinstance(one, ExerciseSet) and not self._is_kept(one)]
        if new:
            self._sets_journal.append(asdict(each) for each in new)
            self.sets += new
        return new

    def _is_kept(self, one: ExerciseSet) -> bool:
        """Whether it is kept, be it as it was seen before some samples came late."""
        return any(
            each.exercise == one.exercise and each.start < one.end and one.start < each.end for each in self.sets
        )

    def _told(self, exercise: str | None) -> ExercisesSought | None:
        if exercise is None:
            return None
        try:
            return told_exercise(load_exercises(own_exercises_path(self._settings)), exercise)
        except SettingsError as error:
            logger.warning("%s is not counted any more (%s)", exercise, error)
            return None


def _cut_after(chunks: Sequence[ImuChunk], time: float) -> tuple[Sequence[ImuChunk], Sequence[ImuChunk]]:
    """Return the samples until a time, and those after it, of which there are some."""
    index = next(index for index, chunk in enumerate(chunks) if chunk.time[-1] > time)
    n = int(np.searchsorted(chunks[index].time, time, side="right"))
    before = [*chunks[:index], chunks[index].rows(0, n)] if n else chunks[:index]
    return before, [chunks[index].rows(n, len(chunks[index])), *chunks[index + 1 :]]


def _set(line: dict[str, Any]) -> ExerciseSet:
    return ExerciseSet(**{**line, "repetitions": tuple(map(repetition_of, line["repetitions"]))})


def _sought(line: dict[str, Any]) -> tuple[float, str | None]:
    exercise = line["exercise"]
    return float(line["time"]), None if exercise is None else str(exercise)
