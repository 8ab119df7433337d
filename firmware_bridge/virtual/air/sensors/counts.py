"""From what a sensor feels to the counts of its converter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["to_counts", "to_values"]

_LEAST, _MOST = -32768, 32767


def to_counts(values: NDArray[np.float64], step: float) -> NDArray[np.int64]:
    """Return the values in counts of 16 bits, at the ends of the range where they go beyond."""
    return np.clip(np.rint(values / step), _LEAST, _MOST).astype(np.int64)


def to_values(counts: NDArray[np.int64], step: float) -> NDArray[np.float64]:
    """Return what the counts stand for."""
    return counts.astype(np.float64) * step
