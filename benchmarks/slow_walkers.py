"""Scores posture as if the people of hapt and harth walked more slowly, or trod more softly.

Run as ``python benchmarks/slow_walkers.py DATA``; DATA is the folder of the labelled data sets. No recording of people
of 70 to 95 was at hand. So what is labelled walking is slowed down: it lasts so many times as long, and all that is
quicker than 0.4 Hz in it shakes the sensor less by the square of that, as it does where the same way is gone through
more slowly; the gyroscope turns more slowly. Soft steps shake it less at the same pace. All else stays as recorded.
Nobody is calibrated and nothing is known of the sensor beforehand.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from beginnings import Whole, whole_of
from other_sensors import print_scores
from posture_oracles import WALKING
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from config.settings import load_settings
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.recordings.labelled import find_labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETS = ("hapt", "harth")
SLOWNESS_AND_SHAKING = ((1.0, 1.0), (1.3, 1.0), (1.6, 1.0), (2.0, 1.0), (1.3, 0.6), (1.6, 0.5))
POSTURE_BELOW_HZ = 0.4
SHORTEST_RUN = 50
"""Samples; less between two holes is left out."""


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data, settings = parser.parse_args().data, load_settings()
    for name in SETS:
        wholes = [whole_of(each) for each in find_labelled(data / name)]
        for slowness, shaking in SLOWNESS_AND_SHAKING:
            slow = [slowed(each, slowness, shaking) for each in wholes]
            print_scores(name, f"x{slowness:.1f}, shakes {shaking:.1f}", slow, settings)
    return 0


def slowed(whole: Whole, slowness: float, shaking: float) -> Whole:
    """Return a recording in which walking takes so many times as long and shakes the sensor so much of what is left."""
    chunk, period_s = whole.chunk, 1 / whole.rate_hz
    walks = walking(whole)
    slow = 1 + (slowness - 1) * walks
    step_s = np.diff(chunk.time)
    is_hole = step_s > 2 * period_s
    time = chunk.time[0] + np.append(0.0, np.cumsum(np.where(is_hole, step_s, step_s * slow[1:])))
    shaken = (1 + (shaking - 1) * walks) / slow**2
    edges = [0, *(np.flatnonzero(is_hole) + 1).tolist(), len(chunk)]
    runs = [slice(*edge) for edge in pairwise(edges) if edge[1] - edge[0] >= SHORTEST_RUN]
    chunk = concatenate([slowed_run(chunk.rows(run.start, run.stop), time[run], shaken[run], period_s) for run in runs])
    second = np.arange(np.ceil(chunk.time[0]), np.floor(chunk.time[-1]), dtype=np.int64)
    was = np.interp(second + 0.5, time, whole.chunk.time)
    return replace(whole, chunk=chunk, second=second, truth=whole.truth[row_of(whole, was)])


def slowed_run(chunk: ImuChunk, time: NDArray[np.float64], shaken: NDArray[np.float64], period_s: float) -> ImuChunk:
    """Return samples without a hole that come at other times, shaken so much of what they were, at an even rate."""
    posture = sosfiltfilt(butter(2, POSTURE_BELOW_HZ, fs=1 / period_s, output="sos"), chunk.acc, axis=0)
    acc = posture + (chunk.acc - posture) * shaken[:, np.newaxis]
    even = np.arange(time[0], time[-1], period_s)
    gyr = None
    if chunk.gyr is not None:
        turns = chunk.gyr * (np.gradient(chunk.time) / np.gradient(time))[:, np.newaxis]
        gyr = CubicSpline(time, turns)(even).astype(np.float32)
    return ImuChunk(even, CubicSpline(time, acc)(even).astype(np.float32), gyr)


def walking(whole: Whole) -> NDArray[np.float64]:
    """Return for each sample whether it is labelled walking, changing within a second, shape (n,)."""
    return of_samples(whole, whole.truth == WALKING)


def of_samples(whole: Whole, is_so: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each sample what holds for its second or does not, changing within a second, shape (n,)."""
    a_second = round(whole.rate_hz)
    of_each = is_so[row_of(whole, whole.chunk.time)].astype(np.float64)
    return np.convolve(of_each, np.full(a_second, 1 / a_second), mode="same")


def row_of(whole: Whole, time: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the row of the second that each time lies in, shape (n,)."""
    row = np.floor(time).astype(np.int64) - whole.second[0]
    return np.asarray(np.clip(row, 0, len(whole.truth) - 1))


if __name__ == "__main__":
    sys.exit(main())
