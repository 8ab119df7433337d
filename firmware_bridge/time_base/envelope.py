"""The lower envelope of packet delays: where a sensor's clock stands on the host's, in spite of late packets.

A packet arrives never early, often late: the delays have a floor and no ceiling. So the line under all points
(sensor time, arrival - sensor time) is the estimate of the clock, not the line through them: lower convex hull, its
edge over the mean of the points (Moon, Skelly and Towsley, INFOCOM 1999; Zhang, Liu and Xia, INFOCOM 2002). The floor
itself (some ms) cannot be seen from one side and stays in the result as a constant.

Deviations: only the least late packet of each second is kept, the slope is drawn towards the one known before while
there are few seconds, and the line is lowered at once under a packet that lies beneath it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["CRYSTAL", "SAMPLE_RATE", "UNKNOWN", "Envelope", "EnvelopeParams", "Line", "Rate", "hull_slope"]


@dataclass(frozen=True, slots=True)
class EnvelopeParams:
    """What is expected of a sensor's clock.

    Parameters
    ----------
    windows_s
        How far back packets count, shortest first: the shortest one whose slope agrees with the next longer one's.
        Longer averages more, shorter follows the clock's drift with temperature. But where the packets keep step with
        the connection events, the least delay creeps for many minutes and a short window takes that for the rate.
    agreement
        Difference of two slopes, as a fraction, that drift with temperature can make.
    settle_s
        After how many seconds of packets their slope counts half, where none was known before.
    slope_limit
        The most a clock can be off, as a fraction.

    """

    windows_s: tuple[float, ...]
    agreement: float
    settle_s: float
    slope_limit: float


CRYSTAL = EnvelopeParams(windows_s=(600.0, 1200.0), agreement=4e-6, settle_s=40.0, slope_limit=1e-3)
"""Sensors that send ticks: 20-50 ppm off, a few ppm of drift. Windows by `benchmarks/time_base.py`."""

SAMPLE_RATE = EnvelopeParams(windows_s=(120.0,), agreement=500e-6, settle_s=3.0, slope_limit=0.05)
"""Sensors that send none, so that their sample rate is the clock: WitMotion about 7000 ppm off (protocols.md 1.2)."""

SLOT_S = 1.0
EAGER_SLOTS, FIT_SLOTS = 60, 5
"""The line is fitted each second while there are few, then every few seconds."""

USUAL = 0.9
"""This part of all seconds is usual."""

DISBELIEF = 3
"""At an agreement of 4 ppm, what is 10 ppm off counts half after 600 s, what is 25 ppm off not before `learnt_s`."""

FULL = 0.9
"""A window filled so far says all it can, whatever was known before."""

HOLE_S = 30.0
"""After so long without packets the slope before it is the one that new points are drawn to."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of a clock's rate, also when it starts anew.

    Parameters
    ----------
    slope
        How much faster the host's clock runs, as a fraction.
    learnt_s
        Seconds of packets that it was learnt from: what fewer new ones say against it counts little.

    """

    slope: float
    learnt_s: float


UNKNOWN = Rate(0.0, 0.0)
"""Of a clock never seen before: as right as any."""


@dataclass(frozen=True, slots=True)
class Line:
    """Host time minus sensor time, as a function of sensor time: `offset_s` at `at_s`, and the slope."""

    at_s: float
    offset_s: float
    slope: float

    def offset_at(self, device_s: float) -> float:
        """Return host time minus sensor time at a sensor time."""
        return self.offset_s + self.slope * (device_s - self.at_s)


class Envelope:
    """Line under the delays of the packets of one boot of a sensor.

    Parameters
    ----------
    params
        What is expected of the clock.
    known
        Its rate, as far as it is known from before.

    """

    def __init__(self, params: EnvelopeParams, known: Rate = UNKNOWN) -> None:
        self._params = params
        self._known = known
        self._slots: deque[tuple[float, float]] = deque()
        self._best: tuple[float, float] | None = None
        self._best_residual_s = 0.0
        self._unfitted = 0
        self.line: Line | None = None
        self.spread_s = 0.0
        """How much later than the line the least late packet of a second usually is at most."""

    @property
    def rate(self) -> Rate:
        """What is known of the clock's rate by now."""
        if self.line is None or len(self._slots) < 2:  # noqa: PLR2004 - a slope takes two points
            return self._known
        learnt_s = min(self._slots[-1][0] - self._slots[0][0], self._params.windows_s[-1])
        return Rate(self.line.slope, max(learnt_s, self._known.learnt_s))

    def add(self, device_s: float, arrival_s: float) -> bool:
        """Take in a packet whose last sample was taken at `device_s`; return whether the line changed."""
        offset_s = arrival_s - device_s
        if self.line is None or self._best is None:
            self.line = Line(device_s, offset_s, self._known.slope)
            self._best = (device_s, offset_s)
            return True
        changed = False
        if int(device_s // SLOT_S) != int(self._best[0] // SLOT_S):
            self._close_slot(device_s)
            changed = True
        residual_s = offset_s - self.line.offset_at(device_s)
        if self._best is None or residual_s < self._best_residual_s:
            self._best, self._best_residual_s = (device_s, offset_s), residual_s
        if residual_s < 0:
            self.line = Line(device_s, offset_s, self.line.slope)
            self._best_residual_s = 0.0
            changed = True
        return changed

    def _close_slot(self, device_s: float) -> None:
        if self._best is None or self.line is None:
            return
        if device_s - self._best[0] > HOLE_S:
            self._known = self.rate
        self._slots.append(self._best)
        self._best = None
        while device_s - self._slots[0][0] > self._params.windows_s[-1] and len(self._slots) > 1:
            self._slots.popleft()
        self._unfitted += 1
        if len(self._slots) < EAGER_SLOTS or self._unfitted >= FIT_SLOTS:
            self._unfitted = 0
            self._fit()

    def _fit(self) -> None:
        points, slope = self._points_and_slope()
        span_s = points[-1][0] - points[0][0]
        slope = self._towards_known(slope, span_s)
        slope = min(max(slope, -self._params.slope_limit), self._params.slope_limit)
        at_s = points[-1][0]
        heights = [offset_s - slope * (device_s - at_s) for device_s, offset_s in points]
        lowest = min(heights)
        self.spread_s = sorted(heights)[int(USUAL * (len(heights) - 1))] - lowest
        self.line = Line(at_s, lowest, slope)

    def _towards_known(self, slope: float, span_s: float) -> float:
        """Return the slope of so many seconds, drawn to the one known before where it cannot be better.

        Packets in step with the connection events say, until the steps meet, that the clock is right: slope 0. What is
        further from the known slope than temperature can bring it is believed the later, the further it is.
        """
        off = slope - self._known.slope
        settle_s = self._params.settle_s
        trusted_s = min(self._known.learnt_s, FULL * self._params.windows_s[-1])
        if abs(off) > self._params.agreement and span_s < trusted_s:
            settle_s *= (abs(off) / self._params.agreement) ** DISBELIEF
        return self._known.slope + off * span_s**2 / (span_s**2 + settle_s**2)

    def _points_and_slope(self) -> tuple[list[tuple[float, float]], float]:
        """Return the points that count and the slope of their hull."""
        points = list(self._slots)
        slope = hull_slope(points, self._known.slope)
        for window_s in reversed(self._params.windows_s[:-1]):
            start_s = points[-1][0] - window_s
            if points[0][0] >= start_s:
                continue
            shorter = points[bisect_left(points, (start_s,)) :]
            shorter_slope = hull_slope(shorter, slope)
            if abs(shorter_slope - slope) > self._params.agreement:
                break
            points, slope = shorter, shorter_slope
        return points, slope


def hull_slope(points: list[tuple[float, float]], alone: float) -> float:
    """Return the slope of the lower hull's edge over the mean of the points; `alone` where there is but one point.

    Parameters
    ----------
    points
        (x, y), x strictly increasing.
    alone
        The slope of a single point.

    """
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x1, y1), (x2, y2) = hull[-2], hull[-1]
            if (y2 - y1) * (x - x1) < (y - y1) * (x2 - x1):
                break
            hull.pop()
        hull.append((x, y))
    mean = sum(x for x, _ in points) / len(points)
    for (x1, y1), (x2, y2) in pairwise(hull):
        if x1 <= mean <= x2:
            return (y2 - y1) / (x2 - x1)
    return alone
