"""Which way is forward, from how the trunk tips in getting up and sitting down: forward of both postures, in everybody.

Who gets up brings the trunk over the feet first, and who sits down lets it back last; so the trunk tips further forward
in between than it is before and after (Schenkman et al., Phys Ther 70 (1990) 638-648, "flexion momentum").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.activity import SITTING, STANDING, WALKING
from posture.rotations import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["tipped_forward"]

HELD_S, CHANGE_S = 4, 8
"""Seconds of each posture, and of the change between them."""
SEEN_S = HELD_S + CHANGE_S + HELD_S
MINIMUM_CHANGES, LEAST_TIP = 2, float(np.sin(np.radians(5.0)))
"""One change may be a turn to the side. The mean counts each by its length: one that hardly tips the trunk says little,
and may be none. People of hapt tip by 8 to 38 deg then."""
LEAST_LENGTH = 1e-9
"""Who sits as they stand has no way between the two; nothing is divided by zero for that."""


def tipped_forward(
    features: SecondFeatures, state: NDArray[np.int64], upright: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return forward, shape (3,), perpendicular to `upright`, in the sensor frame.

    None where too few changes of seat have been seen, or they tip the trunk to no one side; and without a gyroscope:
    gravity is late then, and the push with which one sets out forward looks like a lean backward.

    Parameters
    ----------
    features
        n seconds of one mounting.
    state
        Shape (n,): what they are taken for, as indices into `posture.activity.STATES`.
    upright
        Shape (3,): up while the wearer stands.

    """
    changes = _changes(features, state) if features.has_gyr else []
    if len(changes) < MINIMUM_CHANGES:
        return None
    tips = np.array([_tip(features.up_in_parts[start : start + SEEN_S], upright) for start in changes])
    lengths = np.linalg.norm(tips, axis=1)
    tip = lengths @ tips / max(float(lengths.sum()), LEAST_LENGTH)
    return -unit(tip) if np.linalg.norm(tip) >= LEAST_TIP else None


def _changes(features: SecondFeatures, state: NDArray[np.int64]) -> list[int]:
    """Return the first row of the seconds around each change between sitting and standing or walking."""
    sits, on_feet = state == SITTING, (state == STANDING) | (state == WALKING)
    changes = (sits[:-1] & on_feet[1:]) | (on_feet[:-1] & sits[1:])
    starts = np.flatnonzero(changes) + 1 - SEEN_S // 2
    return [start for start in starts.tolist() if _is_clear(features.second, sits, on_feet, start)]


def _is_clear(second: NDArray[np.int64], sits: NDArray[np.bool_], on_feet: NDArray[np.bool_], start: int) -> bool:
    stop = start + SEEN_S
    if start < 0 or stop > len(second) or second[stop - 1] - second[start] != SEEN_S - 1:
        return False
    before, after = slice(start, start + HELD_S), slice(stop - HELD_S, stop)
    return bool((sits[before].all() and on_feet[after].all()) or (on_feet[before].all() and sits[after].all()))


def _tip(up_in_parts: NDArray[np.float32], upright: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far up tips, shape (3,), at most, from the way between one posture and the other, level parts only."""
    up = up_in_parts.astype(np.float64)
    level = up - np.einsum("npi,i->np", up, upright)[..., np.newaxis] * upright
    before, after = (each.mean(axis=(0, 1)) for each in (level[:HELD_S], level[-HELD_S:]))
    way, parts = after - before, level[HELD_S:-HELD_S].reshape(-1, 3)
    share = np.clip((parts - before) @ way / max(float(way @ way), LEAST_LENGTH), 0.0, 1.0)
    away = parts - before - np.outer(share, way)
    return np.asarray(away[np.linalg.norm(away, axis=1).argmax()])
