"""What of a recording there is: samples, gaps and rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.resample import GAP_S
from posture.stage import Stage

if TYPE_CHECKING:
    from firmware_bridge.imu import ImuChunk

__all__ = ["Coverage", "CoverageState"]


@dataclass(slots=True)
class CoverageState:
    """Times of the first and the last sample (None before there is one), start and end of each gap, and the count."""

    first: float | None = None
    last: float | None = None
    gaps: list[tuple[float, float]] = field(default_factory=list)
    n_samples: int = 0


class Coverage(Stage[CoverageState]):
    """Count samples and note gaps.

    Parameters
    ----------
    rate_hz
        The sensor's nominal rate; a recording ends one sample period after its last sample.

    """

    def __init__(self, rate_hz: float) -> None:
        super().__init__(CoverageState())
        self._period_s = 1.0 / rate_hz

    @property
    def start(self) -> float | None:
        """Return the time of the first sample; None before it."""
        return self._state.first

    @property
    def end(self) -> float | None:
        """Return the end of the last sample; None before the first."""
        return None if self._state.last is None else self._state.last + self._period_s

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Return start and end of each hole of more than 1 s."""
        return tuple(self._state.gaps)

    @property
    def n_samples(self) -> int:
        """Return the number of samples."""
        return self._state.n_samples

    def push(self, chunk: ImuChunk) -> None:
        """Take in samples."""
        if len(chunk) == 0:
            return
        state = self._state
        first = float(chunk.time[0])
        time = np.concatenate([[first if state.last is None else state.last], chunk.time])
        for index in np.flatnonzero(np.diff(time) > GAP_S).tolist():
            state.gaps.append((float(time[index]) + self._period_s, float(time[index + 1])))
        if state.first is None:
            state.first = first
        state.last = float(chunk.time[-1])
        state.n_samples += len(chunk)

    @property
    def covered(self) -> list[tuple[float, float]]:
        """Return start and end of each stretch without a gap."""
        if self.start is None or self.end is None:
            return []
        edges = [self.start, *(edge for gap in self.gaps for edge in gap), self.end]
        return list(zip(edges[::2], edges[1::2], strict=True))

    @property
    def rate_hz(self) -> float:
        """Return the mean rate of the samples outside the gaps; the nominal one before there are two."""
        covered_s = sum(end - start for start, end in self.covered)
        return self.n_samples / covered_s if self.n_samples > 1 else 1.0 / self._period_s
