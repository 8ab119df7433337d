"""Where the packets of a sensor with a clock belong: sample numbers by its counter or ticks, smooth sample times."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from firmware_bridge.devices.driver import TicksOf
from firmware_bridge.time_base.unwrap import unwrap

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import SensorClock

__all__ = ["Located", "Place", "SampleTicks"]

REORDER_S = 5.0
"""Ticks that go back further than this are those of a sensor that started anew, not those of a late packet."""

COUNTER_SLACK_S = 1.0
COUNTER_SLACK_FRACTION = 0.1
"""A counter that disagrees with the ticks by more than this (of their difference) was reset."""

KNOWN_PACKETS = 64
"""So many packets back, one that comes again is told from one that comes late."""

FEW_PACKETS = 10
WHOLE_BATCHES = 0.3

PHASE_GAIN = 0.1
LARGEST_PULL_SAMPLES = 0.25
"""Ticks are rounded (Movesense: to 1 ms) and sampling is not, so a packet pulls the sample times only so much."""

RATE_ANCHORS = 60
RATE_ANCHOR_S = 5.0
RATE_TRUST_S = 30.0
"""The sensor's own sample rate is that of the last 300 s; until there are 30 s, the one known before or the nominal."""

SAME_PHASE_SAMPLES = 0.1
"""After a hole samples further off than this were begun anew: the rate is not to be told from those before."""


class Place(Enum):
    """What a packet is to those before it."""

    NEXT = "next"
    DUPLICATE = "duplicate"
    LATE = "late"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Located:
    """Place of a packet; `index` of its first sample, the ticks (unwrapped) of that sample, and ticks a sample.

    `first_ticks` is smoothed, `told_ticks` is as the packet has it.
    """

    place: Place
    index: int = 0
    first_ticks: float = 0.0
    period_ticks: float = 0.0
    told_ticks: float = 0.0


class SampleTicks:
    """Follows the ticks (and the counter, where there is one) of one stream of samples through one boot.

    Parameters
    ----------
    clock
        The sensor's clock.
    rate_hz
        Nominal sample rate; the true one may be several percent off.

    """

    def __init__(self, clock: SensorClock, rate_hz: float) -> None:
        self._clock = clock
        self._nominal_ticks = clock.tick_hz / rate_hz
        self._rate_hz = rate_hz
        self.begin()

    def begin(self) -> None:
        """Forget the boot: the next packet is the first."""
        self._period = self._known_period = self._nominal_ticks
        self._rate_is_known = False
        self._anchors: deque[tuple[int, float]] = deque(maxlen=RATE_ANCHORS)
        self._known: deque[int] = deque(maxlen=KNOWN_PACKETS)
        self._index = 0
        self._counter_shift = 0
        self._n = 0
        self._first_ticks = 0.0
        self._arrival_s = 0.0

    @property
    def next_index(self) -> int:
        """The number of the sample after the newest."""
        return self._index + self._n

    def locate(self, ticks: int, counter: int | None, n: int, arrival_s: float) -> Located:
        """Say where a packet belongs, without taking it in.

        Parameters
        ----------
        ticks, counter
            As the sensor sent them.
        n
            Samples in the packet, at least one.
        arrival_s
            When it came, host's monotonic clock.

        """
        lead = (n - 1) * self._period if self._clock.ticks_of is TicksOf.LAST else 0.0
        if self._n == 0:
            return Located(Place.NEXT, counter or 0, ticks - lead, self._period, ticks - lead)
        newest = self._first_ticks + (self._n - 1) * self._period
        here = self._first_ticks + (lead if self._clock.ticks_of is TicksOf.LAST else 0.0)
        expected = here + (arrival_s - self._arrival_s) * self._clock.tick_hz
        first = unwrap(ticks, self._clock.ticks_bits, expected) - lead
        if newest - first > REORDER_S * self._clock.tick_hz:
            return Located(Place.RESTART)
        index = self._index_by_ticks(first, n) if counter is None else self._index_by_counter(counter, first, n)
        if index < self.next_index:
            return Located(Place.DUPLICATE if index in self._known else Place.LATE)
        return Located(Place.NEXT, index, self._smooth(index, first, n), self._period, first)

    def accept(self, located: Located, n: int, arrival_s: float) -> None:
        """Take in a packet that comes next."""
        if self._begins_anew(located):
            self._anchors.clear()
            self._known_period = self._period
        self._index, self._first_ticks, self._n = located.index, located.first_ticks, n
        self._arrival_s = arrival_s
        self._known.append(located.index)
        if not self._anchors or located.index - self._anchors[-1][0] >= RATE_ANCHOR_S * self._rate_hz:
            self._anchors.append((located.index, located.first_ticks))
        oldest_index, oldest_ticks = self._anchors[0]
        samples = located.index - oldest_index
        trusted = RATE_TRUST_S * self._rate_hz
        prior = trusted if self._rate_is_known else self._rate_hz
        if samples >= trusted:
            self._rate_is_known, prior = True, 0.0
        self._period = (prior * self._known_period + located.first_ticks - oldest_ticks) / (prior + samples)

    def _begins_anew(self, located: Located) -> bool:
        """Return whether the sampling was stopped and started before a packet, whatever the samples are counted as."""
        if not self._rate_is_known or located.index == self.next_index:
            return False
        should_be = self._first_ticks + (located.index - self._index) * self._period
        return abs(located.told_ticks - should_be) > SAME_PHASE_SAMPLES * self._period

    def _ahead(self, first: float) -> float:
        """Return by how many samples a packet's first sample is later than the one that should come next."""
        return (first - self._first_ticks) / self._period - self._n

    def _index_by_counter(self, counter: int, first: float, n: int) -> int:
        bits = self._clock.counter_bits
        by_ticks = self.next_index + self._ahead(first)
        index = counter if bits is None else unwrap((counter + self._counter_shift) % 2**bits, bits, by_ticks)
        slack = COUNTER_SLACK_S * self._rate_hz + COUNTER_SLACK_FRACTION * abs(by_ticks - self._index)
        if abs(index - by_ticks) <= max(slack, 2.0 * self._n):
            return index
        # The sensor was told to start anew and counts from zero, while its clock went on.
        index = self._index_by_ticks(first, n)
        self._counter_shift = index - counter
        return index

    def _index_by_ticks(self, first: float, n: int) -> int:
        """Sensors lose whole packets: less than half a packet ahead is jitter of the ticks."""
        ahead = self._ahead(first)
        if abs(ahead) < 0.5 * min(n, self._n):
            return self.next_index
        whole = n * round(ahead / n)
        # Few packets are counted by the packet, since the rate may not be known yet; after many the phase is another.
        is_whole = n == self._n and abs(ahead) < FEW_PACKETS * n and abs(ahead - whole) <= WHOLE_BATCHES * n
        return self.next_index + (whole if is_whole else round(ahead))

    def _smooth(self, index: int, first: float, n: int) -> float:
        should_be = self._first_ticks + (index - self._index) * self._period
        off = first - should_be
        # After a hole the samples may have another phase.
        if off > n * self._period or index > self.next_index:
            return first
        largest = LARGEST_PULL_SAMPLES * self._period
        return should_be + min(max(PHASE_GAIN * off, -largest), largest)
