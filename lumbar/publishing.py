"""What was noticed, as MQTT messages."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from analytics.walking import WalkingBout
from lumbar.coaching import ADVICE
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
    from pydantic import JsonValue

    from lumbar.messaging.client import MessageClient
    from lumbar.pipeline import Noticed, Now

__all__ = ["Publisher"]


class Publisher:
    """Send what was noticed to the broker.

    Alerts left over from a program that died are resolved at the start, since nobody would ever empty their topics.

    Parameters
    ----------
    client
        Connected or not: the client keeps what it cannot send yet.

    """

    def __init__(self, client: MessageClient) -> None:
        self._client = client
        self._activity: tuple[Activity, float] = (Activity.UNKNOWN, 0.0)
        for kind in client.active_alerts:
            client.resolve_alert(kind)

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
        )

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
