"""Cuts labelled recordings so that they begin in the middle of a posture, and scores what is told live from there on.

Run as ``python benchmarks/beginnings.py DATA [--sets NAME ...] [--cuts N]``; DATA is the folder of the labelled data
sets. Nobody is calibrated, nothing is known beforehand of the sensor, and only the seconds before the mounting is
learnt count: right, wrong, or honestly unknown. The last line of each set is the live answer over whole recordings.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analytics.findings import CalibrationInUse
from config.settings import load_settings
from firmware_bridge.imu import concatenate
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import CHUNK_S, by_the_hour, nominal_rate_hz
from lumbar.pipeline import LivePipeline
from lumbar.validation.labels import CLASS_LABELS, CLASSES, Labels
from posture.decoder import DECODER_DELAY_S
from posture.events import Activity, ActivityEpisode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.recordings.labelled import LabelledRecording

SETS = ("hapt", "harth", "synthetic_day", "synthetic_floor")
LONGEST_S, SHORTEST_STRETCH_S = 400, 8
FOUND = (*CLASSES, Activity.UNKNOWN)
OTHER = len(FOUND)
"""Column of what is none of these, as cycling."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A labelled recording, and the true activity of each of its seconds: index into `CLASSES`, or -1."""

    chunk: ImuChunk
    rate_hz: float
    labels: Labels
    second: NDArray[np.int64]
    truth: NDArray[np.int64]


def main() -> int:
    """Print the figures; returns the exit code."""
    options = read_options()
    settings = load_settings()
    for name in options.sets:
        wholes = [whole_of(each) for each in find_labelled(options.data / name)]
        for number, activity in enumerate(CLASSES):
            cuts = [told_before_known(cut, settings) for each in wholes for cut in cut_in(each, number, options.cuts)]
            print(line(name, f"begins {activity}", sum(cuts, np.zeros((len(CLASSES), OTHER + 1), dtype=np.int64))))
        told = [counted(each, lived(each, each.chunk, settings)[1]) for each in wholes]
        print(line(name, "whole", sum(told, np.zeros((len(CLASSES), OTHER + 1), dtype=np.int64))))
    return 0


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--cuts", type=int, default=3, help="cuts in each activity of a recording")
    return parser.parse_args()


def whole_of(labelled: LabelledRecording) -> Whole:
    """Return a recording with all its samples."""
    recording = open_recording(labelled.path)
    chunk = concatenate(list(recording.chunks(CHUNK_S)))
    second = np.arange(np.ceil(chunk.time[0]), np.floor(chunk.time[-1]), dtype=np.int64)
    labels = Labels(labelled.labels)
    return Whole(chunk, nominal_rate_hz(recording), labels, second, labels.numbers(second + 0.5, CLASS_LABELS))


def cut_in(whole: Whole, number: int, n: int) -> Iterator[tuple[Whole, ImuChunk]]:
    """Yield the samples from the middles of up to n stretches of an activity on, `LONGEST_S` long at most."""
    edges = [0, *(np.flatnonzero(np.diff(whole.truth)) + 1).tolist(), len(whole.truth)]
    stretches = [
        (start, stop)
        for start, stop in pairwise(edges)
        if stop - start >= SHORTEST_STRETCH_S and whole.truth[start] == number
    ]
    for pick in np.unique(np.linspace(0, len(stretches) - 1, min(n, len(stretches))).round().astype(int)).tolist():
        begin = int(whole.second[sum(stretches[pick]) // 2])
        first, last = np.searchsorted(whole.chunk.time, [begin, begin + LONGEST_S])
        yield whole, whole.chunk.rows(int(first), int(last))


def lived(whole: Whole, chunk: ImuChunk, settings: Settings) -> tuple[LivePipeline, list[object]]:
    """Return the pipeline after samples, nothing known beforehand, and all that it noticed live."""
    live = LivePipeline(settings, whole.rate_hz)
    events: list[object] = []
    for hour in by_the_hour(chunk.split(CHUNK_S)):
        events += live.push(*hour)
    return live, [*events, *live.flush()]


def told_before_known(cut: tuple[Whole, ImuChunk], settings: Settings) -> NDArray[np.int64]:
    """Return the confusion of the seconds told of before the mounting was known."""
    whole, chunk = cut
    _, events = lived(whole, chunk, settings)
    learnt = [event.time for event in events if isinstance(event, CalibrationInUse)]
    until = min([*learnt, float(chunk.time[-1])]) - DECODER_DELAY_S
    return counted(whole, events, float(chunk.time[0]), until)


def counted(whole: Whole, events: Sequence[object], since: float = -np.inf, until: float = np.inf) -> NDArray[np.int64]:
    """Return the seconds in [since, until) by their true and their told activity."""
    told = np.full(len(whole.second), FOUND.index(Activity.UNKNOWN))
    for event in events:
        if isinstance(event, ActivityEpisode):
            first, last = np.searchsorted(whole.second, [event.start, event.end])
            activity = Activity.WALKING if event.activity is Activity.RUNNING else event.activity
            told[first:last] = FOUND.index(activity) if activity in FOUND else OTHER
    judged = (whole.truth >= 0) & (whole.second >= since) & (whole.second < until)
    confused = np.zeros((len(CLASSES), OTHER + 1), dtype=np.int64)
    np.add.at(confused, (whole.truth[judged], told[judged]), 1)
    return confused


def line(name: str, what: str, confused: NDArray[np.int64]) -> str:
    """Return one line of figures."""
    n, of_each = int(confused.sum()), confused.sum(axis=1)
    if n == 0:
        return f"{name:16} {what:26} none"
    right, unknown = np.diag(confused), confused[:, FOUND.index(Activity.UNKNOWN)].sum()
    wrong = n - right.sum() - unknown
    seen = of_each > 0
    balanced = float(np.mean(right[seen] / of_each[seen]))
    shares = f"right {right.sum() / n:.2f}  wrong {wrong / n:.2f}  unknown {unknown / n:.2f}"
    return f"{name:16} {what:26} {n:6} s  {shares}  balanced accuracy {balanced:.3f}"


if __name__ == "__main__":
    sys.exit(main())
