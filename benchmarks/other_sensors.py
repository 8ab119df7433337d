"""Scores posture as if the people of hapt and harth had worn other sensors, mounted otherwise.

Run as ``python benchmarks/other_sensors.py DATA [--sensors N]``; DATA is the folder of the labelled data sets. All of
hapt was recorded with one phone, which reads gravity longer upright than lying; what is told could hang on that. So
its offset and gains, as the labelled postures of all people show them, are taken off; then each drawn sensor reads with
errors of its own (offsets of sd 0.25 m/s^2, gains of sd 1 %) and sits on the waist in a direction of its own. Nobody is
calibrated and nothing is known of the sensor beforehand. (harth's sensors all read differently, and too few directions
are held with each to learn gains from.) Before that both sets are scored at half the rate, with white noise on each
axis of the accelerometer, and hapt without gyroscope (harth has none).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from beginnings import OTHER, Whole, counted, line, lived, whole_of
from posture_oracles import LYING, SITTING, STANDING, bouts_of
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from config.settings import load_settings
from config.units import GRAVITY_MS2
from firmware_bridge.recordings.labelled import find_labelled
from lumbar.review import review
from lumbar.validation.labels import CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from config.settings import Settings

HAPT, SETS = "hapt", ("hapt", "harth")
NOISE_MS2 = 0.06
OFFSET_SD_MS2, GAIN_SD = 0.25, 0.01
OUTLIER_MS2 = 0.03
SHORTEST_REST_S, SETTLING_S = 8, 2


def main() -> int:
    """Print the figures; returns the exit code."""
    options = read_options()
    settings = load_settings()
    recorded = {name: [whole_of(each) for each in find_labelled(options.data / name)] for name in SETS}
    for name, those in recorded.items():
        print_scores(name, "as recorded", those, settings)
        for sensor, made in OTHERS.items():
            print_scores(name, sensor, [made(each) for each in those], settings)
    wholes = recorded[HAPT]
    print_scores(HAPT, "no gyroscope", [without_gyroscope(each) for each in wholes], settings)
    offset_ms2, gain = own_error(wholes)
    rid = [worn(whole, (1 / gain, -offset_ms2 / gain), Rotation.identity()) for whole in wholes]
    print_scores(HAPT, "error taken off", rid, settings)
    random = np.random.default_rng(0)
    for number in range(1, options.sensors + 1):
        error = 1 + random.normal(0, GAIN_SD, 3), random.normal(0, OFFSET_SD_MS2, 3)
        mounting = Rotation.random(random_state=random)
        print_scores(HAPT, f"sensor {number}", [worn(each, error, mounting) for each in rid], settings)
    return 0


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sensors", type=int, default=3)
    return parser.parse_args()


def own_error(wholes: Sequence[Whole]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return offset in m/s^2 and gains, each of shape (3,), with which gravity is as long in all labelled postures."""
    rest = np.array([mean for whole in wholes for mean in means_at_rest(whole)])

    def too_long(error: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm((rest - error[:3]) / error[3:], axis=1) - GRAVITY_MS2)

    found = least_squares(too_long, np.repeat([0.0, 1.0], 3), loss="soft_l1", f_scale=OUTLIER_MS2).x
    return found[:3], found[3:]


def means_at_rest(whole: Whole) -> list[NDArray[np.float64]]:
    """Return the mean acceleration of each labelled stretch at rest, each of shape (3,)."""
    means = []
    for bout in bouts_of(whole.second, whole.truth):
        if bout.length_s >= SHORTEST_REST_S and bout.number in (LYING, SITTING, STANDING):
            begin, end = whole.second[bout.start] + SETTLING_S, whole.second[bout.stop - 1] + 1 - SETTLING_S
            first, last = np.searchsorted(whole.chunk.time, [begin, end])
            means.append(whole.chunk.acc[first:last].mean(axis=0, dtype=np.float64))
    return means


def worn(whole: Whole, error: tuple[NDArray[np.float64], NDArray[np.float64]], mounting: Rotation) -> Whole:
    """Return a recording as a sensor of such gains and offset would have made it, mounted so."""
    gain, offset_ms2 = error
    chunk = whole.chunk
    acc = mounting.apply(chunk.acc) * gain + offset_ms2
    gyr = None if chunk.gyr is None else mounting.apply(chunk.gyr).astype(chunk.gyr.dtype)
    return replace(whole, chunk=replace(chunk, acc=acc.astype(chunk.acc.dtype), gyr=gyr))


def at_half_the_rate(whole: Whole) -> Whole:
    """Return a recording with each two samples averaged."""
    chunk = whole.chunk
    time = chunk.time[: len(chunk) // 2 * 2 : 2]
    gyr = None if chunk.gyr is None else averaged(chunk.gyr)
    return replace(whole, chunk=replace(chunk, time=time, acc=averaged(chunk.acc), gyr=gyr), rate_hz=whole.rate_hz / 2)


def averaged(samples: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the means of each two rows."""
    return np.asarray(samples[: len(samples) // 2 * 2].reshape(-1, 2, 3).mean(axis=1, dtype=samples.dtype))


def noisier(whole: Whole) -> Whole:
    """Return a recording with white noise on each axis of the accelerometer."""
    acc = whole.chunk.acc + np.random.default_rng(0).normal(0, NOISE_MS2, whole.chunk.acc.shape)
    return replace(whole, chunk=replace(whole.chunk, acc=acc.astype(whole.chunk.acc.dtype)))


def without_gyroscope(whole: Whole) -> Whole:
    """Return a recording of the accelerometer alone."""
    return replace(whole, chunk=replace(whole.chunk, gyr=None))


OTHERS = {"half the rate": at_half_the_rate, "noise": noisier}


def print_scores(name: str, sensor: str, wholes: Sequence[Whole], settings: Settings) -> None:
    """Print the live and the smoothed answer of all recordings."""
    live, smoothed = np.zeros((2, len(CLASSES), OTHER + 1), dtype=np.int64)
    for whole in wholes:
        pipeline, events = lived(whole, whole.chunk, settings)
        live += counted(whole, events)
        smoothed += counted(whole, review(pipeline, settings, []).findings.events)
    print(line(name, f"{sensor}, live", live))
    print(line(name, f"{sensor}, smoothed", smoothed), flush=True)


if __name__ == "__main__":
    sys.exit(main())
