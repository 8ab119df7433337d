"""What of a recording there is: samples, gaps and rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posture.resample import GAP_S

if TYPE_CHECKING:
    from firmware_bridge.imu import ImuChunk

__all__ = ["Coverage"]


class Coverage:
    """Count samples and note gaps.

    Parameters
    ----------
    rate_hz
        The sensor's nominal rate; a recording ends one sample period after its last sample.

    Attributes
    ----------
    start, end
        Time of the first sample, and of the end of the last; None before the first.
    gaps
        Start and end of each hole of more than 1 s.

    """

    def __init__(self, rate_hz: float) -> None:
        self.start: float | None = None
        self.end: float | None = None
        self.gaps: list[tuple[float, float]] = []
        self.n_samples = 0
        self._period_s = 1.0 / rate_hz

    def push(self, chunk: ImuChunk) -> None:
        """Take in samples."""
        if len(chunk) == 0:
            return
        before = float(chunk.time[0]) if self.end is None else self.end - self._period_s
        time = np.concatenate([[before], chunk.time])
        for index in np.flatnonzero(np.diff(time) > GAP_S).tolist():
            self.gaps.append((float(time[index]) + self._period_s, float(time[index + 1])))
        if self.start is None:
            self.start = float(chunk.time[0])
        self.end = float(chunk.time[-1]) + self._period_s
        self.n_samples += len(chunk)

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
