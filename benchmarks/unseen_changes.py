"""Counts the changes of posture that are missing from labelled recordings: no samples, right where it changed.

Run as ``python benchmarks/unseen_changes.py DATA [--sets NAME ...]``; DATA is the folder of the labelled data sets. Who
sits down sinks and swings; where that was cut out of a recording, only what comes later can tell.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from beginnings import SETS, whole_of
from posture_oracles import LYING, SITTING, STANDING, WALKING

from firmware_bridge.recordings.labelled import find_labelled

if TYPE_CHECKING:
    from beginnings import Whole

HOLE_S = 0.3
NEAR_S, LONGEST_CHANGE_S = 1.0, 3.0
"""A hole within 1 s of a change that takes 3 s at most has cut it out."""
ON_FEET = (STANDING, WALKING)


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    options = parser.parse_args()
    for name in options.sets:
        changes: Counter[str] = Counter()
        cut: Counter[str] = Counter()
        for labelled in find_labelled(options.data / name):
            of_one, of_one_cut = counted(whole_of(labelled))
            changes += of_one
            cut += of_one_cut
        for kind, n in sorted(changes.items()):
            print(f"{name:16} {kind:20} {cut[kind]:4} of {n:4} cut out")
    return 0


def counted(whole: Whole) -> tuple[Counter[str], Counter[str]]:
    """Return how many changes of each kind are labelled in a recording, and how many of them were cut out."""
    time = whole.chunk.time
    before = np.flatnonzero(np.diff(time) > HOLE_S)
    begins, ends = time[before], time[before + 1]
    known = whole.truth >= 0
    second, truth = whole.second[known], whole.truth[known]
    changes: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    for row, (one, other) in enumerate(pairwise(truth.tolist())):
        first, last = second[row] + 1, second[row + 1]
        if one == other or last - first > LONGEST_CHANGE_S:
            continue
        kind = kind_of(one, other)
        changes[kind] += 1
        cut[kind] += int(((begins < last + NEAR_S) & (ends > first - NEAR_S)).any())
    return changes, cut


def kind_of(one: int, other: int) -> str:
    """Return what kind of change it is to go from one of `CLASSES` to the other."""
    if one in ON_FEET and other == SITTING:
        return "sitting down"
    if one == SITTING and other in ON_FEET:
        return "getting up"
    return "lying down or up" if LYING in (one, other) else "on one's feet"


if __name__ == "__main__":
    sys.exit(main())
