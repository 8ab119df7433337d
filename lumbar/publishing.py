"""What was noticed, as MQTT messages."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from analytics.exercises.records import CountedRepetition, ExerciseSet
from analytics.walking import WalkingBout
from lumbar.coaching import ADVICE
from lumbar.exercise_session_document import session_content
from posture.events import (
    Activity,
    Alert,
    AlertResolved,
    Bend,
    PostureEpisode,
    PostureState,
    SittingBout,
    Transition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from analytics.exercises.guided_records import SessionDone, SetDone
    from analytics.exercises.records import Holding
    from lumbar.messaging.client import MessageClient
    from lumbar.pipeline import Noticed, Now

__all__ = ["Publisher"]

MINUTE_S = 60


class Publisher:
    """Send what was noticed to the broker.

    Parameters
    ----------
    client
        Connected or not: the client keeps what it cannot send yet.

    """

    def __init__(self, client: MessageClient) -> None:
        self._client = client
        self._activity: tuple[Activity, float] = (Activity.UNKNOWN, 0.0)
        self._hold_said: tuple[str, int] | None = None

    def resolve_left_over(self) -> None:
        """Resolve the alerts of a program that has ended, since nobody would ever empty their topics."""
        for kind in self._client.active_alerts:
            self._client.resolve_alert(kind)

    def publish_untold(self, events: Iterable[Alert | AlertResolved]) -> None:
        """Publish those alerts and ends of alerts that a program was killed with, in the middle of telling them.

        The outbox knows which of them it has: an alert is active there from the moment it is on the disk until its end
        is.

        Parameters
        ----------
        events
            Those that may not have been published, before `resolve_left_over`.

        """
        for event in events:
            is_active = event.kind.value in self._client.active_alerts
            if is_active != isinstance(event, Alert):
                self.publish(event)

    def publish_now(self, now: Now) -> None:
        """Publish the posture of the latest second."""
        activity, since = self._activity
        *_, last = now.seconds
        if last.activity is not activity:
            activity, since = self._activity = (last.activity, float(last.second))
        posture = now.posture
        self._client.publish_posture(
            float(last.second + 1),
            activity.value,
            "unknown" if posture is None else posture.value,
            angle_deg=now.angle_deg,
            since_s=since,
            judged_by={
                "source": now.sitting.source.value,
                "seen_min": float(now.sitting.seen_s // MINUTE_S),
                "needed_min": now.sitting.needed_s / MINUTE_S,
            },
        )
        if now.holding is not None:
            self.publish_hold(now.holding, None)

    def publish_hold(self, holding: Holding, asked_s: float | None) -> None:
        """Publish how long something is held, once for each second of it; `asked_s` where it is known."""
        said = (holding.exercise, int(holding.held_s))
        if said != self._hold_said:
            self._hold_said = said
            self._client.publish_hold(holding.time, exercise=holding.exercise, held_s=holding.held_s, asked_s=asked_s)

    def publish_set(self, done: SetDone) -> None:
        """Publish a set of a guided session."""
        content: dict[str, JsonValue] = {
            "exercise": done.exercise,
            "duration_s": round(done.end - done.start, 3),
            "repetitions": done.count,
            "planned": done.planned,
            "reported": done.reported,
            "confidence": 1.0,
        }
        self._client.publish_event("set_completed", done.end, content)

    def publish_session(self, name: str, session: SessionDone) -> None:
        """Publish a guided session that is over."""
        self._client.publish_session(name, session.end, session_content(session))

    @singledispatchmethod
    def publish(self, event: Noticed) -> None:
        """Publish one event; those that no topic carries are kept for the history only."""

    @publish.register
    def _(self, event: Alert) -> None:
        content: dict[str, JsonValue] = {"since": float(event.since), "text": ADVICE[event.kind]}
        self._client.raise_alert(event.kind.value, event.time, content)

    @publish.register
    def _(self, event: AlertResolved) -> None:
        self._client.resolve_alert(event.kind.value)
        content = {"alert": event.kind.value, "raised": event.raised, "heeded": event.heeded}
        self._client.publish_event("alert_resolved", event.time, content)

    @publish.register
    def _(self, event: PostureEpisode) -> None:
        if event.state is PostureState.SLOUCHED:
            content = {"duration_s": event.end - event.start, "angle_deg": round(event.angle_deg, 1)}
            self._client.publish_event("slouch_ended", event.end, content)

    @publish.register
    def _(self, event: SittingBout) -> None:
        if event.ended_by_break:
            content = {"sitting_s": event.sitting_s, "got_up": event.end}
            self._client.publish_event("break_taken", event.end, content)

    @publish.register
    def _(self, event: Bend) -> None:
        content = {"duration_s": event.end - event.start, "peak_deg": round(event.peak_deg, 1)}
        self._client.publish_event("bend", event.end, content)

    @publish.register
    def _(self, event: Transition) -> None:
        self._client.publish_event("transition", event.time, {"transition": event.kind.value})

    @publish.register
    def _(self, event: WalkingBout) -> None:
        content = {
            "duration_s": round(event.end - event.start, 1),
            "steps": event.steps,
            "cadence_spm": round(event.cadence_spm, 1),
        }
        self._client.publish_event("walk_ended", event.end, content)

    @publish.register
    def _(self, event: CountedRepetition) -> None:
        repetition = event.repetition
        content: dict[str, JsonValue] = {
            "exercise": event.exercise,
            "number": event.number,
            "side": repetition.side,
            "range_deg": None if repetition.range_deg is None else round(repetition.range_deg, 1),
            "range_cm": None if repetition.range_cm is None else round(repetition.range_cm, 1),
            "hold_s": round(repetition.hold_s, 3),
            "out_s": round(repetition.out_s, 3),
            "back_s": round(repetition.back_s, 3),
            "complete": repetition.complete,
        }
        self._client.publish_event("repetition", event.time, content)

    @publish.register
    def _(self, event: ExerciseSet) -> None:
        content: dict[str, JsonValue] = {
            "exercise": event.exercise,
            "duration_s": round(event.end - event.start, 3),
            "repetitions": event.count,
            "confidence": round(event.confidence, 3),
        }
        self._client.publish_event("set_completed", event.end, content)
