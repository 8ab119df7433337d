"""Slouching: how the wearer sits, and when to say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posture.events import Activity, Alert, AlertKind, AlertResolved, PostureEpisode, PostureState

if TYPE_CHECKING:
    from config.settings import AlertSettings, SlouchSettings
    from posture.calibration import SittingRange
    from posture.timeline import PostureSecond, PostureSeconds

__all__ = ["SlouchTracker", "entry_deg"]

SMOOTHING_S = 3.0
"""Time constant over which the angle is averaged before it is judged: a reach or a cough is no change of posture."""
SMOOTHING_SHARE = 1.0 - math.exp(-1.0 / SMOOTHING_S)
BRIDGED_HOLE_S = 60
"""Samples missing for so long do not end a slouch: a lost radio link must not make two alerts of one slouch."""

SlouchEvent = PostureEpisode | Alert | AlertResolved


def entry_deg(settings: SlouchSettings, sitting: SittingRange) -> float:
    """Return how far past upright sitting a slouch begins for this wearer, in degrees at the sensor.

    The sensor sees only part of the flexion of the lumbar spine, so the wearer's own range counts where it is small.
    """
    return min(settings.entry_deg, settings.entry_share_of_range * sitting.range_deg)


@dataclass(slots=True)
class _Stretch:
    """One posture, or not sitting (None), for as long as it has lasted."""

    state: PostureState | None
    start: int
    angles: list[float]


class SlouchTracker:
    """Follow the sitting posture and raise the slouch alerts.

    A posture holds until another has lasted for `settle_s`; that is dated back to where it began. With the hysteresis
    of the slouch angle, one slouch is one episode and one alert.

    The dose that makes a slouch prolonged is the time slouched, halved by every two minutes of another posture (creep
    and recovery of the lumbar tissues: McGill & Brown, Clin Biomech 7 (1992)). Once told, the wearer is told again only
    after half of it has recovered.

    Parameters
    ----------
    settings, alerts
        When sitting counts as slouched, and when an alert counts as heeded.
    delay_s
        How long after a second ends it reaches this stage live; alerts come no later for it.

    Attributes
    ----------
    sitting
        The wearer's sitting range; None where it is unknown, and then nothing is judged.

    """

    def __init__(self, settings: SlouchSettings, alerts: AlertSettings, delay_s: float = 0.0) -> None:
        self.sitting: SittingRange | None = None
        self.dose_s = 0.0
        self._settings = settings
        self._alerts = alerts
        self._delay_s = delay_s
        self._last_second: int | None = None
        self._smooth_deg: tuple[float, float, float] | None = None
        self._current = _Stretch(None, 0, [])
        self._since = 0
        self._candidate: _Stretch | None = None
        self._raised: dict[AlertKind, Alert] = {}
        self._dose_rearmed = True

    @property
    def posture(self) -> PostureState | None:
        """Return the sitting posture now; None where the wearer does not sit or it cannot be judged."""
        return self._current.state

    @property
    def angle_deg(self) -> float | None:
        """Return how far past upright sitting the wearer is now; None where it is not known."""
        return None if self._smooth_deg is None else self._smooth_deg[0]

    def push(self, seconds: PostureSeconds) -> list[SlouchEvent]:
        """Return posture episodes that have ended and the alerts raised and resolved, in order of time."""
        events: list[SlouchEvent] = []
        for second in seconds:
            if self._last_second is not None and second.second > self._last_second + 1:
                events += self._pass_hole(self._last_second + 1, second.second)
            self._last_second = second.second
            state, angle_deg = self._judge(second)
            events += self._settle(second.second, state, angle_deg)
            if self._current.state is PostureState.SLOUCHED:
                self.dose_s += 1.0
                events += self._alert(second.second)
            else:
                self.dose_s *= 0.5 ** (1.0 / self._settings.recovery_half_time_s)
                self._dose_rearmed |= self.dose_s < self._settings.prolonged_dose_s / 2
        return events

    def flush(self) -> list[SlouchEvent]:
        """Return what is still open."""
        return [] if self._last_second is None else self._change(_Stretch(None, self._last_second + 1, []))

    def _pass_hole(self, start: int, end: int) -> list[SlouchEvent]:
        """Go over a hole in the samples: a short one cuts the episode but is no change of posture."""
        if end - start > BRIDGED_HOLE_S:
            return self._change(_Stretch(None, start, []))
        self._absorb_candidate()
        events = self._close(start)
        self._current = _Stretch(self._current.state, end, [])
        return events

    def _judge(self, second: PostureSecond) -> tuple[PostureState | None, float]:
        """Return the posture of one second as the angles have it, and the angle past upright."""
        sitting = self.sitting
        if second.activity is not Activity.SITTING or sitting is None or math.isnan(second.flexion_deg):
            self._smooth_deg = None
            return None, 0.0
        forward_deg = second.flexion_deg - sitting.upright_deg
        latest = (sitting.direction * forward_deg, forward_deg, second.lateral_deg)
        before = latest if self._smooth_deg is None else self._smooth_deg
        past, forward, lateral = (old + SMOOTHING_SHARE * (new - old) for old, new in zip(before, latest, strict=True))
        self._smooth_deg = past, forward, lateral
        candidates = (
            (PostureState.SLOUCHED, past, entry_deg(self._settings, sitting)),
            (PostureState.LEANING_FORWARD, forward, self._settings.lean_deg),
            (PostureState.LEANING_RIGHT, lateral, self._settings.lean_deg),
            (PostureState.LEANING_LEFT, -lateral, self._settings.lean_deg),
        )
        for state, angle_deg, threshold_deg in candidates:
            held = self._current.state is state
            if angle_deg >= threshold_deg * (self._settings.leave_share if held else 1.0):
                return state, past
        return PostureState.UPRIGHT, past

    def _settle(self, second: int, state: PostureState | None, angle_deg: float) -> list[SlouchEvent]:
        """Go over to another posture once it has lasted, dated back to where it began."""
        if state is self._current.state:
            self._absorb_candidate()
            self._current.angles.append(angle_deg)
            return []
        if self._candidate is None:
            self._candidate = _Stretch(state, second, [])
        self._candidate.state = state
        self._candidate.angles.append(angle_deg)
        if len(self._candidate.angles) < self._settings.settle_s:
            return []
        return self._change(self._candidate)

    def _absorb_candidate(self) -> None:
        if self._candidate is not None:
            self._current.angles += self._candidate.angles
            self._candidate = None

    def _change(self, new: _Stretch) -> list[SlouchEvent]:
        """End the current posture where the new one begins."""
        if new is not self._candidate:
            self._absorb_candidate()
        self._candidate = None
        events = self._close(new.start)
        if self._current.state is PostureState.SLOUCHED:
            for alert in self._raised.values():
                end = max(float(new.start), alert.time)
                heeded = new.start - alert.time <= self._alerts.heeded_within_s
                events.append(AlertResolved(end, alert.kind, alert.time, heeded))
            self._raised.clear()
        self._current, self._since = new, new.start
        return events

    def _close(self, end: int) -> list[SlouchEvent]:
        current = self._current
        if current.state is None or end <= current.start or not current.angles:
            return []
        return [PostureEpisode(current.start, end, current.state, sum(current.angles) / len(current.angles))]

    def _alert(self, second: int) -> list[SlouchEvent]:
        now = second + 1 + self._delay_s
        due = {
            AlertKind.SLOUCH: now - self._since >= self._settings.nudge_after_s,
            AlertKind.PROLONGED_SLOUCH: self._dose_rearmed and self.dose_s >= self._settings.prolonged_dose_s,
        }
        if due[AlertKind.PROLONGED_SLOUCH]:
            self._dose_rearmed = False
        raised = [Alert(now, kind, self._since) for kind, is_due in due.items() if is_due and kind not in self._raised]
        self._raised |= {alert.kind: alert for alert in raised}
        return [*raised]
