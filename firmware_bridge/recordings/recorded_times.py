"""Which moments a recording already holds: what is new of samples that come late, and which stretches are missing.

Late samples only fill holes. Their times may differ by the error of the clocks, a few milliseconds, from those of the
same samples that came live. So a sample is **missing**, and thus new, where

1. the two recorded samples around it are at least one and a half intervals apart: between closer ones nothing is lost,
   even where the true rate of the sensor is a few percent off the nominal one; and
2. it is more than half an interval away from both of them: a nearer one is the same sample.

The interval is that of the nominal rate; where a log has a rate of its own, the longer of both in the first rule and
the log's in the second. Before the first and after the last recorded sample everything further than half an interval
is new. The samples of one chunk are compared with what is recorded, not with each other.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.recordings.raw_format import MICROSECONDS
from firmware_bridge.recordings.segments import list_late, read_times, segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["GAP_US", "HOUR_US", "HoleRule", "RecordedTimes"]

HOUR_US = 3600 * MICROSECONDS
GAP_US = MICROSECONDS
"""A longer hole is a gap: filters restart after it."""

HOLE_INTERVALS = 1.5
FAR_US = 1 << 60
HOURS_KEPT = 3
"""Hours whose times stay in memory: live samples, a log that is fetched, and the next hour of it."""


@dataclass(frozen=True, slots=True)
class HoleRule:
    """Tells which samples are missing in a recording.

    Parameters
    ----------
    rate_hz
        The recording's nominal rate.
    late_rate_hz
        Nominal rate of the samples that come.

    """

    rate_hz: float
    late_rate_hz: float

    @property
    def reach_us(self) -> int:
        """How far away a recorded sample may be and still matter."""
        return int(np.ceil(HOLE_INTERVALS * MICROSECONDS / min(self.rate_hz, self.late_rate_hz)))

    def missing(self, times: NDArray[np.int64], recorded: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which samples are missing.

        Parameters
        ----------
        times
            Shape (n,), microseconds.
        recorded
            Shape (m,), increasing: all that is recorded within `reach_us` of them.

        """
        around = np.concatenate(([-FAR_US], recorded, [FAR_US]))
        after = np.searchsorted(around, times)
        before_us, after_us = around[after - 1], around[after]
        half_us = 0.5 * MICROSECONDS / self.late_rate_hz
        hole_us = HOLE_INTERVALS * MICROSECONDS / min(self.rate_hz, self.late_rate_hz)
        apart = (times - before_us > half_us) & (after_us - times > half_us)
        missing: NDArray[np.bool_] = apart & (after_us - before_us >= hole_us)
        return missing


class RecordedTimes:
    """The times of all samples in the files of a recording; a few hours of them are kept in memory.

    Parameters
    ----------
    folder
        Folder of the recording.

    Attributes
    ----------
    last_us, late_last_us
        Time of the last sample, and of the last late one; -1 where there is none.

    """

    def __init__(self, folder: Path) -> None:
        self.last_us = -1
        self.late_last_us = -1
        self._folder = folder
        self._spans: dict[int, tuple[int, int]] = {}
        self._late_hours: set[int] = set()
        self._hours: OrderedDict[int, list[NDArray[np.int64]]] = OrderedDict()

    def add_span(self, number: int, first_us: int, last_us: int) -> None:
        """Say what a segment holds that has not been looked at yet."""
        begun_us = self._spans.get(number, (first_us, last_us))[0]
        self._spans[number] = (begun_us, last_us)
        self.last_us = max(self.last_us, last_us)

    def add_late_span(self, hour: int, last_us: int) -> None:
        """Say that an hour holds late samples that have not been looked at yet."""
        self._late_hours.add(hour)
        self.late_last_us = max(self.late_last_us, last_us)
        self.last_us = max(self.last_us, last_us)

    def add(self, number: int, times: NDArray[np.int64]) -> None:
        """Take in what was written to a segment: shape (n,), n > 0, increasing."""
        self.add_span(number, int(times[0]), int(times[-1]))
        for hour in {int(times[0]) // HOUR_US, int(times[-1]) // HOUR_US} & self._hours.keys():
            self._hours[hour].append(_within(times, hour * HOUR_US, (hour + 1) * HOUR_US))

    def add_late(self, hour: int, times: NDArray[np.int64]) -> None:
        """Take in late samples that were written: shape (n,), n > 0, increasing, all of one hour."""
        self.add_late_span(hour, int(times[-1]))
        if hour in self._hours:
            self._hours[hour].append(times)

    def between(self, start_us: int, stop_us: int) -> NDArray[np.int64]:
        """Return the times in [start_us, stop_us), increasing.

        Raises
        ------
        RecordingError
            A file is damaged.

        """
        return np.concatenate([np.empty(0, dtype=np.int64), *self._pieces(start_us, stop_us)])

    def gaps(self, start_us: int, stop_us: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches of [start_us, stop_us) longer than `GAP_US` without a sample.

        Raises
        ------
        RecordingError
            A file is damaged.

        """
        before_us = start_us
        for times in self._pieces(start_us, stop_us):
            edges = np.concatenate(([before_us], times))
            for place in np.flatnonzero(np.diff(edges) > GAP_US).tolist():
                yield int(edges[place]), int(edges[place + 1])
            before_us = int(edges[-1])
        if stop_us - before_us > GAP_US:
            yield before_us, stop_us

    def _pieces(self, start_us: int, stop_us: int) -> Iterator[NDArray[np.int64]]:
        """Yield the times in [start_us, stop_us) hour by hour, however many hours without samples lie between."""
        hours = set(self._late_hours)
        for first_us, last_us in self._spans.values():
            hours.update(range(first_us // HOUR_US, last_us // HOUR_US + 1))
        for hour in sorted(hours):
            if hour * HOUR_US < stop_us and (hour + 1) * HOUR_US > start_us:
                yield _within(self._hour(hour), start_us, stop_us)

    def _hour(self, hour: int) -> NDArray[np.int64]:
        pieces = self._hours[hour] if hour in self._hours else list(self._read(hour))
        times = pieces[0] if len(pieces) == 1 else np.sort(np.concatenate(pieces), kind="stable")
        self._hours[hour] = [times]
        self._hours.move_to_end(hour)
        while len(self._hours) > HOURS_KEPT:
            self._hours.popitem(last=False)
        return times

    def _read(self, hour: int) -> Iterator[NDArray[np.int64]]:
        yield np.empty(0, dtype=np.int64)
        start_us, stop_us = hour * HOUR_US, (hour + 1) * HOUR_US
        for number, (first_us, last_us) in self._spans.items():
            if first_us < stop_us and last_us >= start_us:
                yield _within(read_times(segment(self._folder, number)), start_us, stop_us)
        for part in list_late(self._folder):
            if part.number == hour:
                yield read_times(part)


def _within(times: NDArray[np.int64], start_us: int, stop_us: int) -> NDArray[np.int64]:
    begin, end = np.searchsorted(times, (start_us, stop_us))
    return times[begin:end]
