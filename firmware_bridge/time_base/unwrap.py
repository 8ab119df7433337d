"""Counters and clocks of a sensor wrap; what they meant is the value nearest to what was expected."""

from __future__ import annotations

__all__ = ["unwrap"]


def unwrap(raw: int, bits: int, expected: float) -> int:
    """Return the number that a register of `bits` bits showed.

    Parameters
    ----------
    raw
        What the register showed.
    bits
        Width after which it wraps.
    expected
        What it should have counted by now, not wrapped; right to within half a wrap. A wrap, a repeated packet, a late
        one and a restart of the sensor then differ by how far the result lies from what was seen last.

    Returns
    -------
    int
        The number congruent to `raw` that is nearest to `expected`; below zero only where `expected` is.

    """
    size = 1 << bits
    base = round(expected)
    ahead = (raw - base) % size
    return base + (ahead - size if ahead > size // 2 else ahead)
