"""Slouching: how the wearer sits, and when to say so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posture.events import Activity, Alert, AlertKind, AlertResolved, PostureEpisode, PostureState
from posture.stage import Stage

if TYPE_CHECKING:
    from config.settings import AlertSettings, SlouchSettings
    from posture.calibration import SittingRange
    from posture.timeline import PostureSecond, PostureSeconds

__all__ = ["Angles", "SlouchState", "SlouchTracker", "Stretch", "entry_deg"]

SMOOTHING_S = 3.0
"""Time constant over which the angle is averaged before it is judged: a reach or a cough is no change of posture."""
SMOOTHING_SHARE = 1.0 - math.exp(-1.0 / SMOOTHING_S)
LEAST_HYSTERESIS_DEG = 2.5
"""Between entering and leaving a posture, for wearers whose range is so small that a share of it would be noise."""
BRIDGED_HOLE_S = 60
"""Samples missing for so long do not end a slouch: a lost radio link must not make two alerts of one slouch."""

SlouchEvent = PostureEpisode | Alert | AlertResolved


def entry_deg(settings: SlouchSettings, sitting: SittingRange) -> float:
    """Return how far past upright sitting a slouch begins for this wearer, in degrees at the sensor.

    The sensor sees only part of the flexion of the lumbar spine, so the wearer's own range counts where it is small.
    What is not known for sure is to the wearer's favour.
    """
    return min(settings.entry_deg, settings.entry_share_of_range * sitting.range_deg) + sitting.error_deg


@dataclass(frozen=True, slots=True)
class Angles:
    """Angles from the wearer's own upright sitting, in degrees, or sums of them."""

    past: float = 0.0
    forward: float = 0.0
    lateral: float = 0.0

    def __add__(self, other: Angles) -> Angles:
        return Angles(self.past + other.past, self.forward + other.forward, self.lateral + other.lateral)

    def toward(self, latest: Angles) -> Angles:
        """Return these angles drawn towards the latest by `SMOOTHING_SHARE`."""
        return Angles(
            self.past + SMOOTHING_SHARE * (latest.past - self.past),
            self.forward + SMOOTHING_SHARE * (latest.forward - self.forward),
            self.lateral + SMOOTHING_SHARE * (latest.lateral - self.lateral),
        )

    def along(self, state: PostureState) -> float:
        """Return the angle that makes up a posture: the one past upright but for leaning."""
        match state:
            case PostureState.LEANING_FORWARD:
                return self.forward
            case PostureState.LEANING_RIGHT:
                return self.lateral
            case PostureState.LEANING_LEFT:
                return -self.lateral
            case _:
                return self.past


NO_ANGLES = Angles()


@dataclass(frozen=True, slots=True)
class Stretch:
    """One posture, or not sitting (None), for as long as it has lasted: n seconds and the sum of their angles."""

    state: PostureState | None
    start: int
    n: int = 0
    total: Angles = NO_ANGLES

    def joined(self, n: int, total: Angles) -> Stretch:
        """Return the stretch with so many more seconds."""
        return Stretch(self.state, self.start, self.n + n, self.total + total)


@dataclass(slots=True)
class SlouchState:
    """All that a `SlouchTracker` remembers.

    Parameters
    ----------
    sitting
        The wearer's sitting range.
    dose_s
        The leaky slouch dose, and whether reaching the constant is told (again).
    last_second
        Last second pushed.
    smooth
        The angles, smoothed; None while they cannot be judged.
    current, since
        The posture that holds, its part after the last hole, and when it began.
    candidate
        What has been seen instead of it in the last seconds, not for long enough yet.
    raised
        Alerts that are active.

    """

    sitting: SittingRange | None = None
    dose_s: float = 0.0
    dose_rearmed: bool = True
    last_second: int | None = None
    smooth: Angles | None = None
    current: Stretch = Stretch(None, 0)
    since: int = 0
    candidate: Stretch | None = None
    raised: dict[AlertKind, Alert] = field(default_factory=dict)


