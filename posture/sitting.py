"""Sitting bouts, breaks and the reminders to get up."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from posture.events import Activity, Alert, AlertKind, AlertResolved, SittingBout
from posture.stage import Stage

if TYPE_CHECKING:
    from config.settings import AlertSettings, SittingSettings
    from posture.timeline import ActivityStretch, PostureSeconds

__all__ = ["SittingState", "SittingTracker"]

SittingEvent = SittingBout | Alert | AlertResolved


@dataclass(slots=True)
class SittingState:
    """All that a `SittingTracker` remembers.

    Parameters
    ----------
    start
        When the bout began; None without one.
    sat_until, sitting_s
        End of the last sitting second of the bout, and how many there were.
    away_s, unknown_s
        Seconds not sitting, and seconds of which nobody knows, since then.
    last_second
        Last second pushed.
    raised
        Reminders that are active.

    """

    start: int | None = None
    sat_until: int = 0
    sitting_s: int = 0
    away_s: int = 0
    unknown_s: int = 0
    last_second: int | None = None
    raised: dict[AlertKind, Alert] = field(default_factory=dict)


class SittingTracker(Stage[SittingState]):
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
        super().__init__(SittingState())
        self._settings = settings
        self._alerts = alerts
        self._delay_s = delay_s
        self._limits_s = {
            AlertKind.SITTING: settings.remind_after_s,
            AlertKind.PROLONGED_SITTING: settings.warn_after_s,
        }

    def push(self, seconds: PostureSeconds) -> list[SittingEvent]:
        """Return the bouts that have ended and the reminders raised and resolved, in order of time."""
        state = self._state
        events: list[SittingEvent] = []
        for stretch in seconds.stretches():
            if state.last_second is not None:
                state.unknown_s += stretch.start - state.last_second - 1
            if stretch.activity is Activity.SITTING:
                events += self._sit(stretch)
            elif state.start is not None:
                events += self._be_away(stretch)
            state.last_second = stretch.end - 1
        return events

    def flush(self) -> list[SittingEvent]:
        """Return the bout still open."""
        last = self._state.last_second
        return [] if last is None else self._end(last + 1, took_break=False)

    def _sit(self, stretch: ActivityStretch) -> list[SittingEvent]:
        state = self._state
        # What ends the bout before this stretch has been unknown up to its first second.
        events = self._end(stretch.start + 1, took_break=False) if state.unknown_s >= self._settings.break_s else []
        if state.start is None:
            state.start, state.sitting_s = stretch.start, 0
        state.away_s = state.unknown_s = 0
        reminders = self._remind(state.start, stretch)
        state.sitting_s += stretch.end - stretch.start
        state.sat_until = stretch.end
        return events + reminders

    def _be_away(self, stretch: ActivityStretch) -> list[SittingEvent]:
        state = self._state
        seconds = stretch.end - stretch.start
        is_unknown = stretch.activity is Activity.UNKNOWN
        # A hole before the stretch may have been break enough; the other count then ends the bout at once.
        missing_s = max(self._settings.break_s - (state.unknown_s if is_unknown else state.away_s), 1)
        if not is_unknown and state.unknown_s >= self._settings.break_s:
            return self._end(stretch.start + 1, took_break=missing_s <= 1)
        if seconds >= missing_s:
            return self._end(stretch.start + ceil(missing_s), took_break=not is_unknown)
        if is_unknown:
            state.unknown_s += seconds
        else:
            state.away_s += seconds
        return []

    def _remind(self, start: int, stretch: ActivityStretch) -> list[SittingEvent]:
        """Return the reminders that fall due within a stretch of sitting."""
        state = self._state
        raised: list[Alert] = []
        for kind, limit_s in self._limits_s.items():
            due_s = max(ceil(limit_s - self._delay_s) - state.sitting_s, 1)
            if kind not in state.raised and stretch.start + due_s <= stretch.end:
                raised.append(Alert(stretch.start + due_s + self._delay_s, kind, start))
        state.raised |= {alert.kind: alert for alert in raised}
        return [*raised]

    def _end(self, now: int, *, took_break: bool) -> list[SittingEvent]:
        state = self._state
        if state.start is None:
            return []
        bout = SittingBout(state.start, state.sat_until, state.sitting_s, ended_by_break=took_break)
        resolved = [
            AlertResolved(
                max(float(now), alert.time),
                alert.kind,
                alert.time,
                heeded=took_break and state.sat_until - alert.time <= self._alerts.heeded_within_s,
            )
            for alert in state.raised.values()
        ]
        state.start = None
        state.away_s = state.unknown_s = 0
        state.raised.clear()
        return [bout, *resolved]
