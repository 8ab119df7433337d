"""Sitting bouts, breaks and the reminders to get up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posture.events import Activity, Alert, AlertKind, AlertResolved, SittingBout
from posture.stage import Stage

if TYPE_CHECKING:
    from config.settings import AlertSettings, SittingSettings
    from posture.timeline import PostureSecond, PostureSeconds

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
        for second in seconds:
            if state.last_second is not None:
                state.unknown_s += second.second - state.last_second - 1
            state.last_second = second.second
            if second.activity is Activity.SITTING:
                events += self._sit(second)
            elif state.start is not None:
                events += self._be_away(second)
        return events

    def flush(self) -> list[SittingEvent]:
        """Return the bout still open."""
        return self._end(took_break=False)

    def _sit(self, second: PostureSecond) -> list[SittingEvent]:
        state = self._state
        events = self._end(took_break=False) if state.unknown_s >= self._settings.break_s else []
        if state.start is None:
            state.start, state.sitting_s = second.second, 0
        state.away_s = state.unknown_s = 0
        state.sitting_s += 1
        state.sat_until = second.second + 1
        return events + self._remind(second.second)

    def _be_away(self, second: PostureSecond) -> list[SittingEvent]:
        state = self._state
        if second.activity is Activity.UNKNOWN:
            state.unknown_s += 1
        else:
            state.away_s += 1
        if state.away_s >= self._settings.break_s:
            return self._end(took_break=True)
        if state.unknown_s >= self._settings.break_s:
            return self._end(took_break=False)
        return []

    def _remind(self, second: int) -> list[SittingEvent]:
        state = self._state
        if state.start is None or state.sitting_s + self._delay_s < min(self._limits_s.values()):
            return []
        raised = [
            Alert(second + 1 + self._delay_s, kind, state.start)
            for kind, limit_s in self._limits_s.items()
            if kind not in state.raised and state.sitting_s + self._delay_s >= limit_s
        ]
        state.raised |= {alert.kind: alert for alert in raised}
        return [*raised]

    def _end(self, *, took_break: bool) -> list[SittingEvent]:
        state = self._state
        if state.start is None or state.last_second is None:
            return []
        now = state.last_second + 1.0
        bout = SittingBout(state.start, state.sat_until, state.sitting_s, ended_by_break=took_break)
        resolved = [
            AlertResolved(
                max(now, alert.time),
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
