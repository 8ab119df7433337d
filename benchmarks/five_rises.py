"""Scores the time of five risings from a chair against what is labelled, and counts those found where there were none.

Run as ``python benchmarks/five_rises.py DATA [--sets NAME ...]``; DATA is the folder of the labelled data sets. Their
sets of sit-to-stands are told as exercises, since most of their recordings hold neither walking nor a calibration.
The first lines are of the simulated wearer, of whom nothing is told.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analytics.sit_to_stand import FiveRises
from config.calibration import CalibrationSection, SectionName
from config.exercise_library import load_exercises
from config.settings import load_settings
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from firmware_bridge.virtual import Calibration, ExerciseSet, SensorModel, SimulatedWearer, Sit, Stand, Walk
from lumbar.analysis import analyze_recording
from lumbar.exercises_sought import ExercisesSought
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from lumbar.validation.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from firmware_bridge.recordings.labelled import LabelledRecording

SETS = ("mocap_uiprmd", "hapt", "harth", "synthetic_day", "synthetic_floor")
RATE_HZ = 100.0
TEMPI_S = ((1.0, 0.2, 1.0, 0.2), (1.3, 0.3, 1.3, 0.4), (1.6, 0.5, 1.7, 0.8), (2.2, 1.0, 2.2, 1.0))
"""Up, stand, down and sit."""
RISES = 5


def main() -> int:
    """Print the figures; returns the exit code."""
    reader = argparse.ArgumentParser(description="Score the time of five risings from a chair.")
    reader.add_argument("data", type=Path, help="folder of the labelled data sets")
    reader.add_argument("--sets", nargs="+", default=SETS, help="which data sets")
    options = reader.parse_args()
    settings = load_settings()
    for is_calibrated in (True, False):
        print_simulated(settings, is_calibrated=is_calibrated)
    for name in options.sets:
        print_labelled(find_labelled(options.data / name), name, settings)
    return 0


def print_simulated(settings: Settings, *, is_calibrated: bool) -> None:
    """Print how far off the times of the simulated wearer are."""
    errors_s: list[tuple[float, float]] = []
    missed = 0
    for seed in range(2 * len(TEMPI_S)):
        wearer = wearer_of(seed, is_calibrated=is_calibrated)
        truth = wearer.truth()
        sections = tuple(CalibrationSection(SectionName(its.section), its.start, its.end) for its in truth.calibration)
        live = LivePipeline(settings, RATE_HZ, None, sections)
        for chunk in wearer.chunks(60.0):
            live.push(chunk)
        live.flush()
        found = review(live, settings, []).findings.of(FiveRises)
        first, fifth = truth.sets[0].repetitions[0], truth.sets[0].repetitions[RISES - 1]
        missed += not found
        errors_s += [
            (row.to_stand_s - (fifth.peak - first.start), row.to_seat_s - (fifth.end - first.start))
            for row in found[:1]
        ]
    how = "calibrated" if is_calibrated else "not calibrated"
    print(f"simulated wearer, {how}: {len(errors_s)} found, {missed} missed; {errors_text(errors_s)}")


def wearer_of(seed: int, *, is_calibrated: bool) -> SimulatedWearer:
    """Return a wearer who walks, sits, and gets up five times or more."""
    up_s, stand_s, down_s, sit_s = TEMPI_S[seed % len(TEMPI_S)]
    rises = ExerciseSet("sit_to_stand", RISES + seed, out_s=up_s, hold_s=stand_s, back_s=down_s, rest_s=sit_s)
    shown = (Calibration(),) if is_calibrated else ()
    script = (Stand(5.0), *shown, Stand(5.0), Walk(60.0), Sit(60.0), rises, Sit(40.0), Walk(30.0))
    return SimulatedWearer(script, seed, rate_hz=RATE_HZ, sensor=SensorModel.drawn(seed))


def errors_text(errors_s: Sequence[tuple[float, float]]) -> str:
    """Return the errors to the fifth stand and to the fifth seat in words."""
    if not errors_s:
        return "none timed"
    parts = []
    for name, its in zip(("stand", "seat"), np.array(errors_s).T, strict=True):
        parts.append(
            f"to the fifth {name} median {np.median(np.abs(its)):.2f} s, worst {its[np.abs(its).argmax()]:+.2f}"
        )
    return ", ".join(parts)


def print_labelled(recordings: Sequence[LabelledRecording], name: str, settings: Settings) -> None:
    """Print the errors of a data set, and how many rows were found where nobody got up from a chair."""
    errors_s: list[float] = []
    missed = false = 0
    seen_s = 0.0
    for labelled in recordings:
        labels = Labels(labelled.labels)
        sets = labels.named("set:sit_to_stand")
        sought = ExercisesSought((load_exercises()["sit_to_stand"],), told=True) if sets else None
        recording = open_recording(labelled.path)
        analysis = analyze_recording(recording, settings, sections=labels.sections(), exercises=sought)
        rows = analysis.review.findings.of(FiveRises)
        if not sets:
            seen_s += sum(end - start for start, end in analysis.live.coverage.covered)
            false += len(rows)
        for start, end, _ in sets:
            inside = [row for row in rows if start - 3 < row.start < end]
            reps = [rep for rep in labels.named("rep:sit_to_stand") if start - 1 <= rep[0] <= end + 1]
            missed += not inside
            errors_s += [row.to_seat_s - (reps[RISES - 1][1] - reps[0][0]) for row in inside[:1]]
    if errors_s or missed:
        errors = f"median {np.median(np.abs(errors_s)):.2f} s, worst {max(errors_s, key=abs):+.2f}" if errors_s else "-"
        print(f"{name}: {len(errors_s)} found, {missed} missed; five repetitions {errors}")
    print(f"{name}: {false} rows in {seen_s / 3600:.1f} h of recordings without sit-to-stands")


if __name__ == "__main__":
    sys.exit(main())
