"""Teaches exercises from the first repetitions of labelled sets, and counts the rest of each set by what was learnt.

Run as ``python benchmarks/teach.py DATA [--sets NAME ...] [--shown N]``; DATA is the folder of the labelled data sets.
Every set is taken for an exercise that no library knows. A set that is refused counts as not counted.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.finder import ExerciseFinder
from analytics.exercises.records import ExerciseSet
from analytics.exercises.teach import Demonstration, teach
from config.errors import TeachingError
from firmware_bridge.recordings.labelled import SET, find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import calibrate_recording, frames_of, survey_offset
from lumbar.teaching import frames_shown
from lumbar.validation.labels import Labels
from posture.rotations import from_up_and_forward

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from firmware_bridge.recordings.labelled import Axes, LabelledRecording
    from posture.frame import PostureFrame

SETS = ("mocap_uiprmd", "mocap_cmu", "mocap_hdm05")
REPETITION = "rep:"
MARGIN_S = 1.5
AFTER_S, BEFORE_S = 8.0, 20.0


@dataclass(frozen=True, slots=True)
class Taught:
    """How one set went: the rest that is to be counted, and what was counted, or why it was refused."""

    exercise: str
    kind: str
    rest: int
    counted: int | None
    refused: str

    @property
    def within_one(self) -> bool:
        """Whether the rest was counted within one."""
        return self.counted is not None and abs(self.counted - self.rest) <= 1


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--shown", type=int, default=3)
    options = parser.parse_args()
    results = [
        result
        for labelled in find_labelled(options.folder)
        if labelled.data_set.name in options.sets
        for result in results_of(labelled, options.shown)
    ]
    for kind in dict.fromkeys(result.kind for result in results):
        show(kind, [result for result in results if result.kind == kind], options.shown)
    return 0


def results_of(labelled: LabelledRecording, shown: int) -> Iterator[Taught]:
    """Teach and count each set of a recording with at least one repetition more than is shown."""
    labels = Labels(labelled.labels)
    names = sorted(name.removeprefix(SET) for name in labels.names if name.startswith(SET))
    if not names:
        return
    recording = open_recording(labelled.path)
    sections = labels.sections()
    calibration = calibrate_recording(recording, sections) if sections else None
    offset = survey_offset(recording) if calibration is None else calibration.acc_offset_ms2
    mounting = mounting_of(labelled.axes) if calibration is None else calibration.sensor_to_body
    frames = list(frames_of(recording, offset))
    for name in names:
        for start, end, _ in labels.named(SET + name):
            repetitions = [
                (first, last)
                for first, last, value in labels.named(REPETITION + name)
                if start - 0.1 <= first and last <= end + 0.1 and value != "incomplete"
            ]
            if len(repetitions) > shown:
                yield taught(name, labelled.data_set.kind, frames, mounting, repetitions, shown, end)


def mounting_of(axes: Axes) -> NDArray[np.float64]:
    """Return the rotation sensor -> body of the axes that a data set names, some 10 deg off as it says itself."""
    return from_up_and_forward(_axis(axes.up), _axis(axes.forward))


def _axis(name: str) -> NDArray[np.float64]:
    along = np.eye(3)["xyz".index(name[1])]
    return np.asarray(along if name[0] == "+" else -along)


def taught(
    name: str,
    kind: str,
    frames: Sequence[PostureFrame],
    mounting: NDArray[np.float64] | None,
    repetitions: Sequence[tuple[float, float]],
    shown: int,
    end: float,
) -> Taught:
    """Teach an exercise by the first repetitions of a set and count its rest."""
    begins, stops = repetitions[0][0], repetitions[shown - 1][1]
    rest = len(repetitions) - shown
    demonstration = Demonstration(frames_shown(frames, begins, stops), begins, stops, shown, mounting)
    try:
        exercise = teach("taught", "Taught", demonstration)
    except TeachingError as error:
        return Taught(name, kind, rest, None, str(error))
    finder = ExerciseFinder([exercise], told=True)
    finder.calibrate(-np.inf, mounting)
    whole = frames_shown(frames, begins - BEFORE_S, end + AFTER_S)
    records = [record for frame in whole for record in finder.push(frame)] + finder.flush()
    found = [each for record in records if isinstance(record, ExerciseSet) for each in record.repetitions]
    counted = sum(each.complete and stops < each.peak <= end + MARGIN_S for each in found)
    return Taught(name, kind, rest, counted, "")


def show(kind: str, results: Sequence[Taught], shown: int) -> None:
    """Print the figures of one kind of data."""
    within, learnt = sum(result.within_one for result in results), [each for each in results if not each.refused]
    exact = sum(result.counted == result.rest for result in results)
    print(f"{kind}: {len(results)} sets, {shown} repetitions shown")
    print(f"  rest within one: {within} = {within / len(results):.1%}; exact: {exact / len(results):.1%}")
    if learnt:
        share = sum(result.within_one for result in learnt) / len(learnt)
        print(f"  refused: {len(results) - len(learnt)}; within one of those learnt: {share:.1%}")
    for exercise in sorted({result.exercise for result in results}):
        its = [result for result in results if result.exercise == exercise]
        errors = [f"{result.counted - result.rest:+d}" for result in its if result.counted is not None]
        print(f"  {exercise}: {sum(result.within_one for result in its)} of {len(its)}; {' '.join(errors)}")
    for reason, count in Counter(result.refused for result in results if result.refused).most_common():
        print(f"  refused {count}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
