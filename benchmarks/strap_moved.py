"""Scores posture of people whose sensor sits otherwise from some moment on: the strap slips, or it is put on anew.

Run as ``python benchmarks/strap_moved.py DATA [--sets NAME ...]``; DATA is the folder of the labelled data sets. Each
recording is lived through twice in a row, as one day, with a hole between the laps. In the second lap the sensor is
turned: after a quarter of it, within a second, from the walking vertical by so many degrees (a slip); or in the hole,
to a direction drawn at random (put on anew). Only the seconds after the turn count, live and smoothed; "not moved" is
what the same seconds get if nothing turns. Nobody is calibrated and nothing is known of the sensor beforehand.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from beginnings import Whole, counted, line, lived, whole_of
from scipy.spatial.transform import Rotation

from config.settings import load_settings
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.recordings.labelled import find_labelled
from lumbar.review import review
from lumbar.validation.labels import CLASSES
from posture.accelerometer_offset import RestSurvey
from posture.events import Activity
from posture.rotations import unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from config.settings import Settings

SETS = ("hapt", "harth", "synthetic_floor")
SLIPS_DEG = (15.0, 30.0, 90.0)
SLIP_S = 1.0
SEAM_S = 60.0
"""Between the laps: a hole as of a lost link, or one in which the sensor is put on anew."""


def main() -> int:
    """Print the figures; returns the exit code."""
    options = read_options()
    settings = load_settings()
    for name in options.sets:
        laps = [whole_of(each) for each in find_labelled(options.data / name)]
        told: dict[str, NDArray[np.int64]] = {}
        for number, lap in enumerate(laps):
            for case, worn, since in moved(lap, np.random.default_rng(number)):
                for how, confused in scored(worn, since, settings).items():
                    told[f"{case}, {how}"] = told.get(f"{case}, {how}", 0) + confused
        for what, confused in told.items():
            print(line(name, what, confused), flush=True)
    return 0


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    return parser.parse_args()


def moved(lap: Whole, random: np.random.Generator) -> Iterator[tuple[str, Whole, float]]:
    """Yield what happens to the sensor, two laps with it, and when it happened."""
    survey = RestSurvey()
    survey.push(lap.chunk)
    offset_ms2 = survey.offset()
    shift_s = int(np.ceil(lap.chunk.time[-1] - lap.chunk.time[0] + SEAM_S))
    begin = float(lap.chunk.time[0]) + shift_s
    slip = begin + 0.25 * float(lap.chunk.time[-1] - lap.chunk.time[0])
    both = laps(lap, lap.chunk, shift_s)
    yield "not moved (3/4 lap)", both, slip
    across = unit(np.cross(walking_up(lap, offset_ms2), random.normal(size=3)))
    for slip_deg in SLIPS_DEG:
        again = turned(lap.chunk, offset_ms2, np.radians(slip_deg) * across, slip - shift_s)
        yield f"slips by {slip_deg:.0f} deg", laps(lap, again, shift_s), slip
    yield "not moved (a lap)", both, begin
    anew = Rotation.random(random_state=random).as_rotvec()
    yield "put on anew", laps(lap, turned(lap.chunk, offset_ms2, anew, -np.inf), shift_s), begin


def walking_up(lap: Whole, offset_ms2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return up while walking, shape (3,); of the whole recording where nobody walks."""
    row = np.searchsorted(lap.second, lap.chunk.time, side="right") - 1
    walks = lap.truth[np.clip(row, 0, None)] == CLASSES.index(Activity.WALKING)
    return unit((lap.chunk.acc[walks] if walks.any() else lap.chunk.acc).mean(axis=0, dtype=np.float64) - offset_ms2)


def turned(chunk: ImuChunk, offset_ms2: NDArray[np.float64], turn: NDArray[np.float64], at: float) -> ImuChunk:
    """Return samples of a sensor that turns by a rotation vector at a time; its offset stays in its axes."""
    share = np.clip((chunk.time - at) / SLIP_S, 0.0, 1.0)
    rotation = Rotation.from_rotvec(share[:, np.newaxis] * turn)
    acc = rotation.apply(chunk.acc - offset_ms2) + offset_ms2
    if chunk.gyr is None:
        return ImuChunk(chunk.time, acc.astype(np.float32))
    turns = (share > 0.0) & (share < 1.0)
    gyr = rotation.apply(chunk.gyr) - np.multiply.outer(turns / SLIP_S, turn)
    return ImuChunk(chunk.time, acc.astype(np.float32), gyr.astype(np.float32))


def laps(lap: Whole, again: ImuChunk, shift_s: int) -> Whole:
    """Return a recording followed by itself, with these samples then."""
    chunk = concatenate([lap.chunk, replace(again, time=again.time + shift_s)])
    second = np.concatenate([lap.second, lap.second + shift_s])
    return replace(lap, chunk=chunk, second=second, truth=np.concatenate([lap.truth, lap.truth]))


def scored(worn: Whole, since: float, settings: Settings) -> dict[str, NDArray[np.int64]]:
    """Return the confusion of the seconds after a time, as told live and smoothed."""
    pipeline, events = lived(worn, worn.chunk, settings)
    smoothed = review(pipeline, settings, []).findings.events
    return {"live": counted(worn, events, since), "smoothed": counted(worn, smoothed, since)}


if __name__ == "__main__":
    sys.exit(main())
