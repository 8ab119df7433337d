"""Polar's delta compression: a sample in full, then blocks of differences to the sample before.

A block is `[bits, samples, differences ...]`: `bits` for each channel in turn, two's complement, the lowest bit first,
filled up to a whole byte. Source: Polar's `online_measurement.pdf` and the unit tests of its SDK (protocols.md, 1.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["undo_deltas"]

_BLOCK_HEAD_BYTES = 2
_MOST_BITS = 32


def undo_deltas(content: bytes, channels: int, bits: int) -> NDArray[np.int64]:
    """Return the samples of compressed content.

    Parameters
    ----------
    content
        What follows the head of the frame.
    channels
        Numbers a sample.
    bits
        Size of the numbers in the full sample: 16 or 32, signed.

    Returns
    -------
    ndarray
        Shape (n, channels), the full sample first. Sums are not wrapped.

    Raises
    ------
    PacketError
        The content ends inside a sample or block, or a block has differences of 0 or more than 32 bits.

    """
    full_bytes = channels * bits // 8
    if len(content) < full_bytes:
        raise PacketError(f"Polar: the full sample must have {full_bytes} bytes, got {len(content)}")
    rows = [np.frombuffer(content, f"<i{bits // 8}", count=channels).astype(np.int64).reshape(1, channels)]
    offset = full_bytes
    while offset < len(content):
        block, offset = _block(content, offset, channels)
        rows.append(block)
    return np.cumsum(np.concatenate(rows), axis=0)


def _block(content: bytes, offset: int, channels: int) -> tuple[NDArray[np.int64], int]:
    """Return the differences of the block at `offset`, shape (n, channels), and where the next one begins."""
    start = offset + _BLOCK_HEAD_BYTES
    if start > len(content):
        raise PacketError(f"Polar: the frame ends inside the head of a block, at byte {offset} of its content")
    bits, samples = content[offset:start]
    if samples == 0:
        return np.empty((0, channels), dtype=np.int64), start
    if not 0 < bits <= _MOST_BITS:
        raise PacketError(f"Polar: differences must have 1 to {_MOST_BITS} bits, got {bits}")
    total_bits = bits * samples * channels
    stop = start + (total_bits + 7) // 8
    if stop > len(content):
        raise PacketError(
            f"Polar: a block of {samples} samples with {bits} bits needs {stop - start} bytes, "
            f"got {len(content) - start}"
        )
    packed = np.frombuffer(content, np.uint8, count=stop - start, offset=start)
    ones = np.unpackbits(packed, count=total_bits, bitorder="little").reshape(-1, bits).astype(np.int64)
    weights = np.left_shift(1, np.arange(bits, dtype=np.int64))
    weights[-1] = -weights[-1]
    return (ones @ weights).reshape(samples, channels), stop
