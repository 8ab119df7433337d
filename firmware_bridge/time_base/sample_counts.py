"""Sample times of a sensor that sends no time: its sample rate is the clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.time_base.lag_watch import LagWatch, estimate_lost
from firmware_bridge.time_base.placed import Placed, TimeBase, sample_count

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Packet
    from firmware_bridge.time_base.host_clock import HostClock

__all__ = ["CountedTimeBase"]

MOST_CROWD_S = 0.3
"""On a crowded link what is late by more follows a loss: a radio queues the packets of some events at most."""

CROWD_LAGS = 20
"""The most of so many packets' lags is how late a crowded link makes all."""

SILENCE_S = 0.5
"""Packets of a sensor without a clock are judged together only where they follow each other faster than this."""


class CountedTimeBase(TimeBase):
    """For sensors that send no time: the sample rate is the clock, and loss is told from packets that stay late.

    Parameters
    ----------
    rate_hz, host
        As in `TimeBase`. The true rate may be 5 % off; it is found from the arrivals.

    """

    lost_is_estimate = True

    def __init__(self, rate_hz: float, host: HostClock) -> None:
        super().__init__(rate_hz, host)
        self._watch = LagWatch()
        self._next_index = 0
        self._held: deque[tuple[Packet, int, float]] = deque()
        self._held_samples = 0
        self._after_break = False
        self._crowd_lags: deque[float] = deque(maxlen=CROWD_LAGS)

    def push(self, packet: Packet, arrival_s: float) -> tuple[Placed, ...]:
        """Place a packet; see `TimeBase.push`."""
        n = sample_count(packet)
        if n == 0:
            return ()
        last_s = (self._next_index + self._held_samples + n - 1) / self._rate_hz
        if self._boot != self._host.boot or self._host.was_set(last_s, arrival_s):
            return (*self.flush(), self._begin(packet, n, arrival_s))
        placed = self._release_before_silence(arrival_s)
        last_s = (self._next_index + self._held_samples + n - 1) / self._rate_hz
        self._held.append((packet, n, arrival_s))
        self._held_samples += n
        lag_s = self._host.lag_s(last_s, arrival_s)
        if not self.crowded:
            self._crowd_lags.clear()
        elif not self._after_break and lag_s <= MOST_CROWD_S:
            self._crowd_lags.append(lag_s)
            self._watch.clear()
            return (*placed, *self._release(0))
        batch_s = n / self._rate_hz
        lost_s = self._watch.judge(lag_s, arrival_s, batch_s, self._host.spread_s, settled=self._host.settled)
        if lost_s is None:
            return placed
        # What follows a loss on a crowded link is as late as what came before, too. Rather too little: what is left is
        # seen when the crowd is gone, while samples placed late would pass for the first ones of the next log.
        lost_s = max(lost_s - max(self._crowd_lags, default=0.0), 0.0)
        return (*placed, *self._release(self._lost(lost_s, n)))

    def flush(self) -> tuple[Placed, ...]:
        """Place the packets that are held: as merely late, since a link that is about to end makes them so.

        Unless the link was new; then what is late follows a loss.
        """
        placed = self._release_held(long=self._after_break)
        self._after_break = True
        return placed

    def _begin(self, packet: Packet, n: int, arrival_s: float) -> Placed:
        if self._host.started:
            self._host.restart()
        self._boot = self._host.boot
        self._next_index = 0
        return self._accept(packet, n, arrival_s, 0, restarts=True)

    def _release_before_silence(self, arrival_s: float) -> tuple[Placed, ...]:
        """Place the packets before a silence, so that what follows it is judged by itself."""
        if not self._held or arrival_s - self._held[-1][2] < SILENCE_S:
            return ()
        return self._release_held(long=self._after_break or self._held[-1][2] - self._held[0][2] >= SILENCE_S)

    def _release_held(self, *, long: bool) -> tuple[Placed, ...]:
        """Place what is held: after a loss of as much as it is late, where it has been late for `long`."""
        if not self._held:
            self._watch.clear()
            return ()
        lost_s = self._watch.least_lag_s if long else 0.0
        self._watch.clear()
        return self._release(self._lost(lost_s, self._held[0][1]))

    def _lost(self, lost_s: float, batch: int) -> int:
        return estimate_lost(lost_s / (1 + self._host.rate_error), self._rate_hz, batch)

    def _release(self, lost: int) -> tuple[Placed, ...]:
        self._next_index += lost
        self._after_break = False
        placed = []
        while self._held:
            packet, n, arrival_s = self._held.popleft()
            placed.append(self._accept(packet, n, arrival_s, lost, restarts=False))
            lost = 0
        self._held_samples = 0
        return tuple(placed)

    def _accept(self, packet: Packet, n: int, arrival_s: float, lost: int, *, restarts: bool) -> Placed:
        index = self._next_index
        self._next_index += n
        device_s = (index + np.arange(n)) / self._rate_hz
        self._host.observe(float(device_s[-1]), arrival_s)
        return self._give(packet, device_s, index, lost, restarts=restarts)
