"""What the steps that are known say of walking, second by second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.height_evidence import LOOK_AHEAD_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

__all__ = ["STEPPED", "beside_known_step", "has_known_step", "step_scores"]

STEPPED, NOT_STEPPED = 2.0, -0.5
"""For walking, in a second with a step in it or right beside it, and in one without: steps are told by a rhythm of five
peaks, which one second does not show. Some are seen in turning on the spot, some slow ones are missed."""


def step_scores(second: NDArray[np.int64], stepped: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what steps add to the log score of walking in each of n seconds, shape (n,); knows the future.

    Parameters
    ----------
    second
        Shape (n,): the seconds.
    stepped
        Those with a step (`posture.seconds.seconds_with_step`).

    """
    beside = np.unique(np.concatenate([stepped - 1, stepped, stepped + 1]))
    return np.where(np.isin(second, beside, assume_unique=True), STEPPED, NOT_STEPPED)


def beside_known_step(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return for each second, shape (n,), whether a step in it or right beside it is known `LOOK_AHEAD_S` later.

    The seconds follow each other without a hole; the last `LOOK_AHEAD_S` have not seen all their evidence.
    """
    return _known_soon(features, 0b111)


def has_known_step(features: SecondFeatures) -> NDArray[np.bool_]:
    """Return what `beside_known_step` does, of a step in the second itself."""
    return _known_soon(features, 0b010)


def _known_soon(features: SecondFeatures, around: int) -> NDArray[np.bool_]:
    """Return whether a step is known soon in the second before (bit 2), in (1) or after (0) each."""
    known = np.zeros(len(features), dtype=np.bool_)
    for later in range(min(LOOK_AHEAD_S + 1, len(features))):
        bits = around << later >> 1
        known[: len(features) - later] |= (features.steps_known[later:] & bits) > 0
    return known
