"""What looking for exercises costs: the same recordings without, with one exercise told, and with all looked for.

    python benchmarks/exercises.py RECORDING...

Prints CPU seconds of each, and the ratio to the analysis without exercises, in one run. Recordings calibrate themselves
or take the guided calibration from the labels beside them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

from config.calibration import CalibrationSection, SectionName
from config.exercise_library import load_exercises
from config.settings import load_settings
from firmware_bridge.recordings import open_recording
from lumbar.analysis import analyze_recording
from lumbar.exercises_sought import ExercisesSought, all_exercises, told_exercise

RUNS = 3
TOLD = "bridge"


def main() -> None:
    """Print a line for each recording and way of looking."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="+", type=Path)
    library = load_exercises()
    ways = {"without": None, f"told {TOLD}": told_exercise(library, TOLD), "all": all_exercises(library)}
    for path in parser.parse_args().recordings:
        without_s = 0.0
        for name, exercises in ways.items():
            minutes, cpu_s = measure(path, exercises)
            without_s = without_s or cpu_s
            print(f"{path.name}  {minutes:6.1f} min  {name:12} {cpu_s:7.2f} s CPU  x {cpu_s / without_s:.1f}")


def measure(path: Path, exercises: ExercisesSought | None) -> tuple[float, float]:
    """Return the minutes of a recording and the least CPU seconds of its analysis."""
    recording, settings = open_recording(path), load_settings(None)
    sections = sections_of(path, recording.start_time_s)
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        analysis = analyze_recording(recording, settings, sections=sections, exercises=exercises)
        best = min(best, time.process_time() - began)
    coverage = analysis.live.coverage
    return ((coverage.end or 0.0) - (coverage.start or 0.0)) / 60, best


def sections_of(path: Path, start_s: float) -> list[CalibrationSection]:
    """Return the guided calibration that the labels beside a recording name; none without labels."""
    labels = path.with_suffix("").with_suffix(".labels.csv")
    if not labels.exists():
        return []
    table = pd.read_csv(labels)
    table = table[table["label"].str.startswith("calibration:")]
    return [
        CalibrationSection(SectionName(label.removeprefix("calibration:")), start_s + start, start_s + end)
        for start, end, label in zip(table["start_s"], table["end_s"], table["label"], strict=True)
    ]


if __name__ == "__main__":
    main()
