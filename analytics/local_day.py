"""The wearer's days: from midnight to midnight on the wearer's clock, which may be 23, 24 or 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from analytics.spans import Span

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["LocalDay", "local_days", "local_time"]


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day of the calendar in a time zone."""

    date: date
    zone: ZoneInfo

    @property
    def span(self) -> Span:
        """Return the day's time, from its first moment to that of the next day."""
        return Span(_first_moment(self.date, self.zone), _first_moment(self.date + timedelta(days=1), self.zone))


def local_time(time: float, zone: ZoneInfo) -> datetime:
    """Return `time`, in seconds since the Unix epoch, on the clock of the zone."""
    return datetime.fromtimestamp(time, zone)


def local_days(start: float, end: float, zone: ZoneInfo) -> list[LocalDay]:
    """Return the days that [start, end) touches, in order.

    Parameters
    ----------
    start, end
        Seconds since the Unix epoch.
    zone
        The wearer's time zone.

    """
    days = []
    day = LocalDay(local_time(start, zone).date(), zone)
    while start < end and day.span.start < end:
        days.append(day)
        day = LocalDay(day.date + timedelta(days=1), zone)
    return days


def _first_moment(day: date, zone: ZoneInfo) -> float:
    # Where the clock skips midnight, the time before the change (fold 0) names the moment of the change (PEP 495).
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
