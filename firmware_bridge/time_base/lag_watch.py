"""Loss in the stream of a sensor that sends neither clock nor counter: it shows only in that packets stay late."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOLD_S", "LagWatch", "estimate_lost"]

HOLD_S = 1.0
"""A packet is late because the link stalled if one on time follows within this; else samples before it are missing."""

LATE_BATCHES = 0.7
LATE_S = 0.03
LATE_SPREADS = 2.0
"""Late is more than each of: this part of a packet's duration, a connection interval, the link's own spread."""

LATE_AT_START_S = 0.3
"""Before the sample rate is known, a lag may be a rate that is off and only a long one is a loss."""

WHOLE_BATCHES = 0.3
"""Where the lag is this close to whole packets, packets is what was lost."""

MOST_HELD = 2000


@dataclass(slots=True)
class LagWatch:
    """Decides whether late packets are late or follow a loss. Holds times and lags, not packets.

    Parameters
    ----------
    since_s
        Arrival of the first packet held; None where none is.
    least_lag_s
        The least lag since.
    held
        How many packets.

    """

    since_s: float | None = None
    least_lag_s: float = 0.0
    held: int = 0

    def judge(self, lag_s: float, arrival_s: float, batch_s: float, spread_s: float, *, settled: bool) -> float | None:
        """Return how many seconds are missing before the first packet held (or this one); None to wait for more.

        Parameters
        ----------
        lag_s
            How late the packet is.
        arrival_s
            When it came.
        batch_s
            Duration of its samples.
        spread_s
            How late the least late packet of a second usually is.
        settled
            Whether the sample rate is known.

        """
        late_s = max(LATE_BATCHES * batch_s, LATE_S if settled else LATE_AT_START_S, LATE_SPREADS * spread_s)
        if lag_s <= late_s:
            self.clear()
            return 0.0
        if self.since_s is None:
            self.since_s, self.least_lag_s = arrival_s, lag_s
        self.held += 1
        self.least_lag_s = min(self.least_lag_s, lag_s)
        if arrival_s - self.since_s < HOLD_S and self.held < MOST_HELD:
            return None
        lost_s = self.least_lag_s
        self.clear()
        return lost_s

    def clear(self) -> None:
        """Begin anew."""
        self.since_s, self.least_lag_s, self.held = None, 0.0, 0


def estimate_lost(lost_s: float, rate_hz: float, batch: int) -> int:
    """Return the number of samples missing in `lost_s`: whole packets of `batch` samples where that is close."""
    samples = lost_s * rate_hz
    packets = round(samples / batch)
    if abs(samples - packets * batch) <= WHOLE_BATCHES * batch:
        return packets * batch
    return round(samples)
