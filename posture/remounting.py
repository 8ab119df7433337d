"""How the sensor sat in each part of a recording, with all of it known: the strap slips, or is put on anew.

Walking shows that it sits otherwise than in the walking before; when in between that happened shows in what the wearer
would have done. Each moment there may be the one: what they did before it is read as the mounting before has it, and
what they did after it as the mounting after. The most likely course of activities has the move at its best moment.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import STATES, LastSeen, emission_scores
from posture.best_path import follow_paths, trace
from posture.calibration import Mounting
from posture.evidence import evidence_by_the_hour
from posture.rotations import angle_between, shortest_turn, unit
from posture.self_calibration import learn_calibration, with_turning
from posture.stepping import is_walked
from posture.strap import HOLE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.evidence import Evidence
    from posture.seconds import SecondFeatures

__all__ = ["learn_mountings", "moved_at"]

AROUND_S = 20
"""Walking seconds before and after, between which the move is sought, are looked at with what lies between."""
MOVE, MOVE_IN_HOLE, NEVER = -9.0, -2.0, -1e6
STAYED_SD_DEG = 10.0
STAYED_RATIO = 2 / np.radians(STAYED_SD_DEG) ** 2
"""By how much more likely than any other direction is that in which a wearer who stays as they are is seen then."""


def learn_mountings(
    features: SecondFeatures, seen_live: Sequence[Mounting], acc_offset_ms2: NDArray[np.float64] | None
) -> list[Mounting]:
    """Return how the sensor sat, each mounting from the second on in which it began.

    Parameters
    ----------
    features
        All seconds.
    seen_live
        How it sat as far as was known live, each from the walking on that showed it. What the wearer has shown of the
        first, or of one put right again, holds; all else is learnt from the whole time.
    acc_offset_ms2
        The accelerometer's offset that was taken off the seconds, shape (3,).

    """
    known = [replace(each.calibration, acc_offset_ms2=acc_offset_ms2) for each in seen_live]
    if len(known) == 1:
        return [Mounting(int(features.second[0]), _learnt(features, known[0]))]
    shows = np.searchsorted(features.second, [each.start for each in seen_live[1:]]).tolist()
    walks = np.flatnonzero(is_walked(features))
    walked = _walked_until(features.up, walks, shows)
    calibrations = _all_learnt(
        [features.rows(start, stop) for start, stop in zip([0, *shows], [*walked, len(features)], strict=True)],
        known,
    )
    if not known[0].is_shown and (walked[0] == 0 or calibrations[0].upright is None):
        # It was learnt from what was no walking, or from too little.
        return learn_mountings(features, seen_live[1:], acc_offset_ms2)
    starts = [
        _start(features, (stop, row), pair)
        for stop, row, pair in zip(walked, shows, pairwise(calibrations), strict=True)
    ]
    edges = [0, *starts, len(features)]
    calibrations = _all_learnt([features.rows(start, stop) for start, stop in pairwise(edges)], calibrations)
    return [
        Mounting(int(features.second[row]), calibration)
        for row, calibration in zip(edges[:-1], calibrations, strict=True)
    ]


def _walked_until(up: NDArray[np.float64], walks: NDArray[np.int64], shows: Sequence[int]) -> list[int]:
    """Return the row after the last walking that was surely in each mounting but the last; 0 where there is none."""
    cuts = np.searchsorted(walks, shows).tolist()
    parts = [walks[start:stop] for start, stop in pairwise([0, *cuts, len(walks)])]
    return [_surely_until(up, *both) for both in pairwise(parts)]


def _surely_until(up: NDArray[np.float64], walks: NDArray[np.int64], following: NDArray[np.int64]) -> int:
    """Return the row after the last of these walks whose up is nearer to theirs than to that in the following ones.

    Some of the last may have been in the next mounting already, and too few to show it.
    """
    if len(walks) == 0:
        return 0
    own, others = (unit(np.median(up[rows], axis=0)) for rows in (walks, following))
    surely = walks[angle_between(up[walks], own) < angle_between(up[walks], others)]
    return int(surely[-1]) + 1 if len(surely) else 0


def _all_learnt(parts: Sequence[SecondFeatures], known: Sequence[Calibration]) -> list[Calibration]:
    return [_learnt(part, each) for part, each in zip(parts, known, strict=True)]


def _learnt(features: SecondFeatures, known: Calibration) -> Calibration:
    """Return what the seconds of one mounting tell of it, and what was known besides."""
    if known.is_shown:
        return with_turning(known, features)
    return learn_calibration(features, known.acc_offset_ms2).added_to(known)


def _start(features: SecondFeatures, between: tuple[int, int], pair: tuple[Calibration, Calibration]) -> int:
    """Return the row of the first second of a mounting, between the last walking before it and the first in it."""
    first, last = max(between[0] - AROUND_S, 0), min(between[1] + AROUND_S, len(features))
    return int(np.clip(first + moved_at(features.rows(first, last), *pair), *between))


def moved_at(features: SecondFeatures, before: Calibration, after: Calibration) -> int:
    """Return the row from which on the sensor most likely sat otherwise.

    Parameters
    ----------
    features
        Seconds that begin in one mounting and end in another.
    before, after
        What is known of the two.

    """
    ways: list[NDArray[np.int8]] = []
    score: NDArray[np.float64] | None = None
    known, last = (before, after), [LastSeen(), LastSeen()]
    n = len(STATES)
    for block in evidence_by_the_hour(features):
        emission = np.hstack(
            [
                emission_scores(block.features, block.movement, calibration, seen)
                for calibration, seen in zip(known, last, strict=True)
            ]
        )
        last = [seen.after(block.features, calibration) for calibration, seen in zip(known, last, strict=True)]
        if score is None:
            emission[0, n:] = NEVER
        scores, came_from = follow_paths(score, _with_a_move(block, sensor_turn(before, after)), emission)
        score = scores[-1]
        ways.append(came_from)
    if score is None:
        return 0
    path = trace(n + int(score[n:].argmax()), np.concatenate(ways)[1:])
    return int(np.argmax(np.array(path) >= n))


def sensor_turn(before: Calibration, after: Calibration) -> NDArray[np.float64]:
    """Return the rotation matrix, shape (3, 3), from directions in the sensor as it sat before to those after the move.

    The shortest one between walking in the two where forward is not known in both.
    """
    if before.sensor_to_body is not None and after.sensor_to_body is not None:
        return np.asarray(after.sensor_to_body.T @ before.sensor_to_body)
    return shortest_turn(before.known_walking, after.known_walking)


def _with_a_move(block: Evidence, turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores of going from each state, before and after the move, to each other, shape (n, 10, 10)."""
    n, k = len(block), len(STATES)
    second, up = block.features.second, block.features.up
    missing_s = np.diff(second, prepend=second[:1] - 1) - 1
    rows = np.arange(n)
    # The wearer may have stayed as they were while the sensor turned: seen over the second of the move.
    earlier, later = up[np.maximum(rows - 2, 0)], up[np.minimum(rows + 1, n - 1)]
    stayed_deg = np.degrees(angle_between(later, earlier @ turn.T))
    move = np.where(missing_s >= HOLE_S, MOVE_IN_HOLE, MOVE)
    move = move + np.log(0.5 + 0.5 * STAYED_RATIO * np.exp(-0.5 * (stayed_deg / STAYED_SD_DEG) ** 2))
    scores = np.full((n, 2 * k, 2 * k), NEVER)
    scores[:, :k, :k] = scores[:, k:, k:] = block.transition
    scores[:, :k, k:] = block.transition + move[:, np.newaxis, np.newaxis]
    return scores
