"""Stretches of time, and sets of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Span", "SpanSet"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time [start, end), in seconds since the Unix epoch."""

    start: float
    end: float

    @property
    def duration_s(self) -> float:
        """Return how long it lasts."""
        return self.end - self.start

    def holds(self, time: float) -> bool:
        """Return whether `time` is in it."""
        return self.start <= time < self.end

    def overlap_s(self, start: float, end: float) -> float:
        """Return how much of [start, end) is in it."""
        return max(min(self.end, end) - max(self.start, start), 0.0)


class SpanSet:
    """Spans in order that do not overlap.

    Parameters
    ----------
    pairs
        Start and end of each span, in any order; overlapping and touching ones become one.

    """

    def __init__(self, pairs: Iterable[tuple[float, float]]) -> None:
        spans: list[Span] = []
        for start, end in sorted(pairs):
            if spans and start <= spans[-1].end:
                spans[-1] = Span(spans[-1].start, max(spans[-1].end, end))
            elif start < end:
                spans.append(Span(start, end))
        self.spans = tuple(spans)
        self._starts = [span.start for span in spans]

    @property
    def duration_s(self) -> float:
        """Return how long the spans last together."""
        return sum(span.duration_s for span in self.spans)

    def overlap_s(self, start: float, end: float) -> float:
        """Return how much of [start, end) is in the spans."""
        total = 0.0
        for span in self.spans[max(bisect_right(self._starts, start) - 1, 0) :]:
            if span.start >= end:
                break
            total += span.overlap_s(start, end)
        return total

    def within(self, window: Span) -> SpanSet:
        """Return what of the spans is in the window."""
        return SpanSet((max(span.start, window.start), min(span.end, window.end)) for span in self.spans)

    def without(self, holes: SpanSet) -> SpanSet:
        """Return what of the spans is in no hole."""
        pieces: list[tuple[float, float]] = []
        for span in self.spans:
            start = span.start
            for hole in holes.within(span).spans:
                pieces.append((start, hole.start))
                start = hole.end
            pieces.append((start, span.end))
        return SpanSet(pieces)
