"""Random numbers that can be had again at any place: a counter-based generator, keyed by purpose and place.

Source: Salmon 2011, doi:10.1145/2063384.2063405 (Philox).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Stream", "random_stream"]


class Stream(IntEnum):
    """What random numbers are for; each purpose has its own."""

    SWAY = 1
    CHOREOGRAPHY = 2
    TIME_STAMPS = 3
    ACC_NOISE = 4
    GYR_NOISE = 5
    GYR_DRIFT = 6
    SENSOR = 7
    PERSON = 8
    DAY = 9


def random_stream(seed: int, stream: Stream, counter: int = 0) -> np.random.Generator:
    """Return the random numbers of one purpose and place: the same ones whenever they are asked for."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, (stream << 48) + counter], dtype=np.uint64)))
