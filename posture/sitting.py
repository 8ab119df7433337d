"""Sitting bouts, breaks and the reminders to get up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture.events import Activity, Alert, AlertKind, AlertResolved, SittingBout

if TYPE_CHECKING:
    from config.settings import AlertSettings, SittingSettings
    from posture.timeline import PostureSecond, PostureSeconds

__all__ = ["SittingTracker"]

SittingEvent = SittingBout | Alert | AlertResolved


class SittingTracker:
    """Follow sitting bouts: a bout ends with a break, at least `break_s` not sitting; natural breaks count.

    Shorter interruptions belong to the bout but are not sitting time. A hole in the samples of `break_s` or more, or as
    much time of unknown activity, ends the bout without a break, since nobody knows. Reminders follow Waongenngarm et
    al., "The effects of breaks on low back pain, discomfort, and work productivity in office workers", Appl Ergon 68
    (2018), and their trial of 2021.

    Parameters
    ----------
    settings, alerts
        Limits, and when a reminder counts as heeded.
    delay_s
        How long after a second ends it reaches this stage live; alerts come no later for it.

    """

    def __init__(self, settings: SittingSettings, alerts: AlertSettings, delay_s: float = 0.0) -> None:
        self._settings = settings
        self._alerts = alerts
        self._delay_s = delay_s
        self._start: int | None = None
        self._sat_until = 0
        self._sitting_s = 0
        self._away_s = 0
        self._unknown_s = 0
        self._last_second: int | None = None
        self._raised: dict[AlertKind, Alert] = {}

    def push(self, seconds: PostureSeconds) -> list[SittingEvent]:
        """Return the bouts that have ended and the reminders raised and resolved, in order of time."""
        events: list[SittingEvent] = []
        for second in seconds:
            if self._last_second is not None:
                self._unknown_s += second.second - self._last_second - 1
            self._last_second = second.second
            if second.activity is Activity.SITTING:
                events += self._sit(second)
            elif self._start is not None:
                events += self._be_away(second)
        return events

    def flush(self) -> list[SittingEvent]:
        """Return the bout still open."""
        return self._end(took_break=False)

    def _sit(self, second: PostureSecond) -> list[SittingEvent]:
        events = self._end(took_break=False) if self._unknown_s >= self._settings.break_s else []
        if self._start is None:
            self._start, self._sitting_s = second.second, 0
        self._away_s = self._unknown_s = 0
        self._sitting_s += 1
        self._sat_until = second.second + 1
        return events + self._remind(second.second)

    def _be_away(self, second: PostureSecond) -> list[SittingEvent]:
        if second.activity is Activity.UNKNOWN:
            self._unknown_s += 1
        else:
            self._away_s += 1
        if self._away_s >= self._settings.break_s:
            return self._end(took_break=True)
        if self._unknown_s >= self._settings.break_s:
            return self._end(took_break=False)
        return []

    def _remind(self, second: int) -> list[SittingEvent]:
        if self._start is None:
            return []
        limits = {
            AlertKind.SITTING: self._settings.remind_after_s,
            AlertKind.PROLONGED_SITTING: self._settings.warn_after_s,
        }
        raised = [
            Alert(second + 1 + self._delay_s, kind, self._start)
            for kind, limit_s in limits.items()
            if kind not in self._raised and self._sitting_s + self._delay_s >= limit_s
        ]
        self._raised |= {alert.kind: alert for alert in raised}
        return [*raised]

    def _end(self, *, took_break: bool) -> list[SittingEvent]:
        if self._start is None or self._last_second is None:
            return []
        now = self._last_second + 1.0
        bout = SittingBout(self._start, self._sat_until, self._sitting_s, ended_by_break=took_break)
        resolved = [
            AlertResolved(
                max(now, alert.time),
                alert.kind,
                alert.time,
                heeded=took_break and self._sat_until - alert.time <= self._alerts.heeded_within_s,
            )
            for alert in self._raised.values()
        ]
        self._start = None
        self._away_s = self._unknown_s = 0
        self._raised.clear()
        return [bout, *resolved]
