"""Slouching: how the wearer sits, and when to say so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, exp
from typing import TYPE_CHECKING

import numpy as np

from posture.events import Activity, Alert, AlertKind, AlertResolved, PostureEpisode, PostureState
from posture.sitting_postures import ANGLED, POSTURES, Judged, Stretch, judged, not_judged
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from config.settings import AlertSettings, SlouchSettings
    from posture.calibration import SittingRange
    from posture.timeline import PostureSeconds

__all__ = ["SlouchState", "SlouchTracker", "entry_deg"]

SMOOTHING_S = 3.0
"""Time constant over which the angle is averaged before it is judged: a reach or a cough is no change of posture."""
SMOOTHING_SHARE = 1.0 - exp(-1.0 / SMOOTHING_S)
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


@dataclass(slots=True)
class SlouchState:
    """All that a `SlouchTracker` remembers.

    Parameters
    ----------
    sitting
        The wearer's sitting range.
    dose_s
        The slouch dose, and whether reaching the constant is told (again).
    last_second
        Last second pushed.
    smooth
        How far past upright, forward and to the right the wearer leans, in degrees, smoothed; None while that cannot be
        judged.
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
    smooth: tuple[float, float, float] | None = None
    current: Stretch = field(default_factory=lambda: Stretch(None, 0))
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
        self._kept_in_a_second = 0.5 ** (1.0 / settings.recovery_half_time_s)

    @property
    def sitting(self) -> SittingRange | None:
        """The wearer's sitting range; None where it is unknown, and then nothing is judged."""
        return self._state.sitting

    @sitting.setter
    def sitting(self, value: SittingRange | None) -> None:
        self._state.sitting = value

    @property
    def dose_s(self) -> float:
        """Return the slouch dose now."""
        return self._state.dose_s

    @property
    def posture(self) -> PostureState | None:
        """Return the sitting posture now; None where the wearer does not sit or it cannot be judged."""
        return self._state.current.state

    @property
    def angle_deg(self) -> float | None:
        """Return how far past upright sitting the wearer is now; None where it is not known."""
        return None if self._state.smooth is None else self._state.smooth[0]

    def push(self, seconds: PostureSeconds) -> list[SlouchEvent]:
        """Return posture episodes that have ended and the alerts raised and resolved, in order of time."""
        state = self._state
        if len(seconds) and self._nothing_to_judge():
            state.last_second = int(seconds.second[-1])
            return []
        events: list[SlouchEvent] = []
        for part, sitting in self._pieces(seconds):
            start = int(part.second[0])
            if state.last_second is not None and start > state.last_second + 1:
                events += self._pass_hole(state.last_second + 1, start)
            state.last_second = start + len(part) - 1
            events += self._follow(self._judge(part, sitting))
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

    def _pieces(self, seconds: PostureSeconds) -> Iterator[tuple[PostureSeconds, SittingRange | None]]:
        """Yield the seconds in pieces without a hole, with the range where the wearer sits and it is known how."""
        sits = np.zeros(len(seconds), dtype=np.bool_)
        if self._state.sitting is not None:
            sits[:] = [activity is Activity.SITTING for activity in seconds.activity]
            sits &= ~np.isnan(seconds.flexion_deg)
        cuts = np.flatnonzero((np.diff(seconds.second) != 1) | (sits[1:] != sits[:-1])) + 1
        for start, stop in pairwise([0, *cuts.tolist(), len(seconds)]):
            if start < stop:
                yield seconds.rows(start, stop), self._state.sitting if sits[start] else None

    def _judge(self, part: PostureSeconds, sitting: SittingRange | None) -> Judged:
        """Return the seconds of one piece as the smoothed angles have them; not judged without a range."""
        state, start = self._state, int(part.second[0])
        if sitting is None:
            state.smooth = None
            return not_judged(start, len(part))
        forward_deg = part.flexion_deg - sitting.upright_deg
        latest = (sitting.direction * forward_deg, forward_deg, part.lateral_deg)
        before = (None, None, None) if state.smooth is None else state.smooth
        past, forward, right = (_smoothed(each, smooth) for each, smooth in zip(latest, before, strict=True))
        state.smooth = past[-1], forward[-1], right[-1]
        angles_deg = np.array([past, forward, right, right])
        angles_deg[-1] *= -1.0
        enter_deg = np.full(len(ANGLED), self._settings.lean_deg)
        enter_deg[0] = entry_deg(self._settings, sitting)
        leave_deg = np.minimum(enter_deg * self._settings.leave_share, enter_deg - LEAST_HYSTERESIS_DEG)
        return judged(start, angles_deg, enter_deg, leave_deg)

    def _pass_hole(self, start: int, end: int) -> list[SlouchEvent]:
        """Go over a hole in the samples: a short one cuts the episode but is no change of posture."""
        if end - start > BRIDGED_HOLE_S:
            self._state.smooth = None
            self._recover(0.5 ** ((end - start) / self._settings.recovery_half_time_s))
            return self._change(Stretch(None, start), seen=False)
        self._absorb_candidate()
        events = self._close(start)
        self._state.current = Stretch(self._state.current.state, end)
        return events

    def _follow(self, piece: Judged) -> list[SlouchEvent]:
        """Go over a piece by stretches in which the posture that holds goes on, or another one is seen."""
        events: list[SlouchEvent] = []
        start = 0
        while start < len(piece):
            goes_on = piece.goes_on[POSTURES.index(self._state.current.state), start:]
            # The first second that is not like this one; 0 where there is none.
            like = int(goes_on.argmin() if goes_on[0] else goes_on.argmax()) or len(goes_on)
            if goes_on[0]:
                stop = start + like
                events += self._go_on(piece, start, stop)
            else:
                stop = start + min(like, self._until_settled(piece, start))
                events += self._see_other(piece, start, stop)
            start = stop
        return events

    def _go_on(self, piece: Judged, start: int, stop: int) -> list[SlouchEvent]:
        """Take in seconds in which the posture that holds goes on."""
        self._absorb_candidate()
        self._state.current = self._state.current.with_seconds(piece.angles_deg[:, start:stop])
        return self._pass_time(piece.start + start, stop - start)

    def _until_settled(self, piece: Judged, row: int) -> int:
        """Return after how many seconds of the piece another posture has lasted long enough to hold."""
        state = self._state
        is_judged = POSTURES[piece.seen_as[row]] is not None
        # The smoothing draws a short interruption of a slouch out by its own length.
        drawn_out_s = SMOOTHING_S if state.current.state is PostureState.SLOUCHED and is_judged else 0.0
        seen_s = 0 if state.candidate is None else state.candidate.n
        return max(ceil(self._settings.settle_s + drawn_out_s - seen_s), 1)

    def _see_other(self, piece: Judged, start: int, stop: int) -> list[SlouchEvent]:
        """Take in seconds of other postures; go over to the last once they have lasted, dated back to the first."""
        state, first = self._state, piece.start + start
        has_settled = stop - start == self._until_settled(piece, start)
        before = state.candidate or Stretch(None, first)
        posture = POSTURES[piece.seen_as[stop - 1]]
        state.candidate = replace(before.with_seconds(piece.angles_deg[:, start:stop]), state=posture)
        if not has_settled:
            return self._pass_time(first, stop - start)
        events = self._pass_time(first, stop - start - 1)
        return [*events, *self._change(state.candidate, seen=True), *self._pass_time(piece.start + stop - 1, 1)]

    def _absorb_candidate(self) -> None:
        state = self._state
        if state.candidate is not None:
            current, candidate = state.current, state.candidate
            state.current = replace(current, n=current.n + candidate.n, total=current.total + candidate.total)
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
        return [PostureEpisode(current.start, end, current.state, current.angle_deg)]

    def _pass_time(self, first: int, n: int) -> list[SlouchEvent]:
        """Let the dose follow for n seconds of the posture that holds; return the alerts raised in them."""
        state = self._state
        if state.current.state is not PostureState.SLOUCHED:
            self._recover(self._kept_in_a_second, n)
            return []
        events: list[SlouchEvent] = []
        for second in range(first, first + n):
            state.dose_s += 1.0
            events += self._alert(second)
        return events

    def _recover(self, kept: float, times: int = 1) -> None:
        """Keep so much of the dose, so many times over."""
        state = self._state
        dose_s = state.dose_s
        for _ in range(times):
            dose_s *= kept
        state.dose_s = dose_s
        state.dose_rearmed |= dose_s < self._settings.prolonged_dose_s / 2

    def _alert(self, second: int) -> list[SlouchEvent]:
        state = self._state
        if state.candidate is not None:
            return []
        now = second + 1 + self._delay_s
        due: list[AlertKind] = []
        if now - state.since >= self._settings.nudge_after_s:
            due.append(AlertKind.SLOUCH)
        if state.dose_rearmed and state.dose_s >= self._settings.prolonged_dose_s:
            state.dose_rearmed = False
            due.append(AlertKind.PROLONGED_SLOUCH)
        raised = [Alert(now, kind, state.since) for kind in due if kind not in state.raised]
        state.raised |= {alert.kind: alert for alert in raised}
        return [*raised]


def _smoothed(latest: NDArray[np.float64], before: float | None) -> list[float]:
    """Return an angle smoothed, from where it was before if it was judged then."""
    angles_deg = latest.tolist()
    smooth = angles_deg[0] if before is None else before
    smoothed: list[float] = []
    for angle_deg in angles_deg:
        smooth += SMOOTHING_SHARE * (angle_deg - smooth)
        smoothed.append(smooth)
    return smoothed
