"""What the terminal shows while samples come in: posture, counters, and what is noticed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analytics.steps import Step
from analytics.walking import WalkingBout
from lumbar.coaching import ADVICE
from posture.events import Activity, Alert, AlertKind, AlertResolved, Bend, PostureEpisode, PostureState, SittingBout
from posture.sitting_ways import SittingSource

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import Console, RenderableType

    from lumbar.pipeline import Noticed, Now

__all__ = ["LiveView"]

REFRESH_HZ = 8
ACTIVITY_STYLE = {
    Activity.LYING: "blue",
    Activity.SITTING: "cyan",
    Activity.STANDING: "green",
    Activity.WALKING: "bold green",
    Activity.RUNNING: "bold magenta",
    Activity.CYCLING: "magenta",
    Activity.UNKNOWN: "dim",
}
SHORTEST_SLOUCH_TOLD_S = 60.0
SHORTEST_WALK_TOLD_S = 30.0
SHORTEST_SITTING_TOLD_S = 300.0


class LiveView:
    """A posture line and counters at the bottom of the terminal, with what is noticed scrolling above.

    Where the output is no terminal, only what is noticed is printed, one line each.

    Parameters
    ----------
    console
        Where to print.
    zone
        Time zone of the clock shown.
    title
        What is being played.

    """

    def __init__(self, console: Console, zone: tzinfo, title: str) -> None:
        self._console = console
        self._zone = zone
        self._title = title
        self._counts: Counter[str] = Counter()
        self._active: list[AlertKind] = []
        self._now: Now | None = None
        self._link = ""
        self._live = Live(self._panel(), console=console, refresh_per_second=REFRESH_HZ, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show_now(self, now: Now) -> None:
        """Show the latest posture."""
        self._now = now
        self._counts.update(activity.value for activity in now.seconds.activity)
        self._live.update(self._panel())

    def show_link(self, text: str) -> None:
        """Show how the link to the broker stands."""
        self._link = text

    def show(self, event: Noticed) -> None:
        """Print one event, where it is worth a line, and count it."""
        if isinstance(event, Step):
            self._counts["steps"] += 1
        elif isinstance(event, Alert):
            self._counts["alerts"] += 1
            self._active.append(event.kind)
        elif isinstance(event, AlertResolved) and event.kind in self._active:
            self._active.remove(event.kind)
        line = _line(event)
        if line is not None:
            time, text = line
            clock = f"{datetime.fromtimestamp(time, self._zone):%H:%M:%S}"
            self._console.print(Text.assemble((clock, "dim"), "  ", text), soft_wrap=True)

    def _panel(self) -> RenderableType:
        table = Table.grid(padding=(0, 3))
        if self._now is not None:
            *_, last = self._now.seconds
            clock = f"{datetime.fromtimestamp(last.second, self._zone):%H:%M:%S}"
            table.add_row(
                Text(clock, "bold"), Text(last.activity.value, ACTIVITY_STYLE[last.activity]), self._posture()
            )
        minutes = "  ".join(
            f"{activity.value} {self._counts[activity.value] / 60:.0f} min"
            for activity in ACTIVITY_STYLE
            if self._counts[activity.value]
        )
        counters = f"{minutes}   steps {self._counts['steps']}   alerts {self._counts['alerts']}"
        body = Table.grid()
        body.add_row(table)
        if self._now is not None and self._now.holding is not None:
            body.add_row(Text(f"holding: {int(self._now.holding.held_s)} s", "bold"))
        body.add_row(Text(counters, "dim"))
        body.add_row(Text(self._link, "dim"))
        return Panel(body, title=self._title, title_align="left", border_style="red" if self._active else "green")

    def _posture(self) -> Text:
        now = self._now
        if now is not None and now.sitting.source is SittingSource.NOT_ENOUGH_SEEN and now.sitting.seen_s > 0:
            known = now.sitting
            return Text(f"learning how you sit: {known.seen_s // 60} of {known.needed_s // 60} min seen", "dim")
        if now is None or now.posture is None or now.angle_deg is None:
            return Text("")
        style = "red" if now.posture is PostureState.SLOUCHED else ""
        text = f"{now.posture.value.replace('_', ' ')}, {now.angle_deg:+.0f} deg past upright"
        return Text(f"{text}, slouch dose {now.slouch_dose_s / 60:.1f} min", style)


def _line(event: Noticed) -> tuple[float, Text] | None:
    """Return the time and the words of an event; None for those too many to print."""
    match event:
        case Alert(time=time, kind=kind):
            line = time, Text(f"{kind.value.replace('_', ' ')}: {ADVICE[kind]}", "bold yellow")
        case AlertResolved(time=time, kind=kind, heeded=heeded):
            line = time, Text(f"{kind.value.replace('_', ' ')} over{', heeded' if heeded else ''}", "green")
        case PostureEpisode(start=start, end=end, state=PostureState.SLOUCHED, angle_deg=angle_deg) if (
            end - start >= SHORTEST_SLOUCH_TOLD_S
        ):
            line = end, Text(f"slouched for {(end - start) / 60:.1f} min, {angle_deg:.0f} deg past upright")
        case SittingBout(end=end, sitting_s=sitting_s, ended_by_break=True) if sitting_s >= SHORTEST_SITTING_TOLD_S:
            line = end, Text(f"got up after {sitting_s / 60:.0f} min of sitting", "green")
        case Bend(start=start, end=end, peak_deg=peak_deg):
            line = end, Text(f"deep bend: {peak_deg:.0f} deg for {end - start:.0f} s")
        case WalkingBout(start=start, end=end, steps=steps, cadence_spm=cadence_spm) if (
            end - start >= SHORTEST_WALK_TOLD_S
        ):
            line = end, Text(f"walked {steps} steps at {cadence_spm:.0f} steps/min")
        case _:
            return None
    return line
