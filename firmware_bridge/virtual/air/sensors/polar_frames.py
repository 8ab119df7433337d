"""Polar's delta compression, the writing side. Source: Polar's `online_measurement.pdf` (protocols.md, 1.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["compressed"]


def compressed(counts: NDArray[np.int64]) -> bytes:
    """Return samples as the first in full, 16 bits an axis, and one block with the differences.

    Parameters
    ----------
    counts
        Shape (n, axes), n from 1 to 256.

    """
    first = bytes(counts[0].astype("<i2").tobytes())
    deltas = np.diff(counts, axis=0).ravel()
    if not deltas.size:
        return first
    bits = 1 + max(int(deltas.max()).bit_length(), int(~deltas.min()).bit_length())
    ones = (deltas[:, None] >> np.arange(bits)) & 1
    packed = bytes(np.packbits(ones.astype(np.uint8).ravel(), bitorder="little"))
    return first + bytes([bits, counts.shape[0] - 1]) + packed
