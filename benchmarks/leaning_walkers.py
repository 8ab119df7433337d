"""Scores posture as if the people of hapt and harth walked leaning, as over a frame, a stick or a pram.

Run as ``python benchmarks/leaning_walkers.py DATA``; DATA is the folder of the labelled data sets. No recording of
people with walking aids was at hand. So whenever they walk, labelled or by their steps, all is turned forward by so
much, within a second; they stand, sit and lie as recorded. Forward is away from where they lean when they sit. Last
they walk slowly and softly, too. Nobody is calibrated and nothing is known of the sensor beforehand.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from beginnings import Whole, lived, whole_of
from other_sensors import print_scores
from posture_oracles import SITTING, WALKING
from scipy.spatial.transform import Rotation
from slow_walkers import SETS, of_samples, row_of, slowed

from config.settings import load_settings
from firmware_bridge.recordings.labelled import find_labelled
from posture.rotations import unit
from posture.seconds import seconds_with_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from config.settings import Settings

LEANS_DEG = (0.0, 5.0, 10.0, 15.0, 20.0, -5.0)
FRAIL_LEAN_DEG, FRAIL = 15.0, (1.3, 0.6)
"""And how many times as long walking takes, and what is left of its shaking."""


@dataclass(frozen=True, slots=True)
class Walker:
    """A recording, whether each of its samples is walked (0 to 1), and up in walking and forward in the sensor."""

    whole: Whole
    walks: NDArray[np.float64]
    up: NDArray[np.float64]
    forward: NDArray[np.float64]


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data, settings = parser.parse_args().data, load_settings()
    for name in SETS:
        walkers = walkers_of(data / name, settings)
        for lean_deg in LEANS_DEG:
            print_scores(name, f"leans {lean_deg:.0f}", [leaning(each, lean_deg) for each in walkers], settings)
        print_scores(name, "frail", [slowed(leaning(each, FRAIL_LEAN_DEG), *FRAIL) for each in walkers], settings)
    return 0


def walkers_of(folder: Path, settings: Settings) -> list[Walker]:
    """Return the recordings of all who are seen to walk and to sit."""
    people: dict[str, list[Whole]] = {}
    for labelled in find_labelled(folder):
        people.setdefault(labelled.subject, []).append(whole_of(labelled))
    return [walker for wholes in people.values() for walker in walkers_from(wholes, settings)]


def walkers_from(wholes: Sequence[Whole], settings: Settings) -> list[Walker]:
    """Return all recordings of one person, who wears the sensor alike in them."""
    up, seated = mean_up(wholes, WALKING), mean_up(wholes, SITTING)
    if up is None or seated is None:
        return []
    forward = unit(seated - (seated @ up) * up)
    return [Walker(each, walked(each, settings), up, forward) for each in wholes]


def mean_up(wholes: Sequence[Whole], number: int) -> NDArray[np.float64] | None:
    """Return the mean direction of the acceleration in an activity, shape (3,); None where it is not labelled."""
    samples = np.concatenate([each.chunk.acc[each.truth[row_of(each, each.chunk.time)] == number] for each in wholes])
    return unit(samples.mean(axis=0, dtype=np.float64)) if len(samples) else None


def walked(whole: Whole, settings: Settings) -> NDArray[np.float64]:
    """Return for each sample whether it is labelled walking or unlabelled and has steps, changing within a second."""
    features = lived(whole, whole.chunk, settings)[0].features
    stepped = np.empty(0, dtype=np.int64) if features is None else seconds_with_step(features)
    walks = (whole.truth == WALKING) | ((whole.truth < 0) & np.isin(whole.second, stepped))
    return of_samples(whole, walks)


def leaning(walker: Walker, lean_deg: float) -> Whole:
    """Return a recording in which the wearer leans forward by so much whenever they walk."""
    chunk = walker.whole.chunk
    lean = np.radians(lean_deg) * walker.walks
    # Who leans forward has up lean backward in the sensor.
    axis = np.cross(walker.up, -walker.forward)
    turned = Rotation.from_rotvec(lean[:, np.newaxis] * axis)
    gyr = None
    if chunk.gyr is not None:
        rate = np.gradient(lean, chunk.time)
        gyr = (turned.apply(chunk.gyr) - rate[:, np.newaxis] * axis).astype(chunk.gyr.dtype)
    acc = turned.apply(chunk.acc).astype(chunk.acc.dtype)
    return replace(walker.whole, chunk=replace(chunk, acc=acc, gyr=gyr))


if __name__ == "__main__":
    sys.exit(main())
