"""A sensor's clock on the host's: the envelope's line, followed by slewing instead of stepping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.time_base.envelope import UNKNOWN, Envelope, EnvelopeParams, Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SETTLED_SLEW", "START_S", "START_SLEW", "HostClock"]

SETTLED_SLEW = 500e-6
"""The most by which a correction stretches or shrinks time, as a fraction (that of adjtime)."""

START_SLEW = 0.02
START_S = 30.0
"""For so long after the first packet of a start or a connection, which may have been late, slewing is faster."""

HOLD_S = 1.5
"""Until so long after the first packet of a start no other may have come that did not wait for a connection event."""

GAP_S = 1.5
"""After so long without packets the link is a new one, and who follows the samples has begun anew as well."""

HOLE_S = 5.0
"""After so long without packets both ends of the hole are kept, to place by them what the sensor logged within."""

PAST_POINTS = 256
"""Ends of holes that are kept; the offline logs of all sensors are far shorter than so many."""

LOG_REACH_S = 86_400.0
"""No offline log reaches back further."""

EARLY_S = 1.0
EARLY_FRACTION = 0.02
"""No clock makes a packet come earlier than this before the line: the sensor's clock, or the host's, was set."""


class HostClock:
    """Maps sensor time to the host's monotonic clock; two streams with the ticks of one sensor share one.

    Sensor time is in seconds of the sensor's own clock, from any zero that stays the same until a restart.

    Parameters
    ----------
    params
        What is expected of the sensor's clock.

    """

    def __init__(self, params: EnvelopeParams) -> None:
        self._params = params
        self.boot = 0
        """Counts the restarts, so that streams that share the clock see each other's."""
        self._begin(UNKNOWN)

    def _begin(self, known: Rate) -> None:
        self._envelope = Envelope(self._params, known)
        self._correction_s = 0.0
        self._corrected_at_s = 0.0
        self._newest_s: float | None = None
        self._first_s = 0.0
        self._fresh_s = 0.0
        self._past: list[tuple[float, float]] = []
        self._resumed_s = 0.0
        self._pinned_s: float | None = None

    def restart(self) -> None:
        """Forget where the sensor's clock stands, not its rate, which is the crystal's: it starts anew."""
        self.boot += 1
        self._begin(self._envelope.rate)

    @property
    def started(self) -> bool:
        """Whether a packet has been seen since the start or restart."""
        return self._newest_s is not None

    @property
    def newest_s(self) -> float | None:
        """Return the newest sensor time seen; None since the start or restart."""
        return self._newest_s

    @property
    def settled(self) -> bool:
        """Whether it is so long since the start or restart that the sensor's rate is known."""
        return self._newest_s is not None and self._newest_s - self._first_s >= START_S

    @property
    def fresh(self) -> bool:
        """Whether the start or restart is so recent that all packets may have been late."""
        return self._newest_s is not None and self._newest_s - self._first_s < HOLD_S

    @property
    def rate_error(self) -> float:
        """How much faster the host's clock runs than the sensor's, as a fraction."""
        return 0.0 if self._envelope.line is None else self._envelope.line.slope

    @property
    def rate(self) -> Rate:
        """What is known of the clock's rate, and what the next start of sensor or program begins with."""
        return self._envelope.rate

    @property
    def spread_s(self) -> float:
        """How late the least late packet of a second can be on this link."""
        return self._envelope.spread_s

    def lag_s(self, device_s: float, arrival_s: float) -> float:
        """Return how late a packet with its last sample at `device_s` is; 0 before the first packet."""
        line = self._envelope.line
        return 0.0 if line is None else arrival_s - device_s - line.offset_at(device_s)

    def was_set(self, device_s: float, arrival_s: float) -> bool:
        """Return whether a packet is so early that one of the clocks must have been set since the last."""
        if self._newest_s is None:
            return False
        return self.lag_s(device_s, arrival_s) < -(EARLY_S + EARLY_FRACTION * abs(device_s - self._newest_s))

    def observe(self, device_s: float, arrival_s: float) -> None:
        """Take in that the sample of `device_s` was here by `arrival_s`."""
        if self._newest_s is None:
            self._envelope.add(device_s, arrival_s)
            self._newest_s = self._corrected_at_s = self._first_s = self._fresh_s = self._resumed_s = device_s
            self._past = [point for point in self._past if point[0] < device_s]
            return
        reached = self._newest_s
        before_s = self._time(reached)
        if device_s - reached > GAP_S:
            self._fresh_s = device_s
        if device_s - reached > HOLE_S:
            self._past = [*self._past, self._resumed(), (reached, before_s)][-PAST_POINTS:]
            self._resumed_s, self._pinned_s = device_s, None
        if self._envelope.add(device_s, arrival_s):
            self._correct(reached, before_s)
        self._newest_s = max(reached, device_s)

    def _correct(self, at_s: float, host_s: float) -> None:
        """Let the sensor time `at_s` be at `host_s`, whatever the line says, and come to the line from there."""
        line = self._envelope.line
        if line is not None:
            self._correction_s = host_s - at_s - line.offset_at(at_s)
            self._corrected_at_s = at_s

    def step(self, first_s: float, earliest_s: float) -> None:
        """Give up slewing at a hole in the samples: the sample at `first_s` is on the line, or else at `earliest_s`."""
        line = self._envelope.line
        if line is not None:
            self._correct(first_s, max(first_s + line.offset_at(first_s), earliest_s))

    def _time(self, device_s: float) -> float:
        return float(self.times(np.array([device_s]))[0])

    def points(self) -> list[tuple[float, float]]:
        """Return sensor times whose host time is known well: the ends of holes, and the newest."""
        if self._newest_s is None:
            return list(self._past)
        return [*self._past, self._resumed(), (self._newest_s, self._time(self._newest_s))]

    def _resumed(self) -> tuple[float, float]:
        """Return the end of the last hole."""
        return self._resumed_s, self._time(self._resumed_s) if self._pinned_s is None else self._pinned_s

    def _pin(self) -> None:
        """Keep the past as it is known now: a log of which a part is placed must not move against that part.

        A packet less late than all before, or a better slope, moves the line, and with it the past that it is drawn to.
        """
        if self._pinned_s is not None:
            return
        self._pinned_s = self._time(self._resumed_s)
        if not self._past:
            begin_s = self._resumed_s - LOG_REACH_S
            self._past = [(begin_s, self._time(begin_s))]

    def recall(self, points: list[tuple[float, float]], rate: Rate) -> None:
        """Take what `points` and `rate` said before the program was started anew; before the first packet.

        Points are of the same boot, none where it is another; the rate is the same in any.
        """
        self._begin(rate)
        self._past = points[-PAST_POINTS:]

    def past_times(self, device_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the host's times of sensor times, those in holes straight between the ends; shape (n,) both, s.

        Up to the end of the last hole, what was asked for once has the same time whenever it is asked for again. The
        line of now, drawn back over a long hole, would be off by the error of its slope, ms a minute at first.
        """
        self._pin()
        host_s = self.times(device_s)
        known_s, at_s = np.array([*self._past, self._resumed()]).T
        within = (device_s >= known_s[0]) & (device_s < self._resumed_s)
        host_s[within] = np.interp(device_s[within], known_s, at_s)
        before = device_s < known_s[0]
        host_s[before] += at_s[0] - self._time(float(known_s[0]))
        return host_s

    def times(self, device_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the host's monotonic time of sensor times; shape (n,) both, s."""
        line = self._envelope.line
        if line is None:
            raise ValueError("no packet has been seen yet")
        host_s: NDArray[np.float64] = device_s + (line.offset_s + line.slope * (device_s - line.at_s))
        if self._correction_s == 0:
            return host_s
        slew = START_SLEW if self._corrected_at_s - self._fresh_s < START_S else SETTLED_SLEW
        done_s = slew * np.maximum(device_s - self._corrected_at_s, 0.0)
        left_s = np.maximum(abs(self._correction_s) - done_s, 0.0)
        return host_s + np.copysign(left_s, self._correction_s)