class SlouchTracker(Stage[SlouchState]):
    """Follow the sitting posture and raise the slouch alerts.

    A posture holds until another has lasted for `settle_s`; that is dated back to where it began. With the hysteresis
    of the slouch angle, one slouch is one episode and one alert. Nobody is told who is just leaving the slouch.

    The dose that makes a slouch prolonged is the time slouched, halved by every two minutes of another posture (creep
    and recovery of the lumbar tissues: McGill & Brown, Clin Biomech 7 (1992)). Once told, the wearer is told again only
    after half of it has recovered.

    Parameters
    ----------
    settings, alerts
        When sitting counts as slouched, and when an alert counts as heeded.
    delay_s
        How long after a second ends it reaches this stage live; alerts come no later for it.

    """

    def __init__(self, settings: SlouchSettings, alerts: AlertSettings, delay_s: float = 0.0) -> None:
        super().__init__(SlouchState())
        self._settings = settings
        self._alerts = alerts
        self._delay_s = delay_s

    @property
    def sitting(self) -> SittingRange | None:
        """The wearer's sitting range; None where it is unknown, and then nothing is judged."""
        return self._state.sitting

    @sitting.setter
    def sitting(self, value: SittingRange | None) -> None:
        self._state.sitting = value

    @property
    def dose_s(self) -> float:
        """Return the leaky slouch dose now."""
        return self._state.dose_s

    @property
    def posture(self) -> PostureState | None:
        """Return the sitting posture now; None where the wearer does not sit or it cannot be judged."""
        return self._state.current.state

    @property
    def angle_deg(self) -> float | None:
        """Return how far past upright sitting the wearer is now; None where it is not known."""
        return None if self._state.smooth is None else self._state.smooth.past

    def push(self, seconds: PostureSeconds) -> list[SlouchEvent]:
        """Return posture episodes that have ended and the alerts raised and resolved, in order of time."""
        state = self._state
        if len(seconds) and self._nothing_to_judge():
            state.last_second = int(seconds.second[-1])
            return []
        events: list[SlouchEvent] = []
        for second in seconds:
            if state.last_second is not None and second.second > state.last_second + 1:
                events += self._pass_hole(state.last_second + 1, second.second)
            state.last_second = second.second
            events += self._settle(second.second, self._judge(second))
            if state.current.state is PostureState.SLOUCHED:
                state.dose_s += 1.0
                events += self._alert(second.second)
            else:
                self._recover(1.0)
        return events

    def flush(self) -> list[SlouchEvent]:
        """Return what is still open."""
        last = self._state.last_second
        return [] if last is None else self._change(Stretch(None, last + 1), seen=False)

    def _nothing_to_judge(self) -> bool:
        """Return whether no second can change anything: the range is not known, and nothing is left from before."""
        state = self._state
        holds = (state.current.state, state.candidate, state.smooth)
        return state.sitting is None and state.dose_s == 0.0 and all(one is None for one in holds)

    def _recover(self, seconds: float) -> None:
        state = self._state
        state.dose_s *= 0.5 ** (seconds / self._settings.recovery_half_time_s)
        state.dose_rearmed |= state.dose_s < self._settings.prolonged_dose_s / 2

    def _pass_hole(self, start: int, end: int) -> list[SlouchEvent]:
        """Go over a hole in the samples: a short one cuts the episode but is no change of posture."""
        if end - start > BRIDGED_HOLE_S:
            self._recover(end - start)
            return self._change(Stretch(None, start), seen=False)
        self._absorb_candidate()
        events = self._close(start)
        self._state.current = Stretch(self._state.current.state, end)
        return events

    def _judge(self, second: PostureSecond) -> PostureState | None:
        """Return the posture of one second as the smoothed angles have it."""
        state, sitting = self._state, self._state.sitting
        if second.activity is not Activity.SITTING or sitting is None or math.isnan(second.flexion_deg):
            state.smooth = None
            return None
        forward_deg = second.flexion_deg - sitting.upright_deg
        latest = Angles(sitting.direction * forward_deg, forward_deg, second.lateral_deg)
        state.smooth = latest if state.smooth is None else state.smooth.toward(latest)
        for posture in (
            PostureState.SLOUCHED,
            PostureState.LEANING_FORWARD,
            PostureState.LEANING_RIGHT,
            PostureState.LEANING_LEFT,
        ):
            slouched = posture is PostureState.SLOUCHED
            threshold_deg = entry_deg(self._settings, sitting) if slouched else self._settings.lean_deg
            if posture is state.current.state:
                threshold_deg = min(threshold_deg * self._settings.leave_share, threshold_deg - LEAST_HYSTERESIS_DEG)
            if state.smooth.along(posture) >= threshold_deg:
                return posture
        return PostureState.UPRIGHT

    def _settle(self, second: int, posture: PostureState | None) -> list[SlouchEvent]:
        """Go over to another posture once it has lasted, dated back to where it began."""
        state = self._state
        angles = state.smooth or NO_ANGLES
        if posture is state.current.state:
            self._absorb_candidate()
            state.current = state.current.joined(1, angles)
            return []
        before = state.candidate or Stretch(posture, second)
        state.candidate = Stretch(posture, before.start, before.n + 1, before.total + angles)
        # The smoothing draws a short interruption of a slouch out by its own length.
        drawn_out_s = SMOOTHING_S if state.current.state is PostureState.SLOUCHED and posture is not None else 0.0
        if state.candidate.n < self._settings.settle_s + drawn_out_s:
            return []
        return self._change(state.candidate, seen=True)

    def _absorb_candidate(self) -> None:
        state = self._state
        if state.candidate is not None:
            state.current = state.current.joined(state.candidate.n, state.candidate.total)
            state.candidate = None

    def _change(self, new: Stretch, *, seen: bool) -> list[SlouchEvent]:
        """End the current posture where the new one begins; not `seen` where the samples end."""
        state = self._state
        if not seen:
            self._absorb_candidate()
        state.candidate = None
        events = self._close(new.start)
        for alert in state.raised.values():
            end = max(float(new.start), alert.time)
            heeded = seen and new.start - alert.time <= self._alerts.heeded_within_s
            events.append(AlertResolved(end, alert.kind, alert.time, heeded))
        state.raised.clear()
        state.current, state.since = new, new.start
        return events

    def _close(self, end: int) -> list[SlouchEvent]:
        current = self._state.current
        if current.state is None or end <= current.start or current.n == 0:
            return []
        return [PostureEpisode(current.start, end, current.state, current.total.along(current.state) / current.n)]

    def _alert(self, second: int) -> list[SlouchEvent]:
        state = self._state
        now = second + 1 + self._delay_s
        if state.candidate is not None:
            return []
        due = {
            AlertKind.SLOUCH: now - state.since >= self._settings.nudge_after_s,
            AlertKind.PROLONGED_SLOUCH: state.dose_rearmed and state.dose_s >= self._settings.prolonged_dose_s,
        }
        if due[AlertKind.PROLONGED_SLOUCH]:
            state.dose_rearmed = False
        raised = [Alert(now, kind, state.since) for kind, is_due in due.items() if is_due and kind not in state.raised]
        state.raised |= {alert.kind: alert for alert in raised}
        return [*raised]
