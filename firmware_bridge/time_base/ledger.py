"""The account of a stream of samples: what came, what was lost, what came twice or too late, segment by segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from firmware_bridge.time_base.placed import sample_count
from firmware_bridge.time_base.sample_ticks import Place

if TYPE_CHECKING:
    from firmware_bridge.time_base.placed import Placed

__all__ = ["Gap", "SampleLedger", "SegmentAccount"]

MOST_KEPT = 10_000
"""Gaps and segments beyond this many are summed up, not listed, so that a day of bad radio does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the samples.

    Parameters
    ----------
    start_s, end_s
        Times of the last sample before it and the first after it, on the clock of the times given to the ledger.
    lost
        How many are missing; None across a restart, where nobody can know.
    is_estimate
        Whether they were told from the time that passed.

    """

    start_s: float
    end_s: float
    lost: int | None
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class SegmentAccount:
    """Samples from one restart of the sensor's clock to the next.

    ``received + lost == last_index - first_index + 1``. A sample that came too late to be placed counts as lost, and
    its packet as late.

    Parameters
    ----------
    first_index, last_index
        Numbers of the first and the last sample that came; -1 for the last where none did.
    received, lost
        Samples.
    lost_estimated
        The part of `lost` that was not counted by the sensor.
    duplicate_packets, late_packets
        Packets that were left out.

    """

    first_index: int = 0
    last_index: int = -1
    received: int = 0
    lost: int = 0
    lost_estimated: int = 0
    duplicate_packets: int = 0
    late_packets: int = 0

    def plus(self, other: SegmentAccount) -> SegmentAccount:
        """Return the sum of two segments, numbered as if the second followed the first."""
        return SegmentAccount(
            self.first_index,
            self.last_index + other.last_index - other.first_index + 1,
            self.received + other.received,
            self.lost + other.lost,
            self.lost_estimated + other.lost_estimated,
            self.duplicate_packets + other.duplicate_packets,
            self.late_packets + other.late_packets,
        )


class SampleLedger:
    """Keeps the account of one stream.

    Attributes
    ----------
    segments
        One account for each restart; the last is still open.
    gaps
        In order of time.

    """

    def __init__(self) -> None:
        self.segments: list[SegmentAccount] = []
        self.gaps: list[Gap] = []
        self._last_s: float | None = None

    @property
    def total(self) -> SegmentAccount:
        """The sum over all segments."""
        total = SegmentAccount()
        for segment in self.segments:
            total = total.plus(segment)
        return total

    def enter(self, placed: Placed, first_s: float, last_s: float) -> None:
        """Take in a packet.

        Parameters
        ----------
        placed
            The packet, in the order the time base gave them.
        first_s, last_s
            Times of its first and last sample for the list of gaps; not looked at for a packet that is left out.

        """
        if placed.place is not Place.NEXT:
            self._leave_out(placed)
            return
        if self._last_s is not None and (placed.restarts or placed.lost_before):
            lost = None if placed.restarts else placed.lost_before
            self._add_gap(Gap(self._last_s, first_s, lost, placed.lost_is_estimate))
        self._last_s = last_s
        if placed.restarts or not self.segments:
            self._begin(placed)
        open_segment = self.segments[-1]
        n = sample_count(placed.packet)
        self.segments[-1] = replace(
            open_segment,
            last_index=placed.index + n - 1,
            received=open_segment.received + n,
            lost=open_segment.lost + placed.lost_before,
            lost_estimated=open_segment.lost_estimated + (placed.lost_before if placed.lost_is_estimate else 0),
        )

    def _begin(self, placed: Placed) -> None:
        if len(self.segments) >= MOST_KEPT:
            self.segments[:2] = [self.segments[0].plus(self.segments[1])]
        self.segments.append(SegmentAccount(first_index=placed.index, last_index=placed.index - 1))

    def _add_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        del self.gaps[:-MOST_KEPT]

    def _leave_out(self, placed: Placed) -> None:
        if not self.segments:
            self.segments.append(SegmentAccount())
        open_segment = self.segments[-1]
        duplicate = placed.place is Place.DUPLICATE
        self.segments[-1] = replace(
            open_segment,
            duplicate_packets=open_segment.duplicate_packets + duplicate,
            late_packets=open_segment.late_packets + (not duplicate),
        )
