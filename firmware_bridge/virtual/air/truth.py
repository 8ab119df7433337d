"""What a virtual sensor really measured, and what became of each sample."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Fate", "Taken", "TrueSamples", "Truth"]


class Fate(IntEnum):
    """How far a sample came."""

    TAKEN = 0
    """It stayed in the sensor: nobody listened, or there was no room in the radio."""
    SENT = 1
    """It was handed to the radio, whose link died before it arrived."""
    ARRIVED = 2
    """The host's radio has it."""


@dataclass(slots=True, eq=False)
class Taken:
    """Consecutive samples that travel together.

    Parameters
    ----------
    boot
        How often the sensor had restarted.
    first
        Number of the first one since the sensor was told to start.
    times_s
        Shape (n,): true times, by the loop's clock.
    acc, gyr
        Shape (n, 3): what the host should get, after quantisation, in m/s^2 and rad/s; None for what is not measured.
    fate
        How far they came.

    """

    boot: int
    first: int
    times_s: NDArray[np.float64]
    acc: NDArray[np.float64] | None
    gyr: NDArray[np.float64] | None
    fate: Fate = Fate.TAKEN


@dataclass(frozen=True, slots=True, eq=False)
class TrueSamples:
    """All samples in the order in which they were taken; arrays of shape (n,), or (n, 3) for `acc` and `gyr`."""

    boot: NDArray[np.int64]
    number: NDArray[np.int64]
    time_s: NDArray[np.float64]
    acc: NDArray[np.float64] | None
    gyr: NDArray[np.float64] | None
    fate: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> TrueSamples:
        """Return some of the samples."""
        return TrueSamples(
            self.boot[chosen],
            self.number[chosen],
            self.time_s[chosen],
            None if self.acc is None else self.acc[chosen],
            None if self.gyr is None else self.gyr[chosen],
            self.fate[chosen],
        )

    def arrived(self) -> TrueSamples:
        """Return those that arrived."""
        return self.where(self.fate == Fate.ARRIVED)


class Truth:
    """Everything that one of a sensor's streams took.

    Parameters
    ----------
    keep
        Whether the samples are kept, some 25 MB an hour at 100 Hz; the counts always are.

    """

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._taken: list[Taken] = []
        self.counts = dict.fromkeys(Fate, 0)
        """How many samples came how far; each is counted once."""

    def add(self, taken: Taken) -> None:
        """Note samples."""
        self.counts[taken.fate] += taken.times_s.shape[0]
        if self._keep:
            self._taken.append(taken)

    def advance(self, taken: Taken, fate: Fate) -> None:
        """Note that samples came farther."""
        count = taken.times_s.shape[0]
        self.counts[taken.fate] -= count
        self.counts[fate] += count
        taken.fate = fate

    def samples(self) -> TrueSamples:
        """Return all samples.

        Raises
        ------
        ValueError
            They were not kept, or there are none.

        """
        if not self._taken:
            raise ValueError("there are no samples" if self._keep else "the samples were not kept")
        sizes = [taken.times_s.shape[0] for taken in self._taken]
        return TrueSamples(
            np.repeat([taken.boot for taken in self._taken], sizes),
            np.concatenate([taken.first + np.arange(size) for taken, size in zip(self._taken, sizes, strict=True)]),
            np.concatenate([taken.times_s for taken in self._taken]),
            _joined([taken.acc for taken in self._taken]),
            _joined([taken.gyr for taken in self._taken]),
            np.repeat([int(taken.fate) for taken in self._taken], sizes),
        )


def _joined(parts: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if len(there) == len(parts) else None
