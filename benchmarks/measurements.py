"""Measures Lumbar on one recording, in a process of its own so that memory is honest, and prints the result as JSON.

Run as ``python benchmarks/measurements.py whole|stages|live FILE``; `run.py` does.
"""

from __future__ import annotations

import statistics
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from stopwatch import Stopwatch, Timed, peak_mb, print_result, resident_mb, stay_on_one_core, timed
from vqf import VQF

from analytics.steps import StepDetector
from analytics.walking import WalkingBouts
from config.exercise_library import load_exercises
from config.settings import load_settings
from firmware_bridge.recordings.read import Recording, open_recording
from lumbar import analysis
from lumbar.analysis import CHUNK_S, analyze_recording, nominal_rate_hz
from lumbar.exercises_sought import all_exercises
from lumbar.pipeline import LivePipeline, PostureTrackers
from posture.accelerometer_offset import RestSurvey
from posture.coverage import Coverage
from posture.decoder import ActivityDecoder
from posture.orientation import OrientationFilter
from posture.resample import Resampler
from posture.seconds import SecondSummarizer
from posture.self_calibration import SelfCalibration
from posture.strap import StrapTracker
from posture.wear import WearTracker

LIVE_CHUNK_S = 0.2
LIVE_S = 3600.0
READING = "reading, twice"

STAGES = (
    ("rest survey", RestSurvey, "push"),
    ("rest survey", RestSurvey, "offset"),
    ("coverage", Coverage, "push"),
    ("resampler", Resampler, "push"),
    ("orientation filter", OrientationFilter, "push"),
    ("second summariser", SecondSummarizer, "push"),
    ("steps and walking bouts", StepDetector, "push"),
    ("steps and walking bouts", StepDetector, "flush"),
    ("steps and walking bouts", WalkingBouts, "push"),
    ("activity decoder", ActivityDecoder, "push"),
    ("activity decoder", ActivityDecoder, "flush"),
    ("self-calibration", SelfCalibration, "push"),
    ("wear and strap", WearTracker, "push"),
    ("wear and strap", StrapTracker, "push"),
    ("posture trackers", PostureTrackers, "push"),
    ("posture trackers", PostureTrackers, "flush"),
    ("review", analysis, "review"),
)


def measure_whole(path: Path) -> dict[str, Any]:
    """Return time and memory of the whole analysis, and beside it the time with exercises, of reading, of the filter.

    Exercises are looked for last, so that the memory is that without them.
    """
    settings = load_settings()
    recording = open_recording(path)
    before_mb = peak_mb()
    with timed() as pipeline:
        result = analyze_recording(recording, settings)
    peak = peak_mb()
    with timed() as reading:
        for _ in recording.chunks(CHUNK_S):
            pass
    with timed() as search:
        analyze_recording(recording, settings, exercises=all_exercises(load_exercises()))
    return {
        "samples": result.live.coverage.n_samples,
        "hours": result.live.coverage.n_samples / result.live.coverage.rate_hz / 3600,
        "pipeline": pipeline.result(),
        "search": search.result(),
        "reading": reading.result(),
        "filter": _filter_alone(recording).result(),
        "peak_mb": peak,
        "before_mb": before_mb,
        "noticed": len(result.events),
        "steps": len(result.live.step_times),
    }


def _filter_alone(recording: Recording) -> Timed:
    """Time VQF on the samples as they are, without reading them and without changing their type."""
    vqf = VQF(1.0 / nominal_rate_hz(recording))
    total = Timed()
    for chunk in recording.chunks(CHUNK_S):
        acc = chunk.acc.astype(np.float64)
        gyr = np.zeros_like(acc) if chunk.gyr is None else chunk.gyr.astype(np.float64)
        with timed(total):
            vqf.updateBatch(gyr, acc)
    return total


def measure_stages(path: Path) -> dict[str, Any]:
    """Return the CPU seconds of each stage within one analysis; what no stage takes is called composition."""
    settings = load_settings()
    recording = open_recording(path)
    stopwatch = Stopwatch()
    stopwatch.watch_generator(READING, Recording, "chunks")
    for name, owner, attribute in STAGES:
        stopwatch.watch(name, owner, attribute)
    with timed() as total:
        analyze_recording(recording, settings)
    rest_s = total.cpu_s - sum(stopwatch.seconds.values())
    return {"total_s": total.cpu_s, "stages_s": stopwatch.seconds | {"composition": rest_s}}


def measure_live(path: Path) -> dict[str, Any]:
    """Return what the live pipeline costs with chunks of 0.2 s, over at most the first hour of the recording."""
    recording = open_recording(path)
    minutes = islice(recording.chunks(CHUNK_S), round(LIVE_S / CHUNK_S))
    chunks = [chunk for minute in minutes for chunk in minute.split(LIVE_CHUNK_S)]
    pipeline = LivePipeline(load_settings(), nominal_rate_hz(recording))
    before_mb = resident_mb()
    total, each_ms = Timed(), []
    for chunk in chunks:
        one = Timed()
        with timed(one), timed(total):
            pipeline.push(chunk)
        each_ms.append(1000 * one.wall_s)
    after_mb = resident_mb()
    hours = float(chunks[-1].time[-1] - chunks[0].time[0]) / 3600
    return {
        "hours": hours,
        "chunks": len(chunks),
        "cpu_s_per_hour": total.cpu_s / hours,
        "percent_of_core": total.cpu_s / hours / 36,
        "push_median_ms": statistics.median(each_ms),
        "push_longest_ms": max(each_ms),
        "grown_mb_per_hour": None if before_mb is None or after_mb is None else (after_mb - before_mb) / hours,
    }


MEASUREMENTS = {"whole": measure_whole, "stages": measure_stages, "live": measure_live}

if __name__ == "__main__":
    stay_on_one_core()
    print_result(MEASUREMENTS[sys.argv[1]](Path(sys.argv[2])))
